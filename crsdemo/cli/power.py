"""How many people and votes find a difference, by flags or from the log of a pilot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from crsdemo.core.config import flag, parse
from crsdemo.core.errors import BadInputError
from crsdemo.feedback.votes import VoteFilter, open_votes
from crsdemo.studies.statistics.pairs import rates
from crsdemo.studies.statistics.power import told
from crsdemo.studies.statistics.report import results
from crsdemo.studies.statistics.sizes import ALIKE, SMALLEST_SHARE, TIES


@dataclass(frozen=True, kw_only=True)
class PowerConfig:
    """How many people and votes find a difference between two systems."""

    each: int = flag(help="votes of each person, without practice and checks of attention")
    systems: int = flag(2, "how many there are; every two meet equally often")
    share: float = flag(SMALLEST_SHARE, "of decided votes that the better one wins")
    ties: float | None = flag(None, f"share of votes without a winner; a pilot's, or {TIES}")
    twins: float | None = flag(None, "share of pairs with identical replies; a pilot's, or 0")
    alike: float = flag(ALIKE, "correlation of two votes of one person")
    db: Path | None = flag(None, "the log of a pilot, whose ties and twins are taken")
    study: str = flag("", "only the pilot with this title or sha256")


def power(argv: list[str]) -> None:
    """Raises BadInputError for rates that cannot be, FeedbackError for an unreadable log."""
    config = parse(PowerConfig, argv, "crsdemo power")
    ties, twins = _pilot(config) if config.db else (TIES, 0.0)
    ties = ties if config.ties is None else config.ties
    twins = twins if config.twins is None else config.twins
    print(told(config.share, config.each, ties, twins, config.alike, config.systems))


def _pilot(config: PowerConfig) -> tuple[float, float]:
    assert config.db
    pairs = results(open_votes(config.db, VoteFilter(config.study))).pairs
    if not pairs:
        of = f" of the study {config.study!r}" if config.study else ""
        raise BadInputError(f"no vote{of} counts in {config.db}; give --ties and --twins instead")
    return rates([pair.tally for pair in pairs])

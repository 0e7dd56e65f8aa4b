"""How many votes a second the one writer of a log keeps, each on the disk when it returns.

    python -m crsdemo bench-votes --folder . --json votes.json

The path is that of the page: `chat/side_by_side.py: judge`, with admission, outbox and one
transaction each.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from crsdemo.chat.admission import NO_LIMITS, Admission
from crsdemo.chat.side_by_side import Recommenders, SideBySide
from crsdemo.core.catalog import Catalog
from crsdemo.core.comparison import Judgment
from crsdemo.core.config import flag, parse
from crsdemo.core.conversation import SIMULATED
from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.bench.figures import Figure, tell
from crsdemo.feedback.log import FeedbackLog
from crsdemo.language.mentions import MentionLinker
from crsdemo.recommenders.loading import CATALOG, Shelf
from crsdemo.recommenders.popularity import Popularity, RepeatLast

NAMES = (Popularity.name, RepeatLast.name)  # they answer at once


def measure(
    catalog: Catalog, recommenders: Recommenders, folder: Path, votes: int, visitors: Sequence[int]
) -> Iterator[Figure]:
    """Figures for so many `visitors` at a time, who change their minds until `votes` are in.

    The log lies in `folder`: its disk is what is measured.
    """
    with TemporaryDirectory(dir=folder) as made:
        log = FeedbackLog(Path(made) / "votes.db")
        both = SideBySide(recommenders, MentionLinker(catalog), log, Admission(NO_LIMITS))
        for n in visitors:
            who = [f"{SIMULATED}{n}-{number}" for number in range(n)]
            seen = [_compared(both, one) for one in who]
            with ThreadPoolExecutor(n) as pool:
                began = time.perf_counter()
                times = [*pool.map(partial(_votes, both, votes // n), seen, who)]
                seconds = time.perf_counter() - began
            each = 1000 * np.concatenate(times)
            yield Figure(f"votes a second, {n} visitors at once", len(each) / seconds, "votes/s")
            yield Figure("95 of 100 are kept within", float(np.quantile(each, 0.95)), "ms")
        log.close()


def _compared(both: SideBySide, visitor: str) -> str:
    """A comparison of the visitor's, whole."""
    series = both.start(visitor, "shared")
    return deque(both.say(series, "something to watch", NAMES), 1).pop().id


def _votes(both: SideBySide, n: int, comparison_id: str, visitor: str) -> list[float]:
    """Seconds of each."""
    times = []
    for number in range(n):
        began = time.perf_counter()
        judgment = Judgment("right" if number % 2 else "left", 5000.0)
        both.judge(comparison_id, visitor, judgment, f"{visitor}-{number}")
        times.append(time.perf_counter() - began)
    return times


@dataclass(frozen=True)
class VotesConfig:
    """Measure how many votes a log keeps in a second."""

    folder: Path = flag(Path("."), "where the scratch log lies: on the disk that is to be measured")
    votes: int = flag(1000, "so many by each number of visitors")
    visitors: int = flag(32, "at once; one alone is measured too")
    catalog: Path = flag(CATALOG, "folder of the catalog")
    json: Path | None = flag(None, "write the figures there")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.json,) if self.json else ()


def main(argv: Sequence[str]) -> None:
    config = parse(VotesConfig, argv, "crsdemo bench-votes")
    if config.visitors < 1 or config.votes < config.visitors:
        raise BadInputError("--visitors must be at least 1, and --votes as many as they are")
    catalog = Catalog.load(config.catalog)
    at_once = tuple(dict.fromkeys((1, config.visitors)))
    figures = measure(catalog, Shelf(catalog, config.catalog), config.folder, config.votes, at_once)
    tell(figures, config.json)

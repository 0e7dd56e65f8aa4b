"""How many votes and people a study needs to find a difference, from a pilot's ties and twins.

    python -m crsdemo power --share 0.6 --ties 0.3 --twins 0.1 --each 12
    python -m crsdemo power --share 0.6 --each 12 --db pilot.db

Decided votes: the sign test in its normal approximation (Noether 1987, JASA 82:645), at the 5%
level, two-sided, with a chance of 80%. Votes of one person are alike, so each is worth less: the
design effect 1 + (m - 1) rho for m decided votes of a person (Kish 1965, Survey Sampling). Ties
and identical replies decide nothing, so that much more has to be judged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from crsdemo.core.errors import BadInputError
from crsdemo.studies.statistics.pairs import (
    LEAST_PEOPLE,
    POWER,
    SMALLEST_SHARE,
    PairResult,
    decided_needed,
)

ALIKE = 0.1  # rho: how alike the votes of one person are, where no pilot tells
TIES = 0.3  # of votes on different replies, where no pilot tells


@dataclass(frozen=True)
class Need:
    """What finds a difference."""

    people: int
    votes: int  # in all
    decided: int  # of these, as many name a winner


def need(
    share: float, each: int, ties: float = TIES, twins: float = 0.0, alike: float = ALIKE
) -> Need:
    """What finds that a system wins `share` of decided votes, where each person judges `each`.

    `twins` is the share of pairs with identical replies, `ties` that of votes without a winner on
    the others, `alike` the correlation of two votes of one person.
    Raises BadInputError for what cannot be.
    """
    if not (0.5 < share < 1 or 0 < share < 0.5):
        raise BadInputError(f"a share to find is above 0.5 and below 1, got {share}")
    for name, rate in (("ties", ties), ("twins", twins), ("alike", alike)):
        if not 0 <= rate < 1:
            raise BadInputError(f"{name} is a share from 0 to below 1, got {rate}")
    if each < 1:
        raise BadInputError(f"each person judges 1 or more, got {each}")
    decides = (1 - ties) * (1 - twins)
    effect = 1 + max(0.0, each * decides - 1) * alike
    decided = decided_needed(share) * effect
    people = max(LEAST_PEOPLE, math.ceil(decided / (each * decides)))
    return Need(people, people * each, math.floor(people * each * decides))


def study_note(each: int) -> str:
    """Of a study of which nothing is known yet."""
    asked = need(SMALLEST_SHARE, each)
    return (
        f"To find a system that wins {SMALLEST_SHARE:.0%} of decided votes you need about "
        f"{asked.people} people for each pair of systems ({asked.votes:,} votes), if {TIES:.0%} "
        "are ties and no replies are identical; `python -m crsdemo power` reckons with the rates "
        "of a pilot."
    )


def told(share: float, each: int, ties: float, twins: float, alike: float) -> str:
    """In one paragraph, with what it stands on."""
    asked = need(share, each, ties, twins, alike)
    return (
        f"About {asked.people} people with {each} votes each ({asked.votes:,} votes, of which "
        f"about {asked.decided:,} name a winner) find a system that wins {share:.0%} of decided "
        f"votes in {POWER:.0%} of studies, at the 5% level: {ties:.0%} ties, {twins:.0%} identical "
        f"replies, votes of one person correlated by {alike:g}. Of one pair of systems."
    )


def pilot_rates(pairs: Sequence[PairResult]) -> tuple[float, float]:
    """Ties among votes on different replies, and the share of votes on identical ones."""
    votes = sum(pair.tally.votes for pair in pairs)
    same = sum(pair.tally.identical for pair in pairs)
    undecided = votes - same - sum(pair.tally.decided for pair in pairs)
    return undecided / max(1, votes - same), same / max(1, votes)

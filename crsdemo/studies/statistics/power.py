"""How many votes and people a study needs to find a difference, from a pilot's ties and twins.

    python -m crsdemo power --share 0.6 --ties 0.3 --twins 0.1 --each 12
    python -m crsdemo power --share 0.6 --each 12 --db pilot.db

Decided votes: the sign test in its normal approximation (Noether 1987, JASA 82:645), at the 5%
level, two-sided, with a chance of 80%, and with Student's t where people are few. Votes of one
person are alike, so each is worth less: the design effect 1 + (m - 1) rho for m decided votes of a
person (Kish 1965, Survey Sampling). Ties and identical replies decide nothing, so that much more
has to be judged. Of more than two systems each pair gets its share of everybody's votes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from crsdemo.core.errors import BadInputError
from crsdemo.studies.statistics.pairs import (
    ALIKE,
    LEAST_PEOPLE,
    POWER,
    SMALLEST_SHARE,
    PairResult,
    decided_needed,
    design_effect,
)

MANY = 1000  # people, of whom Student's t is the normal distribution but for two in a thousand
TIES = 0.3  # of votes on different replies, where no pilot tells


@dataclass(frozen=True)
class Need:
    """What finds a difference between two systems."""

    people: int
    decided: int  # votes that name a winner


def need(
    share: float, each: float, ties: float = TIES, twins: float = 0.0, alike: float = ALIKE
) -> Need:
    """What finds that a system wins `share` of decided votes over another one.

    `each` is how many votes a person gives on these two, on average. `twins` is the share of pairs
    with identical replies, `ties` that of votes without a winner on the others, `alike` the
    correlation of two votes of one person. Raises BadInputError for what cannot be.
    """
    if not 0.5 < share < 1:
        raise BadInputError(
            f"a share to find is above 0.5 and below 1, got {share}: it is that of the better one"
        )
    for name, rate in (("ties", ties), ("twins", twins), ("alike", alike)):
        if not 0 <= rate < 1:
            raise BadInputError(f"{name} is a share from 0 to below 1, got {rate}")
    if not 0 < each < math.inf:
        raise BadInputError(f"each person gives more than 0 votes, got {each}")
    decided = each * (1 - ties) * (1 - twins)  # of each person
    effect = design_effect(decided, alike)
    people = max(LEAST_PEOPLE, math.ceil(decided_needed(share) * effect / decided))
    while people < MANY and people * decided < decided_needed(share, people) * effect:
        people += 1
    return Need(people, math.floor(people * decided))


def study_note(each: int, pairs: int) -> str:
    """Of a study of which nothing is known yet: votes of each person, and pairs of systems."""
    people = need(SMALLEST_SHARE, each / pairs).people
    return (
        f"To find a system that wins {SMALLEST_SHARE:.0%} of decided votes{_of(pairs)} you need "
        f"about {people} people ({people * each:,} votes), if {TIES:.0%} name no winner and no "
        "replies are identical; `python -m crsdemo power` reckons with the rates of a pilot."
    )


def told(share: float, each: int, ties: float, twins: float, alike: float, systems: int = 2) -> str:
    """In one paragraph, with what it stands on; `each` votes of a person on all the `systems`.

    Raises BadInputError for what cannot be.
    """
    if systems < 2:
        raise BadInputError(f"two systems or more are compared, got {systems}")
    if each < 1:
        raise BadInputError(f"each person judges 1 or more, got {each}")
    pairs = math.comb(systems, 2)
    asked = need(share, each / pairs, ties, twins, alike)
    return (
        f"About {asked.people} people with {each} votes each ({asked.people * each:,} votes, of "
        f"which about {asked.decided * pairs:,} name a winner) find a system that wins {share:.0%} "
        f"of decided votes{_of(pairs)} in {POWER:.0%} of studies, at the 5% level: {ties:.0%} "
        f"without a winner, {twins:.0%} identical replies, votes of one person correlated by "
        f"{alike:g}. Checks of attention are no votes."
    )


def _of(pairs: int) -> str:
    return f" in each of {pairs} pairs" if pairs > 1 else ""


def pilot_rates(pairs: Sequence[PairResult]) -> tuple[float, float]:
    """Votes without a winner among those on different replies, and the share of identical ones."""
    votes = sum(pair.tally.votes for pair in pairs)
    same = sum(pair.tally.identical for pair in pairs)
    undecided = sum(pair.tally.undecided for pair in pairs)
    return (undecided - same) / max(1, votes - same), same / max(1, votes)

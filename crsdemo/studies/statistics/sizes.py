"""How many votes and people find a difference between two systems.

Decided votes: the sign test in its normal approximation (Noether 1987, JASA 82:645), at the 5%
level, two-sided, with a chance of 80%, and with Student's t where people are few. Votes of one
person are alike, so each is worth less: the design effect 1 + (m - 1) rho for m decided votes of a
person (Kish 1965, Survey Sampling). Ties and identical replies decide nothing, so that much more
has to be judged. Of more than two systems each pair gets its share of everybody's votes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import t

from crsdemo.core.errors import BadInputError

POWER = 0.8  # the chance to see a difference that is there, at the 5% level, two-sided
SMALLEST_SHARE = 0.6  # of decided votes: the smallest difference worth finding
LARGEST_SHARE = 0.8  # what even a large difference needs is the least that is believed
LEAST_PEOPLE = 5  # resampling fewer says little of people
ALIKE = 0.1  # correlation of two votes of one person, where no pilot tells
MANY = 1000  # people, of whom Student's t is the normal distribution but for two in a thousand
TIES = 0.3  # of votes on different replies, where no pilot tells


def decided_needed(share: float, people: float = math.inf) -> int:
    """Decided votes until a true `share` of wins is told from one half with `POWER`.

    The normal approximation of the sign test, with the variance of each hypothesis; votes are
    taken as independent. Of few `people` the spread is not known well, so that Student's t takes
    the place of the normal distribution. Grows without bound towards one half, where there is
    nothing to find.
    """
    sure, found = (float(t.ppf(chance, people - 1)) for chance in (0.975, POWER))
    spread = math.sqrt(share * (1 - share))
    return math.ceil(((sure / 2 + found * spread) / (share - 0.5)) ** 2)


def design_effect(decided: float, alike: float = ALIKE) -> float:
    """How many times more votes are needed where each person gives so many decided ones.

    Kish 1965, Survey Sampling: 1 + (m - 1) rho.
    """
    return 1 + max(0.0, decided - 1) * alike


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

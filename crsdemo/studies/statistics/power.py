"""How many votes and people a study needs to find a difference, from a pilot's ties and twins.

python -m crsdemo power --share 0.6 --ties 0.3 --twins 0.1 --each 12
python -m crsdemo power --share 0.6 --each 12 --db pilot.db
"""

from __future__ import annotations

import math

from crsdemo.core.errors import BadInputError
from crsdemo.studies.statistics.sizes import POWER, SMALLEST_SHARE, TIES, need


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

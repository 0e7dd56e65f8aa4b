"""Children are heard where it is for them, and not where they are only spoken of."""

from __future__ import annotations

import pytest

from crsdemo.language.audience import Audience, children_at
from crsdemo.language.refused_facts import Fact, Refused

FOR_THEM = """
something for my 6 year old
for sunday with the kids i need something else
a film for the children
with my kids, 6 and 9
movie night with my wife and two kids
something family friendly
kid-friendly please
the kids are watching too
for my 5 and 8 year olds
with my little brother
for my grandchildren
for an eight-year-old
""".strip().splitlines()
SPOKEN_OF = """
now that the kids are asleep, something scary
a film about kids
without the kids
a movie with kids in it
my kid brother made me watch it
nothing for kids
not for children
for my 16 year old
for my husband
i am 40 years old
a film for grown ups
kids these days
""".strip().splitlines()


@pytest.mark.parametrize("text", FOR_THEM)
def test_it_is_for_children(text: str) -> None:
    found = children_at(text)
    assert found and text[found.start : found.end]


def test_what_is_for_children_goes_only_if_they_were_there() -> None:
    audience = Audience.of(["family", "horror", "war"], ["gore", "with kids", "cars"])
    family, horror, gore = (
        frozenset([fact])
        for fact in (Fact("genre", "family"), Fact("genre", "horror"), Fact("theme", "gore"))
    )
    none = frozenset[Refused]()
    there, with_them = audience.refused("for my kids", none, frozenset(), were_there=False)
    assert there == {horror, gore} and with_them
    away, with_them = audience.refused("for myself", there, frozenset(), were_there=True)
    assert (family in away, horror in away, with_them) == (True, False, False)
    assert audience.refused("for myself", none, frozenset(), were_there=False) == (none, False)
    back, _ = audience.refused("with my kids", away, frozenset(), were_there=False)
    assert family not in back and horror in back


@pytest.mark.parametrize("text", SPOKEN_OF)
def test_it_is_not_for_children(text: str) -> None:
    assert children_at(text) is None

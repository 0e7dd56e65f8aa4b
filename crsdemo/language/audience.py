"""Whether children are said to be there, and what is then refused without being named."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from crsdemo.core.traced import Stretch
from crsdemo.language.refused_facts import Fact, Refused

_AGE = r"(?:[2-9]|1[0-2]|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_CHILD = (
    r"(?:kids?|kiddos?|children|child|toddlers?|little ones?|little (?:boy|girl|brother|sister)s?|"
    r"grand ?(?:kids?|children|child|sons?|daughters?)|nephews?|nieces?|"
    rf"{_AGE}[ -]*(?:(?:and|or|,|&)[ -]*{_AGE}[ -]*)?(?:years?|yrs?|yo)\b(?:[ -]*olds?)?)"
)
_THEIR = (
    r"(?:my|our|the|her|his|your|their|an?|some|two|three|four|\d|both|small|young|little|and|i|me|"
    r"wife|husband)"
)
_WITH_CHILDREN = re.compile(
    rf"(?<!not )(?<!nothing )(?<!isn't )\b(?:for|with) (?:{_THEIR} ){{0,5}}?{_CHILD}\b"
    r"(?! (?:in|asleep|away|out|gone|at (?:school|grandma)|from (?:my|the)))"
    r"|\b(?:kids?|child|children)[- ](?:friendly|safe|appropriate|proof)\b|\bfamily[- ]friendly\b"
    r"|\b(?:kids|children) (?:are |will be |can |could |should |may |want to |wanna )*"
    r"(?:watch(?:ing)?|see|join(?:ing)?|there)\b",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"\b(?:for (?:myself|ourselves|me alone|us alone|just me|just us|(?:us )?adults|grown[- ]?ups)|"
    r"without (?:the )?(?:kids|children)|not for (?:the )?(?:kids|children)|"
    r"(?:kids|children|little ones?|kid|child) (?:are |is |has |have )?(?:now |all |finally )?"
    r"(?:asleep|sleeping|in bed|gone|out|away|gone to bed))\b",
    re.IGNORECASE,
)
FOR_CHILDREN = frozenset(
    [Fact("genre", "family"), Fact("genre", "children"), Fact("theme", "with kids")]
    + [Fact("theme", "family movie night"), Fact("theme", "gentle for small children")]
)
GENRES = frozenset(["horror"])
THEMES = frozenset(
    ["gore", "heavy drug use", "nudity and sex", "serial killer", "sexual violence", "sexy"]
    + ["slasher", "terrifying", "disturbing", "violence"]
)
UNFIT = frozenset([Fact("genre", one) for one in GENRES] + [Fact("theme", one) for one in THEMES])


def children_at(text: str) -> Stretch | None:
    """The words that say that it is for children, if any do: "with the kids"."""
    found = _WITH_CHILDREN.search(text.replace("\u2019", "'"))
    return Stretch(*found.span()) if found else None


@dataclass(frozen=True)
class Audience:
    """What goes with children or without them, of the facts that a catalog has."""

    unfit: frozenset[Fact]
    for_children: frozenset[Fact]

    @classmethod
    def of(cls, genres: Collection[str], themes: Collection[str]) -> Self:
        has = {Fact("genre", one) for one in genres} | {Fact("theme", one) for one in themes}
        return cls(UNFIT & has, FOR_CHILDREN & has)

    def refused(
        self, wish: str, kept: frozenset[Refused], asked: frozenset[Fact], *, were_there: bool
    ) -> tuple[frozenset[Refused], bool]:
        """What is refused after a message, and whether children are there; before it was `kept`.

        What the message asks for by name is not refused by it.
        """
        if _ALONE.search(wish) and were_there:
            lifted = kept - {frozenset([fact]) for fact in self.unfit}
            return lifted | {frozenset([fact]) for fact in self.for_children - asked}, False
        if children_at(wish):
            lifted = kept - {frozenset([fact]) for fact in self.for_children}
            return lifted | {frozenset([fact]) for fact in self.unfit - asked}, True
        return kept, were_there

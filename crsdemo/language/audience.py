"""Whether children are said to be there, and what is then refused without being named."""

from __future__ import annotations

import re

from crsdemo.core.traced import Stretch
from crsdemo.language.refused_facts import Fact

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

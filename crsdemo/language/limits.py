"""Limits that people set and for which a catalog may have no field: length, country, awards, ...

Who asks for "a French film under 90 minutes" must be told that neither is known, and not be given
just any film.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from importlib.resources import files
from typing import NamedTuple

from crsdemo.core.traced import Stretch

_TABLE = tomllib.loads((files(__package__) / "limits.toml").read_text(encoding="utf-8"))
_LIMITS = {
    kind: [re.compile(pattern, re.IGNORECASE) for pattern in patterns]
    for kind, patterns in _TABLE["limits"].items()
}
NAME = "name"  # kind of one that asks for somebody
_WORDS: dict[str, str] = _TABLE["words"]
_COUNTRY_OF: dict[str, str] = _TABLE["countries"]
_BARE = {country.removeprefix("the ").lower(): country for country in _COUNTRY_OF.values()}
_BARE |= {
    name: country
    for country, names in {
        "the United States": ("america", "usa", "us", "states"),
        "the United Kingdom": ("britain", "uk", "great britain"),
        "Korea": ("south korea",),
        "the Netherlands": ("holland",),
    }.items()
    for name in names
}
_OF_FILMS = (
    r"(?:(?:new|old|classic|art[- ]?house|indie|silent|animated|romantic|action|crime|family|"
    r"horror|language|speaking)[- ])*(?:films?|movies?|cinema|flicks?|ones?|pictures?|"
    r"comed(?:y|ies)|dramas?|thrillers?|horrors?|westerns?|romances?|anime|animation|noirs?|"
    r"musicals?|documentar(?:y|ies)|sci-?fi|classics?|productions?|directors?|stuff|titles?)"
)
_ADJECTIVES = "|".join(_COUNTRY_OF)
_MADE_THERE = (
    re.compile(rf"\b(?P<who>{_ADJECTIVES})[- ]{_OF_FILMS}\b", re.IGNORECASE),
    re.compile(
        rf"\b(?:something|anything|some|more|prefer|only|rather|be|a bit|watch) "
        rf"(?P<who>{_ADJECTIVES})"
        r"(?=\s*(?:$|[.,;!?\n]|please|and\b|or\b|with\b|but\b|from\b|tonight|this time))",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?P<who>[bn]ollywood)\b", re.IGNORECASE),
)
_NAMES = "|".join(re.escape(name) for name in sorted(_BARE, key=len, reverse=True))
_FROM_THERE = re.compile(
    rf"\b(?:films?|movies?|cinema|something|anything|one|ones|flicks?|comed(?:y|ies)|dramas?|"
    rf"thrillers?|horror|romances?|westerns?|is|are|be|made|produced|shot|that['’]?s|,|^)\s*"
    rf"(?:made in|produced in|shot in|from|out of|in) (?:the )?(?P<who>{_NAMES})\b",
    re.IGNORECASE,
)
_LANGUAGES = "|".join(_TABLE["languages"]["also"])
# What says where something comes from: "French", "France"
ORIGINS = sorted(
    {name.capitalize() for name in (*_COUNTRY_OF, *_TABLE["languages"]["also"])}
    | {country.removeprefix("the ") for country in _COUNTRY_OF.values()} - {"abroad"}
)
_SPOKEN = (
    re.compile(
        rf"\b(?:in|speaks?|spoken in|dubbed in(?:to)?) (?P<what>{_LANGUAGES})"
        # and not "in Latin America" or "in Spanish Harlem"
        r"(?=\s*(?:$|[.,;:!?)\n]|(?:or|and|but|not|please|pls|only|if|instead|too|as well|with|"
        r"from|by|about|for|where|that|which|tonight|language|version|audio|subtitles?|subbed|dub\w*|"
        r"speaking|films?|movies?)\b))",
        re.I,
    ),
    re.compile(
        rf"\b(?P<what>{_LANGUAGES})[- ](?:language|speaking|subtitles?|audio|dub|only)\b", re.I
    ),
)

ORIGINS_SAID = frozenset([*ORIGINS, *_COUNTRY_OF.values()])


def origin(said: str) -> str:
    """A country or a language in one spelling: "French", "france" and "France" are one."""
    name = said.lower().removeprefix("the ").strip()
    return _COUNTRY_OF.get(name) or _BARE.get(name) or said.strip().capitalize()


class Limit(NamedTuple):
    """A limit as it was said."""

    kind: str  # "length", "country", "language", "awards", "age rating", ...
    what: str  # "under 90 minutes", "France"
    said: str  # the words that set it
    start: int  # where they begin

    @property
    def at(self) -> Stretch:
        return Stretch(self.start, self.start + len(self.said))

    @property
    def is_of_origin(self) -> bool:
        """Whether it names a country or a language."""
        return self.kind in ("country", "language") and self.what in ORIGINS_SAID

    @property
    def words(self) -> str:
        """How a reply names what it does not know: "where it comes from"."""
        return _WORDS[self.kind].replace("{what}", self.what)

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


def limits_set(text: str, fields: Collection[str] = ()) -> Iterator[Limit]:
    """Limits that a text sets, such as "length: under 90 minutes"; of one kind none in another.

    `fields`: kinds that the catalog does know, which are left out.
    """
    for kind, found in _all_found(text):
        if kind in fields:
            continue
        end = -1
        for start, after, what in sorted(found, key=lambda one: (one[0], -one[1])):
            if start >= end:
                yield Limit(kind, what, text[start:after], start)
                end = after


def _all_found(text: str) -> Iterator[tuple[str, list[tuple[int, int, str]]]]:
    """Kinds with (start, end, limit) of each."""
    for kind, patterns in _LIMITS.items():
        yield (
            kind,
            [(m.start(), m.end(), _plain(m["what"])) for p in patterns for m in p.finditer(text)],
        )
    spoken = [m for pattern in _SPOKEN for m in pattern.finditer(text)]
    yield "language", [(m.start(), m.end(), m["what"].capitalize()) for m in spoken]
    made = [m for pattern in _MADE_THERE for m in pattern.finditer(text)]
    places = [(m.start(), m.end(), _COUNTRY_OF[m["who"].lower()]) for m in made]
    places += [(m.start(), m.end(), _BARE[m["who"].lower()]) for m in _FROM_THERE.finditer(text)]
    yield "country", [place for place in places if not _is_spoken(place, spoken)]


def _is_spoken(place: tuple[int, int, str], spoken: list[re.Match[str]]) -> bool:
    """Whether what seems a country is a language: "a French-speaking film"."""
    return any(m.start() < place[1] and place[0] < m.end() for m in spoken)


def _plain(said: str) -> str:
    return " ".join(said.lower().split())

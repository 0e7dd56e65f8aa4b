"""The years that a user names, as a query says them."""

from __future__ import annotations

import re

from crsdemo.train.heard import Heard
from crsdemo.train.query_sentence import Concept

SAID, SHARED = 3.0, 1.0  # weight of years that were named, and of those that films share
_WORD_OF_DECADE = {
    1920: "twenties", 1930: "thirties", 1940: "forties", 1950: "fifties", 1960: "sixties",
    1970: "seventies", 1980: "eighties", 1990: "nineties", 2000: "noughties|two-thousands",
    2010: "twenty-tens",
}  # fmt: skip
_BEFORE = re.compile(r"\b(?:before|older than|prior to) ((?:19|20)\d\d)\b", re.IGNORECASE)
_SINCE = re.compile(
    r"\b(?:(?:after|since|newer than) ((?:19|20)\d\d)|((?:19|20)\d\d) or later)\b", re.IGNORECASE
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b(?!'?s)")
_OLD = re.compile(r"\b(?:old|older|oldies?|classics?|vintage|golden age)\b", re.IGNORECASE)
_NEW = re.compile(r"\b(?:new|newer|newest|recent\w*|latest|modern|current)\b", re.IGNORECASE)
OLD_UNTIL, NEW_SINCE = 1979, 2015


def era(heard: Heard, years: tuple[int, int] | None) -> Concept | None:
    """The years that were named and hold all films sought, or those of all films spoken of.

    `years`: the first and the last of the films sought, None if they are not known.
    """
    if years is None:
        return None
    first, last = years
    decade = first // 10 * 10
    if last < decade + 10:
        short = f"(?:19)?{decade % 100:02}" if decade < 2000 else str(decade)
        spelt = _WORD_OF_DECADE.get(decade, str(decade))
        if word := heard.says(re.compile(rf"(?<!\w)(?:{short}'?s|{spelt})\b", re.IGNORECASE)):
            return Concept(f"from the {decade}s", SAID, (word,))
    return _years_named(heard, first, last) or _decade_of_films(heard, decade, last)


def _years_named(heard: Heard, first: int, last: int) -> Concept | None:
    for text in heard.wanted:
        if (found := _BEFORE.search(text)) and last < int(found[1]):
            return Concept(f"from before {found[1]}", SAID, (found[0],))
        if (found := _SINCE.search(text)) and first >= int(found[1] or found[2]):
            return Concept(f"from {found[1] or found[2]} or later", SAID, (found[0],))
        for year in _YEAR.findall(text):
            if first == last == int(year):
                return Concept(f"from {year}", SAID, (year,))
    if last <= OLD_UNTIL and (word := heard.says(_OLD)):
        return Concept("from the old days", SAID, (word,))
    if first >= NEW_SINCE and (word := heard.says(_NEW)):
        return Concept("from recent years", SAID, (word,))
    return None


def _decade_of_films(heard: Heard, decade: int, last: int) -> Concept | None:
    """The decade that at least two films spoken of all share with the films sought."""
    years = [film.year or 0 for film in heard.films]
    if len(years) < 2 or last >= decade + 10 or {y // 10 * 10 for y in years} != {decade}:
        return None
    return Concept(f"from the {decade}s", SHARED, tuple(film.title for film in heard.films))

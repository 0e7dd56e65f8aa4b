"""Words of a wish that rules can read: refusals, genres that are refused by other words, years."""

from __future__ import annotations

import re
from collections.abc import Sequence

REFUSAL = re.compile(
    r"\b(?:no|not|nothing|without|except|hate|hated|dislike|avoid|skip|"
    r"(?:don'?t|do not|didn'?t) (?:like|want|enjoy|need)|can'?t stand|anything but|sick of|"
    r"tired of|enough of|bored of|fed up with|less|keep|(?:won'?t|wouldn'?t|shouldn'?t) be)\b"
    r"(?!,? (?:i|you|it|that|thanks|thank|problem|idea|mind|only|just|sure|bad|really)\b)"
    r"(?: (?:too|so|very|any|more|much|films?|movies?|with|of|like|want))*"
    r"(?P<what>(?:(?!\b(?:but|though|just|instead|please|maybe|only|something|i)\b)"
    r"[^.,;:!?\n]){0,40})",
    re.IGNORECASE,
)
# words that refuse a genre without naming it
_REFUSED_GENRE = {
    "scar": "horror", "spook": "horror", "creep": "horror", "gor": "horror", "slasher": "horror",
    "blood": "horror",
    "jump": "horror", "frighten": "horror", "terrif": "horror", "nightmare": "horror",
    "sci-fi": "science fiction", "scifi": "science fiction", "sci fi": "science fiction",
    "alien": "science fiction", "space": "science fiction", "robot": "science fiction",
    "lovey": "romance", "sapp": "romance", "soppy": "romance", "mush": "romance", "kiss": "romance",
    "love stor": "romance", "rom com": "romance", "romcom": "romance", "rom-com": "romance",
    "cartoon": "animation", "anime": "animation", "sing": "musical", "song": "musical",
    "cowboy": "western", "battle": "war", "soldier": "war", "gangster": "crime", "mafia": "crime",
    "silly": "comedy", "goofy": "comedy", "slapstick": "comedy", "funny": "comedy", "kid": "family",
    "magic": "fantasy", "wizard": "fantasy", "dragon": "fantasy", "shoot": "action",
    "explosion": "action", "chase": "action",
}  # fmt: skip
_OTHER_NAMES = {  # of genres
    "comedies": ("comedy",), "sci-fi": ("science fiction",), "scifi": ("science fiction",),
    "sci fi": ("science fiction",), "cartoon": ("animation",), "rom-com": ("romance", "comedy"),
    "romcom": ("romance", "comedy"), "rom com": ("romance", "comedy"),
}  # fmt: skip
_WORD_OF_DECADE = {
    "twenties": 1920, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960,
    "seventies": 1970, "eighties": 1980, "nineties": 1990, "noughties": 2000,
}  # fmt: skip
_DECADE = re.compile(r"\b(?:(19|20)?([0-9])0'?s|(" + "|".join(_WORD_OF_DECADE) + r"))\b")
_YEAR = re.compile(r"\b(19[2-9]\d|20[0-2]\d)\b")


def genres_implied(refused: str) -> frozenset[str]:
    """The genres that words of refusal mean without naming them: "nothing scary" is horror."""
    low = refused.lower()
    return frozenset(g for stem, g in _REFUSED_GENRE.items() if re.search(rf"\b{stem}", low))


def genres_named(text: str, genres: Sequence[str]) -> list[bool]:
    """Of each of `genres` whether its name, the beginning of it or another name was said."""
    low = text.lower()
    others = {genre for name, meant in _OTHER_NAMES.items() if name in low for genre in meant}
    return [
        genre in others or bool(re.search(rf"\b{re.escape(genre[:6].rstrip())}", low))
        for genre in genres
    ]


def decades_named(text: str) -> list[int]:
    """The first years of the decades that a text names: "the nineties" is 1990."""
    found = []
    for century, digit, word in _DECADE.findall(text.lower()):
        ten = int(digit or 0) * 10
        near = int(century or ("20" if ten < 30 else "19")) * 100 + ten
        found.append(_WORD_OF_DECADE[word] if word else near)
    return found


def years_named(text: str) -> list[int]:
    """Single years that a text names; those of a decade ("1990s") are none."""
    return [int(year) for year in _YEAR.findall(_DECADE.sub(" ", text.lower()))]

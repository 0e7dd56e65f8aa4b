"""Words of a wish that rules can read: refusals, genres by whatever words, years."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

REFUSAL = re.compile(
    r"\b(?:no|not|nothing|without|except|hates?|hated|dislikes?|avoid|skip|"
    r"(?:don'?t|do not|didn'?t) (?:like|want|enjoy|need)|can'?t stand|anything but|sick of|"
    r"tired of|enough of|bored of|fed up with|less|keep|(?:won'?t|wouldn'?t|shouldn'?t) be)\b"
    r"(?!,? (?:i|you|it|that|thanks|thank|problem|idea|mind|only|just|sure|bad|really)\b)"
    r"(?: (?:too|so|very|any|more|much|films?|movies?|with|of|like|want))*"
    r"(?P<what>(?:(?!\b(?:but|though|just|instead|please|maybe|only|something|i)\b)"
    r"[^.,;:!?\n]){0,40})",
    re.IGNORECASE,
)
# What names or plainly means a genre; each pattern stands after a word boundary
_GENRES = {
    "action": r"action|fight(?:s|ing)?\b|explosion|shoot[- ]?(?:'em|them|out)|adrenaline|chases?\b",
    "adventure": r"adventur|quest\b|swashbuckl",
    "animation": r"animat|cartoon|anime\b|pixar|disney",
    "biography": r"biograph|biopic|true stor|life stor|real (?:person|people)",
    "comedy": r"comed|fun+y|funnier|laugh|humou?r|hilarious|silly|goofy|slapstick|"
    r"rom-?\s?com|cheer me|crack me up|giggle",
    "crime": r"crim(?:e|inal)|gangster|mafia|mob(?:ster)?s?\b|heist|robber|detective",
    "documentary": r"documentar|docus?\b",
    "drama": r"drama|tear-?\s?jerk",
    "family": r"famil|kids?\b|child|daughter|son\b|nephew|niece|toddler",
    "fantasy": r"fantas(?:y|ies)\b|magic|wizard|dragon|fairy",
    "film noir": r"noir",
    "history": r"histor|period piece|period drama|costume drama",
    "horror": r"horror|scar(?:e|y|ie)|spook|creep|terrif|fright|slasher|nightmare|haunt|"
    r"jump ?scare",
    "music": r"music(?:ian)?s?\b|band\b|singer|concert",
    "musical": r"musical|sing(?:s|ing)?\b|songs?\b",
    "mystery": r"myster|whodunn?it|detective|puzzle|twist",
    "romance": r"roman(?:ce|tic)|love stor|rom-?\s?com|chick flick|date night|lovey|sapp|soppy|"
    r"mush|kiss",
    "science fiction": r"sci-?\s?fi|scifi|science fiction|futuristic|outer space|space\b|alien|"
    r"robot|syfy|time travel",
    "sport": r"sport|football|baseball|basketball|boxing|soccer|hockey|athlet",
    "thriller": r"thrill|suspens|edge of my seat|tense\b|tension|psychological|nail-?\s?biter",
    "war": r"wars?\b|wartime|soldier|battle|military|ww",
    "western": r"western|cowboy|wild west|gunslinger",
}  # fmt: skip
_WORD_OF_DECADE = {
    "twenties": 1920, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960,
    "seventies": 1970, "eighties": 1980, "nineties": 1990, "noughties": 2000,
}  # fmt: skip
_DECADE = re.compile(r"\b(?:(19|20)?([0-9])0'?s|(" + "|".join(_WORD_OF_DECADE) + r"))\b")
_YEAR = re.compile(r"\b(19[2-9]\d|20[0-2]\d)\b")


@cache
def genre_pattern(genre: str) -> re.Pattern[str]:
    """What names or plainly means a genre; for one of another catalog its own name."""
    words = _GENRES.get(genre, re.escape(genre))
    return re.compile(rf"\b(?:{words})[\w-]*", re.IGNORECASE)  # whole words that begin so


def genres_named(text: str, genres: Sequence[str]) -> list[bool]:
    """Of each of `genres` whether it was named or plainly meant: "funnier" is comedy."""
    return [bool(genre_pattern(genre).search(text)) for genre in genres]


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

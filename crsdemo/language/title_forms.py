"""The ways in which people say a title: "The Matrix", "matrix", "Rocky 2", "Endgame".

A form is a run of plain words without articles. Forms are compared with their words run together,
so that "Spider-Man", "spider man" and "spiderman" are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from crsdemo.language.typed_words import ARTICLES, words_of

_SEGMENTS = re.compile(r"\s*:\s+|\s+[-–—]\s+")  # "Series: Episode V - Subtitle"
_SERIES_AND = re.compile(r"\s+and\s+the\s+", re.IGNORECASE)  # "Indiana Jones and the ..."
_DIVISIONS = frozenset({"part", "volume", "chapter", "episode"})
_NUMBERS = (
    ("1", "i", "one"), ("2", "ii", "two"), ("3", "iii", "three"), ("4", "iv", "four"),
    ("5", "v", "five"), ("6", "vi", "six"), ("7", "vii", "seven"), ("8", "viii", "eight"),
    ("9", "ix", "nine"), ("10", "x", "ten"), ("11", "xi", "eleven"), ("12", "xii", "twelve"),
    ("13", "xiii", "thirteen"),
)  # fmt: skip
_TEENS = ("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBER_OF = {form: number for number in _NUMBERS for form in number}
SEQUEL_NUMBERS = frozenset(n[0] for n in _NUMBERS[1:]) | {n[1] for n in _NUMBERS[1:9]} - {"v"}


class Part(IntEnum):
    """What of a title is said; a larger part is stronger evidence."""

    SUBTITLE = 0  # "Endgame"
    SERIES = 1  # "Lord of the Rings"
    WHOLE = 2


@dataclass(frozen=True)
class Form:
    """A way to say a title: plain words without articles."""

    words: tuple[str, ...]
    part: Part

    @property
    def key(self) -> str:
        return "".join(self.words)


def title_forms(title: str) -> Iterator[Form]:
    """Every form of a title, some of them twice. A title without letters or digits has none."""
    segments = _segments(title)
    yield from _variants((word for words in segments for word in words), Part.WHOLE)
    if len(segments) > 2:
        yield from _variants((*segments[0], *segments[-1]), Part.WHOLE)
    parts = _parts(title)
    if len(parts) > 1:
        numbered = parts[0][-1] in SEQUEL_NUMBERS  # "Terminator 2" is one film
        yield from _variants(parts[0], Part.WHOLE if numbered else Part.SERIES)
        yield from _variants(parts[-1], Part.SUBTITLE)


def series(title: str) -> str:
    """What films of a series share: "Rocky" of "Rocky II", "Alien" of "Alien: Covenant".

    Of a film that has no series, its own plain title. Empty if nothing is left.
    """
    said = without_articles(_parts(title)[0])
    while len(said) > 1 and (said[-1] in _NUMBER_OF or said[-1] in _DIVISIONS):
        said = said[:-1]
    return " ".join(said)


def _segments(title: str) -> list[tuple[str, ...]]:
    return [words for s in _SEGMENTS.split(title) if (words := words_of(s))]


def _parts(title: str) -> list[tuple[str, ...]]:
    """The series and what follows it, where a title has both; else the whole title."""
    segments = _segments(title)
    if len(segments) > 1:
        return segments
    return [words_of(s) for s in _SERIES_AND.split(title, maxsplit=1)]


def without_articles(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in ARTICLES)


def _variants(words: Iterable[str], part: Part) -> Iterator[Form]:
    """The words as they stand, with numbers as digits, Roman and in letters, and without "Part"."""
    said = without_articles(words)
    if not said:
        return
    yield Form(said, part)
    spelled = tuple(part for word in said for part in _spelled(word))
    if spelled != said:
        yield Form(spelled, part)
    numbers = [n for n, word in enumerate(said) if _is_number(said, n, word)]
    for notation in range(3 if numbers else 0):
        rewritten = list(said)
        for n in numbers:
            rewritten[n] = _NUMBER_OF[said[n]][notation]
        yield Form(tuple(rewritten), part)
        kept = [w for n, w in enumerate(rewritten) if w not in _DIVISIONS or n + 1 not in numbers]
        yield Form(tuple(kept), part)
        last = numbers[-1]
        if last > 0 and last == len(said) - 1 and said[last - 1] not in _DIVISIONS:
            yield Form((*rewritten[:last], "part", rewritten[last]), part)


def _spelled(word: str) -> tuple[str, ...]:
    """The words of a number from 14 to 99, else the word itself."""
    if not word.isascii() or not word.isdecimal() or len(word) != 2 or int(word) < 14:
        return (word,)
    tens, ones = divmod(int(word), 10)
    if tens == 1:
        return (_TEENS[ones - 4],)
    return (_TENS[tens - 2], *([_NUMBERS[ones - 1][2]] if ones else []))


def _is_number(words: tuple[str, ...], position: int, word: str) -> bool:
    """Whether a word counts something; "I", "V" and "X" only where a sequel's number stands."""
    if word not in _NUMBER_OF:
        return False
    if word in {"i", "v", "x"}:
        return position > 0 and position == len(words) - 1
    return position > 0 or word not in {n[1] for n in _NUMBERS}

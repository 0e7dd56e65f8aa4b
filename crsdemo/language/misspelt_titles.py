"""Titles of several words of which one has a typing error: "forest gump", "brige of spies"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from rapidfuzz.distance import OSA

from crsdemo.language.title_forms import Form, Part
from crsdemo.language.typed_words import is_known, is_ordinary

MOST_WORDS = 6  # of a title in which one word may be misspelt
LEAST = 4  # letters of that word
LONG = 8  # letters from which it may have two errors


class MisspeltTitles:
    """Whole titles by all of their words but one."""

    def __init__(self, forms: Iterable[Form]) -> None:
        self._missing: dict[tuple[str, ...], set[str]] = defaultdict(set)  # with "" for the word
        for words in {form.words for form in forms if form.part is Part.WHOLE}:
            if 2 <= len(words) <= MOST_WORDS:
                for place, word in enumerate(words):
                    if len(word) >= LEAST and word.isalpha():
                        self._missing[_without(words, place)].add(word)

    def meant(self, words: tuple[str, ...]) -> Iterator[str]:
        """Titles, their words run together, that these words are but for one with a typo.

        What is a word of the language is a typo only beside a rare word or two others.
        """
        for place, typed in enumerate(words):
            rest = (*words[:place], *words[place + 1 :])
            telling = len(rest) > 2 or not all(map(is_ordinary, rest))
            for word in self._missing.get(_without(words, place), ()):
                if _is_near(typed, word) and (telling or not is_known(typed)):
                    yield "".join((*words[:place], word, *words[place + 1 :]))


def _without(words: tuple[str, ...], place: int) -> tuple[str, ...]:
    return (*words[:place], "", *words[place + 1 :])


def _is_near(typed: str, word: str) -> bool:
    edits = 1 if len(word) < LONG else 2
    return typed != word and typed[0] == word[0] and OSA.distance(typed, word) <= edits

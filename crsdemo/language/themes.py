"""Themes in what people type: the tags of a catalog in any of the ways people say them.

A phrase is found whatever its hyphens, articles, plurals and capitals: "zombie", "the zombies" and
"Zombie-film" all name `zombies`. Keywords of items that no tag covers are themes of their own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from crsdemo.core.catalog import Catalog, Item

Stems = tuple[str, ...]
SHORTEST = 5  # letters of a keyword that is a theme of its own; shorter ones are parts of talk
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[^\W\d_]+")
_ARTICLES = frozenset(["a", "an", "the"])
_NO_PLURAL = ("ss", "us", "is", "as", "os")
# of the singular and of the plural alike, so that both come to the same
_ENDINGS = (
    ("ies", "y"), ("ie", "y"), ("oes", "o"), ("oe", "o"), ("ves", "f"), ("ve", "f"), ("fe", "f"),
    ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("zzes", "zz"), ("men", "man"),
)  # fmt: skip


class Said(NamedTuple):
    """A theme and the words that named it: `text[start:end]`."""

    theme: str
    start: int
    end: int


class Themes:
    """Which items have which themes, and which themes a text names. Immutable."""

    def __init__(self, catalog: Catalog) -> None:
        self._phrases: dict[Stems, list[str]] = defaultdict(list)
        for tag in catalog.tags:
            for phrase in tag.phrases:
                self._add(phrase, tag.name)
        keywords = {k for item in catalog for k in item.facts.get("keywords", ())}
        self._meaning = {keyword: self._covering(keyword) for keyword in sorted(keywords)}
        for keyword, meant in self._meaning.items():
            if meant == (keyword,) and len(keyword) >= SHORTEST:
                self._add(keyword, keyword)
        self._longest = max(map(len, self._phrases), default=0)
        self.rows: Mapping[str, Sequence[int]] = self._placed(catalog)

    def of(self, item: Item) -> frozenset[str]:
        """Tags of an item, and what its keywords mean."""
        meant = (self._meaning.get(k, (k,)) for k in item.facts.get("keywords", ()))
        return frozenset((*item.tags, *(theme for themes in meant for theme in themes)))

    def named(self, text: str) -> frozenset[str]:
        """Themes that a text names and that some item has."""
        return frozenset(said.theme for said in self.said(text))

    def said(self, text: str) -> Iterator[Said]:
        """Every naming of a theme that some item has, in the order of the text."""
        words = list(_words(text))
        for first in range(len(words)):
            for last in range(first, min(first + self._longest, len(words))):
                stems = tuple(stem for stem, _, _ in words[first : last + 1])
                for theme in self._phrases.get(stems, ()):
                    if theme in self.rows:
                        yield Said(theme, words[first][1], words[last][2])

    def _add(self, phrase: str, theme: str) -> None:
        stems = tuple(stem for stem, _, _ in _words(phrase))
        if stems and theme not in self._phrases[stems]:
            self._phrases[stems].append(theme)

    def _covering(self, keyword: str) -> tuple[str, ...]:
        """The tags that a keyword is a way to say; itself, if there is none."""
        stems = tuple(stem for stem, _, _ in _words(keyword))
        return tuple(self._phrases.get(stems, ())) or (keyword,)

    def _placed(self, catalog: Catalog) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = defaultdict(list)
        for row, item in enumerate(catalog):
            for theme in sorted(self.of(item)):
                rows[theme].append(row)
        return dict(rows)


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    """The stem of each word but articles, and where the word stands."""
    low = text.lower().replace("’", "'")
    if len(low) != len(text):  # letters that grow when lowered
        low = text
    for found in _WORD.finditer(low):
        if found[0] not in _ARTICLES:
            yield stem(found[0]), found.start(), found.end()


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """What a word has in common with its plural and its owner, not always a word itself.

    "witches" and "witch's" are "witch", "heroes" and "hero" are "hero", "wolves" and "wolf" "wolf".
    """
    word = word.removesuffix("'s").replace("'", "")
    if word[:1].isdigit():  # "1960s" is not 1960
        return word
    for ending, common in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word.removesuffix(ending) + common
    if len(word) < 4 or not word.endswith("s") or word.endswith(_NO_PLURAL):
        return word
    return word[:-1]

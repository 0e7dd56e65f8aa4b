"""Themes in what people type: the tags of a catalog in any of the ways people say them.

A phrase is found whatever its hyphens, articles, plurals and capitals: "zombie", "the zombies" and
"Zombie-film" all name `zombies`. Keywords of items that no tag covers are themes of their own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

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


class Themes:
    """Which items have which themes, and which themes a text names. Immutable."""

    def __init__(self, catalog: Catalog) -> None:
        self._phrases: dict[Stems, list[str]] = defaultdict(list)
        for tag in catalog.tags:
            for phrase in tag.phrases:
                self._add(phrase, tag.name)
        keywords = {k for item in catalog for k in item.facts.get("keywords", ())}
        # The tags that a keyword is a way to say; itself, if there is none
        self._meaning = {
            keyword: tuple(self._phrases.get(tuple(_stems(keyword)), ())) or (keyword,)
            for keyword in sorted(keywords)
        }
        for keyword, meant in self._meaning.items():
            if meant == (keyword,) and len(keyword) >= SHORTEST:
                self._add(keyword, keyword)
        self._longest = max(map(len, self._phrases), default=0)
        rows: dict[str, list[int]] = defaultdict(list)
        for row, item in enumerate(catalog):
            for theme in sorted(self.of(item)):
                rows[theme].append(row)
        self.rows: Mapping[str, Sequence[int]] = dict(rows)

    def of(self, item: Item) -> frozenset[str]:
        """Tags of an item, and what its keywords mean."""
        meant = (self._meaning.get(k, (k,)) for k in item.facts.get("keywords", ()))
        return frozenset((*item.tags, *(theme for themes in meant for theme in themes)))

    def named(self, text: str) -> frozenset[str]:
        """Themes that a text names and that some item has."""
        stems = tuple(_stems(text))
        runs = (
            stems[first : first + n]
            for first in range(len(stems))
            for n in range(1, self._longest + 1)
        )
        found = (theme for run in runs for theme in self._phrases.get(run, ()))
        return frozenset(theme for theme in found if theme in self.rows)

    def _add(self, phrase: str, theme: str) -> None:
        stems = tuple(_stems(phrase))
        if stems and theme not in self._phrases[stems]:
            self._phrases[stems].append(theme)


def _stems(text: str) -> Iterator[str]:
    """The stem of each word but articles."""
    words = _WORD.findall(text.lower().replace("’", "'"))
    return (stem(word) for word in words if word not in _ARTICLES)


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

"""Themes in what people type: the tags of a catalog in any of the ways people say them.

A phrase is found whatever its hyphens, spaces, articles, plurals and capitals: "zombie", "the
zombies" and "Zombie-film" all name `zombies`, "feelgood" and "feel-good" are one. Keywords of items
that no tag covers are themes of their own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.traced import Stretch, Traced, lower

SHORTEST = 5  # letters of a keyword that is a theme of its own; shorter ones are parts of talk
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[^\W\d_]+")
_PAUSE = re.compile(r"[,;:.!?\n]")  # "dark, comedy" names two things and no dark comedy
_OF_FILMS = frozenset(["film", "movy", "flick", "stuff"])  # as stems; "a scary film" is no tag
_ARTICLES = frozenset(["a", "an", "the"])
# "I love Heat" is no wish for love; "a film about love" is
_LOVING = re.compile(
    r"\b(?:i|we|you|they|he|she|who|kids|friends?|wife|husband|mum|mom|dad|son|daughter|['’]?d|would|"
    r"really|just|also|always|absolutely|do|does|did|to|all|both|much) +$"
)
_NO_PLURAL = ("ss", "us", "is", "as", "os")
# of the singular and of the plural alike, so that both come to the same
_ENDINGS = (
    ("ies", "y"), ("ie", "y"), ("oes", "o"), ("oe", "o"), ("ves", "f"), ("ve", "f"), ("fe", "f"),
    ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("zzes", "zz"), ("men", "man"),
)  # fmt: skip


class Themes:
    """Which items have which themes, and which themes a text names. Immutable."""

    def __init__(self, catalog: Catalog) -> None:
        domain = catalog.domain
        # a catalog of books has books about books; "a funny book" does not ask for one
        own = (domain.item, domain.items, *domain.called)
        self._own = frozenset("".join(_stems(word)) for word in own)
        self._longest = 0  # words in which a phrase is typed: one more than its own if one is split
        self._phrases: dict[str, list[str]] = defaultdict(list)
        for tag in catalog.tags:
            for phrase in tag.phrases:
                self._add(phrase, tag.name)
        self._of_tags = frozenset(self._phrases)
        self._tags = {"".join(_stems(tag.name)): tag.name for tag in catalog.tags}
        names = (len(list(_stems(tag.name))) for tag in catalog.tags)
        self._longest_name = 1 + max(names, default=0)  # of a tag, likewise
        keywords = {k for item in catalog for k in item.facts.get("keywords", ())}
        # The tags that a keyword is a way to say; itself, if there is none
        self._meaning = {
            keyword: tuple(self._phrases.get("".join(_stems(keyword)), ())) or (keyword,)
            for keyword in sorted(keywords)
        }
        for keyword, meant in self._meaning.items():
            if meant == (keyword,) and len(keyword) >= SHORTEST:
                self._add(keyword, keyword)
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
        return frozenset(theme for _, _, theme in self.spans(text))

    def spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        """(start, end, theme) of each run of words that names a theme which some item has."""
        for start, end, run in _runs(text, self._longest):
            if run in self._own or (run == stem("love") and _LOVING.search(lower(text[:start]))):
                continue
            for theme in self._phrases.get(run, ()):
                if theme in self.rows:
                    yield start, end, theme

    def refused(self, what: str) -> frozenset[str]:
        """Themes that a refusal names: tags by their bare names too, for it speaks of films."""
        return frozenset(theme for _, _, theme in self.refused_spans(what))

    def refused_spans(self, what: str) -> Iterator[tuple[int, int, str]]:
        """(start, end, theme) of each."""
        yield from self.spans(what)
        for start, end, run in _runs(what, self._longest_name):
            if self._tags.get(run) in self.rows:
                yield start, end, self._tags[run]

    def without_tags(self, text: Traced) -> Traced:
        """The words of a text that are no part of a longer name for a tag.

        Who refuses "jump scares" or "dark comedies" refuses neither horror nor comedy.
        """
        words = _words(text.text)
        stems, ends = [stem(word[0]) for word in words], _run_ends(text.text, words)
        gone, first = list[Stretch](), 0
        while first < len(words):
            longest = min(first + self._longest, ends[first])
            lasts = range(longest, first + 1, -1)
            last = next((last for last in lasts if self._is_tag(stems[first:last])), None)
            if last is not None:
                gone.append(Stretch(words[first].start(), words[last - 1].end()))
            first = last or first + 1
        return text.without(gone, gap="\n")

    def _is_tag(self, stems: Sequence[str]) -> bool:
        key = "".join(stems)
        return (key in self._of_tags or key in self._tags) and _OF_FILMS.isdisjoint(stems)

    def _add(self, phrase: str, theme: str) -> None:
        stems = list(_stems(phrase))
        key = "".join(stems)
        self._longest = max(self._longest, len(stems) + 1)
        if stems and theme not in self._phrases[key]:
            self._phrases[key].append(theme)


def _stems(text: str) -> Iterator[str]:
    """The stem of each word but articles."""
    return (stem(word[0]) for word in _words(text))


def _runs(text: str, longest: int) -> Iterator[tuple[int, int, str]]:
    """(start, end, stems run together) of up to so many words, articles not counted.

    None goes on behind a comma or the end of a sentence.
    """
    words = _words(text)
    stems, ends = [stem(word[0]) for word in words], _run_ends(text, words)
    for first in range(len(words)):
        for last in range(first + 1, min(first + longest, ends[first]) + 1):
            yield words[first].start(), words[last - 1].end(), "".join(stems[first:last])


def _run_ends(text: str, words: Sequence[re.Match[str]]) -> list[int]:
    """Of each word the number of words until the next pause in the text."""
    ends = [len(words)] * len(words)
    for n in range(len(words) - 2, -1, -1):
        pause = _PAUSE.search(text, words[n].end(), words[n + 1].start())
        ends[n] = n + 1 if pause else ends[n + 1]
    return ends


def _words(text: str) -> list[re.Match[str]]:
    """All but articles, in small letters."""
    small = lower(text).replace("’", "'")
    return [word for word in _WORD.finditer(small) if word[0] not in _ARTICLES]


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

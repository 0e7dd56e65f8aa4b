"""How varied texts are: beginnings, trigrams, and pairs that are nearly the same."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r"\{[^{}]*\}|[\w'’]+|[.,!?;:]")
BEGINNING = 4  # words
ALIKE = 0.5  # Jaccard similarity of 5-grams above which two texts are nearly the same
SHORTEST = 8  # tokens of a text that can be nearly the same as another
MANY = 50  # texts that share a 5-gram; one that more share tells nothing


@dataclass(frozen=True)
class Variety:
    """Shares from 0 to 1."""

    beginning: str  # the first words that most texts share
    begin_alike: float  # share of texts that begin with them
    distinct_3: float  # share of trigrams that are different ones
    near_duplicates: tuple[tuple[int, int], ...]  # positions of texts that are nearly the same
    n_texts: int

    @property
    def shares(self) -> dict[str, float]:
        return {
            f"begin with “{self.beginning}”, the most frequent beginning": self.begin_alike,
            "trigrams that are distinct (distinct-3)": self.distinct_3,
            "near-duplicate pairs per text": len(self.near_duplicates) / max(1, self.n_texts),
        }


def variety(texts: Sequence[str]) -> Variety:
    tokens = [[token.lower() for token in _TOKEN.findall(text)] for text in texts]
    words = [[token for token in one if token not in ".,!?;:"] for one in tokens]
    beginnings = Counter(" ".join(one[:BEGINNING]) for one in words)
    beginning, most = beginnings.most_common(1)[0] if beginnings else ("", 0)
    trigrams = [gram for one in tokens for gram in _grams(one, 3)]
    distinct = len(set(trigrams)) / max(1, len(trigrams))
    pairs = tuple(_near_duplicates(tokens))
    return Variety(beginning, most / max(1, len(texts)), distinct, pairs, len(texts))


def _near_duplicates(texts: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    grams = [frozenset(_grams(one, 5)) if len(one) >= SHORTEST else frozenset() for one in texts]
    having: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for position, some in enumerate(grams):
        for gram in some:
            having[gram].append(position)
    shared: Counter[tuple[int, int]] = Counter()
    for places in having.values():
        if len(places) <= MANY:
            shared.update((a, b) for i, a in enumerate(places) for b in places[i + 1 :])
    return sorted((a, b) for (a, b), n in shared.items() if n / len(grams[a] | grams[b]) > ALIKE)


def _grams(tokens: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]

"""What the items under a node of the ID trie share, in words: "crime, 1970s, Martin Scorsese".

A fact names a node if it is frequent below it and rare elsewhere: it is scored by its share below
times the logarithm of how much that exceeds its share in the catalog (its part of the Kullback-
Leibler divergence), with shares of small nodes drawn towards those of the catalog.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from crsdemo.catalog import Catalog, Item
from crsdemo.errors import CatalogError
from crsdemo.semantic_ids import Codes

MAX_FACTS = 3  # in a label
MIN_SHARE = 0.25  # of the items under a node, for a fact to be named beside another
PRIOR_ITEMS = 2.0  # weight of the catalog in the shares of a node, in items
MAX_LENGTH = 40  # characters; longer values are texts, not facts to name
N_EXAMPLES = 3
AT_MOST = {"decade": 1, "people": 1}  # facts of one field in a label; two of the others

Fact = tuple[str, str]  # field and value


class NodeLabel(NamedTuple):
    """A node in words."""

    label: str
    n_items: int
    examples: tuple[str, ...]  # titles of its best known items


class TrieLabels:
    """Labels of the nodes of an ID trie, worked out when first asked for. Safe between threads."""

    def __init__(self, catalog: Catalog, semantic_ids: Mapping[str, Codes]) -> None:
        self.catalog = catalog
        self._sorted = sorted((codes, item_id) for item_id, codes in semantic_ids.items())
        self._cache: dict[Codes, NodeLabel] = {}

    def branch(self, prefix: Sequence[int]) -> NodeLabel:
        """The node at `prefix`, the first codes of an ID. Raises CatalogError if none is there."""
        node = tuple(prefix)
        if node not in self._cache:  # two threads may both work it out, to the same end
            self._cache[node] = self._label(node)
        return self._cache[node]

    def items(self, prefix: Sequence[int]) -> list[Item]:
        """All items under a node, best known first."""
        node = tuple(prefix)
        start = bisect_left(self._sorted, node, key=lambda entry: entry[0][: len(node)])
        end = bisect_right(self._sorted, node, key=lambda entry: entry[0][: len(node)])
        items = [self.catalog.item(item_id) for _, item_id in self._sorted[start:end]]
        return sorted(items, key=lambda item: -item.popularity)

    @cached_property
    def _counts(self) -> Counter[Fact]:
        return Counter(fact for item in self.catalog for fact in facts_of(item))

    def _label(self, node: Codes) -> NodeLabel:
        items = self.items(node)
        if not items:
            raise CatalogError(f"no item of the catalog has an ID that starts with {node}")
        counts = Counter(fact for item in items for fact in facts_of(item))
        n, size = len(items), len(self.catalog)
        scores = {}
        for fact, count in counts.items():
            usual = self._counts[fact] / size
            share = (count + PRIOR_ITEMS * usual) / (n + PRIOR_ITEMS)
            scores[fact] = share * math.log(share / usual)
        ranked = sorted(counts, key=lambda fact: (-scores[fact], fact))
        common = [fact for fact in ranked if counts[fact] >= max(MIN_SHARE * n, min(n, 2))]
        telling = [fact for fact in common if scores[fact] > 0]
        titles = dict.fromkeys(item.title for item in items)  # of remakes one will do
        label = ", ".join(_in_reading_order(_chosen(telling or common[:1])))
        return NodeLabel(label or "mixed", n, tuple(titles)[:N_EXAMPLES])


def facts_of(item: Item) -> Iterator[Fact]:
    """Every short fact of an item once; its people, whatever they did, as one field; its decade."""
    values = dict.fromkeys(item.people, "people")
    for field, named in item.facts.items():
        for value in named:
            values.setdefault(value, field)
    if item.year:
        values[f"{item.year // 10 * 10}s"] = "decade"
    return ((field, value) for value, field in values.items() if len(value) <= MAX_LENGTH)


def _chosen(ranked: Iterable[Fact]) -> list[Fact]:
    """The first facts, few of a field, and none that says another again."""
    fields: Counter[str] = Counter()
    chosen: list[Fact] = []
    for field, value in ranked:
        again = any(value in other or other in value for _, other in chosen)
        if not again and fields[field] < AT_MOST.get(field, 2):
            fields[field] += 1
            chosen.append((field, value))
    return chosen[:MAX_FACTS]


def _in_reading_order(facts: Iterable[Fact]) -> list[str]:
    """Genres and themes, then the decade, then a person."""
    last = list(AT_MOST)
    return [
        value
        for field, value in sorted(facts, key=lambda f: last.index(f[0]) if f[0] in last else -1)
    ]

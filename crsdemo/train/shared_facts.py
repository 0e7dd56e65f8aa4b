"""Which facts the items that would be right have in common, and which of these are no chance.

Shapes: n items of the catalog, F facts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import log

import numpy as np
from numpy.typing import NDArray

from crsdemo.catalog import Catalog, Item

Fact = tuple[str, str]  # field and value

NEARLY_ALL = 0.8  # of the weight
SOME = 0.12  # of the weight: a fact that may be one of several alternatives
COVER = 0.85  # of the weight, by alternatives together
NO_CHANCE = 7.0  # nats: one in a thousand
MANY = 5  # alternatives are looked for among so many items at least
MAX_ALTERNATIVES = 3
LEADING, LIFT = 0.4, 1.7  # share of the weight, and how far above chance


@dataclass(frozen=True)
class Shared:
    """Facts that items have in common; those in `sure` are too many to be chance."""

    facts: frozenset[Fact]
    sure: frozenset[Fact]
    years: tuple[int, int] | None  # first and last, if all are known
    many: bool = False  # so many items that their facts need no words

    @cached_property
    def _by_field(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in sorted(self.facts):
            found.setdefault(name, []).append(value)
        return found

    def values(self, field: str) -> list[str]:
        """In alphabetical order."""
        return self._by_field.get(field, [])

    def facts_of(self, item: Item) -> list[Fact]:
        """Those that `item` has too."""
        return [fact for fact in facts_of(item) if fact in self.facts]


def facts_of(item: Item) -> Iterator[Fact]:
    """Field and value of every fact, each once; tags count as keywords."""
    for name, values in ({**item.facts, "keywords": item.themes}).items():
        yield from ((name, value) for value in dict.fromkeys(values))


class FactTable:
    """All facts of a catalog, and how common each is."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        counts = Counter(fact for item in catalog for fact in facts_of(item))
        self.rate = {fact: count / len(catalog) for fact, count in counts.items()}
        self._names = list(counts)
        number = {fact: n for n, fact in enumerate(self._names)}
        self._facts_at = [
            np.array([number[fact] for fact in facts_of(item)], np.int64) for item in catalog
        ]
        self._years = np.array([item.year or 0 for item in catalog])

    def values(self, field: str) -> list[str]:
        """Every value of a field, in the order of the catalog."""
        return [value for name, value in self._names if name == field]

    def information(self, fact: Fact) -> float:
        """Nats: the rarer a fact, the more it says."""
        return -log(self.rate[fact])

    def of_one(self, item: Item) -> Shared:
        """All facts of one item; a single item proves none of them."""
        years = (item.year, item.year) if item.year else None
        return Shared(frozenset(facts_of(item)), frozenset(), years)

    def of_many(self, rows: NDArray[np.int64], weights: NDArray[np.float32]) -> Shared:
        """What items have in common. `rows` (k,), `weights` (k,) that sum to 1."""
        where = [self._facts_at[row] for row in rows]
        facts = np.concatenate(where)
        lengths = [len(some) for some in where]
        numbers, places = np.unique(facts, return_inverse=True)
        share = np.bincount(places, np.repeat(weights, lengths))
        effective = 1 / float((weights**2).sum())
        shared = {self._names[n] for n in numbers[share >= NEARLY_ALL]}
        sure = {fact for fact in shared if effective * self.information(fact) >= NO_CHANCE}
        some = {self._names[n]: s for n, s in zip(numbers, share, strict=True) if s >= SOME}
        covering = self._covering(some, rows, weights) if effective >= MANY else set()
        return Shared(
            frozenset(shared | covering | {f for f in some if f[0] == "keywords"}),
            frozenset(sure | covering),
            self._span(rows),
            effective >= MANY,
        )

    def leading_genres(self, rows: NDArray[np.int64], weights: NDArray[np.float32]) -> list[str]:
        """At most two genres that stand out among items without being common to nearly all."""
        share: Counter[str] = Counter()
        for row, weight in zip(rows, weights.tolist(), strict=True):
            share.update(dict.fromkeys(self.catalog.items[row].genres, weight))
        gain = {
            genre: part * log(part / self.rate["genres", genre])
            for genre, part in share.items()
            if part >= LEADING and part >= LIFT * self.rate["genres", genre]
        }
        return sorted(gain, key=lambda genre: -gain[genre])[:2]

    def _covering(
        self,
        some: dict[Fact, float],
        rows: NDArray[np.int64],
        weights: NDArray[np.float32],
    ) -> set[Fact]:
        """At most `MAX_ALTERNATIVES` keywords of which nearly every item has one, or none."""
        having = {
            fact: np.array([fact[1] in self._keywords(row) for row in rows])
            for fact in some
            if fact[0] == "keywords"
        }
        chosen: set[Fact] = set()
        open_ = weights.copy()
        while having and open_.sum() > 1 - COVER and len(chosen) < MAX_ALTERNATIVES:
            best = max(having, key=lambda fact: float(open_[having[fact]].sum()))
            if open_[having[best]].sum() < SOME / 2:
                break
            open_[having.pop(best)] = 0
            chosen.add(best)
        return chosen if open_.sum() <= 1 - COVER else set()

    def _keywords(self, row: int) -> tuple[str, ...]:
        return self.catalog.items[row].themes

    def _span(self, rows: NDArray[np.int64]) -> tuple[int, int] | None:
        years = self._years[rows]
        return (int(years.min()), int(years.max())) if years.all() else None

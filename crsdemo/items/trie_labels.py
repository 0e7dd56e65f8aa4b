"""What the items under a node of the ID trie share, in words: "crime, 1970s, Martin Scorsese".

A label is true: all that it states together holds for nearly every item under the node. It tells
apart: a statement counts by how many items beside the node it excludes, once among the siblings
and once in the whole catalog; what all siblings share is left to the label of their parent. Where
nothing can be stated, or only what is true of a sibling too, the best known items are named:
"comedy, such as Airplane! and Caddyshack".
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.errors import CatalogError
from crsdemo.items.semantic_ids import Codes
from crsdemo.items.trie import Trie

TRUE_SHARE = 0.95  # of the items under a node, for which its label must be true
MIN_GAIN = 1.0  # of a statement, see `_gain`: 0.5 is to exclude 40% of what is beside the node
MIN_APART = 0.25  # of it among the siblings
MIN_EITHER = 3, 0.15  # items, and share of them, of each of two genres joined by "or"
MAX_YEARS = 25  # longer ranges say little
MAX_FACTS = 3  # in a label
AT_MOST = {"years": 1, "people": 1}  # statements of one field in a label; two of the others
MAX_LABEL = 38  # characters: what the figure of the path has room for on a phone
N_EXAMPLES = 3
N_NAMED = 2  # examples in a label, from the
N_KNOWN = 5  # best known that leave it short
SUCH_AS = "such as "
# Facts that would read as two, as examples or as the year of release, or are whole texts
UNCLEAR = re.compile(rf", | or |{SUCH_AS}|\d{{4}}|.{{41}}")

Fact = tuple[str, str]  # field and value


class NodeLabel(NamedTuple):
    """A node in words."""

    label: str
    n_items: int
    examples: tuple[str, ...]  # titles of its best known items


class Statement(NamedTuple):
    """What a label may say, and the ids of all items of the catalog for which it is true."""

    field: str
    text: str
    items: frozenset[str]


class TrieLabels:
    """Labels of the nodes of an ID trie, worked out when first asked for. Safe between threads."""

    def __init__(self, catalog: Catalog, semantic_ids: Mapping[str, Codes]) -> None:
        self.catalog = catalog
        self.trie = Trie(semantic_ids, len(next(iter(semantic_ids.values()))))
        self._cache: dict[Codes, NodeLabel] = {}

    def branch(self, prefix: Sequence[int]) -> NodeLabel:
        """The node at `prefix`, the first codes of an ID. Raises CatalogError if none is there."""
        node = tuple(prefix)
        if node not in self._cache:  # two threads may both work it out, to the same end
            self._cache[node] = self._label(node)
        return self._cache[node]

    def items(self, prefix: Sequence[int]) -> list[Item]:
        """All items under a node, best known first."""
        items = map(self.catalog.item, self.trie.items(prefix))
        return sorted(items, key=lambda item: -item.popularity)

    @cached_property
    def _having(self) -> Mapping[Fact, frozenset[str]]:
        """Every fact of the catalog, years too, and the ids of the items that have it."""
        having = defaultdict(list)
        for item in self.catalog:
            for fact in facts_of(item):
                having[fact].append(item.id)
            having["years", str(item.year)].append(item.id)
        return {fact: frozenset(ids) for fact, ids in having.items()}

    def _siblings(self, node: Codes) -> list[frozenset[str]]:
        """The ids of the items under each other node with the same parent; the root has none."""
        parent = node[:-1]
        others = (code for code in self.trie.children(parent) if node and code != node[-1])
        return [frozenset(self.trie.items((*parent, code))) for code in others]

    def _label(self, node: Codes) -> NodeLabel:
        items = self.items(node)
        if not items:
            raise CatalogError(f"no item of the catalog has an ID that starts with {node}")
        siblings = self._siblings(node)
        chosen = self._chosen(items, frozenset[str]().union(*siblings))
        fitting = frozenset(self.catalog.row).intersection(*(one.items for one in chosen))
        titles = tuple(dict.fromkeys(item.title for item in items))  # of remakes one will do
        label = ", ".join(one.text for one in sorted(chosen, key=_reading_order))
        if not chosen or any(_is_true(fitting, ids) for ids in siblings):
            label = _such_as(
                f"{label}, " if label else f"{self.catalog.domain.items} ", titles[:N_KNOWN]
            )
        return NodeLabel(label, len(items), titles[:N_EXAMPLES])

    def _chosen(self, items: Sequence[Item], near: frozenset[str]) -> list[Statement]:
        """The most telling statements that are true together; `near` are the siblings' items."""
        inside = frozenset(item.id for item in items)
        gains = []
        for one in self._statements(items):
            here = _gain(len(near), len(one.items & near))
            n_far = len(one.items) - len(one.items & inside)
            gain = here + _gain(len(self.catalog) - len(inside), n_far)
            if gain >= MIN_GAIN and (here >= MIN_APART or not near):
                gains.append((gain, one))
        fields: Counter[str] = Counter()
        chosen: list[Statement] = []
        fitting = inside
        for _, one in sorted(gains, key=lambda pair: -pair[0]):
            words = [other.text for other in chosen]
            again = any(one.text in other or other in one.text for other in words)
            is_full = fields[one.field] >= AT_MOST.get(one.field, 2) or len(chosen) == MAX_FACTS
            is_long = len(", ".join([*words, one.text])) > MAX_LABEL
            if not (again or is_full or is_long) and _is_true(fitting & one.items, inside):
                fields[one.field] += 1
                chosen.append(one)
                fitting &= one.items
        return chosen

    def _statements(self, items: Collection[Item]) -> Iterator[Statement]:
        """All that can be said of nearly every one of `items`."""
        counts = Counter(fact for item in items for fact in facts_of(item))
        needed = _needed(len(items))
        for fact in (fact for fact, count in counts.items() if count >= needed):
            yield Statement(*fact, self._having[fact])
        yield from self._either_genre(items, counts)
        years = sorted(item.year for item in items if item.year)
        for first, last in sorted(set(zip(years, years[needed - 1 :], strict=False))):
            if last - first < MAX_YEARS:
                yield self._years(first, last)

    def _either_genre(
        self, items: Collection[Item], counts: Mapping[Fact, int]
    ) -> Iterator[Statement]:
        """Two genres, each of many, where either will do."""
        n_least, share = MIN_EITHER
        least = max(n_least, share * len(items))
        genres = [fact for fact, count in counts.items() if fact[0] == "genres" and count >= least]
        inside = frozenset(item.id for item in items)
        for pair in combinations(sorted(genres, key=lambda fact: (-counts[fact], fact)), 2):
            either = self._having[pair[0]] | self._having[pair[1]]
            if _is_true(either, inside):
                yield Statement("genres", " or ".join(genre for _, genre in pair), either)

    def _years(self, first: int, last: int) -> Statement:
        """A year, the decade of both, or the range."""
        text = f"{first} to {last}" if first < last else str(first)
        if first < last and first // 10 == last // 10:
            first = first // 10 * 10
            last, text = first + 9, f"{first}s"
        of_years = (self._having.get(("years", str(y)), ()) for y in range(first, last + 1))
        return Statement("years", text, frozenset[str]().union(*of_years))


def facts_of(item: Item) -> Iterator[Fact]:
    """Every short fact of an item once; its people, whatever they did, as one field."""
    values = dict.fromkeys(item.people, "people")
    for field, named in (*item.facts.items(), ("tags", item.tags)):
        for value in named:
            values.setdefault(value, field)
    return ((field, value) for value, field in values.items() if not UNCLEAR.search(value))


def _needed(n_items: int) -> int:
    """How many of the items under a node its label must be true for."""
    return math.ceil(TRUE_SHARE * n_items)


def _is_true(fitting: frozenset[str], inside: frozenset[str]) -> bool:
    """Whether what is true of the ids `fitting` is true of nearly all `inside`."""
    return len(fitting & inside) >= _needed(len(inside))


def _gain(n_outside: int, n_left: int) -> float:
    """Logarithm of how many times fewer items are left outside than there are."""
    return math.log((n_outside + 1) / (n_left + 1))


def _reading_order(statement: Statement) -> int:
    """Genres, themes, then the years, then a person; "a or b" first, to end no list of three."""
    if " or " in statement.text:
        return -2
    return {"genres": -1, "years": 1, "people": 2}.get(statement.field, 0)


def _such_as(lead: str, titles: Sequence[str]) -> str:
    """`lead` with the first of `titles` that it has room for, but at least one."""
    named: list[str] = []
    for title in titles:
        text = lead + SUCH_AS + " and ".join([*named, title])
        if len(text) <= MAX_LABEL and len(named) < N_NAMED:
            named.append(title)
    return lead + SUCH_AS + " and ".join(named or titles[:1])

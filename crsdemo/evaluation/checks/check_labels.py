"""Are the words true that a path shows for the steps to a film?

    python -m crsdemo check-labels --catalog catalog

Every label is read as a page shows it, apart from what made it, and held against every film that
it leads to. A label may also be true because it says nothing: so it is counted how often a label
states facts, how many films of the sibling nodes these would fit as well, and how often a sibling
has the same label.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.config import flag, parse
from crsdemo.items.semantic_ids import Codes, SemanticIDs
from crsdemo.items.trie_labels import TrieLabels
from crsdemo.recommenders.loading import CATALOG
from crsdemo.studies.statistics.shares import table

TRUE_ENOUGH = 0.95  # share of the labels of a level whose every statement is true
YEARS = re.compile(r"(\d{4})(?:(s)| to (\d{4}))?")
EXAMPLES = re.compile(r"(?:(?P<facts>.+), |films )such as (?P<titles>.+)")


@dataclass(frozen=True)
class LabelConfig:
    """Hold the labels of the semantic IDs' trie against the films that they lead to."""

    catalog: Path = flag(CATALOG, "folder of the catalog and its semantic IDs")
    verbose: bool = flag(False, "show every label of the first level")


@dataclass(frozen=True)
class Judged:
    """A label as the path to one film shows it."""

    level: int  # codes of the ID that lead to its node
    is_alone: bool  # no other film is under the node
    facts: tuple[bool, ...]  # of each fact that it states: is it true of the film?
    is_of_node: bool  # are all the films that it names under the node?
    fits_others: float | None  # share of the siblings' films of which its facts are all true
    is_doubled: bool  # a sibling has the same label

    @property
    def is_true(self) -> bool:
        return self.is_of_node and all(self.facts)


def check_labels(
    catalog: Catalog, semantic_ids: Mapping[str, Codes], labels: TrieLabels
) -> Iterator[Judged]:
    """One for every film and level."""
    below: dict[Codes, list[Item]] = defaultdict(list)
    for item_id, codes in semantic_ids.items():
        for level in range(len(codes) + 1):
            below[codes[:level]].append(catalog.item(item_id))
    words = {node: labels.branch(node).label for node in below if node}
    uses = Counter((node[:-1], label) for node, label in words.items())
    for node, label in words.items():
        items, family = below[node], below[node[:-1]]
        facts, titles = read(label)
        fits = [sum(_fits(item, facts) for item in some) for some in (family, items)]
        n_others = len(family) - len(items)
        is_of_node = not titles or _are_named(titles, {item.title for item in items})
        for item in items:
            yield Judged(
                level=len(node),
                is_alone=len(items) == 1,
                facts=tuple(is_true(fact, item) for fact in facts),
                is_of_node=is_of_node,
                fits_others=(fits[0] - fits[1]) / n_others if facts and n_others else None,
                is_doubled=uses[node[:-1], label] > 1,
            )


def read(label: str) -> tuple[tuple[str, ...], str]:
    """The facts that a label states, and the titles that it names in one text."""
    found = EXAMPLES.fullmatch(label)
    facts, titles = (found["facts"] or "", found["titles"]) if found else (label, "")
    return tuple(filter(None, facts.split(", "))), titles


def is_true(fact: str, item: Item) -> bool:
    """Whether years, a value, or one of two values are those of an item."""
    if years := YEARS.fullmatch(fact):
        first = int(years[1])
        last = first + 9 if years[2] else int(years[3] or first)
        return item.year is not None and first <= item.year <= last
    values = {*item.tags, *(value for named in item.facts.values() for value in named)}
    return not values.isdisjoint(fact.split(" or "))


def _fits(item: Item, facts: Iterable[str]) -> bool:
    return all(is_true(fact, item) for fact in facts)


def _are_named(text: str, titles: Collection[str]) -> bool:
    """Whether a text is one of the titles, or two of them with "and" between."""
    starts = [f"{title} and " for title in titles]
    second = [text.removeprefix(start) for start in starts if text.startswith(start)]
    return any(title in titles for title in (text, *second))


def render(judged: Sequence[Judged]) -> str:
    """In percent, by level."""
    rows = []
    for level in sorted({one.level for one in judged}):
        some = [one for one in judged if one.level == level]
        shares: Sequence[Collection[float]] = (
            [one.is_true for one in some],
            [one.is_true for one in some if not one.is_alone],
            [one.is_true for one in some if one.facts],
            [fact for one in some for fact in one.facts],
            [bool(one.facts) for one in some],
            [one.fits_others for one in some if one.fits_others is not None],
            [one.is_doubled for one in some],
        )
        rows.append((str(level), str(len(some)), *map(_percent, shares)))
    head = ("level", "films", "all true", "not alone", "with facts", "facts true", "state facts")
    return (
        "Labels on the paths to all films, in percent: labels whose every statement is true of "
        "the film;\nthe same of nodes of several films, and of labels that state facts; facts that "
        "are true; labels\nthat state facts; films of the sibling nodes that these would fit as "
        "well; labels that a sibling\nhas too\n\n"
    ) + table((*head, "fit siblings", "doubled"), rows)


def _percent(shares: Collection[float]) -> str:
    return f"{100 * sum(shares) / len(shares):.1f}" if shares else "–"


def are_true(judged: Iterable[Judged]) -> bool:
    """Whether at every level enough labels are true."""
    by_level = defaultdict(list)
    for one in judged:
        by_level[one.level].append(one.is_true)
    return all(sum(true) >= TRUE_ENOUGH * len(true) for true in by_level.values())


def main(argv: Sequence[str]) -> int:
    """Status 1 if too few labels are true."""
    config = parse(LabelConfig, argv, "crsdemo check-labels")
    catalog = Catalog.load(config.catalog)
    semantic_ids = SemanticIDs.load(config.catalog, catalog)
    labels = TrieLabels(catalog, semantic_ids)
    judged = list(check_labels(catalog, semantic_ids, labels))
    print(render(judged))
    if config.verbose:
        nodes = sorted({codes[:1] for codes in semantic_ids.values()})
        first = ((str(one.n_items), one.label) for one in map(labels.branch, nodes))
        print("\n" + table(("films", "label"), first))
    return 0 if are_true(judged) else 1

"""Wishes as people type them, and all items that fit: made of facts, and those that were written.

Shapes: n items of the catalog.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.training.written.data import WrittenWish

Rows = NDArray[np.int64]
Weights = NDArray[np.floating[Any]]

KNOWN_BETTER = 0.5  # exponent of popularity by which fitting items are weighted
TOGETHER = 0.4  # of what is made of facts: two that some item has together
WRITTEN_SHARE = 0.5  # of the wishes, where some were written for the catalog
AFTER_A_FILM = 0.25  # of the wishes: a film that fits too is named before as one that was liked
ASKING = (
    "{}", "{} please", "looking for {}", "any good {}?", "something with {}", "i want {}",
    "recommend me {}", "in the mood for {}", "show me {}", "{}, what do you have?", "maybe {}?",
)  # fmt: skip
JOINING = (", ", " and ", " ")
LIKED = (
    ("i liked ", ", "), ("loved ", "! "), ("just saw ", " and enjoyed it, "),
    ("my favorite is ", ". "), ("", " was great, "), ("like ", ", "),
)  # fmt: skip
SIMILAR = (
    ("something like ", ""), ("{items} like ", ""), ("similar to ", " please"), ("i like ", ""),
    ("i loved ", ", what else?"), ("anything like ", "?"), ("recommend something like ", ""),
    ("in the style of ", ""), ("can you recommend something like ", "?"), ("", ""),
)  # fmt: skip


KINDS = frozenset(["genres", "directors", "cast", "keywords"])  # that have words of their own


class Facts:
    """Genres, people, themes and decades of a catalog, in the ways people say them."""

    def __init__(self, catalog: Catalog) -> None:
        popularity = np.array([item.popularity for item in catalog], np.float64)
        self.known = (popularity + 1) ** KNOWN_BETTER  # (n,) weight of each item
        self.said = list(_facts(catalog)) or list(_titles(catalog))
        self._asked_for = shares(np.array([self.known[rows].sum() for _, rows in self.said]))

    def draw(self, rng: np.random.Generator) -> tuple[str, Rows]:
        """What asks for one fact or two, and the rows of all items that have it.

        Facts of well-known items come more often.
        """
        first, second = rng.choice(len(self.said), 2, p=self._asked_for)
        words, rows = self.said[int(first)]
        said = str(rng.choice(words))
        if rng.random() < TOGETHER:
            other_words, other = self.said[int(second)]
            both = np.intersect1d(rows, other)
            if len(both) and first != second:
                said += str(rng.choice(JOINING)) + str(rng.choice(other_words))
                rows = both
        return str(rng.choice(ASKING)).format(said), rows


@dataclass(frozen=True)
class Wish:
    """A dialogue whose last turn asks for something, and what would be right."""

    dialogue: Dialogue
    targets: Mapping[str, float]  # item id -> weight; they sum to 1


class WishMaker:
    """Draws wishes; the same for the same seed."""

    def __init__(self, catalog: Catalog, written: Iterable[WrittenWish], seed: int) -> None:
        """`written`: those that no item of the catalog fits are left out."""
        self.catalog = catalog
        self.facts = Facts(catalog)
        fitting = [(one.wish, rows_of(one.items, catalog)) for one in written]
        self.written = [(text, rows) for text, rows in fitting if len(rows)]
        self.rng = np.random.default_rng(seed)

    def draw(self, n: int) -> list[Wish]:
        return [self._wish() for _ in range(n)]

    def _wish(self) -> Wish:
        text, rows, weights = self._asked()
        mentions: tuple[Mention, ...] = ()
        if len(rows) > 1 and self.rng.random() < AFTER_A_FILM:
            liked = int(self.rng.choice(len(rows), p=shares(weights)))
            text, mentions = self._after_a_film(int(rows[liked]), text)
            rows, weights = np.delete(rows, liked), np.delete(weights, liked)
        ids = (self.catalog[row].id for row in rows)
        targets = dict(zip(ids, shares(weights).tolist(), strict=True))
        return Wish(Dialogue((Turn("user", text, mentions),)), targets)

    def _asked(self) -> tuple[str, Rows, Weights]:
        """What is typed, the rows of what fits, and how well each does."""
        if self.written and self.rng.random() < WRITTEN_SHARE:
            text, rows = self.written[int(self.rng.integers(len(self.written)))]
            return text, rows, np.ones(len(rows))
        text, rows = self.facts.draw(self.rng)
        return text, rows, self.facts.known[rows]

    def _after_a_film(self, row: int, text: str) -> tuple[str, tuple[Mention, ...]]:
        """The wish behind the film at `row`, which was liked."""
        item = self.catalog[row]
        before, after = LIKED[int(self.rng.integers(len(LIKED)))]
        name = item.name if self.rng.random() < 0.5 else item.title
        mention = Mention(len(before), len(before) + len(name), item.id)
        return before + name + after + text, (mention,)


def rows_of(item_ids: Sequence[str], catalog: Catalog) -> Rows:
    """Of those that the catalog has, each once."""
    known = [catalog.row[i] for i in dict.fromkeys(item_ids) if i in catalog.row]
    return np.array(known, np.int64)


def shares(weights: Weights) -> Weights:
    """They sum to 1."""
    each = np.asarray(weights, np.float64)
    total: float = each.sum()
    return each / total


def told(item: Item, rng: np.random.Generator) -> str:
    """Some facts of an item in any order, as somebody might type them; perhaps its title."""
    facts = [item.logline, *item.tags, *item.genres, *item.people[:4]]
    facts += [str(item.year)] if item.year else []
    facts = [fact for fact in facts if fact]
    some = rng.permutation(len(facts))[: int(rng.integers(2, 8))]
    typed = [facts[place] for place in some]
    if not typed or rng.random() < 0.5:
        typed.insert(0, item.name if rng.random() < 0.5 else item.title)
    return ", ".join(typed)


def _titles(catalog: Catalog) -> Iterator[tuple[tuple[str, ...], Rows]]:
    """What can be asked for where nothing else is known of the items."""
    for row, item in enumerate(catalog):
        yield (item.title, item.title.lower()), np.array([row], np.int64)


def _facts(catalog: Catalog) -> Iterator[tuple[tuple[str, ...], Rows]]:
    """How a fact is said, and the rows of the items that have it."""
    rows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    said = {tag.name: tag.phrases for tag in catalog.tags}
    for row, item in enumerate(catalog):
        for genre in item.genres:
            rows[(f"{genre} film", f"{genre} movie", genre)].append(row)
        for person in item.people:
            rows[(person, person.lower(), f"a film with {person}")].append(row)
        for theme in item.themes:
            rows[said.get(theme, (theme,))].append(row)
        for field in sorted(item.facts.keys() - KINDS):  # books, songs: whatever makes them alike
            for value in item.facts[field]:
                rows[(value, value.lower())].append(row)
        if item.year:
            decade = item.year // 10 * 10
            rows[(f"{decade}s", f"films from the {decade}s", f"{decade % 100:02}s movie")].append(
                row
            )
    for words, having in rows.items():
        yield words, np.array(having, np.int64)

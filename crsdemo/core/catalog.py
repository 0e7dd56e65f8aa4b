"""Items and the catalog that holds them. The order of items is the row order of every matrix."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from crsdemo.core.errors import CatalogError
from crsdemo.core.tags import Tag, read_tags, save_tags

ITEMS_FILE = "items.jsonl"
KNOWLEDGE_FILE = "knowledge.jsonl"
Row = TypeVar("Row")


@dataclass(frozen=True)
class Knowledge:
    """What was written about an item: a line of `knowledge.jsonl`."""

    id: str
    logline: str = ""  # what it is about, in a sentence
    tags: tuple[str, ...] = ()  # of the vocabulary of the catalog

    def to_json(self) -> str:
        row = {"id": self.id, "logline": self.logline, "tags": list(self.tags)}
        return json.dumps(row, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> Knowledge:
        """Raises ValueError, KeyError or TypeError for a line that is none."""
        row = json.loads(line)
        item_id, logline, tags = row["id"], row["logline"], row["tags"]
        if not isinstance(item_id, str) or not isinstance(logline, str):
            raise TypeError(f"id is {item_id!r} and logline {logline!r}, expected texts")
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise TypeError(f"tags are {tags!r}, expected a list of texts")
        return cls(item_id, logline, tuple(tags))


@dataclass(frozen=True)
class Item:
    """A thing that can be recommended.

    `facts` maps a field (for films: genres, directors, cast, keywords) to its values; a catalog
    of books or songs has fields of its own.
    """

    id: str
    title: str
    year: int | None = None
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    links: Mapping[str, str] = field(default_factory=dict, hash=False)  # name of a site -> URL
    popularity: int = 0  # mentions in training dialogues
    logline: str = ""  # what it is about, in a sentence
    tags: tuple[str, ...] = ()  # of the vocabulary of the catalog

    @property
    def name(self) -> str:
        """Title and year, as said in a reply."""
        return f"{self.title} ({self.year})" if self.year else self.title

    @property
    def genres(self) -> tuple[str, ...]:
        return self.facts.get("genres", ())

    @property
    def themes(self) -> tuple[str, ...]:
        """Keywords, then tags, each once."""
        return tuple(dict.fromkeys((*self.facts.get("keywords", ()), *self.tags)))

    @property
    def people(self) -> tuple[str, ...]:
        """Directors, then cast, each once."""
        return tuple(dict.fromkeys((*self.facts.get("directors", ()), *self.facts.get("cast", ()))))

    def to_json(self) -> str:
        """The facts; logline and tags are kept apart, see `Knowledge`."""
        row = {
            "id": self.id,
            "title": self.title,
            "year": self.year,
            "facts": {name: list(values) for name, values in self.facts.items() if values},
            "links": dict(self.links),
            "popularity": self.popularity,
        }
        return json.dumps(row, ensure_ascii=False)

    @property
    def knowledge(self) -> Knowledge:
        return Knowledge(self.id, self.logline, self.tags)

    def told(self, knowledge: Knowledge) -> Item:
        """The item with what was written about it."""
        return replace(self, logline=knowledge.logline, tags=knowledge.tags)

    @classmethod
    def from_json(cls, line: str) -> Item:
        row = json.loads(line)
        return cls(
            id=row["id"],
            title=row["title"],
            year=row["year"],
            facts={name: tuple(values) for name, values in row["facts"].items()},
            links=row["links"],
            popularity=row["popularity"],
        )


@dataclass(frozen=True)
class Catalog(Sequence[Item]):
    """All items that can be recommended. Raises CatalogError if two items share an id."""

    items: tuple[Item, ...]
    vocabulary: tuple[Tag, ...] = ()

    def __post_init__(self) -> None:
        if not self.items:
            raise CatalogError("the catalog holds no items; build one with `build-catalog`")
        if len(self.row) != len(self.items):
            seen: set[str] = set()
            twice = next(i.id for i in self.items if i.id in seen or seen.add(i.id))  # type: ignore[func-returns-value]
            raise CatalogError(f"two items have the id {twice!r}; ids must be unique")

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # Sequence: int or slice
        return self.items[index]

    @cached_property
    def row(self) -> dict[str, int]:
        """Item id -> row of every matrix over this catalog."""
        return {item.id: row for row, item in enumerate(self.items)}

    @cached_property
    def genres(self) -> tuple[str, ...]:
        """Every genre of the catalog, sorted."""
        return tuple(sorted({genre for item in self.items for genre in item.genres}))

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """The vocabulary, and whatever further tags the items have."""
        known = {tag.name for tag in self.vocabulary}
        others = {tag for item in self.items for tag in item.tags} - known
        return (*self.vocabulary, *map(Tag, sorted(others)))

    def item(self, item_id: str) -> Item:
        """Raises CatalogError for an unknown id."""
        try:
            return self.items[self.row[item_id]]
        except KeyError:
            raise CatalogError(f"no item {item_id!r} among the {len(self):,} here") from None

    def __contains__(self, item_id: object) -> bool:
        return item_id in self.row

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over ids, titles, years and facts: what a checkpoint's item tokens rest on."""
        digest = hashlib.sha256()
        for item in self.items:
            facts = {name: list(values) for name, values in sorted(item.facts.items()) if values}
            digest.update(json.dumps([item.id, item.title, item.year, facts]).encode())
        return digest.hexdigest()

    @classmethod
    def load(cls, folder: Path) -> Catalog:
        """Read `items.jsonl`, and what was written about them. Raises CatalogError."""
        path = folder / ITEMS_FILE
        if not path.is_file():
            raise CatalogError(
                f"no catalog at {path}; make one with `python -m crsdemo build-catalog SOURCE "
                f"--out {folder}`"
            )
        remedy = "rebuild the catalog with `python -m crsdemo build-catalog`"
        items = _read(path, Item.from_json, "an item", remedy)
        known = {one.id: one for one in _read_knowledge(folder / KNOWLEDGE_FILE)}
        told = (item.told(known[item.id]) if item.id in known else item for item in items)
        return cls(tuple(told), read_tags(folder))

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        text = "".join(item.to_json() + "\n" for item in self.items)
        (folder / ITEMS_FILE).write_text(text, encoding="utf-8")
        written = [item for item in self.items if item.logline or item.tags]
        if written or (folder / KNOWLEDGE_FILE).is_file():  # of a catalog that stood here before
            text = "".join(item.knowledge.to_json() + "\n" for item in written)
            (folder / KNOWLEDGE_FILE).write_text(text, encoding="utf-8")
        if self.vocabulary:
            save_tags(self.vocabulary, folder)


def _read(path: Path, parse: Callable[[str], Row], what: str, remedy: str) -> list[Row]:
    """One row per line. Raises CatalogError with the line that is not `what`."""
    rows = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                rows.append(parse(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise CatalogError(
                    f"{path}, line {number}: not {what} ({error!r}); {remedy}"
                ) from error
    return rows


def _read_knowledge(path: Path) -> list[Knowledge]:
    """What was written about items; nothing, if the catalog has no such file."""
    if not path.is_file():
        return []
    return _read(path, Knowledge.from_json, "what is known of an item", "mend or remove the line")

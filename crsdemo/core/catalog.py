"""Items and the catalog that holds them. The order of items is the row order of every matrix."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Annotated, TypeVar, overload

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from crsdemo.core.checked import shown
from crsdemo.core.domain import FILE as DOMAIN_FILE
from crsdemo.core.domain import NEUTRAL, Domain, read_domain
from crsdemo.core.errors import BadInputError, CatalogError
from crsdemo.core.tags import Tag, read_tags, save_tags
from crsdemo.core.text_files import json_lines, write_whole

ITEMS_FILE = "items.jsonl"
KNOWLEDGE_FILE = "knowledge.jsonl"
LONGEST = 500  # characters of a title, a fact or a logline: a model reads them with every message
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
    def from_row(cls, row: object) -> Knowledge:
        """Of an object in a file. Raises ValidationError."""
        known = _KnowledgeRow.model_validate(row)
        return cls(known.id, known.logline, tuple(known.tags))


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
    # The facts that hold people, as the domain of its catalog has them
    maker_fields: tuple[str, ...] = field(default=NEUTRAL.maker_fields, repr=False, compare=False)

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
        """Its makers in the order of the domain (directors, then cast), each once."""
        named = (self.facts.get(name, ()) for name in self.maker_fields)
        return tuple(dict.fromkeys(chain.from_iterable(named)))

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
    def from_row(cls, row: object) -> Item:
        """Of an object in a file. Genres become small letters: they are one vocabulary.

        Raises ValidationError for anything but what is expected, type by type.
        """
        item = _ItemRow.model_validate(row)
        facts = {name: tuple(values) for name, values in item.facts.items()}
        if "genres" in facts:
            facts["genres"] = tuple(dict.fromkeys(genre.lower() for genre in facts["genres"]))
        return cls(item.id, item.title, item.year, facts, item.links, item.popularity)


_Text = Annotated[str, StringConstraints(pattern=r"\S", max_length=LONGEST)]


class _ItemRow(BaseModel):
    """A line of `items.jsonl`; what is not known may be left out."""

    model_config = ConfigDict(strict=True, extra="forbid")
    id: _Text
    title: _Text
    year: Annotated[int, Field(ge=-5000, le=3000)] | None = None
    facts: dict[_Text, list[_Text]] = {}
    links: dict[str, Annotated[str, StringConstraints(pattern=r"^https?://")]] = {}
    popularity: Annotated[int, Field(ge=0, lt=2**53)] = 0


class _KnowledgeRow(BaseModel):
    """A line of `knowledge.jsonl`."""

    model_config = ConfigDict(strict=True)
    id: _Text
    logline: Annotated[str, StringConstraints(max_length=LONGEST)]
    tags: list[_Text]


@dataclass(frozen=True)
class Catalog(Sequence[Item]):
    """All items that can be recommended. Raises CatalogError if two items share an id."""

    items: tuple[Item, ...]
    vocabulary: tuple[Tag, ...] = ()
    domain: Domain = NEUTRAL  # what the items are called

    def __post_init__(self) -> None:
        fields = self.domain.maker_fields
        if any(item.maker_fields != fields for item in self.items):
            made = tuple(replace(item, maker_fields=fields) for item in self.items)
            object.__setattr__(self, "items", made)
        if not self.items:
            raise CatalogError("the catalog holds no items; build one with `build-catalog`")
        if len(self.row) != len(self.items):
            twice = next(i for i, n in Counter(one.id for one in self.items).items() if n > 1)
            raise CatalogError(f"two items have the id {twice!r}; ids must be unique")

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, index: int | slice) -> Item | tuple[Item, ...]:
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
        """Read `items.jsonl`, what was written about them, and what they are called.

        Raises CatalogError.
        """
        path = folder / ITEMS_FILE
        if not path.is_file():
            raise CatalogError(
                f"no catalog at {path}; make one with `python -m crsdemo build-catalog SOURCE "
                f"--out {folder}`"
            )
        remedy = "mend the line, or rebuild the catalog with `python -m crsdemo build-catalog`"
        items = _read(path, Item.from_row, "an item", remedy)
        known = {one.id: one for one in _read_knowledge(folder / KNOWLEDGE_FILE)}
        told = (item.told(known[item.id]) if item.id in known else item for item in items)
        return cls(tuple(told), read_tags(folder), _read_domain(folder / DOMAIN_FILE))

    def save(self, folder: Path) -> None:
        """Each file whole or not at all."""
        text = "".join(item.to_json() + "\n" for item in self.items)
        write_whole(folder / ITEMS_FILE, text)
        written = [item for item in self.items if item.logline or item.tags]
        if written or (folder / KNOWLEDGE_FILE).is_file():  # of a catalog that stood here before
            text = "".join(item.knowledge.to_json() + "\n" for item in written)
            write_whole(folder / KNOWLEDGE_FILE, text)
        if self.vocabulary:
            save_tags(self.vocabulary, folder)


def _read(path: Path, parse: Callable[[object], Row], what: str, remedy: str) -> list[Row]:
    """One row per line. Raises CatalogError with the line that is not `what`."""
    rows = []
    try:
        for number, line in json_lines(path):
            try:
                if isinstance(line, ValueError):
                    raise line
                rows.append(parse(line))
            except ValueError as error:  # pydantic's is one
                why = _fault(error) if isinstance(error, ValidationError) else error
                raise CatalogError(f"{path}, line {number}: not {what}: {why}; {remedy}") from error
    except BadInputError as error:
        raise CatalogError(str(error)) from error
    return rows


def _fault(error: ValidationError) -> str:
    """What is wrong first: "facts.genres is 'drama', input should be a valid list"."""
    first = error.errors(include_url=False)[0]
    at = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return f"{at} is missing"
    if first["type"] == "extra_forbidden":
        return f"{at} is no field of an item; facts go into facts"
    return f"{at} is {shown(first['input'])}, {first['msg'].lower()}"


def _read_domain(path: Path) -> Domain:
    """Neutral words, if the catalog has no such file."""
    try:
        return read_domain(path) if path.is_file() else NEUTRAL
    except BadInputError as error:
        raise CatalogError(f"{error}; mend or remove the file") from error


def _read_knowledge(path: Path) -> list[Knowledge]:
    """What was written about items; nothing, if the catalog has no such file."""
    if not path.is_file():
        return []
    return _read(path, Knowledge.from_row, "what is known of an item", "mend or remove the line")

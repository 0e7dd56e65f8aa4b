"""What was written for this project: conversations, searches and wishes, as JSON lines.

The markup of what is said: `[the words|item id]` is an item that the user names; `{title}`,
`{year}`, `{genre_1}`, `{director_1}`, `{cast_1}` ... are facts of the film that the reply speaks
of, and `{film:item id}` is another film. `written/README.md` is the card of the data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.core.slots import Slot, fill

WRITTEN = Path(__file__).parent
DIALOGUES, SEARCHES, WISHES = "dialogues_*.jsonl", "searches*.jsonl", "wishes*.jsonl"

Act = Literal[
    "greet", "vague", "precise", "mood", "like-but", "group", "constraints", "dislike", "seen",
    "reject", "reject-why", "why", "about", "facts", "unknown", "compare", "else", "back",
    "disagree", "absent", "misspelt", "half-remembered", "media", "opinion", "identity", "little",
    "story", "thanks", "offtopic", "language",
]  # fmt: skip
ACTS: tuple[str, ...] = get_args(Act)
Move = Literal["recommend", "talk", "ask", "chat"]
Text = Annotated[str, Field(min_length=1)]
_SINGULAR = {"genre": "genres", "director": "directors"}  # in the markup -> field of the catalog
NAMED = re.compile(r"\[([^\[\]|]+)\|([^\[\]|]+)\]")
PLACE = re.compile(r"\{(film:)?([^{}]+)\}")
TITLE = "title"


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UserTurn(_Row):
    """What the user types, and what they do by it."""

    user: Text
    acts: tuple[Act, ...] = Field(min_length=1)

    @property
    def named(self) -> tuple[str, ...]:
        """Ids of the items named."""
        return tuple(found[2] for found in NAMED.finditer(self.user))

    @property
    def text(self) -> str:
        """As typed."""
        return NAMED.sub(lambda found: found[1], self.user)

    def turn(self) -> Turn:
        text, mentions, end = "", [], 0
        for found in NAMED.finditer(self.user):
            text += self.user[end : found.start()]
            mentions.append(Mention(len(text), len(text) + len(found[1]), found[2]))
            text += found[1]
            end = found.end()
        return Turn("user", text + self.user[end:], tuple(mentions))


class AssistantTurn(_Row):
    """What the assistant does and says; `item` is the film spoken of."""

    move: Move
    item: str | None = None
    says: Text
    search: str | None = None  # the pseudo-query that finds the film recommended

    @property
    def others(self) -> tuple[str, ...]:
        """Ids of other films named."""
        return tuple(found[2] for found in PLACE.finditer(self.says) if found[1])

    @property
    def slots(self) -> tuple[str, ...]:
        return tuple(found[2] for found in PLACE.finditer(self.says) if not found[1])

    def pieces(self, catalog: Catalog) -> tuple[str | Item | Slot, ...]:
        """Words, films and facts to be filled in. Raises CatalogError, BadInputError."""
        found: list[str | Item | Slot] = []
        end = 0
        for place in PLACE.finditer(self.says):
            found += [self.says[end : place.start()], self._piece(catalog, place)]
            end = place.end()
        return tuple(piece for piece in (*found, self.says[end:]) if piece != "")

    def _piece(self, catalog: Catalog, place: re.Match[str]) -> Item | Slot:
        if place[1]:
            return catalog.item(place[2])
        if place[2] != TITLE:
            return slot(place[2])
        if self.item is None:
            raise BadInputError(f"no item is given for the {{title}} in {self.says!r}")
        return catalog.item(self.item)

    def turn(self, catalog: Catalog) -> Turn:
        """As it is read, with the facts filled in."""
        item = catalog.item(self.item) if self.item else None
        text, mentions = "", []
        for piece in fill(self.pieces(catalog), item):
            name = piece if isinstance(piece, str) else piece.name
            if isinstance(piece, Item):
                mentions.append(Mention(len(text), len(text) + len(name), piece.id))
            text += name
        return Turn("assistant", text, tuple(mentions))


class WrittenDialogue(_Row):
    """A conversation; the user begins and the turns alternate."""

    id: Text
    turns: tuple[UserTurn | AssistantTurn, ...] = Field(min_length=2)

    @property
    def replies(self) -> tuple[AssistantTurn, ...]:
        return tuple(turn for turn in self.turns if isinstance(turn, AssistantTurn))

    def is_of(self, catalog: Catalog) -> bool:
        """Whether the catalog has every film that the assistant speaks of."""
        named = {i for reply in self.replies for i in (reply.item, *reply.others) if i}
        return named <= catalog.row.keys()

    def dialogue(self, catalog: Catalog) -> Dialogue:
        """As it is read. Raises CatalogError for a film that the catalog lacks."""
        turns = (t.turn() if isinstance(t, UserTurn) else t.turn(catalog) for t in self.turns)
        return Dialogue(tuple(turns))


class Search(_Row):
    """A pseudo-query for a turn of a public dataset, whose sentences are not kept here."""

    dialogue: Text  # id in the dataset
    turn: int  # position of the turn that recommends
    item: Text  # the film that was right
    query: Text


class WrittenWish(_Row):
    """What somebody might type, and the items that fit it best."""

    kind: Literal["plain", "nuance"]  # nuance: what no keyword says
    wish: Text
    items: tuple[Text, ...] = Field(min_length=1)


Row = TypeVar("Row", bound=_Row)


class Line(NamedTuple):
    """Where a row stands."""

    path: Path
    number: int

    def __str__(self) -> str:
        return f"{self.path.name}:{self.number}"


def read(pattern: str, row: type[Row], folder: Path = WRITTEN) -> Iterator[tuple[Line, Row]]:
    """The rows of all files of a kind, by name. Raises BadInputError with file and line."""
    paths = sorted(folder.glob(pattern))
    if not paths:
        raise BadInputError(f"no {pattern} in {folder}; what was written ships with the sources")
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield Line(path, number), row.model_validate_json(line)
                except ValidationError as error:
                    raise BadInputError(f"{path}, line {number}: {error}") from error


def slot(name: str) -> Slot:
    """`genre_1` -> the first of the genres. Raises BadInputError."""
    if name == "year":
        return Slot("year")
    field, _, index = name.rpartition("_")
    if not field or not index.isdigit() or not int(index):
        raise BadInputError(f"{{{name}}} is no slot; expected year, genre_1, cast_2 ...")
    return Slot(_SINGULAR.get(field, field), int(index))

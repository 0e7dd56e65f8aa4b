"""What was written for this project: conversations, searches and wishes, as JSON lines.

The markup of what is said: `[the words|item id]` is an item that the user names; `{title}`,
`{year}`, `{genre_1}`, `{director_1}`, `{cast_1}` ... are facts of the film that the reply speaks
of, and `{film:item id}` is another film. `written/README.md` is the card of the data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.core.slots import Slot, fill
from crsdemo.training.turns import turn_of

WRITTEN = Path(__file__).parent

Act = Literal[
    "greet", "vague", "precise", "mood", "like-but", "group", "constraints", "dislike", "seen",
    "reject", "reject-why", "why", "about", "facts", "unknown", "compare", "else", "back",
    "disagree", "absent", "misspelt", "half-remembered", "media", "opinion", "identity", "little",
    "story", "thanks", "offtopic", "language",
]  # fmt: skip
ACTS: tuple[str, ...] = get_args(Act)
Move = Literal["recommend", "talk", "ask", "chat"]
Text = Annotated[str, Field(min_length=1)]
_ONE_FORM = ("cast",)  # fields of the catalog that are not the markup's name with an s
NAMED = re.compile(r"\[([^\[\]|]+)\|([^\[\]|]+)\]")
PLACE = re.compile(r"\{(film:)?([^{}]+)\}")
TITLE = "title"
STANCE = r"([+-])\[([^\[\]]+)\]"


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    files: ClassVar[str] = ""  # pattern of those that hold such rows, if any do


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
        return self.turn().text

    def turn(self) -> Turn:
        pieces = _cut(NAMED, self.user)
        return turn_of("user", (p if isinstance(p, str) else (p[1], p[2]) for p in pieces))


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
        pieces = _cut(PLACE, self.says)
        return tuple(p if isinstance(p, str) else self._piece(catalog, p) for p in pieces)

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
        pieces = fill(self.pieces(catalog), catalog.item(self.item) if self.item else None)
        return turn_of("assistant", (p if isinstance(p, str) else (p.name, p.id) for p in pieces))


class WrittenDialogue(_Row):
    """A conversation; the user begins and the turns alternate."""

    files = "dialogues_*.jsonl"
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

    def answered(self, catalog: Catalog) -> Iterator[tuple[Dialogue, AssistantTurn]]:
        """Each reply and what was said before it; none of a conversation about another catalog."""
        if self.is_of(catalog):
            dialogue = self.dialogue(catalog)
            for place, turn in enumerate(self.turns):
                if isinstance(turn, AssistantTurn):
                    yield dialogue.before(place), turn


class FollowUp(_Row):
    """Wordings of a question about any film, and of its answer; facts are slots in both."""

    files = "followups*.jsonl"
    act: Act
    # The film of the talk that it asks about; "only": as if there were two, and there is one
    of: Literal["last", "first", "only", "none"]
    user: tuple[Text, ...] = Field(min_length=1)
    says: tuple[Text, ...] = Field(min_length=1)


class Stanced(_Row):
    """A sentence in which what it names is marked: `-[x]` is refused, `+[x]` is not."""

    files = "stances*.jsonl"
    text: Annotated[str, Field(pattern=STANCE)]

    def pieces(self) -> Iterator[tuple[str, bool | None]]:
        """The words in order, and of those that name something whether that is refused."""
        end = 0
        for found in re.finditer(STANCE, self.text):
            yield self.text[end : found.start()], None
            yield found[2], found[1] == "-"
            end = found.end()
        yield self.text[end:], None


class Search(_Row):
    """A pseudo-query for a turn of a public dataset, whose sentences are not kept here."""

    files = "searches*.jsonl"
    dialogue: Text  # id in the dataset
    turn: int  # position of the turn that recommends
    item: Text  # the film that was right
    query: Text


class WrittenWish(_Row):
    """What somebody might type, and the items that fit it best."""

    files = "wishes*.jsonl"
    kind: Literal["plain", "nuance"]  # nuance: what no keyword says
    wish: Text
    items: tuple[Text, ...] = Field(min_length=1)


Row = TypeVar("Row", bound=_Row)


def read(kind: type[Row], folder: Path = WRITTEN) -> list[Row]:
    """The rows of all files of a kind, by name; of what a folder lacks, none.

    Raises BadInputError with file and line, or if nothing that was written lies there.
    """
    return [row for _, row in read_lines(kind, folder)]


def read_lines(kind: type[Row], folder: Path) -> Iterator[tuple[str, Row]]:
    """Each row with its file and line; see `read`."""
    kinds = [one.files for one in (WrittenDialogue, FollowUp, Search, WrittenWish, Stanced)]
    if not any(path for files in kinds for path in folder.glob(files)):
        raise BadInputError(f"no {', '.join(kinds[:-1])} or {kinds[-1]} in {folder}")
    for path in sorted(folder.glob(kind.files)):
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield f"{path.name}:{number}", kind.model_validate_json(line)
                except ValidationError as error:
                    raise BadInputError(f"{path}, line {number}: {error}") from error


def _cut(markup: re.Pattern[str], text: str) -> list[str | re.Match[str]]:
    """What is marked up, and the words around it."""
    pieces, end = list[str | re.Match[str]](), 0
    for found in markup.finditer(text):
        pieces += [text[end : found.start()], found]
        end = found.end()
    return [piece for piece in (*pieces, text[end:]) if piece]


def slot(name: str) -> Slot:
    """`genre_1` -> the first of the genres. Raises BadInputError."""
    if name == "year":
        return Slot("year")
    field, _, index = name.rpartition("_")
    if not field or not index.isdigit() or not int(index):
        raise BadInputError(f"{{{name}}} is no slot; expected year, genre_1, cast_2 ...")
    return Slot(field if field.endswith("s") or field in _ONE_FORM else f"{field}s", int(index))

"""Written answers to questions near the newest message, on which the words of talk may lean.

A small model often knows what is asked and says it clumsily. Nearest-neighbour language models
(Khandelwal et al. 2020, arXiv 1911.00172) help a model out with what followed at like places of
its training data. Here a place is a whole question: where the newest message is near one that an
answer was written for, the tokens with which such answers go on become likelier, by as many nats
as the question is near. The model weighs them still, and its own words win where it is sure.

Shapes: q questions, d of the encoder.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import CheckpointError
from crsdemo.core.slots import TITLE, Slot
from crsdemo.core.text_files import write_whole
from crsdemo.items.arrays import Floats
from crsdemo.items.encoder import TextEncoder
from crsdemo.items.kept_vectors import embedded, keep
from crsdemo.language.mash import is_mash

FOLDER = "answers"  # in that of an adapter
ROWS, VECTORS = "answers.jsonl", "vectors.safetensors"
NEAR = 0.75  # cosine from which a message is such a question
NEAR_WORD = 0.9  # the same of a single word: "no" is near "yes"
FAR = 0.5  # cosine at which it would weigh nothing
N_VOICES = 2  # that share the answers among them: one of `gcrs`, one of `reges`
WEIGHT = 20.0  # nats per unit of cosine beyond that: 5 where it is barely near, 10 to the letter
MASHED = "asdfgh"  # stands for all that is no language: an encoder of words has no place for it
LAST = Slot("last")  # in an answer about the first item: the one spoken of last
# In an answer to who asks why: the person's words that speak for the item, the items they named
SAID, LIKED = "said", "liked"
_MARK = re.compile(r"<(\w+?)(?:_(\d+))?>")
_REASON = re.compile(rf"<(?:{SAID}|{LIKED})>")
_Text = Annotated[str, Field(min_length=1)]


class WrittenAnswer(BaseModel):
    """Wordings of a question, and of what answers it; facts of the item are slots: `<cast_1>`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    # What it asks about: the last or the first item spoken of, the only one where two are meant,
    # the talk so far, or none of it
    of: Literal["last", "first", "only", "talk", "none"]
    asks: tuple[_Text, ...] = Field(min_length=1)
    says: tuple[_Text, ...] = Field(min_length=1)


class Because(NamedTuple):
    """What of the person's words speaks for an item, as it is said; nothing: ""."""

    said: str = ""  # '"heist" and "Nicolas Cage"'
    liked: str = ""  # "Heat and Alien"


class Asked(NamedTuple):
    """The written question that a message is near."""

    question: str
    nats: float
    item: Item | None  # that it asks about
    answers: tuple[tuple[str | Item | Slot, ...], ...]  # that this item has the facts for

    @property
    def others(self) -> set[str]:
        """Ids of the items that the answers name."""
        pieces = (piece for answer in self.answers for piece in answer)
        return {piece.id for piece in pieces if isinstance(piece, Item)}

    def voiced(self, voice: int) -> Asked:
        """With the share of the answers that is this voice's, so that two systems differ."""
        return self._replace(answers=self.answers[voice % N_VOICES :: N_VOICES] or self.answers)


class WrittenAnswers:
    """Finds the question that a message is near. Immutable: share it between threads."""

    def __init__(
        self, encoder: TextEncoder, rows: Sequence[WrittenAnswer], vectors: Floats, sha256: str
    ) -> None:
        """`vectors`: (q, d) of the questions of all rows, of unit length."""
        self.encoder = encoder
        self.sha256 = sha256
        self.vectors = vectors
        self._asks = [(question, row) for row in rows for question in row.asks]

    @classmethod
    def load(cls, folder: Path, encoder: TextEncoder) -> WrittenAnswers | None:
        """Those of the adapter in `folder`, None if it has none.

        Raises CheckpointError with the line that is damaged.
        """
        path = folder / FOLDER / ROWS
        if not path.is_file():
            return None
        rows, text = list[WrittenAnswer](), path.read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            try:
                rows.append(WrittenAnswer.model_validate_json(line))
            except ValidationError as error:
                raise CheckpointError(f"{path}, line {number}: {error}") from error
        vectors = embedded(_questions(rows), encoder, folder / FOLDER / VECTORS)
        return cls(encoder, rows, vectors, hashlib.sha256(text.encode()).hexdigest())

    def asked(
        self, dialogue: Dialogue, catalog: Catalog, because: Callable[[Item], Because]
    ) -> Asked | None:
        """The question that the newest message is near, of those that have an answer here.

        None where it asks about an item and none was spoken of, or several are. What tells
        `because` of what the item was recommended answers alone, where that is known.
        """
        if not dialogue.turns or not (said := dialogue.turns[-1].untitled.strip()):
            return None
        said = MASHED if is_mash(said) else said
        spoken = _spoken_of(dialogue, catalog)
        suits = np.array([spoken.suits(row) for _, row in self._asks])
        cosines = np.where(suits, self.vectors @ self.encoder.embed([said])[0], -1.0)
        best = int(cosines.argmax())
        question, row = self._asks[best]
        if cosines[best] < (NEAR if " " in said else NEAR_WORD):
            return None
        item, last = spoken.of(row)
        why = [text for text in row.says if _REASON.search(text)]
        reason = because(item) if item is not None and why else Because()
        told, others = (
            [pieces for text in some if (pieces := _pieces(text, item, last, reason)) is not None]
            for some in (why, [text for text in row.says if text not in why])
        )
        answers = tuple(told or others)
        return Asked(question, WEIGHT * float(cosines[best] - FAR), item, answers)


class _Spoken(NamedTuple):
    """The items that a conversation is about, by name, and what of it is there."""

    items: tuple[Item, ...]  # in the order in which they came up first
    last: Item | None  # that the newest message asks about, if it is clear
    has_begun: bool

    def suits(self, row: WrittenAnswer) -> bool:
        if row.of == "first":
            return self.last is not None and self.items[0] != self.last
        if row.of == "only":
            return self.last is not None and len(self.items) == 1
        if row.of == "last":
            return self.last is not None
        return row.of == "none" or self.has_begun

    def of(self, row: WrittenAnswer) -> tuple[Item | None, Item | None]:
        """What a question is about, and what was spoken of last."""
        about = self.items[0] if row.of == "first" else self.last
        return about if row.of in ("first", "last", "only") else None, self.last


def _spoken_of(dialogue: Dialogue, catalog: Catalog) -> _Spoken:
    said = [turn for turn in dialogue.turns if turn.speaker == "assistant"]
    named = [i for turn in said for i in turn.item_ids if i in catalog.row]
    now = [i for i in dialogue.turns[-1].item_ids if i in catalog.row]
    last = now or named[-1:]
    return _Spoken(
        tuple(catalog.item(i) for i in dict.fromkeys((*named, *now))),
        catalog.item(last[0]) if len(set(last)) == 1 else None,
        bool(said),
    )


def _pieces(
    text: str, item: Item | None, last: Item | None, reason: Because
) -> tuple[str | Item | Slot, ...] | None:
    """Words, items and facts of an answer; None if one of the facts or reasons is not there."""
    text = _REASON.sub(lambda found: getattr(reason, found[0][1:-1]) or found[0], text)
    pieces, end = list[str | Item | Slot](), 0
    for found in _MARK.finditer(text):
        slot = Slot(found[1], int(found[2] or 1))
        fact: Item | Slot | None = slot if item is not None and slot.value(item) else None
        if slot == TITLE:
            fact = item
        elif slot == LAST:
            fact = last
        if fact is None:
            return None
        pieces += [text[end : found.start()], fact]
        end = found.end()
    return tuple(piece for piece in (*pieces, text[end:]) if piece)


def save_answers(folder: Path, rows: Sequence[WrittenAnswer], encoder: TextEncoder) -> None:
    """Beside an adapter, with the vectors of the questions. Nothing if there are no rows."""
    if not rows:
        return
    (folder / FOLDER).mkdir(exist_ok=True)
    lines = (row.model_dump_json() for row in rows)
    write_whole(folder / FOLDER / ROWS, "".join(f"{line}\n" for line in lines))
    questions = _questions(rows)
    path = folder / FOLDER / VECTORS
    keep(questions, embedded(questions, encoder, path), path)


def _questions(rows: Sequence[WrittenAnswer]) -> list[str]:
    return [question for row in rows for question in row.asks]

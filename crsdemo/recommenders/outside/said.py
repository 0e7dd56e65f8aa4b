"""What a system that is not ours says -> a `Reply` as ours are: titles linked, bounded, plain text.

`asked` is what it is given, `Said` what it may answer, in the plain form and of a function alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.checked import shown
from crsdemo.core.conversation import plain_text
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.errors import OutsideError
from crsdemo.core.part import is_readable
from crsdemo.core.recommender import (
    Evidence,
    Plan,
    Provenance,
    Recommendation,
    Reply,
    Signal,
    Timing,
)
from crsdemo.core.reply_json import pieces_from_turn
from crsdemo.language.corpus import Titles, merge_turns

MAX_SAID = 8_000  # characters of a reply
MAX_TEXT = 200_000  # with what was thought aloud before it; all of it is kept
MAX_ITEMS = 100  # of a list
MAX_SIGNALS = 20  # of an item: a person reads them
_THOUGHT = re.compile(r"\A\s*<think>.*?(</think>|\Z)", re.DOTALL)  # aloud, before the reply
_MARKUP = re.compile(r"\*\*|__|^#{1,6} +", re.MULTILINE)  # the page shows plain text
_ARTICLE = re.compile(r"\A(.+), (the|an?|le|la|les|el|der|die|das)\Z", re.IGNORECASE)
_YEAR = re.compile(r"\s*\((\d{4})\)\s*\Z")

Short = Annotated[str, Field(max_length=500)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class Linker(Protocol):
    def link(self, text: str, dialogue: Dialogue) -> tuple[Mention, ...]: ...


class Listed(BaseModel):
    """One of the items of an answer: a title is enough."""

    title: Short = ""
    year: int | None = None
    id: Short = ""  # of the catalog, if it is known
    score: Number | None = None
    # Reasons by name, and what each added
    signals: Annotated[dict[Short, Number], Field(max_length=MAX_SIGNALS)] = {}


def _by_title(given: object) -> object:
    """A title alone is short for an item with a title."""
    return {"title": given} if isinstance(given, str) else given


class Told(BaseModel):
    """What it says of how it came to its answer."""

    query: Annotated[str, Field(max_length=2_000)] = ""
    query_sources: Annotated[list[Short], Field(max_length=MAX_ITEMS)] = []


class Said(BaseModel):
    """An answer; keys that are not known here are left alone."""

    text: str
    items: Annotated[
        list[Annotated[Listed, BeforeValidator(_by_title)]], Field(max_length=MAX_ITEMS)
    ] = []  # best first
    evidence: Told = Told()
    version: Short = ""
    model: Short = ""


def read_said(answer: object) -> Said:
    """What was answered. Raises OutsideError that names what is wrong in it."""
    try:
        return Said(text=answer) if isinstance(answer, str) else Said.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = ".".join(map(str, first["loc"])) or "the answer"
        raise OutsideError(
            f"its answer cannot be read: {at[:100]} is {shown(first['input'])} ({first['msg']}); "
            'expected {"text": "...", "items": ["Title (Year)"]}'
        ) from error


def asked(dialogue: Dialogue, plan: Plan, catalog: Catalog) -> dict[str, Any]:
    """A dialogue and how it is to be answered, ready for JSON."""
    row: dict[str, Any] = {
        "dialogue": messages(dialogue),
        "avoid": names(plan.avoid, catalog),
        "seed": plan.seed,
        "temperature": plan.temperature,
    }
    if plan.mode:
        row["mode"] = plan.mode
    if plan.item_id:
        row["item"] = catalog.item(plan.item_id).name
    return row


def names(items: frozenset[str], catalog: Catalog) -> list[str]:
    """As they are said, without those that the catalog does not hold."""
    return [catalog.item(i).name for i in sorted(items) if i in catalog.row]


def messages(dialogue: Dialogue) -> list[dict[str, str]]:
    """Each speaker in turn: what one says twice in a row (after a failure) is one message."""
    return [{"role": turn.speaker, "content": turn.text} for turn in merge_turns(dialogue.turns)]


@dataclass(frozen=True)
class Reader:
    """Makes replies of what is said over one catalog."""

    catalog: Catalog
    linker: Linker

    def reply(
        self, said: Said, dialogue: Dialogue, provenance: Provenance, prompt: str, ms: float
    ) -> Reply:
        """The whole reply. Raises OutsideError for one that is empty or too long."""
        text = words(said.text)
        if not is_readable(text):
            raise OutsideError("its answer has no words")
        listed = [(one, item) for one in said.items if (item := self._known(one))]
        items = [item for _, item in listed]
        candidates = {item.id: self._candidate(one, item) for one, item in reversed(listed)}
        turn = Turn("assistant", text, self._mentions(text, listed, dialogue))
        return Reply(
            pieces_from_turn(turn, self.catalog),
            "REC" if (item := self._meant(turn, items, dialogue)) else "CHAT",
            item,
            Evidence(
                candidates=tuple(candidates[i] for i in dict.fromkeys(item.id for item in items)),
                query=plain_text(said.evidence.query),
                query_sources=tuple(map(plain_text, said.evidence.query_sources)),
                timings=(Timing("waiting for its answer", ms),),
            ),
            provenance,
            prompt=prompt,
            output=plain_text(said.text),
        )

    def _known(self, one: Listed) -> Item | None:
        """The item of the catalog that is listed, by id, else by title and year."""
        if one.id in self.catalog.row:
            return self.catalog.item(one.id)
        written = " ".join(plain_text(one.title).split())
        title, year = _YEAR.sub("", written), _YEAR.search(written)
        behind = year[0] if year else f" ({one.year})" if one.year else ""
        name = _ARTICLE.sub(r"\2 \1", title) + behind
        whole = [
            m for m in self.linker.link(name, Dialogue()) if (m.start, m.end) == (0, len(name))
        ]
        found = whole[0].item_id if whole else self._titles.find(name)
        return self.catalog.item(found) if found else None

    @cached_property
    def _titles(self) -> Titles:
        return Titles(self.catalog)

    def _candidate(self, one: Listed, item: Item) -> Recommendation:
        signals = tuple(Signal(name, value) for name, value in one.signals.items())
        return Recommendation(item, nan if one.score is None else one.score, signals)

    def _mentions(
        self, text: str, listed: Sequence[tuple[Listed, Item]], dialogue: Dialogue
    ) -> tuple[Mention, ...]:
        """Where it names items: those that it lists, as written, then what else is found."""
        found = list[Mention]()
        for one, item in sorted(listed, key=lambda known: -len(known[0].title)):
            if bare := _YEAR.sub("", plain_text(one.title)).strip():
                pattern = rf"(?<!\w){re.escape(bare)}(?!\w)(\s*\({item.year}\))?"
                found += [Mention(m.start(), m.end(), item.id) for m in re.finditer(pattern, text)]
        found += self.linker.link(text, dialogue)
        kept = list[Mention]()
        for mention in found:
            if all(mention.end <= k.start or k.end <= mention.start for k in kept):
                kept.append(mention)
        return tuple(sorted(kept, key=lambda mention: mention.start))

    def _meant(self, turn: Turn, listed: Sequence[Item], dialogue: Dialogue) -> Item | None:
        """What it recommends: of its words and its list the first that nobody named before.

        What is listed and not said is no recommendation that a person could see.
        """
        before = set(dialogue.mentioned)
        fresh = [i for i in turn.item_ids if i not in before]
        best = [item.id for item in listed if item.id in fresh]
        return self.catalog.item((best or fresh)[0]) if fresh else None


def words(text: str) -> str:
    """What a person reads of it. Raises OutsideError above MAX_SAID characters, or MAX_TEXT."""
    if len(text) > MAX_TEXT:
        raise OutsideError(
            f"its answer has {len(text):,} characters with its thoughts; at most {MAX_TEXT:,} "
            "are taken"
        )
    said = _THOUGHT.sub("", text)
    if len(said) > MAX_SAID:
        raise OutsideError(
            f"its answer has {len(said):,} characters; at most {MAX_SAID:,} are shown"
        )
    return _MARKUP.sub("", plain_text(said)).strip()


def to_json(row: object) -> str:
    return json.dumps(row, ensure_ascii=False, sort_keys=True)

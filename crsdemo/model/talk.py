"""A conversation as one growing sequence of ChatML turns (GCRS, arXiv 2605.21987, sec. 3).

    <|im_start|>user\\nloved Heat (1995)<BOI><a_3><b_9><c_0><d_7><EOI>, what next?<|im_end|>\\n
    <|im_start|>assistant\\n<MODE=REC><BOI>..<EOI><CARD>..</CARD><RESP>Try <title>, ..<|im_end|>\\n

A film that the user names is its title in words, which carry what the base knows, and its semantic
ID, which carries what people like together. The assistant writes a tag, the ID of the film that it
speaks of, and words. Title and facts behind an ID are put there by the system: nothing has to be
remembered, and a slot such as `<cast_1>` says the fact that the card holds for it. Of a film whose
card stands in the conversation already only the ID is written again, under <MODE=CHAT>.

What was said stays as it was written, so that the cache of one turn is the beginning of the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from transformers import PreTrainedTokenizerBase

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import CheckpointError
from crsdemo.core.recommender import Mode
from crsdemo.core.slots import TITLE, Slot
from crsdemo.model.tokens import ControlTokens, encode_text

START = "<|im_start|>"
MAX_HISTORY = 1500  # tokens of a conversation that are read, the newest kept
N_GENRES, N_DIRECTORS, N_CAST, N_TAGS = 3, 1, 3, 6  # on a card


class Said(NamedTuple):
    """What the assistant does in one turn: the film that it speaks of, and its words."""

    mode: Mode
    item: Item | None
    pieces: tuple[str | Item | Slot, ...]


def pieces_of(turn: Turn, catalog: Catalog) -> tuple[str | Item, ...]:
    """Words and films of a turn."""
    pieces: list[str | Item] = []
    end = 0
    for mention in turn.mentions:
        if mention.item_id in catalog.row:
            pieces += [turn.text[end : mention.start], catalog.item(mention.item_id)]
            end = mention.end
    return tuple(piece for piece in (*pieces, turn.text[end:]) if piece != "")


class Written(NamedTuple):
    """Tokens, and which of them are the words of the assistant."""

    ids: list[int]
    are_words: list[bool]

    @property
    def said(self) -> tuple[int, ...]:
        """What the assistant writes itself, not the system."""
        return tuple(i for i, is_word in zip(self.ids, self.are_words, strict=True) if is_word)


@dataclass(frozen=True)
class TalkFormat:
    """Writes conversations for one tokenizer and one catalog. Immutable.

    Raises CheckpointError for a tokenizer that has no `<|im_start|>`.
    """

    tokenizer: PreTrainedTokenizerBase
    control: ControlTokens
    catalog: Catalog
    semantic_ids: Mapping[str, tuple[int, ...]]

    @cached_property
    def _start(self) -> int:
        token = self.tokenizer.convert_tokens_to_ids(START)
        if not isinstance(token, int) or token == self.tokenizer.unk_token_id:
            raise CheckpointError(f"the tokenizer has no {START}; use a base that speaks ChatML")
        return token

    @cached_property
    def _line(self) -> list[int]:
        return self.text("\n")

    def text(self, text: str) -> list[int]:
        """What a person typed is text, whatever it looks like."""
        return encode_text(self.tokenizer, text) if text else []

    def user(self, turn: Turn) -> list[int]:
        """A whole turn of the user; what was typed for a film is replaced by its title and ID."""
        ids = [self._start, *self.text("user\n")]
        end = 0
        for mention in turn.mentions:
            ids += self.text(turn.text[end : mention.start])
            end = mention.start
            if mention.item_id in self.semantic_ids:
                item = self.catalog.item(mention.item_id)
                ids += [*self.text(item.name), *self.code(item.id)]
                end = mention.end
        return [*ids, *self.text(turn.text[end:]), self.control.eos, *self._line]

    def opening(self) -> list[int]:
        """What stands before the tag of the assistant."""
        return [self._start, *self.text("assistant\n")]

    def code(self, item_id: str) -> list[int]:
        """`<BOI>`, the item tokens, `<EOI>`."""
        codes = self.control.item(self.semantic_ids[item_id])
        return [self.control.boi, *codes, self.control.eoi]

    def card(self, item: Item) -> list[int]:
        """Title, facts behind their slots, tags and logline, between `<CARD>` and `</CARD>`."""
        ids = [self.control.card, *self.text(f" {item.name}")]
        for slot in card_slots(item):
            if slot in self.control.slot:
                ids += [self.control.slot[slot], *self.text(f" {slot.value(item)}")]
        known = [", ".join(item.tags[:N_TAGS]), item.logline]
        ids += self.text("".join(f" | {text}" for text in known if text))
        return [*ids, self.control.end_card]

    def words(self, pieces: Iterable[str | Item | Slot], item: Item | None) -> Written:
        """A reply; the film spoken of is `<title>`, any other its ID and, by the system, its title.

        A slot without a token of its own is said in letters.
        """
        ids: list[int] = []
        are_words: list[bool] = []
        for piece in pieces:
            told: list[int] = []  # by the system
            if isinstance(piece, Item) and item is not None and piece.id == item.id:
                said = [self.control.slot[TITLE]]
            elif isinstance(piece, Item):
                said, told = self.code(piece.id), self.text(f" {piece.name}")
            elif isinstance(piece, Slot) and piece in self.control.slot:
                said = [self.control.slot[piece]]
            elif isinstance(piece, Slot):
                said = self.text((piece.value(item) or "") if item else "")
            else:
                said = self.text(piece)
            ids += [*said, *told]
            are_words += [True] * len(said) + [False] * len(told)
        return Written(ids, are_words)

    def assistant(self, said: Said, *, is_known: bool) -> Written:
        """A whole turn of the assistant; `is_known`: the card of its film was given before."""
        ids = [*self.opening(), self.control.mode(said.mode)]
        if said.item is not None:
            ids += self.code(said.item.id)
            ids += [] if is_known else self.card(said.item)
        ids.append(self.control.resp)
        words = self.words(said.pieces, said.item)
        closing = [self.control.eos, *self._line]
        return Written(
            [*ids, *words.ids, *closing],
            [False] * len(ids) + words.are_words + [True] + [False] * len(self._line),
        )


def card_slots(item: Item) -> list[Slot]:
    """The facts on the card of an item: `<title>`, year and so many of its genres and people.

    Of an item of another catalog the first three values of its first fields.
    """
    some = {"genres": N_GENRES, "directors": N_DIRECTORS, "cast": N_CAST}
    fields = {name: some.get(name, N_CAST) for name in item.facts if name != "keywords"}
    if not {"directors", "cast"}.isdisjoint(fields):
        fields = {name: n for name, n in fields.items() if name in some}
    slots = [Slot(name, place) for name, n in fields.items() for place in range(1, n + 1)]
    return [slot for slot in (Slot("year"), *slots) if slot.value(item)]


class History(NamedTuple):
    """What is read of a conversation."""

    ids: list[int]
    carded: frozenset[str]  # items whose card stands in it


def history_of(dialogue: Dialogue, talk: TalkFormat) -> History:
    """The newest turns that fit, up to where the assistant begins."""
    turns: list[tuple[list[int], str | None]] = []  # and the item whose card is in it
    carded: set[str] = set()
    for position, turn in enumerate(dialogue.turns):
        if turn.speaker == "user":
            turns.append((talk.user(turn), None))
            continue
        said = said_in(turn, frozenset(dialogue.before(position).mentioned), talk.catalog)
        about = said.item.id if said.item else None
        is_known = about in carded
        ids = talk.assistant(said, is_known=is_known).ids
        turns.append((ids, None if is_known else about))
        carded.update([about] if about else [])
    kept, read = list[int](), set[str]()
    for ids, about in reversed(turns):
        if len(kept) + len(ids) > MAX_HISTORY:
            kept = kept or ids[-MAX_HISTORY:]
            break
        kept = ids + kept
        read.update([about] if about else [])
    return History([*kept, *talk.opening()], frozenset(read))


def said_in(turn: Turn, before: frozenset[str], catalog: Catalog) -> Said:
    """What the assistant did in a turn of the history, as far as the turn tells.

    A film that was not named before is one that it recommended.
    """
    named = [i for i in turn.item_ids if i in catalog.row]
    new = [i for i in named if i not in before]
    item = catalog.item((new or named)[0]) if named else None
    return Said("REC" if new else "CHAT", item, pieces_of(turn, catalog))

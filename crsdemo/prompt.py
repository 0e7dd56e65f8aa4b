"""A dialogue as the token sequence that a generative model reads and learns (GCRS, sec. 3).

    <USER>I loved <BOI><a_3><b_9><c_0><d_7><EOI>, what next?<ASSISTANT>
        <MODE=REC><BOI><a_3>..<EOI><CARD> facts </CARD><RESP>Try <BOI>..<EOI>, by <directors_1>.

The query expert (ReGeS, sec. 2.3) answers with a search instead; its card holds those named:

    <USER>..<ASSISTANT><CARD><cast_1> Uma Thurman</CARD><RESP>crime film with <cast_1>

Every mention of an item is its semantic ID, in the history and in the reply. The card is put there
by the system once the item is chosen, so that the model need not remember facts; in it each fact
follows the slot that stands for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from transformers import PreTrainedTokenizerBase

from crsdemo.catalog import Catalog, Item
from crsdemo.dialogue import Dialogue, Turn
from crsdemo.factorisation import Factorisation
from crsdemo.query import Person, PseudoQuery
from crsdemo.slots import Slot, fill
from crsdemo.tokens import ControlTokens, encode_text

PERSON = "cast"  # the field whose slots stand for the people named, whatever they do


class Target(NamedTuple):
    """What follows `<ASSISTANT>`, and which of its tokens the model must learn to write."""

    ids: list[int]
    learned: list[bool]  # false on the card


@dataclass(frozen=True)
class PromptWriter:
    """Writes and reads token sequences for one tokenizer and one catalog. Immutable."""

    tokenizer: PreTrainedTokenizerBase
    control: ControlTokens
    catalog: Catalog
    semantic_ids: Mapping[str, tuple[int, ...]]
    factorisation: Factorisation = Factorisation.MODE_ITEM_REPLY  # of what is answered
    max_history: int = 80  # tokens of history, the newest kept; the listener hears more

    def history(self, dialogue: Dialogue) -> list[int]:
        """The newest turns that fit in `max_history` tokens, ending with `<ASSISTANT>`.

        A turn that alone is too long keeps its end.
        """
        ids: list[int] = []
        for turn in reversed(dialogue.turns):
            room = self.max_history - len(ids)
            said = self._turn(turn)
            if len(said) > room:
                if not ids:
                    ids = [said[0], *self._tail(said[1:], room - 1)]
                break
            ids = said + ids
        return [*ids, self.control.assistant]

    def _tail(self, ids: list[int], room: int) -> list[int]:
        """The last `room` tokens, not beginning inside an item."""
        tail = ids[-room:]
        if self.control.eoi in tail:
            end = tail.index(self.control.eoi)
            if self.control.boi not in tail[:end]:
                tail = tail[end + 1 :]
        return tail

    def _turn(self, turn: Turn) -> list[int]:
        ids = [self.control.user if turn.speaker == "user" else self.control.assistant]
        end = 0
        for mention in turn.mentions:
            ids += self._text(turn.text[end : mention.start])
            end = mention.start
            if mention.item_id in self.semantic_ids:
                ids += self.item(mention.item_id)
                end = mention.end
        return ids + self._text(turn.text[end:])

    def _text(self, text: str) -> list[int]:
        return encode_text(self.tokenizer, text) if text else []

    def item(self, item_id: str) -> list[int]:
        """`<BOI>`, the item tokens, `<EOI>`."""
        codes = self.control.item(self.semantic_ids[item_id])
        return [self.control.boi, *codes, self.control.eoi]

    def shortlist(self, item_ids: Sequence[str]) -> list[int]:
        """The candidates among which to choose (ReGeS, sec. 2.4), codes only; they precede all."""
        if not item_ids:
            return []
        codes = [code for i in item_ids for code in self.control.item(self.semantic_ids[i])]
        return [self.control.card, *codes, self.control.end_card]

    def card(self, item: Item, fields: Collection[str] = ()) -> list[int]:
        """The facts of an item, each behind its slot token; of some `fields` only, if any."""
        ids = [self.control.card]
        for slot in self.slots(item, fields):
            ids += [self.control.slot[slot], *self._text(f" {slot.value(item)}")]
        return [*ids, self.control.end_card]

    def slots(self, item: Item, fields: Collection[str] = ()) -> list[Slot]:
        """The slots that `item` can fill; of some `fields` only, if any."""
        known = (slot for slot in self.control.slot if slot.value(item))
        return [slot for slot in known if not fields or slot.field in fields]

    def target(
        self,
        mode: str,
        item: Item | None,
        reply: Iterable[str | Item | Slot],
        fields: Collection[str] = (),
    ) -> Target:
        """`<MODE=CHAT><RESP>..` or `<MODE=REC><BOI>..<EOI><CARD>..</CARD><RESP>..`, then eos.

        Other factorisations leave out parts of that, and the card with the item.
        `fields`: those of the facts on the card; all, if there are none.
        """
        control, parts = self.control, self.factorisation
        ids = [control.chat if mode == "CHAT" else control.rec] if parts.has_mode else []
        learned = [True] * len(ids)
        if item is not None and parts.has_item:
            chosen, card = self.item(item.id), self.card(item, fields) if parts.has_reply else []
            ids += [*chosen, *card]
            learned += [True] * len(chosen) + [False] * len(card)
        if not parts.has_reply:
            return Target(ids, learned)
        said = [control.resp, *self.reply(reply), control.eos]
        return Target(ids + said, learned + [True] * len(said))

    def query_request(self, people: Sequence[str]) -> list[int]:
        """What stands between a history and its query: a card of the people named, `<RESP>`."""
        card: list[int] = []
        for slot, name in self.query_slots(people).items():
            card += [self.control.slot[slot], *self._text(f" {name}")]
        if card:
            card = [self.control.card, *card, self.control.end_card]
        return [*card, self.control.resp]

    def query_slots(self, people: Sequence[str]) -> dict[Slot, str]:
        """The slot of each person: the n-th named is `<cast_n>`, if there is such a slot."""
        slots = (Slot(PERSON, place) for place in range(1, len(people) + 1))
        pairs = zip(slots, people, strict=True)
        return {slot: name for slot, name in pairs if slot in self.control.slot}

    def query_target(self, query: PseudoQuery) -> list[int]:
        """The query as the model is to write it, then eos; a person without a slot as words."""
        return [*self.reply(self._with_slot(piece) for piece in query.pieces), self.control.eos]

    def _with_slot(self, piece: str | Item | Person) -> str | Item | Slot:
        if not isinstance(piece, Person):
            return piece
        slot = Slot(PERSON, piece.place)
        return slot if slot in self.control.slot else piece.name

    def read_query(
        self, ids: Iterable[int], people: Sequence[str]
    ) -> tuple[str | Item | Person, ...]:
        """What the tokens of a query say, of `people` those whose slots were written."""
        return tuple(
            Person(piece.index, people[piece.index - 1]) if isinstance(piece, Slot) else piece
            for piece in self._pieces(ids)
        )

    def reply(self, pieces: Iterable[str | Item | Slot]) -> list[int]:
        ids: list[int] = []
        for piece in pieces:
            if isinstance(piece, Item):
                ids += self.item(piece.id)
            elif isinstance(piece, Slot):
                ids.append(self.control.slot[piece])
            else:
                ids += self._text(piece)
        return ids

    def read(self, ids: Iterable[int], item: Item | None) -> tuple[str | Item, ...]:
        """What the tokens of a reply say; an item or a letter still unfinished is left out."""
        return fill(self._pieces(ids), item)

    def _pieces(self, ids: Iterable[int]) -> list[str | Item | Slot]:
        pieces: list[str | Item | Slot] = []
        text: list[int] = []
        codes: list[int] | None = None
        for token in ids:
            if token in self.control.slot_of or token == self.control.boi:
                pieces.append(self._decode(text))
                text = []
            if token in self.control.slot_of:
                pieces.append(self.control.slot_of[token])
            elif token == self.control.boi:
                codes = []
            elif token == self.control.eoi and codes is not None:
                pieces.append(self._item_of[tuple(codes)])
                codes = None
            elif codes is not None:
                codes.append(self.control.code[token][1])
            else:
                text.append(token)
        pieces.append(self._decode(text))
        return [piece for piece in pieces if piece != ""]

    def _decode(self, ids: list[int]) -> str:
        said: str = self.tokenizer.decode(ids)
        return said.rstrip("\ufffd")

    @cached_property
    def _item_of(self) -> dict[tuple[int, ...], Item]:
        return {tuple(codes): self.catalog.item(i) for i, codes in self.semantic_ids.items()}

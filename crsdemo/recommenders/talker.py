"""One causal LM that reads conversations and says the words of replies.

What the recommenders of this project have in common: the history in one format (`model/talk.py`),
read once and from the cache of the turn before; the tag, and whether a film that was spoken of is
gone on about; words under the grammar, in which the system puts the facts that slots stand for and
the titles behind IDs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.recommender import Mode, Plan
from crsdemo.core.slots import Slot, fill
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.language.asked_facts import asked_facts, asks_story
from crsdemo.language.open_wish import asks_for_one
from crsdemo.model.beam import ItemDecoder
from crsdemo.model.checkpoint import Loaded
from crsdemo.model.decoding import Context, left_pad
from crsdemo.model.grammar import Grammar
from crsdemo.model.sampling import Sampling, TextConstraint, TokenSampler
from crsdemo.model.talk import Said, TalkFormat, pieces_of
from crsdemo.recommenders.evidence import trimmed
from crsdemo.recommenders.resources import Resources

MAX_HISTORY = 1500  # tokens of a conversation that are read, the newest kept
# What a denial of what is known begins with, or cannot do without
DENIALS = (
    "'t", "’", " not", " cannot", " nothing", " unknown", "I", " I", "No", " no", "Nothing", "None",
    " don", " doesn", " didn", " isn", " aren", " wasn", " weren", " hasn", " haven", " couldn",
)  # fmt: skip
# How one asks back; of its own accord a small model answers a bare "recommend me something" with
# what programs cannot do, or says the question back
ASKING = (
    "What kind of {item} would you like",
    "What kind of {item} are you in the mood for",
    "Should it be",
    "Would you like something",
    "Are you in the mood for",
)
OF_ONESELF = ("I", " I")  # how a recommendation begins that excuses itself ("I can't watch films")
MISREAD = ("€™", "€œ", "€“", "€”")  # of a base that read texts in a wrong encoding
WORDING = Sampling(max_tokens=80, temperature=0.3, top_p=0.9, no_repeat_ngram=5)


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


class Talker:
    """Reads and speaks. Thread-safe: all state of a request is in its `Context`."""

    def __init__(self, loaded: Loaded, catalog: Catalog, semantic_ids: SemanticIDs) -> None:
        self.loaded = loaded
        self.catalog = catalog
        self.wording = WORDING
        self.format = TalkFormat(loaded.tokenizer, loaded.control, catalog, semantic_ids)
        self.control = loaded.control
        self.grammar = Grammar(loaded.tokenizer, loaded.control, semantic_ids)
        # where one is several tokens (’ is, byte by byte) it cannot go on without the first
        self.denials = frozenset(self.format.text(words)[0] for words in DENIALS)
        asking = [catalog.domain.worded(words) for words in ASKING]
        self.asking = [tuple(self.format.text(words)) for words in asking]
        self.of_oneself = frozenset(self.format.text(words)[0] for words in OF_ONESELF)
        misread = [self.format.text(f"â{words}")[1:] for words in MISREAD]
        self.misread = frozenset(tokens[0] for tokens in misread if len(tokens) == 1)
        self.decoder = ItemDecoder(loaded.model, self.grammar, loaded.quick, loaded.prefixes)

    @classmethod
    def load(cls, folder: Path, resources: Resources) -> Talker:
        """Raises CheckpointError or CatalogError if anything is missing or does not match."""
        loaded = resources.checkpoint(folder)
        return cls(loaded, resources.catalog, resources.files.semantic_ids)

    # reading

    def history(self, dialogue: Dialogue) -> History:
        """The newest turns that fit, up to where the assistant begins."""
        return history_of(dialogue, self.format)

    def read(self, histories: Sequence[History]) -> Context:
        if len(histories) == 1:
            return self.decoder.read_on(histories[0].ids)
        ids, mask = left_pad([history.ids for history in histories], pad=0)
        return self.decoder.read(ids, mask=mask)

    def modes(self, logits: torch.Tensor) -> dict[Mode, float]:
        """Softmax over the tags that the grammar allows, most probable first. `logits`: (V,)"""
        tags = self.grammar.allowed(self.grammar.start)
        shares = logits[tags].float().softmax(0).tolist()
        of_tag = dict(zip(tags.tolist(), shares, strict=True))
        modes: list[tuple[Mode, float]] = [
            ("CHAT", of_tag[self.control.chat]),
            ("REC", of_tag[self.control.rec]),
        ]
        return dict(sorted(modes, key=lambda mode: -mode[1]))

    # what talk is about

    def spoken_of(self, context: Context, dialogue: Dialogue) -> Item | None:
        """The film that a turn of talk goes on about, one that was spoken of, or None.

        `context` stands after `<MODE=CHAT>` and grows up to the words or to the `<EOI>`.
        """
        control = self.control
        spoken = [i for i in dialogue.mentioned if i in self.catalog.row]
        allowed = self.grammar.allowed(self.grammar.next_state(self.grammar.start, control.chat))
        following = int(allowed[context.logits[0, allowed].argmax()])
        if not spoken or (following == control.resp and not self._asked(dialogue)):
            self.decoder.feed(context, [control.resp])
            return None
        self.decoder.feed(context, [control.boi])
        others = frozenset(self.catalog.row.keys() - set(spoken))
        found = self.decoder.beam(context, len(spoken), [others])[0].item_ids[0]
        self.decoder.feed(context, self.format.code(found)[1:-1])
        return self.catalog.item(found)

    def show(self, context: Context, item: Item, carded: Collection[str]) -> None:
        """Put the card of the item whose ID was written before the model, up to the words."""
        card = [] if item.id in carded else self.format.card(item)
        self.decoder.feed(context, [self.control.eoi, *card, self.control.resp])

    # the words

    def words(
        self, context: Context, mode: Mode, item: Item | None, dialogue: Dialogue, plan: Plan
    ) -> Iterator[int]:
        """Tokens of the words; other films are followed by their title, put in by the system.

        What is recommended is named, and what is gone back to: the next turn knows of it by what
        was said alone. A fact that is asked for in so many words, and known, is said.
        """
        slots = [slot for slot in self.control.slot if item and slot.value(item)]
        others = {i for i in _spoken_of_now(dialogue, mode) if i in self.catalog.row}
        others -= {item.id} if item else set()
        asks_back = mode == "CHAT" and item is None and asks_for_one(_said_last(dialogue))
        retells = item is not None and asks_story(_said_last(dialogue))
        is_new = mode == "REC" or (item is not None and item.id != _named_last(dialogue))
        constraint = TextConstraint(
            self.grammar,
            "REC" if item else mode,
            slots,
            others,
            owes_a_title=is_new,
            owed=self._asked(dialogue) if mode == "CHAT" else (),
            denials=self.denials,
            never=self.misread,
            is_known=mode == "CHAT" and retells,
            openings=self.asking if asks_back else (),
            before_title=self.of_oneself if mode == "REC" else frozenset(),
        )
        # the story of a film may be told again: nothing else answers who asks for it
        before = [] if retells else self._said_before(dialogue)
        sampler = TokenSampler(constraint, self.sampling(dialogue, plan), before)
        codes: list[int] = []
        while (token := sampler.next(context.logits[0])) is not None:
            yield token
            tokens = [token]
            codes = [token] if token == self.control.boi else [*codes, token]
            if token == self.control.eoi:
                tokens += self.format.text(f" {self._named(codes).name}")
            self.decoder.feed(context, tokens, words=True)

    def _said_before(self, dialogue: Dialogue) -> list[int]:
        """The words of earlier replies, each closed, without the titles in them."""
        said = (turn.untitled for turn in dialogue.turns if turn.speaker == "assistant")
        return [token for text in said for token in (*self.format.text(text), self.control.eos)]

    def sampling(self, dialogue: Dialogue, plan: Plan) -> Sampling:
        return replace(self.wording, seed=plan.seed + len(dialogue.turns))

    def pieces(self, said: Sequence[int], item: Item | None) -> tuple[str | Item, ...]:
        """What the tokens of a reply say; an item still unfinished is left out."""
        control, pieces = self.control, list[str | Item | Slot]()
        text: list[int] = []
        codes: list[int] | None = None
        for token in said:
            if codes is not None:
                codes.append(token)
                if token == control.eoi:
                    pieces.append(self._named([control.boi, *codes]))
                    codes = None
            elif token == control.boi or token in control.slot_of:
                pieces.append(self.loaded.tokenizer.decode(text))
                text = []
                if token == control.boi:
                    codes = []
                else:
                    pieces.append(control.slot_of[token])
            else:
                text.append(token)
        pieces.append(self.loaded.tokenizer.decode(text).rstrip("\ufffd"))
        return trimmed(fill([p for p in pieces if p != ""], item))

    def _named(self, tokens: Sequence[int]) -> Item:
        """The film whose ID ends here."""
        n_levels = self.decoder.trie.n_levels
        codes = tuple(self.control.code[t][1] for t in tokens[-1 - n_levels : -1])
        return self.catalog.item(self.decoder.trie.items(codes)[0])

    def _asked(self, dialogue: Dialogue) -> tuple[Slot, ...]:
        """The facts that the user asks for now."""
        asked = asked_facts(_said_last(dialogue), self.catalog.domain)
        return tuple(Slot(fact) for fact in asked)

    def text(self, ids: Sequence[int]) -> str:
        """As it was read or written, with its control tokens."""
        said: str = self.loaded.tokenizer.decode(ids)
        return said


def _said_last(dialogue: Dialogue) -> str:
    return dialogue.turns[-1].untitled if dialogue.turns else ""


def _spoken_of_now(dialogue: Dialogue, mode: Mode) -> set[str]:
    """What words may name beside their own item: else whatever came up long ago is mixed in.

    In talk, what the user names now, and unless that is several things already what was named
    just before; for a recommendation also all else that the user ever named: it gives reasons.
    """
    turns = dialogue.turns
    now = {item for turn in turns[-1:] for item in turn.item_ids}
    before = {item for turn in turns[-2:-1] for item in turn.item_ids}
    if mode == "CHAT":
        return now if len(now) > 1 else now | before
    return before.union(*(turn.item_ids for turn in turns if turn.speaker == "user"))


def _named_last(dialogue: Dialogue) -> str | None:
    """The item that was named last, by either side."""
    named = [item for turn in dialogue.turns for item in turn.item_ids]
    return named[-1] if named else None


def said_in(turn: Turn, before: frozenset[str], catalog: Catalog) -> Said:
    """What the assistant did in a turn of the history, as far as the turn tells.

    A film that was not named before is one that it recommended.
    """
    named = [i for i in turn.item_ids if i in catalog.row]
    new = [i for i in named if i not in before]
    item = catalog.item((new or named)[0]) if named else None
    return Said("REC" if new else "CHAT", item, pieces_of(turn, catalog))

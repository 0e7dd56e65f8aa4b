"""One causal LM that reads conversations and says the words of replies.

What the recommenders of this project have in common: the history in one format (`model/talk.py`),
read once and from the cache of the turn before; the tag, and whether a film that was spoken of is
gone on about; words under the grammar, in which the system puts the facts that slots stand for and
the titles behind IDs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import Mode, Plan
from crsdemo.core.slots import Slot, fill
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.language.asked_facts import asked_facts, asks_plot, asks_story
from crsdemo.language.open_wish import asks_for_one
from crsdemo.language.refusals import refusals
from crsdemo.model.beam import ItemDecoder
from crsdemo.model.checkpoint import Loaded
from crsdemo.model.decoding import Context, left_pad
from crsdemo.model.grammar import Grammar
from crsdemo.model.leaning import Leaning, Retelling
from crsdemo.model.numbers import Numbers, digits_among, numbers_in
from crsdemo.model.sampling import Sampling, TextConstraint, TokenSampler
from crsdemo.model.talk import History, TalkFormat, history_of
from crsdemo.model.tokens import decoded
from crsdemo.model.word_rules import Runs, WordRules
from crsdemo.recommenders.evidence import trimmed
from crsdemo.recommenders.resources import Resources
from crsdemo.recommenders.written_answers import Asked, Because, WrittenAnswers

TO_STORY = 6.0  # nats by which the words of a story are likelier where it is asked for
TO_RETELL = 1.5  # of each token beyond the first that stands in its story as it was written
# "something by Yasujiro Ozu"; where nobody is known of that name, words would claim it all the same
_NAMES = re.compile(r"\b(?:by|from|with|starring) ((?:[A-Z][\w'’-]+ ){1,2}[A-Z][\w'’-]+)")
WORDING = Sampling(max_tokens=80, temperature=0.3, top_p=0.9, no_repeat_ngram=5)


class Talker:
    """Reads and speaks. Thread-safe: all state of a request is in its `Context`."""

    def __init__(
        self,
        loaded: Loaded,
        catalog: Catalog,
        semantic_ids: SemanticIDs,
        answers: WrittenAnswers | None = None,
    ) -> None:
        self.loaded = loaded
        self.catalog = catalog
        self.answers = answers
        self.wording = WORDING
        self.format = TalkFormat(loaded.tokenizer, loaded.control, catalog, semantic_ids)
        self.control = loaded.control
        self.grammar = Grammar(loaded.tokenizer, loaded.control, semantic_ids)
        self.rules = WordRules.of(self.format, catalog.domain)
        self.digits = digits_among(loaded.tokenizer.get_vocab())
        self.decoder = ItemDecoder(loaded.model, self.grammar, loaded.quick, loaded.prefixes)

    @classmethod
    def load(cls, folder: Path, resources: Resources) -> Talker:
        """Raises CheckpointError or CatalogError if anything is missing or does not match."""
        loaded = resources.checkpoint(folder)
        answers = WrittenAnswers.load(folder, resources.encoder())
        return cls(loaded, resources.catalog, resources.files.semantic_ids, answers)

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

    def asked(self, dialogue: Dialogue, because: Callable[[Item], Because]) -> Asked | None:
        """The question with a written answer that the newest message is near, if any."""
        return self.answers.asked(dialogue, self.catalog, because) if self.answers else None

    def spoken_of(self, context: Context, dialogue: Dialogue, asked: Asked | None) -> Item | None:
        """The film that a turn of talk goes on about, one that was spoken of, or None.

        What is `asked` tells it, else the model. `context` stands after `<MODE=CHAT>` and grows up
        to the words or to the `<EOI>`.
        """
        control = self.control
        spoken = [i for i in dialogue.mentioned if i in self.catalog.row]
        if asked is not None:
            about = asked.item
            code = self.format.code(about.id)[:-1] if about else [control.resp]
            self.decoder.feed(context, code)
            return about
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
        self,
        context: Context,
        mode: Mode,
        item: Item | None,
        dialogue: Dialogue,
        plan: Plan,
        asked: Asked | None = None,
        openings: Collection[tuple[int, ...]] = (),
    ) -> Iterator[int]:
        """Tokens of the words; other films are followed by their title, put in by the system.

        `openings`: they begin with one of these.

        What is recommended is named, and what is gone back to: the next turn knows of it by what
        was said alone. A fact that is asked for in so many words, and known, is said.
        """
        said = _said_last(dialogue)
        slots = [slot for slot in self.control.slot if item and slot.value(item)]
        others = {i for i in _spoken_of_now(dialogue, mode) if i in self.catalog.row}
        others |= asked.others if asked else set()
        others -= {item.id} if item else set()
        asks_back = mode == "CHAT" and item is None and asks_for_one(said)
        retells = item is not None and asks_story(said)
        is_new = mode == "REC" or (item is not None and item.id != dialogue.named_last)
        not_first = self.rules.before_title(leaves_out=bool(refusals(said)))
        leanings = self._leanings(asked, item, mode, dialogue)
        told = {token for one in leanings for text in one.texts for token in text}
        constraint = TextConstraint(
            self.grammar,
            "REC" if item else mode,
            slots,
            others,
            owes_a_title=is_new,
            owed=self._asked(dialogue) if mode == "CHAT" else (),
            denials=self.rules.denials - told,
            never=self._never(mode, item, dialogue),
            is_known=mode == "CHAT" and retells,
            openings=self.rules.asking if asks_back else openings,
            before_title=not_first if mode == "REC" else frozenset(),
            numbers=self._numbers(
                [item] if item else map(self.catalog.item, others),
                dialogue if mode == "CHAT" else Dialogue(()),
            ),
        )
        # the story of a film may be told again: nothing else answers who asks for it
        before = [] if retells else self._said_before(dialogue)
        sampler = TokenSampler(constraint, self.sampling(dialogue, plan), before, leanings)
        codes: list[int] = []
        with self.loaded.quick.writing():
            while (token := sampler.next(context.logits[0])) is not None:
                yield token
                tokens = [token]
                codes = [token] if token == self.control.boi else [*codes, token]
                if token == self.control.eoi:
                    tokens += self.format.text(f" {(named := self._named(codes)).name}")
                    constraint.speak_of(self._numbers([named], dialogue))
                self.decoder.feed(context, tokens, words=True)

    def _never(self, mode: Mode, item: Item | None, dialogue: Dialogue) -> Runs:
        """What the words may not say of an item, or at all."""
        # the title is put in by the system: what it says is said of nothing else
        card = " ".join([item.logline, *item.tags]) if item else ""
        said = " ".join(turn.untitled for turn in dialogue.turns if turn.speaker == "user")
        unfounded = self.rules.never(card, said, recommends=mode == "REC")
        if mode == "REC":  # what is not wanted is no praise of it
            unfounded |= self.rules.unsaid(refusals(_said_last(dialogue)), card, self.catalog.tags)
        others = self._not_of(item, _said_last(dialogue))
        return unfounded | {(token,) for token in others}

    def _not_of(self, item: Item | None, said: str) -> frozenset[int]:
        """How the names begin that the user asks for and the item lacks: it is not "by Ozu"."""
        own = f"{item.name} {item.logline} {' '.join(item.people)}".lower() if item else ""
        asked = (name for found in _NAMES.finditer(said) for name in found[1].split())
        others = [name for name in asked if name.lower() not in own] if item else []
        begun = {self.format.text(f"{gap}{name}")[0] for name in others for gap in ("", " ")}
        # a letter or a blank alone begins too much else
        return frozenset(token for token in begun if len(self.text([token]).strip()) > 1)

    def _numbers(self, items: Iterable[Item], dialogue: Dialogue) -> Numbers:
        """Those of the items that are spoken of, on their cards, and what the user typed."""
        said = [turn.untitled for turn in dialogue.turns if turn.speaker == "user"]
        said += [f"{one.year} {one.title} {one.logline} {' '.join(one.tags)}" for one in items]
        return Numbers(self.digits, numbers_in(said))

    def _leanings(
        self, asked: Asked | None, item: Item | None, mode: Mode, dialogue: Dialogue
    ) -> list[Leaning | Retelling]:
        """What the words are drawn to: written answers, and the story, begun where asked for."""
        eos, drawn = self.control.eos, list[Leaning | Retelling]()
        if asked is not None:
            answers = (self.format.words(pieces, item).said for pieces in asked.answers)
            drawn.append(Leaning(tuple((*said, eos) for said in answers), asked.nats))
        if item is not None and item.logline:
            story = (*self.format.text(item.logline), eos)
            drawn.append(Retelling(story[:-1], TO_RETELL))
            if mode == "CHAT" and asked is None and asks_plot(_said_last(dialogue)):
                drawn.append(Leaning((story,), TO_STORY))
        return drawn

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
                pieces.append(decoded(self.loaded.tokenizer, text))
                text = []
                if token == control.boi:
                    codes = []
                else:
                    pieces.append(control.slot_of[token])
            else:
                text.append(token)
        pieces.append(decoded(self.loaded.tokenizer, text).rstrip("\ufffd"))
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
        return decoded(self.loaded.tokenizer, ids)


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

"""The generative recommender on a pretrained base: tag -> item ID -> reply.

GCRS (arXiv 2605.21987). One causal LM decides everything: whether to recommend, which film,
whether to go on about one that was spoken of, and the words. The system puts in what needs no
memory: the card behind an ID, and the fact that a slot stands for. What may follow at each step
comes from one Outlines grammar over the live catalog; no prior helps the model here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

from crsdemo.catalog import Catalog, Item
from crsdemo.checkpoint import Loaded, load_checkpoint
from crsdemo.commons import Commons
from crsdemo.decoding import Context, Decoder, left_pad, mode_probabilities
from crsdemo.dialogue import Dialogue, Turn
from crsdemo.grammar import Grammar
from crsdemo.model.talk import Said, TalkFormat
from crsdemo.recommender import (
    Evidence,
    Mode,
    Plan,
    Provenance,
    Recommendation,
    Reply,
    Timing,
)
from crsdemo.recommenders.evidence import path_of, pick, recommendations, trimmed
from crsdemo.semantic_ids import SemanticIDs
from crsdemo.slots import Slot, fill
from crsdemo.trie_labels import TrieLabels
from crsdemo.word_choice import Pen, Place, Sampling

BEAM = 60  # films ranked for a reply; the page shows the best of them
EVALUATION_BEAM = 200  # a narrow beam finds only a part of the true best fifty
MAX_HISTORY = 1500  # tokens of a conversation that are read, the newest kept


@dataclass(frozen=True)
class Wording:
    """How the words are chosen."""

    max_tokens: int = 80
    temperature: float = 0.5
    top_p: float = 0.9
    no_repeat_ngram: int = 5


class History(NamedTuple):
    """What is read of a conversation."""

    ids: list[int]
    carded: frozenset[str]  # items whose card stands in it


class Gcrs:
    """Answers with one causal LM under the grammar of the catalog. Thread-safe."""

    def __init__(
        self,
        name: str,
        loaded: Loaded,
        catalog: Catalog,
        semantic_ids: SemanticIDs,
        wording: Wording = Wording(),
    ) -> None:
        self._name = name
        self.loaded = loaded
        self.catalog = catalog
        self.wording = wording
        self.talk = TalkFormat(loaded.tokenizer, loaded.control, catalog, semantic_ids)
        grammar = Grammar(loaded.tokenizer, loaded.control, semantic_ids)
        self.decoder = Decoder(loaded.model, grammar)
        self.labels = TrieLabels(catalog, semantic_ids)

    @classmethod
    def load(cls, folder: Path, commons: Commons) -> Gcrs:
        """Raises CheckpointError or CatalogError if anything is missing or does not match."""
        loaded = load_checkpoint(folder, commons.catalog, commons.made)
        return cls(folder.name, loaded, commons.catalog, commons.files.semantic_ids)

    @property
    def name(self) -> str:
        return self._name

    # ranking

    def mode_probabilities(self, dialogues: Sequence[Dialogue]) -> list[dict[Mode, float]]:
        """How likely it recommends in the next turn of each."""
        context = self._read([self.history(dialogue) for dialogue in dialogues])
        return [mode_probabilities(row, self.decoder.control) for row in context.logits]

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        return self.recommend_batch([dialogue], k, [exclude])[0]

    def recommend_batch(
        self, dialogues: Sequence[Dialogue], k: int, exclude: Sequence[frozenset[str]]
    ) -> list[list[Recommendation]]:
        """The `k` most probable items of each dialogue with the mode forced to REC."""
        context = self._read([self.history(dialogue) for dialogue in dialogues])
        self.decoder.feed(context, [self.decoder.control.rec, self.decoder.control.boi])
        rankings = self.decoder.beam(context, max(EVALUATION_BEAM, k), exclude)
        return [recommendations(self.catalog, ranking)[:k] for ranking in rankings]

    # one reply

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        """Free, with the mode forced, or with mode and item forced (GCRS, sec. 3.4)."""
        control, started = self.decoder.control, time.perf_counter()
        history = self.history(dialogue)
        context = self._read([history])
        read = time.perf_counter()
        modes = mode_probabilities(context.logits[0], control)
        free: Mode = next(iter(modes))
        mode: Mode = plan.mode or ("REC" if plan.item_id else free)
        seen = frozenset(dialogue.mentioned) | plan.avoid
        item, evidence, written = self._choose(context, dialogue, history.carded, mode, seen, plan)
        chosen = time.perf_counter()
        timings: tuple[Timing, ...] = (
            Timing("reading", 1000 * (read - started)),
            Timing("choosing", 1000 * (chosen - read)),
        )
        reply = Reply(
            (),
            mode,
            item=item if mode == "REC" else None,
            evidence=replace(evidence, modes=tuple(modes.items()), timings=timings),
            provenance=self._provenance(plan),
            prompt=self._text(history.ids),
            complete=False,
        )
        yield reply
        said: list[int] = []
        for token in self._write(context, mode, item, dialogue, plan):
            said.append(token)
            yield replace(reply, pieces=self._pieces(said, item))
        timings = (*timings, Timing("writing", 1000 * (time.perf_counter() - chosen)))
        output = (*written, *said, control.eos)
        yield replace(
            reply,
            pieces=self._pieces(said, item),
            evidence=replace(reply.evidence, timings=timings),
            output_ids=output,
            output=self._text(output),
            complete=True,
        )

    def _choose(
        self,
        context: Context,
        dialogue: Dialogue,
        carded: frozenset[str],
        mode: Mode,
        seen: frozenset[str],
        plan: Plan,
    ) -> tuple[Item | None, Evidence, list[int]]:
        """The film that the reply speaks of, if any; `context` grows up to its words."""
        control = self.decoder.control
        self.decoder.feed(context, [control.mode(mode)])
        if mode == "CHAT":
            spoken = [i for i in dialogue.mentioned if i in self.catalog.row]
            both = context.logits[0, [control.boi, control.resp]]
            if not spoken or both[1] >= both[0]:
                self.decoder.feed(context, [control.resp])
                return None, Evidence(), [control.chat, control.resp]
            hidden = frozenset(self.catalog.row.keys() - set(spoken))
        else:
            hidden = seen if len(seen) < len(self.catalog) else frozenset()
        self.decoder.feed(context, [control.boi])
        ranking = self.decoder.beam(context, BEAM, [hidden])[0]
        item_id = plan.item_id or pick(ranking, plan)
        choices = self.decoder.follow(context, item_id, hidden, None)
        item = self.catalog.item(item_id)
        card = [] if item_id in carded else self.talk.card(item)
        self.decoder.feed(context, [control.eoi, *card, control.resp])
        written = [control.mode(mode), *self.talk.code(item_id), control.resp]
        if mode == "CHAT":
            return item, Evidence(), written
        evidence = Evidence(
            path=path_of(self.labels, self.decoder.trie.codes(item_id), choices),
            candidates=tuple(recommendations(self.catalog, ranking)),
        )
        return item, evidence, written

    def _write(
        self, context: Context, mode: Mode, item: Item | None, dialogue: Dialogue, plan: Plan
    ) -> Iterator[int]:
        """Tokens of the words; other films are followed by their title, put in by the system."""
        known = self.talk.control.slot
        slots = [slot for slot in known if item and slot.value(item)]
        others = {i for i in dialogue.mentioned if i in self.catalog.row}
        others -= {item.id} if item else set()
        place = Place(self.decoder.grammar, "REC" if item else mode, slots, others)
        sampling = Sampling(**asdict(self.wording), seed=plan.seed + len(dialogue.turns))
        pen = Pen(place, sampling)
        codes: list[int] = []
        while (token := pen.next(context.logits[0])) is not None:
            yield token
            tokens = [token]
            codes = [token] if token == self.talk.control.boi else [*codes, token]
            if token == self.talk.control.eoi:
                tokens += self.talk.text(f" {self._named(codes).name}")
            self.decoder.feed(context, tokens)

    def _named(self, tokens: Sequence[int]) -> Item:
        """The film whose ID ends here."""
        codes = tuple(
            self.talk.control.code[t][1] for t in tokens[-1 - self.decoder.trie.n_levels : -1]
        )
        return self.catalog.item(self.decoder.trie.items(codes)[0])

    # reading

    def history(self, dialogue: Dialogue) -> History:
        """The newest turns that fit, up to where the assistant begins."""
        turns: list[tuple[list[int], str | None]] = []  # and the item whose card is in it
        carded: set[str] = set()
        for position, turn in enumerate(dialogue.turns):
            if turn.speaker == "user":
                turns.append((self.talk.user(turn), None))
                continue
            said = said_in(turn, frozenset(dialogue.before(position).mentioned), self.catalog)
            about = said.item.id if said.item else None
            is_known = about in carded
            ids = self.talk.assistant(said, is_known=is_known).ids
            turns.append((ids, None if is_known else about))
            carded.update([about] if about else [])
        kept, read = list[int](), set[str]()
        for ids, about in reversed(turns):
            if len(kept) + len(ids) > MAX_HISTORY:
                kept = kept or ids[-MAX_HISTORY:]
                break
            kept = ids + kept
            read.update([about] if about else [])
        return History([*kept, *self.talk.opening()], frozenset(read))

    def _read(self, histories: Sequence[History]) -> Context:
        ids, mask = left_pad([history.ids for history in histories], pad=0)
        return self.decoder.read(ids, mask=mask)

    def _pieces(self, said: Sequence[int], item: Item | None) -> tuple[str | Item, ...]:
        """What the tokens of a reply say; an item still unfinished is left out."""
        control, pieces = self.talk.control, list[str | Item | Slot]()
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

    def _text(self, ids: Sequence[int]) -> str:
        said: str = self.loaded.tokenizer.decode(ids)
        return said

    def _provenance(self, plan: Plan) -> Provenance:
        decoding = {"words": asdict(self.wording), "beam": BEAM, "temperature": plan.temperature}
        return Provenance(
            recommender=self.name,
            model_sha256=self.loaded.base_sha256,
            adapter_sha256=self.loaded.adapter_sha256,
            catalog_sha256=self.catalog.fingerprint,
            decoding=json.dumps(decoding, sort_keys=True),
        )


def said_in(turn: Turn, before: frozenset[str], catalog: Catalog) -> Said:
    """What the assistant did in a turn of the history, as far as the turn tells.

    A film that was not named before is one that it recommended.
    """
    named = [i for i in turn.item_ids if i in catalog.row]
    new = [i for i in named if i not in before]
    item = catalog.item((new or named)[0]) if named else None
    pieces: list[str | Item | Slot] = []
    end = 0
    for mention in turn.mentions:
        if mention.item_id in catalog.row:
            pieces += [turn.text[end : mention.start], catalog.item(mention.item_id)]
            end = mention.end
    pieces.append(turn.text[end:])
    return Said("REC" if new else "CHAT", item, tuple(p for p in pieces if p != ""))

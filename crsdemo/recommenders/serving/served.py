"""The generative recommender whose model is elsewhere: a large base behind vLLM or one like it.

Prompts, trie, cards and slots are those of `gcrs`; each token that decides is asked for among those
that the live catalog allows (completions.py), then the words, under a regular expression. What is
not as in `gcrs`: codes are taken one by one and not by a beam, the prior has no say, and words name
no other items. The server wants whole weights: `python -m crsdemo whole-weights`.

    {name = "big", url = "http://gpu:8000/v1", model = "mine", checkpoint = "mycatalog/.../gcrs"}
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.conversation import plain_text
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import OutsideError
from crsdemo.core.part import is_readable
from crsdemo.core.recommender import (
    Evidence,
    Mode,
    Plan,
    Provenance,
    Recommendation,
    Reply,
    Timing,
)
from crsdemo.core.slots import TITLE, Slot, fill
from crsdemo.items.trie import Trie
from crsdemo.items.trie_labels import TrieLabels
from crsdemo.model.beam import Choice
from crsdemo.model.checkpoint import load_tokens, sha256_of
from crsdemo.model.talk import TalkFormat, history_of
from crsdemo.recommenders.candidate_scores import ItemKnowledge
from crsdemo.recommenders.evidence import path_of, trimmed
from crsdemo.recommenders.outside.systems import Endpoint
from crsdemo.recommenders.ranker import FILE
from crsdemo.recommenders.resources import Resources
from crsdemo.recommenders.serving.completions import Completions, Token
from crsdemo.recommenders.talker import WORDING

TEXT = "[^<]"  # no control token, which all begin with it
BEFORE_TITLE = 160  # characters of a recommendation at most, so that its end is not cut off first
UNFINISHED = re.compile(r"<[^<>]*\Z")


class Walk(NamedTuple):
    """The way to an item, as it was taken."""

    item: Item
    choices: tuple[Choice, ...]  # one for each level
    probability: float


@dataclass(frozen=True)
class Served:
    """Thread-safe. Its replies raise OutsideError."""

    name: str
    completions: Completions
    talk: TalkFormat
    trie: Trie
    labels: TrieLabels
    adapter_sha256: str
    knowledge: ItemKnowledge | None = None  # what was refused

    @classmethod
    def load(cls, endpoint: Endpoint, folder: Path, resources: Resources) -> Served:
        """Raises CheckpointError as `load_tokens` does, BadInputError for a missing key."""
        tokenizer, control, _ = load_tokens(folder, resources.made)
        semantic_ids = resources.files.semantic_ids
        talk = TalkFormat(tokenizer, control, resources.catalog, semantic_ids)
        fitted = (resources.folder / FILE).is_file()
        return cls(
            endpoint.name,
            Completions(endpoint, lambda token: str(tokenizer.convert_ids_to_tokens(token))),
            talk,
            Trie(semantic_ids, control.n_levels),
            TrieLabels(resources.catalog, semantic_ids),
            sha256_of(folder),
            ItemKnowledge(resources.prior) if fitted else None,
        )

    @property
    def catalog(self) -> Catalog:
        return self.talk.catalog

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        """The first way, then the first without that item, and so on: k times a walk."""
        control, found = self.talk.control, list[Recommendation]()
        ids = [*history_of(dialogue, self.talk).ids, control.rec, control.boi]
        hidden = set(exclude) | self._unwanted(dialogue, exclude)
        while len(found) < k and len(hidden & self.catalog.row.keys()) < len(self.catalog):
            walk = self._walk(ids, hidden, Plan(), self._deadline())
            found.append(Recommendation(walk.item, walk.probability))
            hidden.add(walk.item.id)
        return found

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        try:
            yield from self._stream(dialogue, plan)
        except OutsideError as error:
            raise OutsideError(f"{self.name}: {error}") from None  # the log keeps these words

    def _stream(self, dialogue: Dialogue, plan: Plan) -> Iterator[Reply]:
        control, started = self.talk.control, time.perf_counter()
        history, by = history_of(dialogue, self.talk), self._deadline()
        modes = self._modes(history.ids, by)
        likelier = max(modes, key=modes.__getitem__)
        mode: Mode = plan.mode or ("REC" if plan.item_id else likelier)
        written = [control.mode(mode)]
        if mode == "REC":
            walk: Walk | None = self._chosen([*history.ids, *written], dialogue, plan, by)
        else:
            walk = self._spoken_of([*history.ids, *written], dialogue, by)
        item = walk.item if walk else None
        written += self.talk.code(item.id) if item else []
        card = [] if item is None or item.id in history.carded else self.talk.card(item)
        written.append(control.resp)
        evidence = Evidence(
            modes=tuple(modes.items()),
            path=path_of(self.labels, self.trie.codes(walk.item.id), walk.choices) if walk else (),
            candidates=(Recommendation(walk.item, walk.probability),) if walk else (),
            is_given=plan.item_id is not None,
            about=item if mode == "CHAT" else None,
            timings=(Timing("choosing", 1000 * (time.perf_counter() - started)),),
        )
        if mode == "CHAT":
            evidence = replace(evidence, path=(), candidates=())
        reply = Reply(
            (),
            mode,
            item=item if mode == "REC" else None,
            evidence=evidence,
            provenance=self._provenance(plan),
            prompt=self._text(history.ids),
            complete=False,
        )
        yield reply
        text, started = "", time.perf_counter()
        prompt = [*history.ids, *written[:-1], *card, control.resp]
        for text in self._words(prompt, mode, item, dialogue, plan, by):
            yield replace(reply, pieces=self._pieces(UNFINISHED.sub("", text), item))
        timings = (*evidence.timings, Timing("writing", 1000 * (time.perf_counter() - started)))
        pieces = self._pieces(text, item, whole=True)
        if not is_readable("".join(p if isinstance(p, str) else p.name for p in pieces)):
            raise OutsideError("its answer has no words")
        if mode == "REC" and item not in pieces:
            raise OutsideError(
                "its recommendation does not say the title; does it know `structured_outputs`, as "
                "vLLM does?"
            )
        yield replace(
            reply,
            pieces=pieces,
            evidence=replace(evidence, timings=timings),
            output=self._text(written) + text,
            complete=True,
        )

    def _deadline(self) -> float:
        """On `time.monotonic()`: of one reply, however many requests it takes."""
        return time.monotonic() + self.completions.endpoint.seconds

    def _modes(self, ids: Sequence[int], by: float) -> dict[Mode, float]:
        """The tags, most probable first."""
        control = self.talk.control
        token = self.completions.next_token(ids, [control.chat, control.rec], by, temperature=0)
        names: dict[int, Mode] = {control.chat: "CHAT", control.rec: "REC"}
        shares = {names[t]: token.shares.get(t, 0.0) for t in names}
        return dict(sorted(shares.items(), key=lambda mode: -mode[1]))

    def _chosen(self, ids: Sequence[int], dialogue: Dialogue, plan: Plan, by: float) -> Walk:
        """What to recommend: nothing that was refused or named, as long as there is any other."""
        seen = frozenset(dialogue.mentioned) | plan.avoid
        refused = self._unwanted(dialogue, seen)
        hidden = refused | seen
        for fewer in (refused, frozenset[str]()):  # all of a small catalog was named already
            if len(hidden & self.catalog.row.keys()) >= len(self.catalog):
                hidden = fewer
        if plan.item_id:
            hidden = frozenset(self.catalog.row.keys() - {plan.item_id})
        return self._walk([*ids, self.talk.control.boi], hidden, plan, by)

    def _spoken_of(self, ids: Sequence[int], dialogue: Dialogue, by: float) -> Walk | None:
        """The item that talk goes on about, one that was spoken of, or None."""
        control = self.talk.control
        spoken = {i for i in dialogue.mentioned if i in self.trie.leaf}
        if not spoken:
            return None
        follows = self.completions.next_token(ids, [control.resp, control.boi], by, temperature=0)
        if follows.id == control.resp:
            return None
        return self._walk([*ids, control.boi], self.catalog.row.keys() - spoken, Plan(), by)

    def _unwanted(self, dialogue: Dialogue, exclude: Collection[str]) -> frozenset[str]:
        return self.knowledge.look(dialogue, exclude).hidden if self.knowledge else frozenset()

    def _walk(self, ids: Sequence[int], hidden: Collection[str], plan: Plan, by: float) -> Walk:
        """Down the trie from `<BOI>`, level by level, to an item that is not hidden."""
        control = self.talk.control
        counts = self.trie.count(~self.trie.leaves(hidden))
        codes, choices = tuple[int, ...](), list[Choice]()
        for depth in range(1, self.trie.n_levels + 1):
            tokens = {
                control.item_token[depth - 1][code]: code
                for code in self.trie.children(codes)
                if counts[depth][self.trie.node((*codes, code))]
            }
            said = [*ids, *control.item(codes)]
            how = {"temperature": plan.temperature, "seed": plan.seed}
            token = self.completions.next_token(said, list(tokens), by, **how)
            choices.append(_choice(token, tokens))
            codes = (*codes, tokens[token.id])
        item = self.catalog.item(self.trie.items(codes)[0])
        share = prod(choice.probability[choice.code] for choice in choices)
        return Walk(item, tuple(choices), share)

    def _words(
        self,
        ids: Sequence[int],
        mode: Mode,
        item: Item | None,
        dialogue: Dialogue,
        plan: Plan,
        by: float,
    ) -> Iterator[str]:
        title = re.escape(TITLE.token)
        parts = "|".join([TEXT, *(re.escape(slot.token) for slot in self._slots(item))])
        regex = (
            f"{TEXT}{{0,{BEFORE_TITLE}}}{title}(?:{parts})*" if mode == "REC" else f"(?:{parts})+"
        )
        end = str(self.talk.tokenizer.eos_token)
        wording = {"temperature": max(WORDING.temperature, plan.temperature)}
        wording |= {"top_p": WORDING.top_p, "seed": plan.seed + len(dialogue.turns)}
        return self.completions.text(ids, regex, WORDING.max_tokens, end, by, **wording)

    def _slots(self, item: Item | None) -> list[Slot]:
        """What may stand for a fact."""
        return [slot for slot in self.talk.control.slot if item and slot.value(item)]

    def _pieces(
        self, text: str, item: Item | None, *, whole: bool = False
    ) -> tuple[str | Item, ...]:
        """What the words say. Raises OutsideError for control tokens that may not stand there."""
        slots = {slot.token: slot for slot in self._slots(item)}
        pattern = "|".join(map(re.escape, slots)) or r"(?!)"
        parts = re.split(f"({pattern})", plain_text(text))
        pieces = [slots.get(part, part) for part in parts if part]
        wrong = [part for part in pieces if isinstance(part, str) and "<" in part]
        if wrong and whole:
            raise OutsideError(
                f"wrote what the grammar does not allow: {wrong[0][:100]!r}; does it know "
                "`structured_outputs`, as vLLM does?"
            )
        return trimmed(fill(pieces, item))

    def _text(self, ids: Sequence[int]) -> str:
        return str(self.talk.tokenizer.decode(list(ids)))

    def _provenance(self, plan: Plan) -> Provenance:
        endpoint = self.completions.endpoint
        decoding: dict[str, Any] = {
            "endpoint": endpoint.url,
            "model": endpoint.model,
            "version": endpoint.version,
            "options": endpoint.options,
            "temperature": plan.temperature,
        }
        return Provenance(
            self.name,
            adapter_sha256=self.adapter_sha256,
            catalog_sha256=self.catalog.fingerprint,
            decoding=json.dumps(decoding, sort_keys=True),
        )


def _choice(token: Token, code_of: dict[int, int]) -> Choice:
    """One level of the way to an item, as `path_of` reads it."""
    shares = {code_of[t]: share for t, share in token.shares.items()}
    return Choice(code_of[token.id], shares, token.mass)

"""The generative recommender (GCRS, arXiv 2605.21987): intent tag -> item ID -> reply, in one pass.

The prompt is read once. From its cache come the mode, the ranking of the catalog by a beam over
the ID trie, the semantic ID of the chosen item and, after the item's facts have been put before
the model, the words. A guide may weigh the items beforehand (the prior) or narrow them to a
shortlist that stands in the prompt (ReGeS, see reges.py).
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from crsdemo import drafts
from crsdemo.catalog import Catalog, Item
from crsdemo.commons import Commons
from crsdemo.decoding import Context, Prior, mode_probabilities
from crsdemo.dialogue import Dialogue
from crsdemo.follow_up import asked_about
from crsdemo.guide import Guidance, Guide, PriorGuide
from crsdemo.prior import SIGNALS
from crsdemo.ranker import FILE, Ranker
from crsdemo.recommender import (
    Decider,
    Evidence,
    Mode,
    Plan,
    Provenance,
    Recommendation,
    Reply,
    Timing,
)
from crsdemo.recommenders.evidence import (
    EXPERT,
    MODEL,
    PRIOR,
    RETRIEVER,
    TOLD,
    Order,
    decided,
    path_of,
    pick,
    recommendations,
    trimmed,
)
from crsdemo.speaker import Speaker
from crsdemo.trie_labels import TrieLabels
from crsdemo.word_choice import Pen, Place, Sampling

MODEL_WEIGHT = 0.25  # of the model's log-probabilities beside the guide's, chosen on dev
REC_FROM = 0.4  # probability from which to recommend; below 0.5, for a film is more help than talk
REC_WHEN_NAMED = 0.1  # the same where the newest words name a film, a genre, a person, years ...
BEAM = 60  # items ranked for a reply; the page shows the best of them
EVALUATION_BEAM = 200  # a beam of 50 finds only a part of the true top 50


@dataclass(frozen=True)
class Words:
    """How the words of a reply are chosen when the plan does not say."""

    max_tokens: int = 72
    drafts: int = 4  # of each sentence; the one that the model is surest of is said
    fact_drafts: int = 12  # the same where a fact is asked for, which a small model finds harder
    temperature: float = 0.7  # of every second draft
    top_p: float = 0.9
    no_repeat_ngram: int = 4


@dataclass
class _Clock:
    """The timings of one reply."""

    started: float = field(default_factory=time.perf_counter)
    timings: list[Timing] = field(default_factory=list)

    def add(self, timings: Sequence[Timing]) -> None:
        """What was timed elsewhere."""
        self.timings += timings
        self.started = time.perf_counter()

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self.timings.append(Timing(step, 1000 * (now - self.started)))
        self.started = now


@dataclass(frozen=True)
class BeforeItem:
    """The place where an item is written next, for one prompt or several."""

    context: Context  # after `<BOI>`
    hidden: Sequence[frozenset[str]]  # for each prompt the items that cannot be written
    prior: Prior | None
    is_asked: bool = False  # the model would not have named an item; `<BOI>` was put in


class Generative:
    """Answers with one autoregressive model under the grammar of the catalog. Thread-safe."""

    def __init__(
        self,
        name: str,
        speaker: Speaker,
        catalog: Catalog,
        guide: Guide | None = None,
        *,
        voice: Speaker | None = None,
        model_weight: float = MODEL_WEIGHT,
        words: Words = Words(),
    ) -> None:
        """Without `guide` the model alone ranks the items.

        `voice`: another model over the same items that decides between talk and recommendation
        and says the words, while `speaker` chooses the item; by default `speaker` does all.
        """
        self._name = name
        self.speaker = speaker
        self.voice = voice or speaker
        self.catalog = catalog
        self.guide = guide
        self.model_weight = model_weight
        self.words = words
        self.writer = speaker.writer
        self.decoder = speaker.decoder
        self.labels = TrieLabels(catalog, self.writer.semantic_ids)
        self._row_of_leaf = [catalog.row[item_id] for item_id in self.decoder.trie.item_ids]

    @classmethod
    def load(cls, folder: Path, commons: Commons, *, with_prior: bool = True) -> Generative:
        """The prior is used if `with_prior`, the model has an ear and the catalog has one.

        Raises CheckpointError or CatalogError if anything is missing or does not match.
        """
        speaker = Speaker.load(folder, commons)
        ranker = commons.folder / FILE
        guide = None
        if with_prior and speaker.ear is not None and ranker.is_file():
            guide = PriorGuide(commons.prior, Ranker.load(ranker, SIGNALS))
        return cls(folder.name, speaker, commons.catalog, guide)

    @property
    def name(self) -> str:
        return self._name

    def without_guide(self) -> Generative:
        """The same model, which now ranks the items alone."""
        alone = copy.copy(self)
        alone.guide = None
        return alone

    def mode_probabilities(self, dialogues: Sequence[Dialogue]) -> list[dict[Mode, float]]:
        """How likely it recommends in the next turn of each."""
        context = self.voice.read(dialogues)
        if self.voice is self.speaker and self.guide is not None and self.guide.is_read:
            looks = self.look_all(dialogues, [frozenset()] * len(dialogues))
            context = self._read(dialogues, looks)
        return [mode_probabilities(logits, self.decoder.control) for logits in context.logits]

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        return self.recommend_batch([dialogue], k, [exclude])[0]

    def recommend_batch(
        self, dialogues: Sequence[Dialogue], k: int, exclude: Sequence[frozenset[str]]
    ) -> list[list[Recommendation]]:
        """The `k` most probable items of each dialogue with the mode forced to REC."""
        looks = self.look_all(dialogues, exclude)
        return self.recommend_guided(dialogues, looks, k, exclude)

    def recommend_guided(
        self,
        dialogues: Sequence[Dialogue],
        looks: Sequence[Guidance],
        k: int,
        exclude: Sequence[frozenset[str]],
    ) -> list[list[Recommendation]]:
        """The same under guidance that is at hand: another shortlist may stand in it."""
        before = self.before_item(dialogues, looks, exclude)
        width = max(EVALUATION_BEAM, k)
        rankings = self.decoder.beam(before.context, width, before.hidden, before.prior)
        return [recommendations(self.catalog, ranking)[:k] for ranking in rankings]

    def before_item(
        self,
        dialogues: Sequence[Dialogue],
        looks: Sequence[Guidance],
        exclude: Sequence[frozenset[str]],
    ) -> BeforeItem:
        """Read each dialogue with the mode forced to REC, up to where its item is written."""
        context = self._read(dialogues, looks)
        self.decoder.feed(context, [self.decoder.control.rec, self.decoder.control.boi])
        hidden = [self._hidden(look, e) for look, e in zip(looks, exclude, strict=True)]
        return BeforeItem(context, hidden, self._prior(looks))

    def look_all(
        self, dialogues: Sequence[Dialogue], exclude: Sequence[frozenset[str]]
    ) -> list[Guidance]:
        """What the guide finds in each; nothing without one."""
        if self.guide is None:
            return [Guidance() for _ in dialogues]
        return self.guide.look_all(dialogues, exclude)

    def _look(self, dialogue: Dialogue, exclude: frozenset[str] = frozenset()) -> Guidance:
        return Guidance() if self.guide is None else self.guide.look(dialogue, exclude)

    def _read(self, dialogues: Sequence[Dialogue], looks: Sequence[Guidance]) -> Context:
        shortlists = [self.writer.shortlist(look.shortlist) for look in looks]
        heard = [look.heard or one for one, look in zip(dialogues, looks, strict=True)]
        return self.speaker.read(heard, shortlists, [look.thought for look in looks])

    def _prompt(self, dialogue: Dialogue, look: Guidance) -> str:
        """What the model reads beside its soft prefix, as text."""
        candidates = self.writer.shortlist(look.shortlist)
        history = self.writer.history(self.speaker.heard(look.heard or dialogue))
        return self.speaker.text([*candidates, *history, *look.thought])

    def _hidden(self, look: Guidance, exclude: frozenset[str]) -> frozenset[str]:
        """Of a shortlist all else is hidden."""
        hidden = exclude | look.hidden
        if look.shortlist:
            hidden |= self.catalog.row.keys() - set(look.shortlist)
        return hidden

    def _prior(self, looks: Sequence[Guidance]) -> Prior | None:
        scores = [look.scores for look in looks]
        if any(row is None for row in scores):
            return None
        rows = torch.stack([torch.from_numpy(row)[self._row_of_leaf] for row in scores])  # type: ignore[arg-type]
        return Prior(rows, self.model_weight)

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        """Free, with the mode forced, or with mode and item forced (GCRS, sec. 3.4)."""
        clock, control = _Clock(), self.decoder.control
        facts: frozenset[str] = frozenset()
        asked = asked_about(dialogue) if plan == replace(Plan(), seed=plan.seed) else None
        if asked and asked.item_id in self.catalog.row:
            plan, facts = replace(plan, item_id=asked.item_id), asked.fields
        seen = frozenset(dialogue.mentioned) | plan.avoid
        look = self._look(dialogue, seen)
        clock.add(look.timings)
        context = self._read([dialogue], [look])
        talk, informed = context, None
        if self.voice is not self.speaker or look.heard not in (None, dialogue):
            talk = self.voice.read([dialogue])  # a wish is chosen for afresh, not talked of
        clock.lap("listening")
        modes = mode_probabilities(talk.logits[0], control)
        mode = planned_mode(plan, modes, look)
        reply = Reply(
            (),
            mode,
            evidence=self._evidence(look, tuple(modes.items())),
            provenance=self._provenance(plan),
            prompt=self._prompt(dialogue, look),
            complete=False,
        )
        written = [control.mode(mode)]
        if mode == "REC":
            self.decoder.feed(context, [control.rec, control.boi])
            item, evidence = self._choose(context, look, seen, plan, clock)
            path = () if look.shortlist else evidence.path
            reply = replace(
                reply,
                item=item,
                evidence=replace(
                    reply.evidence,
                    path=path,
                    candidates=evidence.candidates,
                    deciders=evidence.deciders,
                    is_given=plan.item_id is not None,
                ),
            )
            chosen = self.writer.item(item.id)
            written += chosen
            unsaid = [control.eoi] if talk is context else [control.rec, *chosen]
            informed = copy.deepcopy(talk) if facts else None
            self.voice.decoder.feed(talk, [*unsaid, *self.writer.card(item, facts), control.resp])
            if informed is not None:
                everything = [*unsaid, *self.writer.card(item), control.resp]
                self.voice.decoder.feed(informed, everything)
        else:
            self.voice.decoder.feed(talk, [control.chat, control.resp])
        written.append(control.resp)
        yield reply
        yield from self._speak(talk, informed, dialogue, plan, reply, written, facts, clock)

    def _speak(
        self,
        context: Context,
        informed: Context | None,
        dialogue: Dialogue,
        plan: Plan,
        reply: Reply,
        written: list[int],
        facts: frozenset[str],
        clock: _Clock,
    ) -> Iterator[Reply]:
        """The words of `reply`, whose tokens so far are `written`; of `facts` alone, if any.

        `informed`: where `facts` are asked for, the same with all facts before the model.
        """
        said: list[int] = []
        item = reply.item
        sayable = {item.id} if item else set()  # a small model confuses films named before
        slots = self.writer.slots(item, facts) if item else ()
        voice, about = self.voice, item.id if item else None
        place = Place(
            voice.decoder.grammar, reply.mode, slots, sayable, about, owes_a_fact=bool(facts)
        )
        pen = Pen(place, self._sampling(dialogue, plan))
        words = (
            drafts.write(voice.decoder, context, pen, self.words.drafts, voice.sentence_ends)
            if informed is None
            else drafts.answer(voice.decoder, context, informed, pen, self.words.fact_drafts)
        )
        for token in words:
            said.append(token)
            yield replace(reply, pieces=self.writer.read(said, item))
        clock.lap("writing")
        output = [*written, *said, self.decoder.control.eos]
        evidence = replace(reply.evidence, timings=(*reply.evidence.timings, *clock.timings))
        yield replace(
            reply,
            pieces=trimmed(self.writer.read(said, item)),
            evidence=evidence,
            output_ids=tuple(output),
            output=self.speaker.text(output),
            complete=True,
        )

    def _sampling(self, dialogue: Dialogue, plan: Plan) -> Sampling:
        return Sampling(
            max_tokens=self.words.max_tokens,
            temperature=max(self.words.temperature, plan.temperature),
            top_p=self.words.top_p,
            no_repeat_ngram=self.words.no_repeat_ngram,
            seed=plan.seed + len(dialogue.turns),
        )

    def _choose(
        self, context: Context, look: Guidance, seen: frozenset[str], plan: Plan, clock: _Clock
    ) -> tuple[Item, Evidence]:
        """The item to speak of, after `<BOI>`; `context` grows by its tokens."""
        hidden, prior = self._hidden(look, seen), self._prior([look])
        fresh = self.decoder.beam(context, BEAM, [hidden], prior)[0]
        if not fresh.item_ids:  # all of a small catalog was named already
            fresh = self.decoder.beam(context, BEAM, (), prior)[0]
        item_id = plan.item_id or pick(fresh, plan)
        clock.lap("choosing the film")
        ranked = recommendations(self.catalog, fresh)
        deciders = self._deciders(context, look, ranked[:TOLD], hidden, item_id)
        choices = self.decoder.follow(context, item_id, hidden, prior)
        evidence = Evidence(
            path=path_of(self.labels, self.decoder.trie.codes(item_id), choices),
            candidates=tuple(look.with_signals(self.catalog, ranked)),
            deciders=deciders,
        )
        clock.lap("telling why")
        return self.catalog.item(item_id), evidence

    def _deciders(
        self,
        context: Context,
        look: Guidance,
        best: Sequence[Recommendation],
        hidden: frozenset[str],
        chosen: str,
    ) -> tuple[Decider, ...]:
        """The place that the model and the guide gave to the chosen item among the best."""
        if look.scores is None or not best:
            return ()
        ids = [one.item.id for one in best]
        by_model = np.array(self.decoder.log_probabilities(context, ids, hidden))
        by_guide = look.scores[[self.catalog.row[i] for i in ids]].astype(np.float64)
        names = (EXPERT, RETRIEVER) if look.shortlist else (MODEL, PRIOR)
        orders = [
            Order(name, order) for name, order in zip(names, (by_model, by_guide), strict=True)
        ]
        return decided(best, orders, chosen)[1]

    def _evidence(self, look: Guidance, modes: tuple[tuple[Mode, float], ...]) -> Evidence:
        """What is known before anything is chosen."""
        query = look.query
        return Evidence(
            modes=modes,
            query=query.text if query else "",
            query_sources=query.sources if query else (),
        )

    def _provenance(self, plan: Plan) -> Provenance:
        decoding = {
            "words": asdict(self.words),
            "beam": BEAM,
            "temperature": plan.temperature,
            "model_weight": self.model_weight,
            "guide": None if self.guide is None else self.guide.describe(),
        }
        loaded = self.speaker.loaded
        return Provenance(
            recommender=self.name,
            model_sha256=loaded.base_sha256,
            adapter_sha256=loaded.adapter_sha256,
            catalog_sha256=self.catalog.fingerprint,
            decoding=json.dumps(decoding, sort_keys=True),
        )


def planned_mode(plan: Plan, modes: Mapping[Mode, float], look: Guidance) -> Mode:
    """REC from a probability on that is lower where the newest words are about films."""
    if plan.item_id:
        return "REC"
    enough = REC_WHEN_NAMED if look.is_wish else REC_FROM
    return plan.mode or ("REC" if modes["REC"] >= enough else "CHAT")

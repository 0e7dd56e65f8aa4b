"""The generative recommender (GCRS, arXiv 2605.21987): intent tag -> item ID -> reply, in one pass.

The prompt is read once. From its cache come the mode, the ranking of the catalog by a beam over
the ID trie, the semantic ID of the chosen item and, after the item's facts have been put before
the model, the words.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from crsdemo.catalog import Catalog, Item
from crsdemo.checkpoint import Loaded, load_checkpoint
from crsdemo.decoding import (
    Choice,
    Context,
    Decoder,
    Prior,
    Ranking,
    Sampling,
    left_pad,
    mode_probabilities,
)
from crsdemo.dialogue import Dialogue
from crsdemo.encoder import TextEncoder
from crsdemo.follow_up import asked_about
from crsdemo.grammar import Grammar
from crsdemo.listener import N_KINDS, Ear
from crsdemo.mentions import PeopleLinker
from crsdemo.newcomers import ItemFiles
from crsdemo.prior import SIGNALS, ItemPrior, PriorWeights
from crsdemo.prompt import PromptWriter
from crsdemo.recommender import (
    Branch,
    Evidence,
    Mode,
    PathStep,
    Plan,
    Provenance,
    Recommendation,
    Reply,
    Signal,
    Timing,
)
from crsdemo.semantic_ids import SemanticIDs
from crsdemo.trie_labels import TrieLabels

MODEL_WEIGHT = 1.0  # of the model's log-probabilities beside the prior, chosen on dev
REC_FROM = 0.3  # probability from which to recommend: as right on dev as 0.5, and more helpful
BEAM = 60  # items ranked for a reply; the page shows the best of them
EVALUATION_BEAM = 200  # a beam of 50 finds only a part of the true top 50
SHOWN_BRANCHES = 5  # alternatives kept as evidence, per level
PRIOR_FILE = "prior.json"


@dataclass(frozen=True)
class Words:
    """How the words of a reply are chosen when the plan does not say."""

    max_tokens: int = 72
    temperature: float = 0.3
    top_p: float = 0.9
    no_repeat_ngram: int = 4


@dataclass
class _Clock:
    """The timings of one reply."""

    started: float = field(default_factory=time.perf_counter)
    timings: list[Timing] = field(default_factory=list)

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self.timings.append(Timing(step, 1000 * (now - self.started)))
        self.started = now


class Generative:
    """Answers with one autoregressive model under the grammar of the catalog. Thread-safe."""

    def __init__(
        self,
        name: str,
        loaded: Loaded,
        catalog: Catalog,
        semantic_ids: SemanticIDs,
        ear: Ear | None,
        prior: tuple[ItemPrior, PriorWeights] | None = None,
        words: Words = Words(),
    ) -> None:
        """Without `prior` the model alone ranks the items."""
        self._name = name
        self.loaded = loaded
        self.catalog = catalog
        self.ear = ear
        self.prior = prior
        self.words = words
        self.writer = PromptWriter(loaded.tokenizer, loaded.control, catalog, semantic_ids)
        self.decoder = Decoder(
            loaded.model, Grammar(loaded.tokenizer, loaded.control, semantic_ids)
        )
        self.labels = TrieLabels(catalog, semantic_ids)
        self._row_of_leaf = [catalog.row[item_id] for item_id in self.decoder.trie.item_ids]

    @classmethod
    def load(
        cls, folder: Path, catalog: Catalog, catalog_folder: Path, *, with_prior: bool = True
    ) -> Generative:
        """The prior is used if `with_prior` and the catalog has one.

        Raises CheckpointError or CatalogError if anything is missing or does not match.
        """
        made = SemanticIDs.read(catalog_folder)
        loaded = load_checkpoint(folder, catalog, made)
        files = ItemFiles(catalog, catalog_folder, made)
        ear, prior = None, None
        if loaded.listener is not None:
            config = loaded.listener.config
            encoder = TextEncoder(config.encoder)
            files = replace(files, encoder=encoder)
            vectors = torch.from_numpy(files.vectors)
            people = PeopleLinker(catalog)
            ear = Ear(config, encoder, catalog, vectors, people)
            if with_prior and (catalog_folder / PRIOR_FILE).is_file():
                known = ItemPrior(catalog, ear.themes.numpy(), files.neighbours, encoder, people)
                prior = (known, PriorWeights.load(catalog_folder / PRIOR_FILE))
        return cls(folder.name, loaded, catalog, files.semantic_ids, ear, prior)

    @property
    def name(self) -> str:
        return self._name

    def mode_probabilities(self, dialogue: Dialogue) -> dict[Mode, float]:
        context = self._read([dialogue])
        return mode_probabilities(context.logits[0], self.decoder.control)

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        return self.recommend_batch([dialogue], k, [exclude])[0]

    def recommend_batch(
        self, dialogues: Sequence[Dialogue], k: int, exclude: Sequence[frozenset[str]]
    ) -> list[list[Recommendation]]:
        """The `k` most probable items of each dialogue with the mode forced to REC."""
        context = self._read(dialogues)
        self.decoder.feed(context, [self.decoder.control.rec, self.decoder.control.boi])
        prior = self._prior(dialogues)
        hidden = [e | self._refused(d) for d, e in zip(dialogues, exclude, strict=True)]
        rankings = self.decoder.beam(context, max(EVALUATION_BEAM, k), hidden, prior)
        return [self._recommendations(ranking)[:k] for ranking in rankings]

    def _refused(self, dialogue: Dialogue) -> frozenset[str]:
        """What the user does not want cannot be said, as long as anything is left to say."""
        refused = frozenset() if self.prior is None else self.prior[0].refused(dialogue)
        return refused if len(refused) < len(self.catalog) // 2 else frozenset()

    def _prior(self, dialogues: Sequence[Dialogue]) -> Prior | None:
        if self.prior is None:
            return None
        known, weights = self.prior
        scores = np.stack([known.scores(dialogue, weights) for dialogue in dialogues])
        return Prior(torch.tensor(scores[:, self._row_of_leaf]), MODEL_WEIGHT)

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        """Free, with the mode forced, or with mode and item forced (GCRS, sec. 3.4)."""
        clock, control = _Clock(), self.decoder.control
        asked = asked_about(dialogue)
        if plan == replace(Plan(), seed=plan.seed) and asked in self.catalog.row:
            plan = replace(plan, item_id=asked)
        context = self._read([dialogue])
        clock.lap("listening")
        modes = mode_probabilities(context.logits[0], control)
        mode = _planned_mode(plan, modes)
        reply = Reply(
            (),
            mode,
            evidence=Evidence(modes=tuple(modes.items())),
            provenance=self._provenance(plan),
            prompt=self.loaded.tokenizer.decode(self.writer.history(dialogue)),
            complete=False,
        )
        written = [control.mode(mode)]
        if mode == "REC":
            self.decoder.feed(context, [control.rec, control.boi])
            item, evidence = self._choose(context, dialogue, plan, clock)
            reply = replace(
                reply,
                item=item,
                evidence=replace(evidence, modes=tuple(modes.items())),
            )
            chosen = self.writer.item(item.id)
            written += chosen
            self.decoder.feed(context, [control.eoi, *self.writer.card(item), control.resp])
        else:
            self.decoder.feed(context, [control.chat, control.resp])
        written.append(control.resp)
        yield reply
        yield from self._speak(context, dialogue, plan, reply, written, clock)

    def _speak(
        self,
        context: Context,
        dialogue: Dialogue,
        plan: Plan,
        reply: Reply,
        written: list[int],
        clock: _Clock,
    ) -> Iterator[Reply]:
        """The words of `reply`, whose tokens so far are `written`."""
        said: list[int] = []
        item = reply.item
        sayable = {item.id} if item else set()  # a small model confuses films named before
        slots = self.writer.slots(item) if item else ()
        tokens = self.decoder.write(
            context,
            reply.mode,
            self._sampling(dialogue, plan),
            slots,
            sayable,
            about=item.id if item else None,
        )
        for token in tokens:
            said.append(token)
            yield replace(reply, pieces=self.writer.read(said, item))
        clock.lap("writing")
        output = [*written, *said, self.decoder.control.eos]
        evidence = replace(reply.evidence, timings=(*reply.evidence.timings, *clock.timings))
        yield replace(
            reply,
            pieces=_trimmed(self.writer.read(said, item)),
            evidence=evidence,
            output_ids=tuple(output),
            output=self.loaded.tokenizer.decode(output),
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
        self, context: Context, dialogue: Dialogue, plan: Plan, clock: _Clock
    ) -> tuple[Item, Evidence]:
        """The item to speak of, after `<BOI>`; `context` grows by its tokens."""
        seen = frozenset(dialogue.mentioned) | plan.avoid | self._refused(dialogue)
        prior = self._prior([dialogue])
        clock.lap("remembering what goes together")
        fresh = self.decoder.beam(context, BEAM, [seen], prior)[0]
        if not fresh.item_ids:  # all of a small catalog was named already
            fresh = self.decoder.beam(context, BEAM, (), prior)[0]
        item_id = plan.item_id or _pick(fresh, plan)
        clock.lap("choosing the film")
        choices = self.decoder.follow(context, item_id, seen, prior)
        evidence = Evidence(
            path=self._path(self.decoder.trie.codes(item_id), choices),
            candidates=tuple(self._with_signals(dialogue, self._recommendations(fresh))),
        )
        clock.lap("telling why")
        return self.catalog.item(item_id), evidence

    def _with_signals(
        self, dialogue: Dialogue, candidates: Sequence[Recommendation]
    ) -> Iterator[Recommendation]:
        """The candidates with what the prior said for or against each, most telling first."""
        if self.prior is None:
            yield from candidates
            return
        known, weights = self.prior
        parts = np.asarray(weights.values)[:, None] * known.signals(dialogue)
        for candidate in candidates:
            mine = parts[:, self.catalog.row[candidate.item.id]]
            told = [Signal(SIGNALS[i], float(mine[i])) for i in np.argsort(-np.abs(mine))]
            yield replace(candidate, signals=tuple(s for s in told[:4] if abs(s.value) > 0.05))

    def _path(self, codes: tuple[int, ...], choices: Sequence[Choice]) -> tuple[PathStep, ...]:
        return tuple(self._step(codes[:level], choice) for level, choice in enumerate(choices))

    def _step(self, prefix: tuple[int, ...], choice: Choice) -> PathStep:
        others = [code for code in choice.probability if code != choice.code]
        return PathStep(
            level=len(prefix),
            chosen=self._branch(prefix, choice.code, choice),
            alternatives=tuple(self._branch(prefix, c, choice) for c in others[:SHOWN_BRANCHES]),
            n_allowed=len(choice.probability),
            allowed_mass=choice.allowed_mass,
        )

    def _branch(self, prefix: tuple[int, ...], code: int, choice: Choice) -> Branch:
        label, n_items, examples = self.labels.branch((*prefix, code))
        return Branch(code, choice.probability.get(code, 0.0), label, n_items, examples)

    def _recommendations(self, ranking: Ranking) -> list[Recommendation]:
        return [
            Recommendation(self.catalog.item(item_id), float(torch.tensor(score).exp()))
            for item_id, score in zip(ranking.item_ids, ranking.log_probabilities, strict=True)
        ]

    def _read(self, dialogues: Sequence[Dialogue]) -> Context:
        """The dialogues up to `<ASSISTANT>`, each behind its soft prefix."""
        ids, mask = left_pad([self.writer.history(d) for d in dialogues], pad=0)
        if self.ear is None:
            return self.decoder.read(ids, mask=mask)
        return self.decoder.read(
            inputs_embeds=self._embed(dialogues, ids, mask), mask=self._wide(mask)
        )

    @torch.inference_mode()
    def _embed(self, dialogues: Sequence[Dialogue], ids: Tensor, mask: Tensor) -> Tensor:
        """Soft prefix and token embeddings, (B, P + n_prefix, D), padding at the left."""
        listener, ear = self.loaded.listener, self.ear
        assert listener is not None and ear is not None
        words = self.loaded.model.get_input_embeddings()(ids)
        prefix = listener(ear.batch([ear.hear(d) for d in dialogues]))
        padded = [
            torch.cat([row[~real], before, row[real]])
            for row, real, before in zip(words, mask, prefix, strict=True)
        ]
        return torch.stack(padded)

    def _wide(self, mask: Tensor) -> Tensor:
        """`mask` (B, P) with room for the soft prefix behind the padding."""
        assert self.ear is not None
        length = self.ear.config.n_prefix + N_KINDS
        room = torch.ones(len(mask), length, dtype=torch.bool)
        return torch.cat([room, mask], 1).sort(dim=1, stable=True).values

    def _provenance(self, plan: Plan) -> Provenance:
        decoding = {
            "words": asdict(self.words),
            "beam": BEAM,
            "temperature": plan.temperature,
            "prior": None if self.prior is None else self.prior[1].values,
            "model_weight": MODEL_WEIGHT,
        }
        return Provenance(
            recommender=self.name,
            model_sha256=self.loaded.base_sha256,
            adapter_sha256=self.loaded.adapter_sha256,
            catalog_sha256=self.catalog.fingerprint,
            decoding=json.dumps(decoding, sort_keys=True),
        )


def _planned_mode(plan: Plan, modes: Mapping[Mode, float]) -> Mode:
    if plan.item_id:
        return "REC"
    return plan.mode or ("REC" if modes["REC"] >= REC_FROM else "CHAT")


def _pick(ranking: Ranking, plan: Plan) -> str:
    """The most probable item, or with a temperature one of the best twenty."""
    if plan.temperature == 0:
        return ranking.item_ids[0]
    scores = torch.tensor(ranking.log_probabilities[:20]) / plan.temperature
    generator = torch.Generator().manual_seed(plan.seed)
    return ranking.item_ids[int(torch.multinomial(scores.softmax(0), 1, generator=generator))]


def _trimmed(pieces: tuple[str | Item, ...]) -> tuple[str | Item, ...]:
    """Without white space at either end."""
    if pieces and isinstance(pieces[0], str):
        pieces = (pieces[0].lstrip(), *pieces[1:])
    if pieces and isinstance(pieces[-1], str):
        pieces = (*pieces[:-1], pieces[-1].rstrip())
    return pieces

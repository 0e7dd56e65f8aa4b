"""The generative recommender on a pretrained base: tag -> item ID -> reply.

GCRS (arXiv 2605.21987). One causal LM decides everything: whether to recommend, which film,
whether to go on about one that was spoken of, and the words. The system puts in what needs no
memory: the card behind an ID, and the fact that a slot stands for. What may follow at each step
comes from one Outlines grammar over the live catalog; what the user refuses is not in it.

`gcrs` adds to the model's log-probability of an item what counts of who likes what together say
(the prior), with no more weight than the model has; `gcrs-alone` is the model by itself.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import Decider, Evidence, Plan, Recommendation, Timing
from crsdemo.items.trie_labels import TrieLabels
from crsdemo.model.beam import Ranking
from crsdemo.model.decoding import Context
from crsdemo.recommenders.candidate_scores import CandidateScores, ItemKnowledge
from crsdemo.recommenders.evidence import (
    MODEL,
    PRIOR,
    TOLD,
    Order,
    decided,
    path_of,
    pick,
    recommendations,
)
from crsdemo.recommenders.facts_named import FactsNamed
from crsdemo.recommenders.prior import SIGNALS
from crsdemo.recommenders.quotes import quotes
from crsdemo.recommenders.ranker import FILE, Ranker
from crsdemo.recommenders.resources import Resources
from crsdemo.recommenders.stories import Stories
from crsdemo.recommenders.talker import Talker
from crsdemo.recommenders.talking import Found, TalkingRecommender

BEAM = 60  # films ranked for a reply; the page shows the best of them
EVALUATION_BEAM = 200  # a narrow beam finds only a part of the true best fifty
PRIOR_WEIGHT = 0.6  # of the prior's log-scores; the model's count once. Chosen on dev


class BeforeItem(NamedTuple):
    """Where the IDs of items are about to be written, one row per dialogue."""

    context: Context  # after `<BOI>`
    hidden: list[frozenset[str]]  # items that must not be written
    log_prior: torch.Tensor | None  # (N, n_items) in the order of the leaves of the trie


class Gcrs(TalkingRecommender):
    """Writes the semantic ID of the film that it recommends."""

    def __init__(self, name: str, talker: Talker, knowledge: ItemKnowledge | None = None) -> None:
        super().__init__(name, talker)
        self.knowledge = knowledge
        self.decoder = talker.decoder
        self.labels = TrieLabels(talker.catalog, talker.format.semantic_ids)
        self._row_of_leaf = [self.catalog.row[i] for i in self.decoder.trie.item_ids]

    @classmethod
    def load(
        cls, folder: Path, resources: Resources, *, with_prior: bool = True, name: str | None = None
    ) -> Gcrs:
        """`with_prior`: where the catalog has one.

        Raises CheckpointError or CatalogError if anything is missing or does not match.
        """
        talker = Talker.load(folder, resources)
        path = resources.folder / FILE
        knowledge = None
        if path.is_file():
            ranker = Ranker.load(path, SIGNALS) if with_prior else None
            stories = resources.stories if with_prior else None
            knowledge = ItemKnowledge(resources.prior, ranker, PRIOR_WEIGHT, stories)
        return cls(name or folder.name, talker, knowledge)

    @property
    def stories(self) -> Stories | None:
        return self.knowledge.stories if self.knowledge else None

    @property
    def named(self) -> FactsNamed | None:
        return self.knowledge.prior.named if self.knowledge else None

    def recommend_batch(
        self, dialogues: Sequence[Dialogue], k: int, exclude: Sequence[frozenset[str]]
    ) -> list[list[Recommendation]]:
        """The `k` most probable items of each dialogue with the mode forced to REC."""
        before = self.before_item(dialogues, exclude)
        width = max(EVALUATION_BEAM, k)
        rankings = self.decoder.beam(before.context, width, before.hidden, before.log_prior)
        return [recommendations(self.catalog, ranking)[:k] for ranking in rankings]

    def before_item(
        self, dialogues: Sequence[Dialogue], exclude: Sequence[frozenset[str]]
    ) -> BeforeItem:
        """Everything is read, the mode is forced to REC, and an item follows."""
        looks = [self.look(d, e) for d, e in zip(dialogues, exclude, strict=True)]
        context = self.talker.read([self.talker.history(dialogue) for dialogue in dialogues])
        control = self.talker.control
        self.decoder.feed(context, [control.rec, control.boi])
        hidden = [e | look.hidden for e, look in zip(exclude, looks, strict=True)]
        return BeforeItem(context, hidden, self._log_prior(looks))

    def look(self, dialogue: Dialogue, exclude: frozenset[str] = frozenset()) -> CandidateScores:
        known = self.knowledge
        return CandidateScores() if known is None else known.look(dialogue, exclude)

    def _log_prior(self, looks: Sequence[CandidateScores]) -> torch.Tensor | None:
        scores = [look.scores for look in looks]
        if any(row is None for row in scores):
            return None
        by_leaf = np.stack([row for row in scores if row is not None])[:, self._row_of_leaf]
        return torch.from_numpy(by_leaf)

    def find(self, context: Context, dialogue: Dialogue, plan: Plan) -> Found:
        started, control = time.perf_counter(), self.talker.control
        self.decoder.feed(context, [control.rec, control.boi])
        item, evidence = self._choose(context, dialogue, plan)
        choosing = Timing(
            f"choosing the {self.catalog.domain.item}", 1000 * (time.perf_counter() - started)
        )
        return Found(item, (control.rec,), evidence, (choosing,))

    def _choose(self, context: Context, dialogue: Dialogue, plan: Plan) -> tuple[Item, Evidence]:
        """`context` stands after `<BOI>` and grows up to the last code of the film."""
        seen = frozenset(dialogue.mentioned) | plan.avoid
        look = self.look(dialogue, seen)
        hidden = look.hidden | seen
        for fewer in (look.hidden, frozenset[str]()):  # all of a small catalog was named already
            if len(hidden) >= len(self.catalog):
                hidden = fewer
        log_prior = self._log_prior([look])
        ranking = self.decoder.beam(context, BEAM, [hidden], log_prior)[0]
        item_id = plan.item_id or pick(ranking, plan)
        candidates, deciders = self._decided(context, look, ranking, hidden, item_id)
        choices = self.decoder.follow(context, item_id, hidden, log_prior)
        path = path_of(self.labels, self.decoder.trie.codes(item_id), choices)
        item, known, is_given = self.catalog.item(item_id), self.knowledge, plan.item_id is not None
        return item, Evidence(
            path=path,
            candidates=candidates,
            deciders=deciders,
            is_given=is_given,
            quotes=()
            if is_given or known is None
            else quotes(known.prior.named, dialogue, look, item),
        )

    def _decided(
        self,
        context: Context,
        look: CandidateScores,
        ranking: Ranking,
        hidden: frozenset[str],
        chosen: str,
    ) -> tuple[tuple[Recommendation, ...], tuple[Decider, ...]]:
        """The ranked items; of the first what the model and what the prior say of each."""
        ranked = recommendations(self.catalog, ranking)
        best = [one.item.id for one in ranked[:TOLD]]
        scores = look.scores
        if scores is None or not best:
            return tuple(ranked), ()
        by_model = self.decoder.log_probabilities(context, best, hidden)
        by_prior = scores[[self.catalog.row[i] for i in best]]
        orders = (Order(MODEL, np.array(by_model)), Order(PRIOR, by_prior.astype(np.float64)))
        return decided(ranked, orders, chosen)

    def decoding(self) -> dict[str, Any]:
        known = self.knowledge
        has_prior = known is not None and known.ranker is not None
        return {"beam": BEAM, "prior_weight": known.weight if known and has_prior else 0}

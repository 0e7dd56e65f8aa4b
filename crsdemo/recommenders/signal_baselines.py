"""Baselines that count instead of learning a language model: what goes together, and all signals.

They show what a model has to beat: who is mentioned together in training dialogues, and the fitted
sum of everything that the prior knows (`prior.py`), alone or corrected by its trees (`ranker.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import Quote, Recommendation, Signal
from crsdemo.items.arrays import Floats
from crsdemo.recommenders.candidate_scores import ItemKnowledge, flags
from crsdemo.recommenders.popularity import Baseline
from crsdemo.recommenders.quotes import quotes
from crsdemo.recommenders.ranker import best


@dataclass(frozen=True)
class CoOccurrence(Baseline):
    """Recommends what training dialogues mention together with the items named so far.

    The score is the number of shared dialogues, summed over the items named; popularity breaks
    ties, so that before any item is named it is the popularity baseline.
    """

    catalog: Catalog
    together: sparse.csr_matrix  # (n, n) dialogues that mention both
    name = "co-occurrence"
    opening = "People often talk about them together with "

    @cached_property
    def _popularity(self) -> Floats:
        """(n,) from 0 to below 1: less than one shared dialogue."""
        counts = np.array([item.popularity for item in self.catalog], np.float32)
        shares: Floats = counts / (counts.max() + 1)
        return shares

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        rows = [self.catalog.row[i] for i in dialogue.mentioned if i in self.catalog.row]
        shared = np.asarray(self.together[rows].sum(0), np.float32).ravel()
        scores = np.where(flags(self.catalog, exclude), -np.inf, shared + self._popularity)
        shared_with = f"dialogues shared with {self.catalog.domain.items} you named"
        return [
            Recommendation(
                self.catalog[row],
                float(scores[row]),
                (Signal(shared_with, float(shared[row])),),
            )
            for row in best(scores, k)
        ]


class SignalSum(Baseline):
    """Recommends by the fitted sum of all signals of the prior; no language model is asked.

    With trees in the ranker, they correct the order of the best. What the user refuses is hidden,
    as in the systems that the prior helps.
    """

    def __init__(self, knowledge: ItemKnowledge, name: str) -> None:
        """`knowledge`: with a ranker."""
        assert knowledge.ranker is not None
        self.catalog = knowledge.prior.catalog
        self.knowledge = knowledge
        self.name = name
        self.opening = "What you said speaks for "

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        look = self.knowledge.look(dialogue, exclude)
        assert look.scores is not None  # a prior always has some
        hidden = flags(self.catalog, look.hidden | exclude)
        scores = np.where(hidden, -np.inf, look.scores)
        ranked = [Recommendation(self.catalog[i], float(scores[i])) for i in best(scores, k)]
        return list(look.with_signals(self.catalog, ranked))

    def quotes(self, dialogue: Dialogue, item: Item) -> tuple[Quote, ...]:
        look = self.knowledge.look(dialogue)
        return quotes(self.knowledge.prior.named, dialogue, look, item)

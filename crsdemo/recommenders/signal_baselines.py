"""Baselines that count instead of learning a language model: what goes together, and all signals.

They show what a model has to beat: who is mentioned together in training dialogues, and the fitted
sum of everything that the prior knows (`prior.py`), alone or corrected by its trees (`ranker.py`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import Plan, Recommendation, Reply, Signal
from crsdemo.recommenders.candidate_scores import Floats, ItemKnowledge, flags
from crsdemo.recommenders.popularity import SHOWN, baseline_reply
from crsdemo.recommenders.ranker import best


@dataclass(frozen=True)
class CoOccurrence:
    """Recommends what training dialogues mention together with the items named so far.

    The score is the number of shared dialogues, summed over the items named; popularity breaks
    ties, so that before any item is named it is the popularity baseline.
    """

    catalog: Catalog
    together: sparse.csr_matrix  # (n, n) dialogues that mention both
    name: str = "co-occurrence"

    @cached_property
    def _popularity(self) -> Floats:
        """(n,) from 0 to below 1: less than one shared dialogue."""
        counts = np.array([item.popularity for item in self.catalog], np.float32)
        return counts / (counts.max() + 1)

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        rows = [self.catalog.row[i] for i in dialogue.mentioned if i in self.catalog.row]
        shared = np.asarray(self.together[rows].sum(0), np.float32).ravel()
        scores = np.where(flags(self.catalog, exclude), -np.inf, shared + self._popularity)
        return [
            Recommendation(
                self.catalog[row],
                float(scores[row]),
                (Signal("dialogues shared with films you named", float(shared[row])),),
            )
            for row in best(scores, k)
        ]

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        """One reply at once. Recommends nothing that was named or is to be avoided."""
        start = time.perf_counter()
        candidates = self.recommend(dialogue, SHOWN, exclude=plan.avoid.union(dialogue.mentioned))
        yield baseline_reply(
            self,
            "I am the co-occurrence baseline and read only the titles that were named. People "
            "often talk about them together with ",
            candidates,
            plan,
            time.perf_counter() - start,
        )


@dataclass(frozen=True)
class SignalSum:
    """Recommends by the fitted sum of all signals of the prior; no language model is asked.

    With trees in the ranker, they correct the order of the best. What the user
    refuses is hidden, as in the systems that the prior helps.
    """

    knowledge: ItemKnowledge  # with a ranker
    name: str

    @property
    def catalog(self) -> Catalog:
        return self.knowledge.prior.catalog

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        look = self.knowledge.look(dialogue, exclude)
        assert look.scores is not None  # a prior always has some
        hidden = flags(self.catalog, look.hidden | exclude)
        scores = np.where(hidden, -np.inf, look.scores)
        ranked = [Recommendation(self.catalog[i], float(scores[i])) for i in best(scores, k)]
        return list(look.with_signals(self.catalog, ranked))

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        """One reply at once. Recommends nothing that was named or is to be avoided."""
        start = time.perf_counter()
        candidates = self.recommend(dialogue, SHOWN, exclude=plan.avoid.union(dialogue.mentioned))
        ranker = self.knowledge.ranker
        assert ranker is not None
        how = "" if ranker.trees is None else ", with trees over them"
        yield baseline_reply(
            self,
            f"I am the sum of {len(ranker.names)} signals{how}, and no language model. "
            "What they speak for is ",
            candidates,
            plan,
            time.perf_counter() - start,
        )

"""Who is liked or mentioned together: what training dialogues and ratings say about pairs of items.

From here come the collaborative part of the item vectors and a teacher: for any set of mentioned
items, a distribution over the catalog. Real dialogues are few (2,400), so the model is shown the
whole distribution and not only the one film that was recommended (distillation).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.utils.extmath import randomized_svd

from crsdemo.core.catalog import Catalog

Floats = NDArray[np.float32]
Halves = NDArray[np.float16]


@dataclass(frozen=True)
class TeacherWeights:
    """Weights of the signals, learned by a softmax regression on 500 training turns.

    `summed` signals add up over the mentioned items, older ones counting less; of `nearest` ones
    the largest counts.
    """

    dialogues_summed: float = 8.1
    dialogues_nearest: float = -2.0
    ratings_summed: float = 5.3
    ratings_nearest: float = 6.5
    theme_nearest: float = 3.3
    facts_nearest: float = 3.6
    popularity: float = 1.06
    decay: float = 0.8  # per step back in the dialogue


@dataclass(frozen=True)
class Affinity:
    """Counts over the training data, in catalog order."""

    together: sparse.csr_matrix  # (n, n) dialogues that mention both items; diagonal empty
    count: Floats  # (n,) dialogues that mention the item
    liked_together: sparse.csr_matrix  # (n, n) cosine-like, from ratings; diagonal empty
    liked: Floats  # (n,) people who liked the item

    @classmethod
    def of(
        cls,
        catalog: Catalog,
        dialogues: Iterable[Sequence[str]],
        likes: Iterable[Sequence[str]],
    ) -> Affinity:
        """From the item ids that each dialogue mentions and that each person liked."""
        mentions = _incidence(catalog, dialogues)
        people = _incidence(catalog, likes)
        count = np.asarray(mentions.sum(0)).ravel().astype(np.float32)
        liked = np.asarray(people.sum(0)).ravel().astype(np.float32)
        # who likes very many says less by each like; rare items need support
        per_person = np.asarray(people.sum(1)).ravel()
        weighted = sparse.diags(1 / np.sqrt(np.log(2 + per_person))) @ people
        weighted = weighted @ sparse.diags(1 / np.sqrt(liked + 8))
        return cls(_pairs(mentions), count, _pairs(weighted), liked)

    def collaborative_vectors(self, texts: Floats, dim: int = 64, seed: int = 0) -> Floats:
        """Unit vectors (n, dim) that are near for items mentioned or liked together.

        Truncated SVD of positive PMI. Items with little support lean on what their text vector
        (n, d) predicts (ridge regression), so that unknown items have a place too.
        """
        strong = self.liked_together.copy()
        strong.data[strong.data < 0.01] = 0
        strong.eliminate_zeros()
        pmi = _positive_pmi(self.together) + 0.5 * _positive_pmi(strong)
        u, s, _ = randomized_svd(pmi, dim, random_state=seed)
        raw = u * np.sqrt(s)
        unit: Floats = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-6)
        support = self.count + 0.5 * self.liked
        known = support >= 6
        if known.sum() < 2 * dim:
            return unit.astype(np.float32)
        guess = Ridge(10.0).fit(
            texts[known], unit[known], sample_weight=np.minimum(support[known], 30)
        )
        share = (support / (support + 6))[:, None]
        mixed = share * unit + (1 - share) * guess.predict(texts)
        return _unit(mixed.astype(np.float32))


class Teacher:
    """Distribution over the catalog for a history of mentioned items."""

    def __init__(
        self,
        affinity: Affinity,
        themes: Floats,
        facts: Floats,
        weights: TeacherWeights = TeacherWeights(),
    ) -> None:
        """`themes`, `facts`: unit text vectors (n, d). Holds two (n, n) half-precision matrices."""
        self.affinity = affinity
        self.weights = w = weights
        self.popularity: Floats = (w.popularity * np.log1p(affinity.count)).astype(np.float32)
        n = len(affinity.count)
        self.summed: Halves = np.zeros((n, n), np.float16)
        self.nearest: Halves = np.zeros((n, n), np.float16)
        scale = 1 / np.sqrt(affinity.count + 6)
        for row in range(n):
            together = _dense(affinity.together, row) / np.sqrt(affinity.count[row] + 3) * scale
            liked = _dense(affinity.liked_together, row)
            self.summed[row] = w.dialogues_summed * together + w.ratings_summed * liked
            self.nearest[row] = (
                w.dialogues_nearest * together
                + w.ratings_nearest * liked
                + w.theme_nearest * (themes @ themes[row])
                + w.facts_nearest * (facts @ facts[row])
            )

    def scores(self, mentioned: Sequence[int], without: Sequence[int] = ()) -> Floats:
        """Log-scores (n,) after `mentioned` rows, newest first; mentioned items get -inf.

        `without`: the rows of a training dialogue whose own counts must not help to predict it.
        """
        total = self.popularity.copy()
        for age, row in enumerate(mentioned):
            total += self.weights.decay**age * self.summed[row]
        if mentioned:
            total += self.nearest[list(mentioned)].max(0)
        self._leave_out(total, mentioned, without)
        total[list(mentioned)] = -np.inf
        return total

    def _leave_out(self, total: Floats, mentioned: Sequence[int], without: Sequence[int]) -> None:
        """Take one dialogue's own counts back, for the items of that dialogue."""
        if not len(without):
            return
        own = np.asarray(without)
        count = self.affinity.count
        total[own] -= self.popularity[own]
        total[own] += self.weights.popularity * np.log(np.maximum(count[own], 1))
        scale = self.weights.dialogues_summed / np.sqrt(count[own] + 6)
        for age, row in enumerate(mentioned):
            if row in own:
                total[own] -= self.weights.decay**age * scale / np.sqrt(count[row] + 3)

    def top(
        self, mentioned: Sequence[int], k: int = 250, without: Sequence[int] = ()
    ) -> tuple[NDArray[np.int64], Floats]:
        """The `k` most probable rows and their probabilities, which sum to 1."""
        scores = self.scores(mentioned, without)
        k = min(k, int(np.isfinite(scores).sum()))
        rows = np.argpartition(-scores, k - 1)[:k]
        weights = np.exp(scores[rows] - scores[rows].max())
        return rows.astype(np.int64), (weights / weights.sum()).astype(np.float32)


def _incidence(catalog: Catalog, groups: Iterable[Sequence[str]]) -> sparse.csr_matrix:
    """(n_groups, n_items) 1 where a group holds an item."""
    cells = [
        (number, catalog.row[item])
        for number, group in enumerate(groups)
        for item in set(group)
        if item in catalog.row
    ]
    rows, columns = zip(*cells, strict=True) if cells else ((), ())
    shape = (max(rows, default=0) + 1, len(catalog))
    return sparse.csr_matrix((np.ones(len(cells), np.float32), (rows, columns)), shape=shape)


def _pairs(incidence: sparse.csr_matrix) -> sparse.csr_matrix:
    pairs = (incidence.T @ incidence).tolil()
    pairs.setdiag(0)
    pairs = pairs.tocsr()
    pairs.eliminate_zeros()
    return pairs


def _positive_pmi(pairs: sparse.csr_matrix, smoothing: float = 0.75) -> sparse.csr_matrix:
    """Positive pointwise mutual information with context smoothing (Levy et al. 2015)."""
    cells = pairs.tocoo()
    rows = np.asarray(pairs.sum(1)).ravel() + 1e-9
    columns = rows**smoothing / (rows**smoothing).sum()
    value = np.log(np.maximum(cells.data / (rows[cells.row] * columns[cells.col]), 1e-9))
    kept = value > 0
    return sparse.csr_matrix((value[kept], (cells.row[kept], cells.col[kept])), shape=pairs.shape)


def _dense(matrix: sparse.csr_matrix, row: int) -> Floats:
    return np.asarray(matrix[[row]].todense(), np.float32).ravel()


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return unit

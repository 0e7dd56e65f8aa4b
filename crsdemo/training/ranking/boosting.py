"""Boosted trees that learn to order lists: which of the items of a case are right.

scikit-learn's boosting knows no loss over lists, but its trees can be grown one at a time: each
follows the gradient of a softmax over the items of a list.

Shapes: m rows of all lists, F features, L lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble._hist_gradient_boosting.binning import _BinMapper
from sklearn.ensemble._hist_gradient_boosting.grower import TreeGrower

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
BINS = 256


RATE = 0.1
LEAVES = 8
LEAST = 200  # rows of a leaf
SHARE = 0.5  # of the features, drawn anew for each split
L2 = 1.0


@dataclass(frozen=True)
class Lists:
    """Items to be ordered, one list after the other."""

    rows: Floats  # (m, F)
    right: Floats  # (m,) 0 of a wrong item; those of a list sum to its weight
    starts: Ints  # (L,) first row of each list

    @property
    def sizes(self) -> Ints:
        """(L,)"""
        return np.diff(self.starts, append=len(self.rows))


def grown(lists: Lists, n_trees: int, seed: int) -> list[Any]:
    """The nodes of each tree as scikit-learn keeps them."""
    mapper = _BinMapper(n_bins=BINS, random_state=seed, n_threads=1)
    binned = np.asfortranarray(mapper.fit_transform(lists.rows.astype(np.float64)))
    rng = np.random.default_rng(seed)
    scores = np.zeros(len(lists.rows))
    weight = np.repeat(np.add.reduceat(lists.right, lists.starts), lists.sizes)
    trees = []
    for _ in range(n_trees):
        p = _softmax(scores, lists)
        grower = TreeGrower(
            binned,
            (weight * p - lists.right).astype(np.float32),
            (weight * p * (1 - p)).astype(np.float32),
            max_leaf_nodes=LEAVES,
            min_samples_leaf=LEAST,
            l2_regularization=L2,
            feature_fraction_per_split=SHARE,
            n_bins=BINS,
            n_bins_non_missing=mapper.n_bins_non_missing_,
            rng=rng,
            shrinkage=RATE,
            n_threads=1,
        )
        grower.grow()
        for leaf in grower.finalized_leaves:
            scores[leaf.sample_indices] += leaf.value
        trees.append(grower.make_predictor(mapper.bin_thresholds_).nodes)
    return trees


def _softmax(scores: Doubles, lists: Lists) -> Doubles:
    """(m,) over each list."""
    largest = np.maximum.reduceat(scores, lists.starts)
    raised = np.exp(scores - np.repeat(largest, lists.sizes))
    total = np.add.reduceat(raised, lists.starts)
    return np.asarray(raised / np.repeat(total, lists.sizes))

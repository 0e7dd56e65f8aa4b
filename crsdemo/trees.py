"""Boosted decision trees as plain arrays: fitted by scikit-learn, run by numpy.

Pickled estimators can run anything when loaded and break with the next version; arrays do not.

Shapes: T trees, N nodes of all trees, F features, m rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Trees:
    """Log-odds of a row: the baseline and one leaf of every tree."""

    baseline: float
    roots: Ints  # (T,) node at which a tree begins
    depth: int  # of the deepest tree
    feature: Ints  # (N,) what a node asks for
    threshold: Floats  # (N,) left if at most this
    left: Ints  # (N,) next node; a leaf leads to itself
    right: Ints  # (N,)
    value: Floats  # (N,) what a leaf adds

    def log_odds(self, rows: Floats) -> Floats:
        """(m,) for `rows` (m, F)."""
        place = np.broadcast_to(self.roots, (len(rows), len(self.roots)))
        which = np.arange(len(rows))[:, None]
        for _ in range(self.depth):
            goes_left = rows[which, self.feature[place]] <= self.threshold[place]
            place = np.where(goes_left, self.left[place], self.right[place])
        return np.asarray(self.baseline + self.value[place].sum(1), np.float32)

    @classmethod
    def of(cls, models: Any) -> Trees:
        """The mean of fitted `HistGradientBoostingClassifier`s for two classes.

        scikit-learn shows its trees to nobody, hence the private names; a test compares.
        """
        nodes, starts, n = [], [], 0
        for model in models:
            for (tree,) in model._predictors:
                starts.append(n)
                nodes.append(_linked(tree.nodes, n))
                n += len(tree.nodes)
        every = np.concatenate(nodes)
        return cls(
            baseline=float(np.mean([model._baseline_prediction.item() for model in models])),
            roots=np.array(starts, np.int32),
            depth=int(every["depth"].max()),
            feature=every["feature_idx"].astype(np.int32),
            threshold=_just_below(every["num_threshold"]),
            left=every["left"].astype(np.int32),
            right=every["right"].astype(np.int32),
            value=np.where(every["is_leaf"], every["value"] / len(models), 0).astype(np.float32),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """To be kept."""
        return {
            "baseline": np.array([self.baseline], np.float32),
            "depth": np.array([self.depth], np.int32),
            "roots": self.roots,
            "feature": self.feature,
            "threshold": self.threshold,
            "left": self.left,
            "right": self.right,
            "value": self.value,
        }

    @classmethod
    def from_arrays(cls, kept: Mapping[str, NDArray[Any]]) -> Trees:
        """Raises KeyError if one is missing."""
        baseline, depth = float(kept["baseline"][0]), int(kept["depth"][0])
        names = ("feature", "threshold", "left", "right", "value")
        return cls(baseline, kept["roots"], depth, *(kept[name] for name in names))


def _linked(nodes: Any, first: int) -> Any:
    """A tree's nodes when they stand from `first` on; leaves lead to themselves."""
    linked = nodes.copy()
    own = np.arange(len(nodes))
    for side in ("left", "right"):
        linked[side] = np.where(nodes["is_leaf"], own, nodes[side]) + first
    return linked


def _just_below(thresholds: NDArray[np.float64]) -> Floats:
    """In single precision and not above: `x <= t` stays what it was for x in single precision."""
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)

"""Boosted decision trees as plain arrays: grown by scikit-learn, run by numpy.

Pickled estimators can run anything when loaded and break with the next version; arrays do not.

Shapes: T trees, N nodes of all trees, F features, m rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Trees:
    """The score of a row: the sum of one leaf of every tree."""

    roots: Ints  # (T,) node at which a tree begins
    depth: int  # of the deepest tree
    feature: Ints  # (N,) what a node asks for
    threshold: Floats  # (N,) left if at most this
    left: Ints  # (N,) next node; a leaf leads to itself
    right: Ints  # (N,)
    value: Floats  # (N,) what a leaf adds

    def scores(self, rows: Floats) -> Floats:
        """(m,) for `rows` (m, F)."""
        place = np.broadcast_to(self.roots, (len(rows), len(self.roots)))
        which = np.arange(len(rows))[:, None]
        for _ in range(self.depth):
            goes_left = rows[which, self.feature[place]] <= self.threshold[place]
            place = np.where(goes_left, self.left[place], self.right[place])
        return np.asarray(self.value[place].sum(1), np.float32)

    @classmethod
    def of(cls, forests: Sequence[Sequence[Any]]) -> Trees:
        """The mean of some forests; of each tree the nodes as scikit-learn keeps them."""
        nodes, starts, n = [], [], 0
        for forest in forests:
            for tree in forest:
                starts.append(n)
                nodes.append(_linked(tree, n))
                n += len(tree)
        every = np.concatenate(nodes)
        return cls(
            roots=np.array(starts, np.int32),
            depth=int(every["depth"].max()),
            feature=every["feature_idx"].astype(np.int32),
            threshold=_just_below(every["num_threshold"]),
            left=every["left"].astype(np.int32),
            right=every["right"].astype(np.int32),
            value=np.where(every["is_leaf"], every["value"] / len(forests), 0).astype(np.float32),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """To be kept."""
        return vars(self) | {"depth": np.array([self.depth], np.int32)}

    @classmethod
    def from_arrays(cls, kept: Mapping[str, NDArray[Any]]) -> Trees:
        """Raises KeyError if one is missing."""
        arrays: dict[str, Any] = {one.name: kept[one.name] for one in fields(cls)}
        return cls(**arrays | {"depth": int(kept["depth"][0])})


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

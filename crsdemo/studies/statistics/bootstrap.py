"""95% intervals of figures from votes, by resampling annotators (a clustered bootstrap).

Votes of one annotator resemble each other, so whole annotators are drawn, with all their votes.
Figures are functions of sums over annotators: a draw is a weighted sum of rows.
Shapes: g clusters (annotators), n votes, d sums, r draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, t

Floats = NDArray[np.float64]

DRAWS = 2000
SEED = 0
MOST_UNDEFINED = 0.025  # of the draws: more, and an end of the interval is unknown


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95% interval. None: not known from these votes."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def ends(self) -> tuple[float | None, float | None, float | None]:
        """The figure and both ends of its interval."""
        return self.value, self.low, self.high

    def excludes(self, value: float) -> bool:
        """Whether the interval is known and leaves `value` out."""
        return self.low is not None and self.high is not None and not self.low <= value <= self.high

    def scaled(self, factor: float, shift: float = 0.0) -> Estimate:
        """On another scale: times `factor`, which is above 0, plus `shift`."""
        return Estimate(*(None if end is None else factor * end + shift for end in self.ends))

    def hull(self, low: float, high: float) -> Estimate:
        """An interval no narrower than from `low` to `high`."""
        if self.low is None or self.high is None:
            return Estimate(self.value, low, high)
        return Estimate(self.value, min(self.low, low), max(self.high, high))


def cluster_sums(values: ArrayLike, clusters: Sequence[str]) -> Floats:
    """Sums of the rows of `values` (n, ...) over each cluster, (g, ...), clusters sorted."""
    rows = np.asarray(values, float)
    names, cluster = np.unique(list(clusters), return_inverse=True)
    sums = np.zeros((len(names), *rows.shape[1:]))
    np.add.at(sums, cluster, rows)
    return sums


def draws(sums: Floats, n_draws: int = DRAWS, seed: int = SEED) -> Floats:
    """Totals (r, ...) of g clusters drawn with replacement from `sums` (g, ...)."""
    g = len(sums)
    weights = np.random.default_rng(seed).multinomial(g, np.full(g, 1 / g), size=n_draws)
    return np.tensordot(weights.astype(float), sums, 1)


def interval(drawn: Floats, n_clusters: int) -> tuple[float | None, float | None]:
    """The expanded percentile interval of `drawn` (r,), where NaN is undefined.

    Percentiles alone are too narrow for few clusters; the levels are moved out as Student's t
    has it (Hesterberg 2015, The American Statistician 69(4)). Unknown for one cluster and where
    too many draws are undefined.
    """
    known = drawn[np.isfinite(drawn)]
    if n_clusters < 2 or len(known) < (1 - MOST_UNDEFINED) * len(drawn):
        return None, None
    tail = norm.cdf(-math.sqrt(n_clusters / (n_clusters - 1)) * t.ppf(0.975, n_clusters - 1))
    low, high = np.quantile(known, (tail, 1 - tail))
    return float(low), float(high)


def ratio(parts: ArrayLike, wholes: ArrayLike, clusters: Sequence[str]) -> Estimate:
    """The sum of `parts` (n,) over that of `wholes` (n,), over clusters drawn anew."""
    sums = cluster_sums(np.stack([np.asarray(parts), np.asarray(wholes)], 1), clusters)
    part, whole = sums.sum(axis=0)
    if whole == 0:
        return Estimate(None)
    drawn = draws(sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = interval(drawn[:, 0] / drawn[:, 1], len(sums))
    return Estimate(float(part / whole), low, high)

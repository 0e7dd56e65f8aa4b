"""Figures of shares and of two-way choices. Pure functions of numbers and lists.

Those of ranked lists are in `evaluation/statistics.py`, by a library.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from scipy.stats import binomtest


def rank_of(target: Hashable, ranking: Sequence[Hashable]) -> int | None:
    """The place of `target`, from 1, or None if it is not there."""
    return ranking.index(target) + 1 if target in ranking else None


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95% interval of a share of `hits` among `n` independent trials (Wilson 1927)."""
    if n == 0:
        return 0.0, 1.0
    ends = binomtest(hits, n).proportion_ci(method="wilson")
    return float(ends.low), float(ends.high)


def sign_test(hits: int, n: int) -> float:
    """Exact two-sided p-value of a share of one half; 1 of nothing."""
    return float(binomtest(hits, n).pvalue) if n else 1.0


@dataclass(frozen=True)
class BinaryScores:
    """How well a two-way choice agrees with what was right; of the positive class."""

    n: int
    accuracy: float
    precision: float
    recall: float
    f1: float


def binary_scores(predicted: Sequence[bool], actual: Sequence[bool]) -> BinaryScores:
    """Scores of the positive class; a share of nothing is 0. Raises ValueError on unequal
    lengths."""
    pairs = list(zip(predicted, actual, strict=True))
    hits = sum(p and a for p, a in pairs)
    right = sum(p == a for p, a in pairs)
    precision = hits / max(sum(predicted), 1)
    found = hits / max(sum(actual), 1)
    f1 = 2 * precision * found / (precision + found) if hits else 0.0
    return BinaryScores(len(pairs), right / max(len(pairs), 1), precision, found, f1)

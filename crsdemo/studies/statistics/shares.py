"""Figures of shares and of two-way choices, and tables of such as reports hold and show them.

Those of ranked lists are in `evaluation/statistics.py`, by a library.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.stats import binomtest
from tabulate import tabulate


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


def share(hits: int, n: int) -> dict[str, Any]:
    """`share`, `n` and under `ci95` its Wilson interval; a share of nothing is 0."""
    low, high = wilson(hits, n)
    return {"share": round(hits / max(1, n), 5), "n": n, "ci95": (round(low, 5), round(high, 5))}


def share_of(flags: Collection[bool]) -> dict[str, Any]:
    """How many of `flags` are true, as a share."""
    return share(sum(flags), len(flags))


def percent(one: dict[str, Any]) -> str:
    """A share as "97.3 [95.0, 98.6] (n=150)", in percent; of nothing "(n=0)"."""
    if not one["n"]:
        return "(n=0)"
    return f"{with_ends(one['share'], one['ci95'])} (n={one['n']:,})"


def with_ends(value: float, ends: tuple[float | None, float | None], sign: str = "") -> str:
    """A figure and its interval, if that is known, in percent; `sign`: "+" to write it always."""
    low, high = ends
    around = "" if low is None or high is None else f" [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{100 * value:{sign}.1f}{around}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], style: str = "pipe") -> str:
    """In Markdown, or in another style of tabulate."""
    return str(tabulate(list(rows), head, style, disable_numparse=True))

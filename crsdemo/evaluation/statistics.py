"""Figures of samples with their intervals, and paired tests between two systems.

The metrics are those of ir-measures (trec_eval behind it). Samples of one dialogue resemble each
other, so whole dialogues are drawn for an interval and swapped for a test.

Shapes: n samples, m metrics, g dialogues.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ir_measures
import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from crsdemo.studies.statistics.bootstrap import Estimate, Floats, cluster_sums, draws, interval

Rank = int | None  # from 1; None: not in the list

CUTOFFS = (1, 5, 10, 20, 50)
METRICS = {
    f"{name}@{k}": measure @ k
    for name, measure in (
        ("recall", ir_measures.R),
        ("ndcg", ir_measures.nDCG),
        ("mrr", ir_measures.RR),
    )
    for k in CUTOFFS
}
RESAMPLES = 9_999  # of a randomisation test
AT_ONCE = 500  # resamples held in memory
SEED = 0


def scores(ranks: Sequence[Rank], metrics: Sequence[str] = tuple(METRICS)) -> Floats:
    """(n, m) each metric of each sample, whose only relevant item stands at `ranks`."""
    qrels = {str(n): {"target": 1} for n in range(len(ranks))}
    runs = {str(n): _run(rank) for n, rank in enumerate(ranks)}
    columns = {METRICS[name]: column for column, name in enumerate(metrics)}
    found = np.zeros((len(ranks), len(metrics)))
    if len(ranks):
        for one in ir_measures.iter_calc(list(columns), qrels, runs):
            found[int(one.query_id), columns[one.measure]] = one.value
    return found


def _run(rank: Rank) -> dict[str, float]:
    """A ranked list as trec_eval wants it, with the target at its place."""
    others = CUTOFFS[-1] if rank is None else rank - 1
    run = {f"other {place}": -float(place) for place in range(1, others + 1)}
    return run if rank is None else run | {"target": -float(rank)}


def means(values: ArrayLike, dialogues: Sequence[str]) -> list[Estimate]:
    """The mean of each column of `values` (n, m) with its interval; unknown where n is 0."""
    rows = np.asarray(values, float)
    if not len(rows):
        return [Estimate(None)] * rows.shape[1]
    sums = cluster_sums(np.column_stack([rows, np.ones(len(rows))]), dialogues)
    drawn = draws(sums)
    drawn = drawn[:, :-1] / drawn[:, -1:]
    ends = [interval(column, len(sums)) for column in drawn.T]
    return [Estimate(float(mean), *end) for mean, end in zip(rows.mean(0), ends, strict=True)]


def mean(values: Sequence[float], dialogues: Sequence[int]) -> Estimate:
    """Of `values` (n,), each of the dialogue at that position."""
    return means(np.reshape(values, (len(values), 1)), [str(number) for number in dialogues])[0]


def figures(ranks: Sequence[Rank], dialogues: Sequence[str]) -> dict[str, Estimate]:
    """Every metric by name."""
    return dict(zip(METRICS, means(scores(ranks), dialogues), strict=True))


@dataclass(frozen=True)
class Hit:
    """Where a target was found."""

    dialogue: int  # position among the dialogues
    rank: Rank

    def within(self, k: int) -> bool:
        return self.rank is not None and self.rank <= k


def recalls(hits: Sequence[Hit], cutoffs: Sequence[int]) -> dict[str, Any]:
    """`n` targets, recall at any cut-offs, and under `ci95` the interval of each; for JSON."""
    found = np.array([[hit.within(k) for k in cutoffs] for hit in hits], float)
    estimates = means(found.reshape(len(hits), len(cutoffs)), [str(h.dialogue) for h in hits])
    named = dict(zip((f"recall@{k}" for k in cutoffs), estimates, strict=True))
    return {
        "n": len(hits),
        **{name: round(one.value or 0.0, 5) for name, one in named.items()},
        "ci95": {name: ends(one) for name, one in named.items()},
    }


def ends(one: Estimate) -> tuple[float | None, float | None]:
    """Of an interval, rounded."""
    low, high = (None if end is None else round(end, 5) for end in (one.low, one.high))
    return low, high


@dataclass(frozen=True)
class Difference:
    """How much more one system scores than another on the same samples."""

    by: Estimate  # interval over dialogues drawn anew
    p: float  # of a difference this large if the systems were exchangeable in each dialogue


def difference(mine: ArrayLike, theirs: ArrayLike, dialogues: Sequence[str]) -> Difference:
    """Paired over samples (n,); two-sided Monte Carlo randomisation test over dialogues.

    Swapping the two systems in a random half of the dialogues is Fisher's randomisation test
    (Smucker et al., CIKM 2007) with the dialogue as its unit.
    """
    gain = np.asarray(mine, float) - np.asarray(theirs, float)
    by = means(gain[:, None], dialogues)[0]
    sums = cluster_sums(gain, dialogues)
    sums = sums[sums != 0]  # swapping the systems where they are level changes nothing
    if len(sums) < 2:  # one dialogue alone could as well have gone the other way
        return Difference(by, 1.0)
    test = stats.permutation_test(
        (sums, np.zeros_like(sums)),
        lambda a, b, axis: (a - b).sum(axis),
        permutation_type="samples",
        n_resamples=RESAMPLES,
        batch=AT_ONCE,
        vectorized=True,
        rng=SEED,
    )
    return Difference(by, float(test.pvalue))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted for as many tests as there are (Holm 1979): all hold together at the level."""
    p = np.asarray(p_values, float)
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(steps, 1)
    return [float(one) for one in adjusted]


def jackknife(values: Sequence[float], whole: float) -> Estimate:
    """`whole`, from 0 to 1, with an interval from `values` (g,), each without one dialogue.

    For figures that are no means: a bootstrap holds fewer distinct lists than the data, so that
    its coverage is too low everywhere.
    """
    g = len(values)
    if g < 2:
        return Estimate(whole)
    error = np.sqrt((g - 1) / g * np.square(np.asarray(values) - np.mean(values)).sum())
    half = float(stats.t.ppf(0.975, g - 1) * error)
    return Estimate(whole, max(0.0, whole - half), min(1.0, whole + half))

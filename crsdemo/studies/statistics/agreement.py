"""Do annotators agree? Krippendorff's alpha, percent agreement and split-half reliability.

Told only by tasks that several annotators judged. Low alpha need not mean a useless result: many
who agree little can still rank well together, which the split half measures.
Alpha is written here since the package for it is under a licence that would bind this project.
Shapes: u units (what was judged), c categories, a annotators.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from crsdemo.studies.statistics.bootstrap import Estimate, Floats, draws, interval
from crsdemo.studies.statistics.judging import Vote, recommenders

SPLITS = 200
LEAST_UNITS = 3  # two points always lie on a line
SEED = 0


class Judged(NamedTuple):
    """What one annotator made of one unit."""

    unit: str
    annotator: str
    value: float


@dataclass(frozen=True)
class Agreement:
    """How far several annotators say the same of the same."""

    units: int  # that two or more judged
    percent: float | None  # of pairs of judgments of one unit, from 0 to 1
    alpha: Estimate  # 1 perfect, 0 as by chance; unknown where only one category was used


@dataclass(frozen=True)
class AgreementReport:
    """Agreement on verdicts, seen in three ways, and on each aspect."""

    verdicts: Agreement  # every verdict apart, in terms of recommenders
    winners: Agreement  # the first, the second, or any tie
    aspects: Mapping[str, Agreement]  # as ordinal scales
    split_half: float | None  # of tasks: do two halves of the annotators favour the same side?
    split_half_ranking: float | None  # of recommenders, where there are three or more


def agreement_report(votes: Sequence[Vote]) -> AgreementReport:
    """Of an annotator's votes on a subject the first counts, unless they could not tell."""
    told = [v for v in _first_votes(votes) if v.verdict != "cannot_tell"]
    outcomes = [Judged(v.subject, v.annotator, v.outcome) for v in told]
    verdicts = [Judged(v.subject, v.annotator, _verdict_code(v)) for v in told]
    ranking = [row for v in told for row in _both_ways(v)]
    return AgreementReport(
        agreement(verdicts),
        agreement(outcomes),
        {name: agreement(rows, is_ordinal=True) for name, rows in _aspects(told).items()},
        split_half(outcomes),
        split_half(ranking, by_rank=True) if len(recommenders(told)) > 2 else None,
    )


def agreement(judged: Iterable[Judged], *, is_ordinal: bool = False) -> Agreement:
    """Percent agreement and alpha with an interval over units drawn anew."""
    counts = _counts(judged)
    if not len(counts):
        return Agreement(0, None, Estimate(None))
    coincidences = _coincidences(counts)
    total = coincidences.sum(axis=0)
    drawn = draws(coincidences)
    pairs = counts.sum(axis=1) * (counts.sum(axis=1) - 1)
    alike = (counts * (counts - 1)).sum()
    value = float(_alpha(total, is_ordinal=is_ordinal))
    if not math.isfinite(value):
        return Agreement(len(counts), float(alike / pairs.sum()), Estimate(None))
    ends = interval(_alpha(drawn, is_ordinal=is_ordinal), len(counts))
    return Agreement(len(counts), float(alike / pairs.sum()), Estimate(value, *ends))


def split_half(
    judged: Iterable[Judged], *, by_rank: bool = False, n_splits: int = SPLITS
) -> float | None:
    """How well half of the annotators foretells the other half, from -1 to 1.

    The mean correlation of units' means (of their ranks, `by_rank`) over random halves, stepped
    up to the full number of annotators by Spearman and Brown: 2r / (1 + r). None where too few
    units were judged by both halves, or all alike.
    """
    sums, counts = _table(list(judged))
    generator = np.random.default_rng(SEED)
    half = np.arange(sums.shape[1]) < sums.shape[1] // 2
    found = [
        _correlation(sums, counts, generator.permutation(half), by_rank=by_rank)
        for _ in range(n_splits)
    ]
    known = [r for r in found if r is not None]
    if not known or fmean(known) <= -1:
        return None
    r = fmean(known)
    return 2 * r / (1 + r) if r > 0 else r  # the step is for what measures the same thing


def _alpha(coincidences: Floats, *, is_ordinal: bool) -> Floats:
    """Krippendorff's alpha of coincidence matrices (..., c, c); NaN where all values are equal.

    1 - observed / expected disagreement (Krippendorff 2011, Computing Krippendorff's
    Alpha-Reliability, sec. C and D).
    """
    n_c = coincidences.sum(axis=-1)  # (..., c)
    n = n_c.sum(axis=-1)
    distance = _ordinal(n_c) if is_ordinal else 1 - np.eye(coincidences.shape[-1])
    observed = (coincidences * distance).sum(axis=(-2, -1))
    expected = (n_c[..., :, None] * n_c[..., None, :] * distance).sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(1 - (n - 1) * observed / expected)


def _ordinal(n_c: Floats) -> Floats:
    """(..., c, c): squared number of values from one rank to the other, the ends counted half."""
    middle = np.cumsum(n_c, axis=-1) - n_c / 2
    return np.asarray((middle[..., :, None] - middle[..., None, :]) ** 2)


def _counts(judged: Iterable[Judged]) -> Floats:
    """(u, c): how often each value was given to each unit that has two or more judgments."""
    rows = list(judged)
    units, unit = np.unique([row.unit for row in rows], return_inverse=True)
    values, value = np.unique([row.value for row in rows], return_inverse=True)
    counts = np.zeros((len(units), len(values)))
    np.add.at(counts, (unit, value), 1)
    return np.asarray(counts[counts.sum(axis=1) > 1])


def _coincidences(counts: Floats) -> Floats:
    """(u, c, c): pairs of values in each unit, each weighted by one less than the unit's values."""
    paired = counts[:, :, None] * counts[:, None, :] - counts[:, None, :] * np.eye(counts.shape[1])
    return np.asarray(paired / (counts.sum(axis=1) - 1)[:, None, None])


def _table(judged: Sequence[Judged]) -> tuple[Floats, Floats]:
    """(u, a): sums of values, and how many there are."""
    units, unit = np.unique([row.unit for row in judged], return_inverse=True)
    people, person = np.unique([row.annotator for row in judged], return_inverse=True)
    sums, counts = np.zeros((2, len(units), len(people)))
    np.add.at(sums, (unit, person), [row.value for row in judged])
    np.add.at(counts, (unit, person), 1)
    return sums, counts


def _correlation(
    sums: Floats, counts: Floats, half: NDArray[np.bool_], *, by_rank: bool
) -> float | None:
    """Of the means of units in both halves of the annotators."""
    n = np.stack([counts[:, half].sum(axis=1), counts[:, ~half].sum(axis=1)])
    shared = (n > 0).all(axis=0)
    if shared.sum() < LEAST_UNITS:
        return None
    totals = np.stack([sums[:, half].sum(axis=1), sums[:, ~half].sum(axis=1)])
    means = totals[:, shared] / n[:, shared]
    one, other = rankdata(means, axis=1) if by_rank else means
    if not one.std() or not other.std():
        return None
    return float(np.corrcoef(one, other)[0, 1])


def _first_votes(votes: Sequence[Vote]) -> list[Vote]:
    """One vote per annotator and subject: the first."""
    firsts: dict[tuple[str, str], Vote] = {}
    for vote in sorted(votes, key=lambda vote: vote.created):
        if vote.is_measured:
            firsts.setdefault((vote.annotator, vote.subject), vote)
    return list(firsts.values())


def _verdict_code(vote: Vote) -> float:
    """A number per category; their order has no meaning."""
    return {"both_good": 2.0, "both_bad": 3.0, "same": 4.0}.get(vote.verdict, float(vote.outcome))


def _both_ways(vote: Vote) -> tuple[Judged, Judged]:
    """The outcome as each of the two recommenders sees it."""
    first, second = vote.pair
    return (
        Judged(first, vote.annotator, vote.outcome),
        Judged(second, vote.annotator, -vote.outcome),
    )


def _aspects(votes: Sequence[Vote]) -> dict[str, list[Judged]]:
    """Scores by aspect; the unit is a reply."""
    found: dict[str, list[Judged]] = {}
    for vote in votes:
        for name, scores in vote.aspects.items():
            for recommender, score in zip((vote.left, vote.right), scores, strict=True):
                if score is not None:
                    unit = f"{vote.subject}: {recommender}"
                    found.setdefault(name, []).append(Judged(unit, vote.annotator, score))
    return found

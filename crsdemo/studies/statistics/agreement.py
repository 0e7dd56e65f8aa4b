"""Do annotators agree? Percent agreement and Krippendorff's alpha.

Told only by tasks that several annotators judged. Alpha is written here since the package for it
is under a licence that would bind this project. Shapes: u units (what was judged), c categories.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from crsdemo.studies.statistics.bootstrap import Estimate, Floats, draws, interval
from crsdemo.studies.statistics.judging import Vote, by_subject


class Judged(NamedTuple):
    """What one annotator made of one unit: a category, or a place on a scale."""

    unit: str
    value: str | float


@dataclass(frozen=True)
class Agreement:
    """How far several annotators say the same of the same."""

    units: int  # that two or more judged
    percent: float | None  # of pairs of judgments of one unit, from 0 to 1
    alpha: Estimate  # 1 perfect, 0 as by chance; unknown where only one category was used


@dataclass(frozen=True)
class AgreementReport:
    """Agreement on verdicts, seen in two ways, and on each aspect."""

    verdicts: Agreement  # every verdict apart, in terms of recommenders
    winners: Agreement  # the first, the second, or none
    aspects: Mapping[str, Agreement]  # as ordinal scales; the unit is a reply
    shared: int  # subjects that two or more judged, by votes that count
    shared_in_all: int  # the same by all votes

    @property
    def left_out(self) -> int:
        """Subjects that two or more judged, of whose votes too few count."""
        return self.shared_in_all - self.shared

    @property
    def untold(self) -> int:
        """Subjects on which too few could tell, or whose replies say the same."""
        return self.shared - self.winners.units


def agreement_report(votes: Sequence[Vote], left_out: Sequence[Vote] = ()) -> AgreementReport:
    """Of an annotator's votes on a subject the first counts, unless they could not tell."""
    told = [vote for votes in by_subject(votes).values() for vote in votes]
    aspects: dict[str, list[Judged]] = {}
    for vote in told:
        for recommender, aspect, score in vote.scored():
            aspects.setdefault(aspect, []).append(Judged(f"{vote.subject}: {recommender}", score))
    return AgreementReport(
        agreement(Judged(vote.subject, vote.winner or vote.verdict) for vote in told),
        agreement(Judged(vote.subject, vote.outcome) for vote in told),
        {name: agreement(rows, is_ordinal=True) for name, rows in aspects.items()},
        _shared(votes),
        _shared((*votes, *left_out)),
    )


def agreement(judged: Iterable[Judged], *, is_ordinal: bool = False) -> Agreement:
    """Percent agreement and alpha with an interval over units drawn anew."""
    counts = _counts(judged)
    if not len(counts):
        return Agreement(0, None, Estimate(None))
    pairs = (counts.sum(axis=1) * (counts.sum(axis=1) - 1)).sum()
    percent = float((counts * (counts - 1)).sum() / pairs)
    coincidences = _coincidences(counts)
    value = float(_alpha(coincidences.sum(axis=0), is_ordinal=is_ordinal))
    if not math.isfinite(value):
        return Agreement(len(counts), percent, Estimate(None))
    ends = interval(_alpha(draws(coincidences), is_ordinal=is_ordinal), len(counts))
    return Agreement(len(counts), percent, Estimate(value, *ends))


def _shared(votes: Sequence[Vote]) -> int:
    """How many subjects two or more judged, whatever they said."""
    people = {(vote.subject, vote.annotator) for vote in votes if vote.is_measured}
    return sum(n > 1 for n in Counter(subject for subject, _ in people).values())


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

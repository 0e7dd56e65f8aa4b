"""How people judged: which side they favour, how long they take, when, and what they liked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from crsdemo.studies.statistics.bootstrap import Estimate, ratio
from crsdemo.studies.statistics.judging import FLAGS, Flag, Vote
from crsdemo.studies.statistics.metrics import wilson

SHUFFLES = 1999
SEED = 0


@dataclass(frozen=True)
class PositionBias:
    """Whether left wins more often than right, whoever stands there."""

    decided: int
    left: int
    share: Estimate  # of left among decided votes
    test: float  # exact two-sided p-value of a share of one half
    test_between_people: float  # p-value of all annotators having one and the same share


@dataclass(frozen=True)
class Times:
    """Seconds per vote, where they are known."""

    votes: int
    median: float | None
    lower: float | None  # a quarter of the votes took at most so long
    upper: float | None
    too_fast: int


@dataclass(frozen=True)
class Day:
    """Votes of one day, UTC."""

    day: date
    votes: int


@dataclass(frozen=True)
class Progress:
    """What one annotator has done."""

    annotator: str
    votes: int
    first: datetime
    last: datetime
    left: float | None  # share of left among decided votes
    seconds: float | None  # median
    flags: tuple[Flag, ...]


@dataclass(frozen=True)
class AspectScore:
    """What annotators think of one aspect of the replies of one recommender."""

    recommender: str
    aspect: str
    scores: int
    mean: Estimate  # on the scale of the aspect, clustered by annotator


def position_bias(votes: Sequence[Vote]) -> PositionBias:
    """Of the decided votes; attention items, which have a right side, are left out."""
    decided = [vote for vote in votes if vote.is_decided and vote.expected is None]
    left = sum(vote.verdict == "left" for vote in decided)
    share = Estimate(left / len(decided) if decided else None, *wilson(left, len(decided)))
    test = float(binomtest(left, len(decided)).pvalue) if decided else 1.0
    return PositionBias(len(decided), left, share, test, _test_between_people(decided))


def times(votes: Sequence[Vote]) -> Times:
    """Of all votes of which the time is known."""
    known = [vote.seconds for vote in votes if vote.seconds is not None]
    too_fast = sum("too_fast" in vote.flags for vote in votes)
    if not known:
        return Times(0, None, None, None, too_fast)
    lower, middle, upper = (float(q) for q in np.quantile(known, (0.25, 0.5, 0.75)))
    return Times(len(known), middle, lower, upper, too_fast)


def days(votes: Sequence[Vote]) -> tuple[Day, ...]:
    """Days with votes, in order."""
    return tuple(Day(*row) for row in sorted(Counter(v.created.date() for v in votes).items()))


def progress(votes: Sequence[Vote]) -> tuple[Progress, ...]:
    """Every annotator, by name."""
    return tuple(
        _progress_of(name, [vote for vote in votes if vote.annotator == name])
        for name in sorted({vote.annotator for vote in votes})
    )


def aspect_scores(votes: Sequence[Vote]) -> tuple[AspectScore, ...]:
    """Every recommender and aspect that was scored, attention items left out."""
    scored: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for vote in votes:
        for aspect, scores in vote.aspects.items() if vote.expected is None else ():
            for recommender, score in zip((vote.left, vote.right), scores, strict=True):
                if score is not None:
                    scored.setdefault((recommender, aspect), []).append((vote.annotator, score))
    return tuple(_aspect_score(*of, rows) for of, rows in sorted(scored.items()))


def _aspect_score(recommender: str, aspect: str, rows: list[tuple[str, float]]) -> AspectScore:
    people, scores = zip(*rows, strict=True)
    mean = ratio(scores, np.ones(len(scores)), people)
    return AspectScore(recommender, aspect, len(scores), mean)


def _progress_of(annotator: str, votes: Sequence[Vote]) -> Progress:
    decided = [vote.verdict for vote in votes if vote.is_decided]
    seconds = [vote.seconds for vote in votes if vote.seconds is not None]
    found = {flag for vote in votes for flag in vote.flags}
    return Progress(
        annotator,
        len(votes),
        min(vote.created for vote in votes),
        max(vote.created for vote in votes),
        decided.count("left") / len(decided) if decided else None,
        median(seconds) if seconds else None,
        tuple(flag for flag in FLAGS if flag in found),
    )


def _test_between_people(decided: Sequence[Vote]) -> float:
    """Whether shares of left differ by annotator more than by chance.

    Exact but for the number of shuffles: chi squared, with the votes for left dealt out anew
    among all, as often as there were.
    """
    votes = Counter(vote.annotator for vote in decided)
    n = np.array(list(votes.values()), dtype=np.int64)
    lefts = Counter(vote.annotator for vote in decided if vote.verdict == "left")
    left = np.array([lefts[annotator] for annotator in votes], dtype=np.int64)
    if len(n) < 2 or not 0 < left.sum() < n.sum():
        return 1.0
    generator = np.random.default_rng(SEED)
    dealt = generator.multivariate_hypergeometric(n, int(left.sum()), SHUFFLES)
    reached = _spread(dealt, n) >= _spread(left, n) - 1e-9
    return float((1 + reached.sum()) / (1 + SHUFFLES))


def _spread(left: NDArray[np.int64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Squared distances of `left` (..., a) from one share for all, up to a constant factor."""
    expected = n * left.sum(axis=-1, keepdims=True) / n.sum()
    return np.asarray(((left - expected) ** 2 / n).sum(axis=-1))

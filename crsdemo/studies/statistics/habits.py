"""How people judged: which side they favour, how long they take, and what they liked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from crsdemo.studies.statistics.bootstrap import Estimate, ratio
from crsdemo.studies.statistics.judging import FLAGS, Flag, Vote
from crsdemo.studies.statistics.shares import sign_test, wilson

SLOTS = (0, 5, 10, 15, 20, 30, 45, 60, 90, 120)  # seconds; the last one is open


@dataclass(frozen=True)
class PositionBias:
    """Whether left wins more often than right, whoever stands there."""

    decided: int
    left: int
    share: Estimate  # of left among decided votes
    test: float  # exact two-sided p-value of a share of one half


@dataclass(frozen=True)
class Times:
    """Seconds per vote, where they are known."""

    votes: int
    unknown: int  # votes of which the time is not known
    median: float | None
    lower: float | None  # a quarter of the votes took at most so long
    upper: float | None
    slots: tuple[int, ...]  # votes from each of `SLOTS` to the next


@dataclass(frozen=True)
class Checks:
    """Checks of attention, which are no votes."""

    judged: int
    failed: int
    people: int
    people_failed: int


@dataclass(frozen=True)
class Progress:
    """What one annotator has done."""

    annotator: str
    votes: int
    checks: int
    failed: int  # of the checks
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
    """Of the decided votes; checks of attention, which have a right side, are left out."""
    decided = [vote for vote in votes if vote.is_decided and vote.is_measured]
    n, left = len(decided), sum(vote.verdict == "left" for vote in decided)
    share = Estimate(left / n if n else None, *wilson(left, n))
    return PositionBias(n, left, share, sign_test(left, n))


def times(votes: Sequence[Vote]) -> Times:
    """Of all votes; how long a check of attention took says nothing of them."""
    took = [vote.seconds for vote in votes if vote.is_measured]
    known = [one for one in took if one is not None]
    slots, _ = np.histogram(known, (*SLOTS, np.inf))
    lower, median, upper = np.quantile(known, (0.25, 0.5, 0.75)).tolist() if known else [None] * 3
    unknown = len(took) - len(known)
    return Times(len(known), unknown, median, lower, upper, tuple(slots.tolist()))


def checks(votes: Sequence[Vote]) -> Checks:
    judged = [vote for vote in votes if vote.is_check]
    failed = [vote for vote in judged if vote.is_inattentive]
    people, people_failed = (len({vote.annotator for vote in some}) for some in (judged, failed))
    return Checks(len(judged), len(failed), people, people_failed)


def progress(votes: Sequence[Vote]) -> tuple[Progress, ...]:
    """Every annotator, by name."""
    return tuple(
        _progress_of(name, [vote for vote in votes if vote.annotator == name])
        for name in sorted({vote.annotator for vote in votes})
    )


def aspect_scores(votes: Sequence[Vote]) -> tuple[AspectScore, ...]:
    """Every recommender and aspect that was scored, checks of attention left out."""
    scored: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for vote in votes:
        for recommender, aspect, score in vote.scored() if vote.is_measured else ():
            scored.setdefault((recommender, aspect), []).append((vote.annotator, score))
    found = []
    for of, rows in sorted(scored.items()):
        people, scores = zip(*rows, strict=True)
        found.append(AspectScore(*of, len(rows), ratio(scores, np.ones(len(rows)), people)))
    return tuple(found)


def _progress_of(annotator: str, votes: Sequence[Vote]) -> Progress:
    moments = [vote.created for vote in votes]
    flags = {flag for vote in votes for flag in vote.flags}
    checked = checks(votes)
    return Progress(
        annotator,
        sum(vote.is_measured for vote in votes),
        checked.judged,
        checked.failed,
        min(moments),
        max(moments),
        position_bias(votes).share.value,
        times(votes).median,
        tuple(flag for flag in FLAGS if flag in flags),
    )

"""Three or more recommenders on one scale: Bradley-Terry with ties (Davidson 1970).

With strengths p and tie parameter v, i beats j, j beats i and neither does, as
p_i : p_j : v sqrt(p_i p_j) (JASA 65, 317-328). On the log scale all is linear and the likelihood
concave: one maximum, which is finite if everybody can be reached from everybody by wins and ties
(Ford 1957). Where that fails the reason is said and nothing is fitted.
Shapes: m recommenders, q = m(m-1)/2 pairs, o outcomes (first wins, second wins, tie), r draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse.csgraph import connected_components
from scipy.special import log_softmax, softmax

from crsdemo.studies.statistics.bootstrap import Estimate, Floats, cluster_sums, draws, interval
from crsdemo.studies.statistics.judging import Vote, recommenders, telling

Members = NDArray[np.bool_]

DRAWS = 300  # each is a fit
POINTS_PER_FACTOR_10 = 400  # the scale of Elo, on which 1000 is the mean here
MEAN_POINTS = 1000


class Davidson(NamedTuple):
    """Fitted parameters."""

    strengths: Floats  # (m,) log p, of mean 0
    log_tie: float  # log v; -inf where there was no tie


@dataclass(frozen=True)
class Standing:
    """One recommender on the common scale."""

    recommender: str
    rank: int | None  # 1 + how many are surely stronger; None where an interval is unknown
    strength: Estimate  # log p, of mean 0
    points: Estimate  # the same as Elo points


@dataclass(frozen=True)
class Strengths:
    """Who is how strong, the strongest first; none where `reason` says why they have no scale."""

    standings: tuple[Standing, ...]
    tie: float | None  # v: of equally strong ones v / (2 + v) end in a tie
    people: int
    reason: str = ""


def compare_all(votes: Sequence[Vote], n_draws: int = DRAWS) -> Strengths:
    """The strengths of all that were judged, with intervals clustered by annotator."""
    names = recommenders(votes)
    told = telling(votes)
    sums = cluster_sums(_outcomes(told, names), [vote.annotator for vote in told])
    counts = sums.sum(axis=0)
    reason = why_not(counts, names)
    if reason:
        return Strengths((), None, len(sums), reason)
    fitted = fit(counts)
    drawn = _drawn(draws(sums, n_draws), names)
    standings = _standings(names, fitted, drawn, len(sums))
    return Strengths(standings, math.exp(fitted.log_tie), len(sums))


def fit(counts: Floats) -> Davidson:
    """The maximum of the likelihood of `counts` (m, m, 2): wins of i over j, and ties, both ways.

    It must be finite: see `why_not`.
    """
    m, has_ties = len(counts), bool(counts[..., 1].any())
    seen, design = _seen(counts)[: 2 + has_ties], _design(m)[: 2 + has_ties, :, : m + has_ties]
    start, steep = np.zeros(m + has_ties), {"gtol": 1e-8}
    found = minimize(loss, start, (seen, design), "BFGS", jac=True, options=steep).x
    centred = found[:m] - found[:m].mean()
    return Davidson(centred, float(found[m]) if has_ties else -math.inf)


def loss(parameters: Floats, seen: Floats, design: Floats) -> tuple[float, Floats]:
    """Negative mean log-likelihood and its gradient.

    `parameters` (d,); `seen` (o, q) counts; `design` (o, q, d) makes log odds of the parameters.
    """
    scores = design @ parameters
    surplus = seen.sum(axis=0) * softmax(scores, axis=0) - seen  # expected less seen
    value = -np.sum(seen * log_softmax(scores, axis=0))
    return float(value / seen.sum()), np.tensordot(surplus, design, 2) / seen.sum()


def why_not(counts: Floats, names: Sequence[str]) -> str:
    """Why there is no common scale, in words; empty where there is one."""
    if not counts.any():
        return "there are no votes to compare"
    beaten = counts.sum(axis=-1) > 0  # i was at least once as good as j
    apart, groups = _groups(beaten, "weak"), _groups(beaten, "strong")
    if len(apart) > 1:
        parts = " | ".join(_named(names, one) for one in apart)
        return f"these groups were never compared with each other: {parts}"
    if len(groups) > 1:  # their strengths would be infinite
        unbeaten = [one for one in groups if not beaten[np.ix_(~one, one)].any()]
        winless = [one for one in groups if not beaten[np.ix_(one, ~one)].any()]
        never = [f"{_named(names, one)} never lost to the others" for one in unbeaten]
        never += [f"{_named(names, one)} never won against the others" for one in winless]
        return "; ".join(f"{words} nor tied with them" for words in never)
    return "" if counts[..., 0].any() else "every comparison ended in a tie"


def _groups(beaten: Members, connection: str) -> list[Members]:
    n_groups, group = connected_components(beaten, connection=connection)
    return [group == k for k in range(n_groups)]


def _named(names: Sequence[str], members: Members) -> str:
    return ", ".join(name for name, inside in zip(names, members, strict=True) if inside)


def _outcomes(votes: Sequence[Vote], names: Sequence[str]) -> Floats:
    """(n, m, m, 2): in each vote who won over whom, and who tied, both ways."""
    row = {name: position for position, name in enumerate(names)}
    found = np.zeros((len(votes), len(names), len(names), 2))
    for counts, vote in zip(found, votes, strict=True):
        i, j = (row[name] for name in vote.pair)
        if vote.outcome:
            counts[(i, j) if vote.outcome > 0 else (j, i)][0] = 1
        else:
            counts[i, j, 1] = counts[j, i, 1] = 1
    return found


def _seen(counts: Floats) -> Floats:
    """(o, q): wins of the first, of the second, and ties."""
    i, j = np.triu_indices(len(counts), 1)
    return np.stack([counts[i, j, 0], counts[j, i, 0], counts[i, j, 1]])


def _design(m: int) -> Floats:
    """(o, q, m + 1): log odds of the outcomes as sums of log strengths and log v."""
    pairs = np.stack(np.triu_indices(m, 1), 1)
    first, second = np.eye(m + 1)[pairs[:, 0]], np.eye(m + 1)[pairs[:, 1]]
    return np.stack([first, second, (first + second) / 2 + np.eye(m + 1)[m]])


def _drawn(totals: Floats, names: Sequence[str]) -> Floats:
    """(r, m): strengths in each draw; NaN where it has no common scale."""
    missing = np.full(len(names), np.nan)
    return np.stack([missing if why_not(t, names) else fit(t).strengths for t in totals])


def _standings(
    names: Sequence[str], fitted: Davidson, drawn: Floats, n_clusters: int
) -> tuple[Standing, ...]:
    found = [
        Estimate(float(strength), *interval(column, n_clusters))
        for strength, column in zip(fitted.strengths, drawn.T, strict=True)
    ]
    order = np.argsort(-fitted.strengths, kind="stable")
    points = [one.scaled(POINTS_PER_FACTOR_10 / math.log(10), MEAN_POINTS) for one in found]
    return tuple(Standing(names[i], _rank(found[i], found), found[i], points[i]) for i in order)


def _rank(one: Estimate, everyone: Sequence[Estimate]) -> int | None:
    """1 + how many have an interval that lies above that of `one` (as Chatbot Arena ranks)."""
    lows, highs = [e.low for e in everyone], [e.high for e in everyone]
    if one.high is None or None in lows or None in highs:
        return None
    return 1 + sum(low is not None and low > one.high for low in lows)

"""Bradley-Terry with ties, against published fits."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
from ballots import cloned, mirrored, vote
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import check_grad

from crsdemo.core.comparison import Verdict
from crsdemo.studies.statistics.judging import Vote
from crsdemo.studies.statistics.strengths import (
    _design,
    _seen,
    compare_all,
    fit,
    loss,
    why_not,
)

# Davidson (1970), example 2: chocolate puddings; i, j, i preferred, j preferred, no preference
PUDDINGS = """
1 2 19 22 16 | 1 3 16 19 12 | 2 3 19 19 10 | 1 4 18 23 13 | 2 4 23 19 9 | 3 4 19 20 15
| 1 5 13 19 18 | 2 5 16 20 12 | 3 5 16 15 17 | 4 5 17 14 16 | 1 6 18 21 12 | 2 6 22 20 12
| 3 6 13 18 10 | 4 6 14 19 18 | 5 6 11 21 12
"""

# Agresti (2002), Categorical Data Analysis, table 10.10: the American League of 1987, wins of
# row over column; Milwaukee, Detroit, Toronto, New York, Boston, Cleveland, Baltimore
BASEBALL = """
0 7 9 7 7 9 11 | 6 0 7 5 11 9 9 | 4 6 0 7 7 8 12 | 6 8 6 0 6 7 10 | 6 2 6 7 0 7 12
| 4 4 5 6 6 0 6 | 2 4 1 3 1 7 0
"""


def table(text: str) -> list[list[int]]:
    return [[int(cell) for cell in row.split()] for row in text.split("|")]


def puddings() -> NDArray[np.float64]:
    counts = np.zeros((6, 6, 2))
    for i, j, wins, losses, ties in table(PUDDINGS):
        counts[i - 1, j - 1] = wins, ties
        counts[j - 1, i - 1] = losses, ties
    return counts


def duels(wins: str) -> NDArray[np.float64]:
    """Counts without ties."""
    won = np.array(table(wins), float)
    return np.stack([won, np.zeros_like(won)], -1)


def league(n_each: int, ties: bool = True, seed: int = 0) -> list[Vote]:
    """Votes on three recommenders of strengths 2, 0 and -1 by 10 annotators."""
    random, strengths = Random(seed), {"ace": 2.0, "bee": 0.0, "cat": -1.0}
    votes: list[Vote] = []
    for n in range(n_each):
        for left, right in (("ace", "bee"), ("bee", "cat"), ("cat", "ace")):
            odds = [math.exp(strengths[left]), math.exp(strengths[right])]
            odds += [math.sqrt(odds[0] * odds[1])] if ties else []
            verdicts: tuple[Verdict, ...] = ("left", "right", "both_good")
            verdict = random.choices(verdicts[: len(odds)], odds)[0]
            votes.append(vote(f"p{n % 10}", verdict, len(votes), left=left, right=right))
    return votes


def test_davidsons_puddings_come_out_as_he_published_them() -> None:
    fitted = fit(puddings())
    worth = np.exp(fitted.strengths) / np.exp(fitted.strengths).sum()
    published = [0.1388005, 0.1729985, 0.1617420, 0.1653930, 0.1586805, 0.2023855]
    assert worth.tolist() == pytest.approx(published, abs=2e-4)  # he stopped after 7 steps
    assert math.exp(fitted.log_tie) == pytest.approx(0.7468147, abs=2e-3)


def test_agrestis_baseball_teams_come_out_as_he_published_them() -> None:
    fitted = fit(duels(BASEBALL))
    published = [1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0.0]
    assert (fitted.strengths - fitted.strengths[-1]).tolist() == pytest.approx(published, abs=5e-3)
    assert fitted.log_tie == -math.inf


def test_two_of_equal_strength_tie_as_often_as_the_parameter_says() -> None:
    counts = np.zeros((2, 2, 2))
    counts[0, 1] = counts[1, 0] = 10, 5
    fitted = fit(counts)
    assert fitted.strengths.tolist() == pytest.approx([0, 0])
    tie = math.exp(fitted.log_tie)
    assert tie / (2 + tie) == pytest.approx(5 / 25)


def test_the_gradient_is_that_of_the_loss() -> None:
    seen, design = _seen(puddings()), _design(6)
    for seed in range(3):
        at = np.random.default_rng(seed).normal(size=7)
        error = check_grad(
            lambda x: loss(x, seen, design)[0], lambda x: loss(x, seen, design)[1], at
        )
        assert error < 1e-6


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_wherever_a_scale_exists_its_maximum_is_found(seed: int) -> None:
    random = np.random.default_rng(seed)
    m = int(random.integers(2, 8))
    counts = random.poisson(random.choice([0.5, 3, 100]), (m, m, 2)).astype(float)
    counts[..., 1] = np.triu(counts[..., 1], 1) + np.triu(counts[..., 1], 1).T
    counts[range(m), range(m)] = 0
    assume(not why_not(counts, [str(n) for n in range(m)]) and counts[..., 1].any())
    fitted = fit(counts)
    _, gradient = loss(np.append(fitted.strengths, fitted.log_tie), _seen(counts), _design(m))
    assert np.abs(gradient).max() < 1e-6


def test_at_the_maximum_what_is_expected_is_what_was_seen() -> None:
    fitted = fit(puddings())
    at = np.append(fitted.strengths, fitted.log_tie)
    _, gradient = loss(at, _seen(puddings()), _design(6))
    assert np.abs(gradient).max() < 1e-6


def test_true_strengths_are_found_again_within_their_intervals() -> None:
    found = compare_all(league(150), n_draws=60)
    assert [s.recommender for s in found.standings] == ["ace", "bee", "cat"]
    assert [s.rank for s in found.standings] == [1, 2, 3]
    for standing, true in zip(found.standings, (5 / 3, -1 / 3, -4 / 3), strict=True):
        assert standing.strength.low is not None and standing.strength.high is not None
        assert standing.strength.low < true < standing.strength.high
        assert standing.strength.high - standing.strength.low < 1.2
    assert found.tie == pytest.approx(1.0, abs=0.25)
    assert (found.people, found.reason) == (10, "")


def test_points_are_those_of_elo() -> None:
    found = compare_all(league(60, ties=False), n_draws=20)
    assert found.tie == 0
    points = [s.points.value or 0 for s in found.standings]
    strengths = [s.strength.value or 0 for s in found.standings]
    assert sum(points) / 3 == pytest.approx(1000)
    # ten times the odds are 400 points
    assert points[0] - points[1] == pytest.approx(
        400 * (strengths[0] - strengths[1]) / math.log(10)
    )


def test_sides_and_clones_leave_the_strengths() -> None:
    votes = league(40)
    plain = [s.strength.value for s in compare_all(votes, n_draws=2).standings]
    swapped = compare_all([mirrored(one) for one in votes], n_draws=2).standings
    assert [s.strength.value for s in swapped] == plain
    twice = compare_all(cloned(votes), n_draws=2).standings
    assert [s.strength.value for s in twice] == pytest.approx(plain, abs=1e-5)


def test_groups_that_never_met_are_named() -> None:
    votes = league(10) + [vote("ann", "left", n, left="x", right="y") for n in range(5)]
    votes += [vote("ann", "right", n, left="x", right="y") for n in range(5)]
    found = compare_all(votes)
    assert (found.standings, found.tie) == ((), None)
    assert found.reason == "these groups were never compared with each other: ace, bee, cat | x, y"


def test_who_always_wins_or_loses_is_named_instead_of_infinitely_strong() -> None:
    pairs = (("best", "mid"), ("best", "low"), ("mid", "low"))
    votes = [vote("ann", "left", n, left=a, right=b) for n, (a, b) in enumerate(pairs)]
    assert compare_all(votes).reason == (
        "best never lost to the others nor tied with them; "
        "low never won against the others nor tied with them"
    )


def test_one_tie_is_enough_to_have_a_scale() -> None:
    wins = duels("0 1 1 | 1 0 1 | 0 0 0")
    assert "c never won" in why_not(wins, ("a", "b", "c"))
    wins[1, 2, 1] = wins[2, 1, 1] = 1
    assert why_not(wins, ("a", "b", "c")) == ""
    assert np.isfinite(fit(wins).strengths).all()


def test_nothing_but_ties_is_no_scale() -> None:
    votes = [
        vote("ann", "both_bad", n, left=a, right=b)
        for n, (a, b) in enumerate([("a", "b"), ("b", "c")])
    ]
    assert compare_all(votes).reason == "every comparison ended in a tie"
    assert compare_all([]).reason == "there are no votes to compare"


def test_an_interval_that_the_draws_do_not_give_is_left_open() -> None:
    votes = [*league(1, ties=False, seed=5), *league(1, ties=False, seed=9)]
    votes += [vote("only me", "left", 90, left="cat", right="ace")]
    votes += [vote("only me", "right", 91, left="ace", right="bee")]
    found = compare_all(votes, n_draws=60)
    assert found.reason == ""
    assert all(s.strength.low is None and s.rank is None for s in found.standings)

"""What the power note asks for is what a study needs, by simulation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from ballots import ballots, vote
from scipy.stats import t

from crsdemo.__main__ import main
from crsdemo.core.errors import BadInputError
from crsdemo.studies.statistics.pairs import compare_pair, rates
from crsdemo.studies.statistics.report import results
from crsdemo.studies.statistics.sizes import LEAST_PEOPLE, need
from crsdemo.web.results.answer import answer

N_STUDIES = 2000


def found(share: float, each: int, ties: float, twins: float, alike: float) -> float:
    """The share of made-up studies of the size asked for that find the difference.

    Each person has a share of their own (beta, correlation `alike`); a study finds the difference
    if its share of wins, with a standard error over people, leaves out one half.
    """
    people = need(share, each, ties, twins, alike).people
    random = np.random.default_rng(0)
    total = 1 / alike - 1 if alike else 1e9
    own = random.beta(share * total, (1 - share) * total, (N_STUDIES, people))
    decided = random.binomial(each, (1 - ties) * (1 - twins), own.shape)
    wins = random.binomial(decided, own)
    mean = wins.sum(1) / decided.sum(1)
    off = wins - mean[:, None] * decided
    error = np.sqrt(people / (people - 1) * (off**2).sum(1)) / decided.sum(1)
    return float(np.mean(mean - t.ppf(0.975, people - 1) * error > 0.5))


@pytest.mark.parametrize(
    ("share", "each", "ties", "twins", "alike"),
    [
        (0.6, 12, 0.3, 0.0, 0.1),
        (0.6, 12, 0.5, 0.3, 0.1),
        (0.65, 20, 0.3, 0.1, 0.05),
        (0.6, 4, 0.2, 0.0, 0.0),
        (0.55, 10, 0.4, 0.1, 0.2),
        (0.7, 40, 0.0, 0.0, 0.1),  # 9 people: Student's t is much wider than the normal there
        (0.7, 30, 0.3, 0.0, 0.2),
        (0.75, 20, 0.2, 0.0, 0.1),
    ],
)
def test_a_study_of_that_size_finds_the_difference_four_times_in_five(
    share: float, each: int, ties: float, twins: float, alike: float
) -> None:
    assert found(share, each, ties, twins, alike) == pytest.approx(0.8, abs=0.06)


def test_more_ties_twins_and_likeness_ask_for_more_and_never_for_too_few_people() -> None:
    plain = need(0.6, 12, 0.0, 0.0, 0.0)
    for more in (
        need(0.6, 12, 0.5, 0.0, 0.0),
        need(0.6, 12, 0.0, 0.5, 0.0),
        need(0.6, 12, 0, 0, 0.3),
    ):
        assert more.people > plain.people and more.decided <= 12 * more.people
    assert need(0.99, 50).people == LEAST_PEOPLE


@pytest.mark.parametrize(
    "wrong",
    [(0.5, 12), (0.4, 12), (1.0, 12), (math.nan, 12), (0.6, 0), (0.6, math.inf)]
    + [(0.6, 12, 1.0), (0.6, 12, 0, -1), (0.6, 12, 0, 0, math.nan)],
)
def test_what_cannot_be_is_refused(wrong: tuple[float, ...]) -> None:
    with pytest.raises(BadInputError):
        need(*wrong)


def test_a_pilot_tells_its_ties_and_twins() -> None:
    votes = ballots("ann: l r g s / bob: l b ? s")
    votes = tuple(replace(v, twin=v.verdict == "same") for v in votes)
    assert rates([compare_pair(votes, "blue", "red").tally]) == (0.5, 0.25)


def test_the_command_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["power", "--each", "12", "--ties", "0.3"]) == 0
    assert "people with 12 votes each" in capsys.readouterr().out
    assert main(["power", "--each", "12", "--share", "0.4"]) == 2
    assert "a share to find is above 0.5 and below 1, got 0.4" in capsys.readouterr().err
    assert main(["power", "--each", "12", "--systems", "1"]) == 2


def test_three_systems_ask_for_more_people_each_of_whom_votes_on_every_pair(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By hand: of 12 votes 4 are on a pair, of which 2.8 decide.

    Two of these are worth (1 + 1.8 x 0.1) = 1.18 less. With 83 degrees of freedom t is 1.989 and
    0.846, so ((1.989 / 2 + 0.846 sqrt(0.24)) / 0.1)^2 = 198.4, and 199 x 1.18 / 2.8 = 83.9.
    """
    assert (need(0.6, 4).people, need(0.6, 12).people) == (84, 43)
    assert main(["power", "--each", "12", "--systems", "3"]) == 0
    said = capsys.readouterr().out
    assert "About 84 people with 12 votes each (1,008 votes" in said and "each of 3 pairs" in said


def test_next_to_nothing_is_found_by_next_to_everybody() -> None:
    assert need(math.nextafter(0.5, 1), 12).people > 10**30
    assert need(0.6, 1, ties=0.9999999).people > 10**9


def test_the_results_reckon_with_votes_on_a_pair_alone() -> None:
    """Three systems: six people vote twice on each pair, and look at a check of attention."""
    pairs = [("red", "blue"), ("red", "green"), ("blue", "green")]
    votes = [
        vote(f"p{person}", "left", 10 * person + n, left=left, right=right)
        for person in range(6)
        for n, (left, right) in enumerate(2 * pairs)
    ]
    checks = [vote(f"p{n}", "left", 100 + n, expected="left") for n in range(6)]
    said = answer(results([*votes, *checks], ()))
    people = need(0.8, 2, 0.0).people
    assert dict(said.pairs)["blue and red"].startswith(
        f"Too few votes to tell: about {people} people with 2 votes each ({2 * people} votes)"
    )


def test_one_number_says_how_many_are_needed() -> None:
    said = answer(results(ballots("ann: l r ?")))
    people = need(0.6, 3, 1 / 3).people
    assert f"about {people} people with 3 votes each ({3 * people} votes)" in said.verdict
    assert not any("people (" in note or "194" in note for note in said.notes)

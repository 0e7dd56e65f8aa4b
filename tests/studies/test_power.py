"""What the power note asks for is what a study needs, by simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ballots import ballots

from crsdemo.__main__ import main
from crsdemo.core.errors import BadInputError
from crsdemo.studies.statistics.pairs import LEAST_PEOPLE, compare_pair
from crsdemo.studies.statistics.power import need, pilot_rates

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
    return float(np.mean(mean - 1.96 * error > 0.5))


@pytest.mark.parametrize(
    ("share", "each", "ties", "twins", "alike"),
    [
        (0.6, 12, 0.3, 0.0, 0.1),
        (0.6, 12, 0.5, 0.3, 0.1),
        (0.65, 20, 0.3, 0.1, 0.05),
        (0.6, 4, 0.2, 0.0, 0.0),
        (0.55, 10, 0.4, 0.1, 0.2),
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
        assert more.people > plain.people and more.votes == 12 * more.people
    assert need(0.4, 12) == need(0.6, 12)
    assert need(0.99, 50).people == LEAST_PEOPLE


@pytest.mark.parametrize(
    "wrong", [(0.5, 12), (1.0, 12), (0.6, 0), (0.6, 12, 1.0), (0.6, 12, 0, -1)]
)
def test_what_cannot_be_is_refused(wrong: tuple[float, ...]) -> None:
    with pytest.raises(BadInputError):
        need(*wrong)  # type: ignore[arg-type]


def test_a_pilot_tells_its_ties_and_twins() -> None:
    votes = ballots("ann: l r g s / bob: l b ? s")
    votes = tuple(replace(v, twin=v.verdict == "same") for v in votes)
    assert pilot_rates([compare_pair(votes, "blue", "red")]) == (0.5, 0.25)


def test_the_command_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["power", "--each", "12", "--ties", "0.3"]) == 0
    assert "people with 12 votes each" in capsys.readouterr().out
    assert main(["power", "--each", "12", "--share", "0.5"]) == 2

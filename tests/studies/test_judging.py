"""Two recommenders judged against each other: figures by hand, properties, and what is said."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from ballots import ballots, cloned, mirrored, study, turned, vote
from hypothesis import given, settings
from hypothesis import strategies as st

from crsdemo.core.comparison import VERDICTS
from crsdemo.core.errors import BadInputError
from crsdemo.studies.statistics.bootstrap import cluster_sums, draws, interval, ratio
from crsdemo.studies.statistics.judging import Vote, pairs, recommenders
from crsdemo.studies.statistics.pairs import PairResult, compare_pair, compare_pairs
from crsdemo.studies.statistics.sizes import decided_needed, need

STUDIES = st.lists(
    st.builds(
        vote,
        st.sampled_from(["ann", "bob", "cy", "dot"]),
        st.sampled_from(VERDICTS),
        st.integers(0, 50),
    ),
    max_size=25,
)


def result(votes: list[Vote] | tuple[Vote, ...]) -> PairResult:
    return compare_pair(votes, "blue", "red")


# votes


def test_a_vote_is_for_whoever_stood_on_the_side() -> None:
    one = vote("ann", "left")
    assert (one.winner, one.pair, one.outcome) == ("red", ("blue", "red"), -1)
    assert (mirrored(one).winner, mirrored(one).outcome) == ("red", -1)
    assert (vote("ann", "both_bad").winner, vote("ann", "both_bad").outcome) == (None, 0)


def test_attention_items_and_one_recommender_on_both_sides_measure_nothing() -> None:
    votes = [vote("ann", "left", expected="left"), vote("ann", "left", right="red")]
    assert pairs(votes) == () and recommenders(votes) == () and compare_pairs(votes) == ()
    assert result(votes).tally.votes == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"verdict": "red"}, "a verdict is one of left, right"),
        ({"expected": "better"}, "got 'better'"),
        ({"seconds": -1.0}, "0 seconds or more"),
        ({"seconds": math.nan}, "0 seconds or more"),
        ({"strength": 4}, "from 1 to 3"),
    ],
)
def test_what_cannot_be_is_no_vote(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        replace(vote("ann", "left"), **wrong)


# figures


def test_every_verdict_is_counted_once() -> None:
    tally = result(ballots("ann: l l r g / bob: b b s ? ? ? / cy: r r r r")).tally
    assert (tally.wins, tally.losses) == (5, 2)  # of blue, on the right
    assert (tally.both_good, tally.both_bad, tally.same, tally.cannot_tell) == (1, 2, 1, 3)
    assert (tally.decided, tally.ties, tally.told, tally.votes) == (7, 4, 11, 14)


def test_rates_are_those_computed_by_hand() -> None:
    found = result(ballots("ann: r r r r l g / bob: r r r r l ?"))
    assert found.net.value == pytest.approx((8 - 2) / 11)  # who could not tell is left out
    assert found.share.value == pytest.approx(0.8)  # ties are left out too
    assert found.sign_test == pytest.approx(112 / 1024)  # 2 (1 + 10 + 45) / 2^10
    assert found.people == 2


def test_strength_leans_towards_the_one_that_is_better() -> None:
    graded = [vote("ann", "right", 0, strength=3), vote("bob", "left", 1, strength=1)]
    found = result([*graded, vote("cy", "right", 2)])
    assert found.lean.value == 1.0  # (3 - 1) / 2; cy gave none
    assert result(ballots("ann: r")).lean.value is None


def test_the_interval_is_not_narrower_than_independent_votes_allow() -> None:
    alike = result(ballots("a: r r / b: r r / c: r r / d: r r / e: r r"))
    assert (alike.share.value, alike.net.value) == (1.0, 1.0)
    assert alike.share.low == pytest.approx(0.7225, abs=1e-4)  # Wilson 1927, 10 of 10
    n, net, decided = 12, 10 / 12, 12 / 12  # Bonett and Price 2012: one win, one loss added
    half = 1.96 * math.sqrt((decided - net**2) / n)
    assert alike.net.low == pytest.approx(net - half, abs=1e-4)
    assert alike.net.high == 1.0


def test_resemblance_within_annotators_widens_the_interval() -> None:
    split = "a: r r r r r r / b: r r r r r r / c: l l l l l l / d: l l l l l l"
    mixed = "a: r r r l l l / b: r r r l l l / c: r r r l l l / d: r r r l l l"
    stubborn, even = result(ballots(split)).share, result(ballots(mixed)).share
    assert stubborn.value == even.value == 0.5
    assert stubborn.low is not None and even.low is not None
    assert stubborn.low < even.low - 0.2


@settings(max_examples=25, deadline=None)
@given(STUDIES, st.randoms())
def test_where_a_recommender_stood_changes_nothing(votes: list[Vote], random: Random) -> None:
    swapped = [mirrored(one) if random.random() < 0.5 else one for one in votes]
    assert result(swapped) == result(votes)


@settings(max_examples=25, deadline=None)
@given(STUDIES)
def test_opposite_opinions_give_the_opposite_result(votes: list[Vote]) -> None:
    found, other = result(votes), result([turned(one) for one in votes])
    assert (found.tally.wins, found.tally.losses) == (other.tally.losses, other.tally.wins)
    assert found.sign_test == other.sign_test
    if found.net.value is None or found.net.low is None or found.net.high is None:
        assert other.net.value is None
    else:
        assert other.net.value == pytest.approx(-found.net.value)
        assert other.net.low == pytest.approx(-found.net.high, abs=0.02)  # other draws, in part
    same = compare_pair(votes, "red", "blue")
    assert (same.net, same.share) == (other.net, other.share)


@settings(max_examples=25, deadline=None)
@given(STUDIES)
def test_cloned_annotators_leave_the_estimate(votes: list[Vote]) -> None:
    found, twice = result(votes), result(cloned(votes))
    assert (found.net.value, found.share.value) == (twice.net.value, twice.share.value)
    assert twice.people == 2 * found.people


def width(votes: list[Vote]) -> float:
    share = result(votes).share
    assert share.low is not None and share.high is not None
    return share.high - share.low


def test_more_annotators_narrow_the_interval() -> None:
    five, twenty, eighty = (width(study(n, 5, 0.5, 0.1, seed=3)) for n in (5, 20, 80))
    assert five > 1.5 * twenty > 2.2 * eighty
    votes = study(20, 5, 0.5, 0.1, seed=3)
    assert width(cloned(votes)) == pytest.approx(width(votes) / 2**0.5, rel=0.1)


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    n_studies, hits = 120, 0
    for seed in range(n_studies):
        share = result(study(8, 8, 0.4, 0.15, seed)).share
        assert share.low is not None and share.high is not None
        hits += share.low <= 0.6 <= share.high  # red has 0.4
    assert hits >= 108  # 114 are expected; fewer than 108 has a chance of 1 in 250


# the bootstrap itself


def test_sums_over_clusters_are_those_of_their_rows() -> None:
    assert cluster_sums([[1, 2], [3, 4], [5, 6]], ["b", "a", "b"]).tolist() == [[3, 4], [6, 8]]


def test_draws_are_totals_of_as_many_clusters_and_repeat_with_the_seed() -> None:
    sums = np.array([[1.0, 1.0], [2.0, 1.0], [4.0, 1.0]])
    drawn = draws(sums, 500)
    assert (drawn[:, 1] == 3).all()
    assert set(drawn[:, 0]) <= {a + b + c for a in (1, 2, 4) for b in (1, 2, 4) for c in (1, 2, 4)}
    assert drawn[:, 0].mean() == pytest.approx(7, abs=0.3)
    assert (draws(sums, 500) == drawn).all()
    assert (draws(sums, 500, seed=1) != drawn).any()


def test_an_interval_that_is_not_known_is_not_given() -> None:
    drawn = np.linspace(0, 1, 1000)
    assert interval(drawn, 1) == (None, None)
    drawn[:30] = np.nan
    assert interval(drawn, 9) == (None, None)
    assert ratio([1.0], [0.0], ["ann"]).value is None


def test_few_clusters_widen_the_interval_as_student_has_it() -> None:
    drawn = np.linspace(0, 1, 100_001)
    low, high = interval(drawn, 5)
    # Phi(-sqrt(5/4) 2.776445) = Phi(-3.104160), with t(0.975, 4) from any table
    assert (low, high) == pytest.approx((0.000954, 0.999046), abs=2e-5)
    low, _ = interval(drawn, 1_000_000)
    assert low == pytest.approx(0.025, abs=1e-4)


# enough or not


def test_the_power_calculation_gives_the_known_numbers() -> None:
    assert [decided_needed(share) for share in (0.55, 0.6, 0.65, 0.7)] == [783, 194, 85, 47]
    assert decided_needed(0.4) == decided_needed(0.6)


def test_the_power_calculation_holds_in_a_simulation() -> None:
    random = np.random.default_rng(0)
    wins = random.binomial(194, 0.6, size=4000)
    z = (wins - 97) / math.sqrt(194 / 4)
    assert (np.abs(z) > 1.96).mean() == pytest.approx(0.8, abs=0.03)


def test_a_clear_result_is_one_sentence() -> None:
    found = result(study(31, 7, 0.3, 0.1, seed=0))
    assert found.is_clear
    assert found.share.value is not None and found.share.low is not None
    assert found.sentence == (
        f"blue wins {found.share.value:.0%} of decided comparisons, "
        f"{100 * found.share.low:.0f} to {100 * (found.share.high or 0):.0f}%; "
        "217 votes by 31 people"
    )
    assert compare_pair(study(31, 7, 0.3, 0.1, seed=0), "red", "blue").sentence == found.sentence


def test_enough_votes_without_a_winner_say_so() -> None:
    even = ballots(" / ".join(f"p{n}: l l l r r r l r" for n in range(44)))
    assert not result(even[:-8]).is_enough  # 43 people: 344 votes, and 8 each ask for 352
    assert result(even).sentence.startswith("no clear difference: blue wins 50% of")


def test_too_few_votes_say_how_many_are_needed() -> None:
    few = ballots(" / ".join(f"p{n}: l r g b" for n in range(20)))
    found = result(few)
    assert found.needed == need(0.6, 4, 0.5)  # half of them name no winner
    assert found.sentence.startswith(
        "too few votes to tell: about 109 people with 4 votes each (436 votes) are needed; so far"
    )
    assert "people with 1 vote each" in result(()).sentence


def test_no_number_of_votes_stands_for_people() -> None:
    """With 21 degrees of freedom 218 votes are needed; those of one are worth 10 at most."""
    many = " ".join("lr" * 500)
    assert not result(ballots(" / ".join(f"p{n}: {many}" for n in range(21)))).is_enough
    assert result(ballots(" / ".join(f"p{n}: {many}" for n in range(22)))).is_enough


def test_many_votes_of_few_people_are_too_few_people() -> None:
    found = result(study(4, 60, 0.1, 0.0, seed=0))
    assert found.share.excludes(0.5)
    assert not found.is_clear
    assert "about 5 people with 60 votes each" in found.sentence


def test_a_difference_that_is_not_there_is_seldom_found() -> None:
    found = [result(study(12, 6, 0.5, 0.1, seed)) for seed in range(80)]
    assert sum(one.is_clear for one in found) <= 9  # 4 are expected

"""Figures against values worked out by hand."""

import pytest

from crsdemo.studies.statistics.shares import binary_scores, rank_of, wilson


def test_rank_counts_from_one() -> None:
    assert [rank_of(x, ["a", "b"]) for x in "abc"] == [1, 2, None]


def test_wilson_interval_agrees_with_the_textbook() -> None:
    assert wilson(10, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert wilson(0, 0) == (0, 1)


def test_binary_scores_of_a_small_table() -> None:
    #            hit   miss   false  right
    predicted = [True, False, True, False, True]
    actual = [True, True, False, False, True]
    scores = binary_scores(predicted, actual)
    assert (scores.n, scores.accuracy) == (5, 0.6)
    assert scores.precision == scores.recall == pytest.approx(2 / 3)
    assert scores.f1 == pytest.approx(2 / 3)


def test_binary_scores_of_nothing_found_are_zero() -> None:
    scores = binary_scores([False, False], [True, False])
    assert (scores.accuracy, scores.precision, scores.recall, scores.f1) == (0.5, 0, 0, 0)
    with pytest.raises(ValueError):
        binary_scores([True], [])

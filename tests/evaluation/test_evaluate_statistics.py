"""Figures of ranks against values worked out by hand, their intervals, and paired tests."""

from itertools import product

import numpy as np
import pytest

from crsdemo.evaluation.statistics import (
    METRICS,
    Hit,
    difference,
    figures,
    holm,
    jackknife,
    means,
    recalls,
    scores,
)

RANKS = [1, 3, None, 20, 51]


def mean(name: str) -> float:
    return float(scores(RANKS, [name]).mean())


def test_metrics_agree_with_values_worked_out_by_hand() -> None:
    assert [mean(f"recall@{k}") for k in (1, 5, 10, 20, 50)] == [0.2, 0.4, 0.4, 0.6, 0.6]
    assert mean("ndcg@10") == pytest.approx((1 + 1 / 2) / 5)
    assert mean("ndcg@50") == pytest.approx((1 + 1 / 2 + 1 / np.log2(21)) / 5)
    assert mean("mrr@10") == pytest.approx((1 + 1 / 3) / 5)
    assert mean("mrr@1") == 0.2
    assert scores([], ["mrr@1"]).shape == (0, 1)


def test_figures_hold_every_metric_with_its_interval() -> None:
    found = figures([1, None] * 20, [str(n // 4) for n in range(40)])
    assert found.keys() == METRICS.keys()
    assert len(found) == 15
    assert found["recall@1"].value == found["mrr@50"].value == 0.5


def test_intervals_narrow_with_more_dialogues_and_are_unknown_for_one() -> None:
    values = np.arange(2000)[:, None] % 4 > 0
    few = means(values[:20], [str(n) for n in range(20)])[0]
    many = means(values, [str(n) for n in range(2000)])[0]
    assert few.low is not None and few.high is not None
    assert many.low is not None and many.high is not None
    assert few.low < many.low < 0.75 < many.high < few.high
    one = means(values[:9], ["a"] * 9)[0]
    assert (one.low, one.high) == (None, None)
    assert means(np.zeros((0, 1)), [])[0].value is None


def test_samples_of_one_dialogue_count_together() -> None:
    values = np.repeat(np.arange(40) % 2, 10)[:, None]
    alone = means(values, [str(n) for n in range(400)])[0]
    together = means(values, [str(n // 10) for n in range(400)])[0]
    assert together.low is not None and together.high is not None
    assert alone.low is not None and alone.high is not None
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_recalls_are_ready_for_json() -> None:
    hits = [Hit(0, 1), Hit(0, None), Hit(1, 7), Hit(2, 1)]
    row = recalls(hits, (5, 20))
    assert (row["n"], row["recall@5"], row["recall@20"]) == (4, 0.5, 0.75)
    assert row["ci95"]["recall@5"][0] < 0.5 < row["ci95"]["recall@5"][1]
    assert recalls([], (5,))["recall@5"] == 0


def test_the_p_value_is_that_of_all_ways_to_swap_dialogues() -> None:
    gains = np.array([3.0, 1.0, 2.0, -1.0, 2.0])
    found = difference(gains, np.zeros(5), list("abcde"))
    swapped = [abs(np.dot(signs, gains)) for signs in product((1, -1), repeat=5)]
    assert found.by.value == pytest.approx(1.4)
    assert found.p == pytest.approx(np.mean([s >= 7 - 1e-9 for s in swapped]))


def test_a_difference_of_one_dialogue_alone_is_no_difference() -> None:
    mine = np.array([1.0] * 30 + [0.0] * 30)
    by_sample = difference(mine, np.zeros(60), [str(n) for n in range(60)])
    in_one = difference(mine, np.zeros(60), ["0"] * 30 + [str(n) for n in range(30)])
    assert by_sample.p < 0.001
    assert in_one.p == 1.0
    assert difference(mine, mine, [str(n) for n in range(60)]).p == 1.0


def test_holm_adjusts_as_in_the_textbook() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_jackknife_of_a_mean_is_the_textbook_interval() -> None:
    values = np.array([0.1, 0.4, 0.3, 0.6])
    without = [(values.sum() - v) / 3 for v in values]
    found = jackknife(without, float(values.mean()))
    half = 3.182446 * values.std(ddof=1) / 2
    assert found.high == pytest.approx(0.35 + half, abs=1e-5)
    assert found.low == pytest.approx(max(0, 0.35 - half), abs=1e-5)
    assert jackknife([0.5], 0.5).low is None

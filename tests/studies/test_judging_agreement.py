"""Agreement of annotators, against the published examples."""

from __future__ import annotations

from random import Random

import pytest
from ballots import mirrored, vote

from crsdemo.core.comparison import Verdict
from crsdemo.studies.statistics.agreement import Judged, agreement, agreement_report
from crsdemo.studies.statistics.judging import Scores, Vote

# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability: rows are observers, a dot is
# missing. A: binary, two observers. B: nominal, two observers. C: four observers, missing data.
EXAMPLE_A = ("0100000010", "1110010000")
EXAMPLE_B = ("aabbdcccedda", "babbbccceddd")
EXAMPLE_C = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def rows(*observers: str) -> list[Judged]:
    return [
        Judged(f"{unit}", float(ord(value)))
        for values in observers
        for unit, value in enumerate(values)
        if value != "."
    ]


def many_votes(n_tasks: int, noise: float, seed: int = 0) -> list[Vote]:
    """Eight annotators on every task, who see its right answer but for `noise`."""
    random = Random(seed)
    sides: tuple[Verdict, Verdict] = ("left", "right")
    votes = []
    for task in range(n_tasks):
        right = random.choice(sides)
        for person in range(8):
            chosen = random.choice(sides) if random.random() < noise else right
            votes.append(vote(f"p{person}", chosen, task))
    return votes


def test_alpha_is_that_of_the_published_examples() -> None:
    assert agreement(rows(*EXAMPLE_A)).alpha.value == pytest.approx(0.095, abs=5e-4)
    assert agreement(rows(*EXAMPLE_B)).alpha.value == pytest.approx(0.692, abs=5e-4)
    assert agreement(rows(*EXAMPLE_C)).alpha.value == pytest.approx(0.743, abs=5e-4)
    ordinal = agreement(rows(*EXAMPLE_C), is_ordinal=True).alpha.value
    assert ordinal == pytest.approx(0.815, abs=5e-4)


def test_units_judged_once_are_left_out() -> None:
    assert agreement(rows(*EXAMPLE_C)).units == 11  # of 12: one has a single value
    assert agreement(rows("ab")).units == 0


def test_percent_agreement_counts_pairs_of_judgments() -> None:
    found = agreement(rows("aab", "abb", "ab."))
    assert found.percent == pytest.approx((3 + 1 + 1) / 7)  # of 3, 3 and 1 pairs


def test_alpha_of_a_single_category_is_not_known() -> None:
    found = agreement(rows("aaa", "aaa"))
    assert (found.percent, found.alpha.value, found.alpha.low) == (1.0, None, None)


def test_the_interval_of_alpha_holds_it_and_narrows_with_more_tasks() -> None:
    widths = []
    for n_tasks in (12, 100):
        alpha = agreement_report(many_votes(n_tasks, 0.5)).winners.alpha
        assert alpha.value is not None and alpha.low is not None and alpha.high is not None
        assert alpha.low < alpha.value < alpha.high
        widths.append(alpha.high - alpha.low)
    assert widths[1] < widths[0] / 2


def test_agreement_is_on_recommenders_not_on_sides() -> None:
    random = Random(0)
    votes = many_votes(20, 0.0)
    swapped = [mirrored(one) if random.random() < 0.5 else one for one in votes]
    assert agreement_report(swapped) == agreement_report(votes)
    assert agreement_report(swapped).verdicts.alpha.value == 1.0


def test_kinds_of_tie_differ_as_verdicts_but_not_as_winners() -> None:
    verdicts: tuple[Verdict, ...] = ("both_good", "both_bad", "left", "right")
    votes = [vote("ann", verdict, task) for task, verdict in enumerate(verdicts)]
    votes += [vote("bob", "both_bad", 0), *(vote("bob", v, n) for n, v in enumerate(verdicts) if n)]
    found = agreement_report(votes)
    assert (found.winners.percent, found.verdicts.percent) == (1.0, 0.75)


def test_who_cannot_tell_and_who_votes_again_is_not_counted() -> None:
    votes = [vote("ann", "left", 1), vote("bob", "cannot_tell", 1), vote("ann", "right", 1)]
    assert agreement_report(votes).verdicts.units == 0


def test_aspects_are_compared_by_reply() -> None:
    votes = [
        vote("ann", "left", 1, aspects={"relevance": Scores(3, 0)}),
        mirrored(vote("bob", "left", 1, aspects={"relevance": Scores(3, 1)})),
    ]
    found = agreement_report(votes).aspects["relevance"]
    assert (found.units, found.percent) == (2, 0.5)

"""Slices of samples, and figures of lists, against values worked out by hand."""

import numpy as np
import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.evaluation.protocol import ALL, NEW
from crsdemo.evaluation.report import Sample
from crsdemo.evaluation.slices import SLICES, coverage, gini, list_figures, slices

CATALOG = Catalog(tuple(Item(f"f{n}", f"T{n}", popularity=(4, 2, 2, 0)[n]) for n in range(4)))


def sample(turn: int = 1, n_named: int = 0, popularity: int | None = 3, **ranks: int) -> Sample:
    return Sample(f"d{turn}{n_named}", turn, 9, "f0", True, n_named, popularity,
                  ranks.get("rank"), ranks.get("rank_new"))  # fmt: skip


SAMPLES = [
    sample(1, 0, 3, rank=1, rank_new=1),
    sample(3, 2, 0, rank=4, rank_new=2),
    sample(8, 3, None),
]


def test_every_sample_is_in_one_slice_of_each_kind() -> None:
    found = {(s.by, s.name): s for s in slices(SAMPLES, ALL)}
    assert {key for key in found if key[0] == "target"} == {
        ("target", "named in training"), ("target", "cold"), ("target", "not in the catalog")
    }  # fmt: skip
    assert found["turns before", "3 to 6"].metrics["recall@5"].value == 1
    assert found["films named before", "3 or more"].metrics["recall@50"].value == 0
    for by in SLICES:
        assert sum(s.n for (kind, _), s in found.items() if kind == by) == 3
    assert [found["position in the dialogue", f"{third} third"].n
            for third in ("first", "second", "last")] == [1, 1, 1]  # fmt: skip


def test_a_part_that_hides_what_was_named_has_its_own_ranks_and_empty_slices_are_left_out() -> None:
    found = {(s.by, s.name): s for s in slices(SAMPLES[1:2], NEW)}
    assert found["target", "cold"].metrics["mrr@10"].value == 0.5
    assert len(found) == len(SLICES)


def test_coverage_and_gini_of_what_is_shown() -> None:
    assert coverage(np.array([3.0, 0, 1, 0])) == 0.5
    assert gini(np.array([2.0, 2, 2, 2])) == 0
    assert gini(np.array([0.0, 0, 0, 8])) == 0.75
    assert gini(np.array([1.0, 3])) == 0.25
    assert gini(np.zeros(3)) == 0


def test_lists_are_told_with_intervals_over_dialogues() -> None:
    lists = [("f0", "f1"), ("f0",), ("f3",)]
    found = list_figures(lists, ["a", "a", "b"], CATALOG)
    assert (found.n, found.coverage.value) == (3, 0.75)
    # Percentiles: f3 1/8, f1 and f2 (level) 1/2, f0 7/8.
    assert found.popularity.value == pytest.approx(((7 / 8 + 1 / 2) / 2 + 7 / 8 + 1 / 8) / 3)
    assert found.coverage.low is not None and found.coverage.low < 0.75
    assert found.gini.value == pytest.approx(gini(np.array([2.0, 1, 0, 1])))


def test_only_the_first_ten_of_a_list_are_seen() -> None:
    many = Catalog(tuple(Item(f"f{n}", f"T{n}") for n in range(40)))
    found = list_figures([tuple(many.row)], ["a"], many)
    assert found.coverage.value == 0.25

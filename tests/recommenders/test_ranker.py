"""From signals to one order: hidden items take no place in it."""

from __future__ import annotations

import numpy as np
import pytest

from crsdemo.core.dialogue import Dialogue
from crsdemo.recommenders import ranker
from crsdemo.recommenders.ranker import TOGETHER, Ranker, best
from crsdemo.recommenders.trees import Trees

# One tree: 2 for what is within half a point of the best that competes, else -1
NEAR_THE_BEST = Trees(
    roots=np.array([0], np.int32),
    depth=1,
    feature=np.array([1, 0, 0], np.int32),
    threshold=np.array([-0.5, 0, 0], np.float32),
    left=np.array([1, 1, 2], np.int32),
    right=np.array([2, 1, 2], np.int32),
    value=np.array([0, -1, 2], np.float32),
)
SIGNALS = np.array([[8, 6, 4, 2]], np.float32)


def test_trees_order_the_best_of_what_may_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranker, "POOL", 2)
    made = Ranker(("liked",), np.array([0.5], np.float32), NEAR_THE_BEST)
    nothing, first = np.zeros(4, bool), np.arange(4) == 0
    assert made.part_names == ("liked", TOGETHER)
    assert made.parts(SIGNALS, Dialogue(), nothing).tolist() == [[4, 3, 2, 1], [2, -1, -1, -1]]
    # the second is now the best that competes; all others get the least that a tree gave
    assert made.parts(SIGNALS, Dialogue(), first).tolist() == [[4, 3, 2, 1], [-1, 2, -1, -1]]


def test_without_trees_the_weighted_signals_are_all() -> None:
    made = Ranker(("liked",), np.array([0.5], np.float32))
    hidden = np.ones(4, bool)
    assert made.parts(SIGNALS, Dialogue(), hidden).tolist() == [[4, 3, 2, 1]]
    assert made.part_names == ("liked",)


def test_the_best_come_first_and_what_is_ruled_out_never() -> None:
    scores = np.array([1, -np.inf, 5, 3, 4], np.float32)
    assert best(scores, 3).tolist() == [2, 4, 3]
    assert best(scores, 9).tolist() == [2, 4, 3, 0]
    assert best(np.full(3, -np.inf, np.float32), 2).tolist() == []

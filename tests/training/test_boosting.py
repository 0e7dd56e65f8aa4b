"""Trees that learn to order lists."""

import numpy as np

from crsdemo.recommenders.trees import Trees
from crsdemo.training.ranking.fit_ranker import Lists, grown

SIZE, N_LISTS = 40, 100


def lists(seed: int, *, weight: float = 1.0) -> Lists:
    """The right item of each list has the largest product of two features."""
    rows = np.random.default_rng(seed).normal(size=(N_LISTS * SIZE, 4)).astype(np.float32)
    right = np.zeros(len(rows), np.float32)
    right[first_of_each() + (rows[:, 0] * rows[:, 1]).reshape(-1, SIZE).argmax(1)] = weight
    return Lists(rows, right, first_of_each())


def first_of_each() -> np.ndarray:
    return np.arange(N_LISTS) * SIZE


def mean_rank(trees: Trees, of: Lists) -> float:
    scores = trees.scores(of.rows).reshape(-1, SIZE)
    right = of.right.reshape(-1, SIZE).argmax(1)
    return float((scores > scores[np.arange(N_LISTS), right][:, None]).sum(1).mean())


def test_what_is_right_comes_first() -> None:
    seen, unseen = lists(0), lists(1)
    trees = Trees.of([grown(seen, 60, seed=0)])
    assert mean_rank(trees, seen) < 3
    assert mean_rank(trees, unseen) < 5  # by chance 19.5


def test_the_same_seed_grows_the_same_trees() -> None:
    one, same, other = (Trees.of([grown(lists(0), 5, seed)]) for seed in (0, 0, 1))
    assert np.array_equal(one.scores(lists(1).rows), same.scores(lists(1).rows))
    assert not np.array_equal(one.scores(lists(1).rows), other.scores(lists(1).rows))


def test_lists_without_weight_teach_nothing() -> None:
    trees = Trees.of([grown(lists(0, weight=0.0), 5, seed=0)])
    assert not trees.scores(lists(1).rows).any()

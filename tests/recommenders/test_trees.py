"""Boosted trees as arrays say what scikit-learn says."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from crsdemo.recommenders.trees import Trees


def forest(model: HistGradientBoostingClassifier) -> list[np.ndarray]:
    """scikit-learn shows its trees to nobody, hence the private names."""
    return [tree.nodes for (tree,) in model._predictors]


@pytest.fixture(scope="module")
def fitted() -> tuple[list[HistGradientBoostingClassifier], np.ndarray]:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(600, 5)).astype(np.float32)
    wanted = rows[:, 0] * rows[:, 1] > 0.2
    models = [
        HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=n, random_state=n).fit(
            rows, wanted
        )
        for n in (5, 9)
    ]
    return models, rng.normal(size=(200, 5)).astype(np.float32)


def test_the_mean_of_forests_is_what_scikit_learn_says(
    fitted: tuple[list[HistGradientBoostingClassifier], np.ndarray],
) -> None:
    models, rows = fitted
    wanted = np.mean([m.decision_function(rows) - m._baseline_prediction.item() for m in models], 0)
    assert np.std(wanted) > 0.5
    assert np.allclose(Trees.of([forest(m) for m in models]).scores(rows), wanted, atol=1e-4)


def test_arrays_keep_everything(
    fitted: tuple[list[HistGradientBoostingClassifier], np.ndarray],
) -> None:
    models, rows = fitted
    trees = Trees.of([forest(model) for model in models])
    again = Trees.from_arrays(trees.arrays())
    assert np.array_equal(trees.scores(rows), again.scores(rows))


def test_a_missing_array_is_an_error(
    fitted: tuple[list[HistGradientBoostingClassifier], np.ndarray],
) -> None:
    kept = Trees.of([forest(model) for model in fitted[0]]).arrays()
    del kept["value"]
    with pytest.raises(KeyError, match="value"):
        Trees.from_arrays(kept)

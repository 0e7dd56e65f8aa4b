"""Who is liked or mentioned together, and what follows from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from films import BY_TITLE, CATALOG

from crsdemo.core.errors import BadInputError
from crsdemo.training.data import load_likes
from crsdemo.training.ranking.affinity import Affinity, Teacher, TeacherWeights

ROW = {title: CATALOG.row[item.id] for title, item in BY_TITLE.items()}
TALKS = [["Heat", "Goodfellas"], ["Heat", "Goodfellas", "Taxi Driver"], ["Heat", "Up"], ["Alien"]]
LIKES = [["Alien", "Blade Runner"]] * 3 + [["Up", "Toy Story"]] * 2


def ids(groups: list[list[str]]) -> list[list[str]]:
    return [[BY_TITLE[title].id for title in group] for group in groups]


@pytest.fixture(scope="module")
def affinity() -> Affinity:
    return Affinity.of(CATALOG, ids(TALKS), ids(LIKES))


@pytest.fixture(scope="module")
def flat() -> np.ndarray:
    """Text vectors that say nothing."""
    return np.zeros((len(CATALOG), 4), np.float32)


def test_pairs_are_counted_in_both_directions_and_never_with_themselves(affinity: Affinity) -> None:
    together = affinity.together.toarray()
    assert together[ROW["Heat"], ROW["Goodfellas"]] == 2
    assert (together == together.T).all()
    assert not together.diagonal().any()
    assert affinity.count[ROW["Heat"]] == 3
    assert affinity.liked[ROW["Alien"]] == 3
    assert affinity.liked_together[ROW["Up"], ROW["Toy Story"]] > 0


def test_items_outside_the_catalog_and_repetitions_count_nothing() -> None:
    heat = BY_TITLE["Heat"].id
    affinity = Affinity.of(CATALOG, [[heat, heat, "redial:1"]], [])
    assert affinity.count.sum() == 1
    assert affinity.together.nnz == 0


def test_the_teacher_prefers_what_was_named_with_the_mentioned_items(
    affinity: Affinity, flat: np.ndarray
) -> None:
    teacher = Teacher(affinity, flat, flat)
    rows, weights = teacher.top([ROW["Heat"]], 5)
    assert rows[weights.argmax()] == ROW["Goodfellas"]
    assert weights.sum() == pytest.approx(1)
    assert ROW["Heat"] not in rows
    liked = teacher.scores([ROW["Alien"]])
    assert liked.argmax() == ROW["Blade Runner"]


def test_text_that_is_alike_speaks_for_an_item(affinity: Affinity, flat: np.ndarray) -> None:
    themes = flat.copy()
    themes[[ROW["Jaws"], ROW["Jurassic Park"]]] = (1, 0, 0, 0)
    scores = Teacher(affinity, themes, flat).scores([ROW["Jaws"]])
    without = Teacher(affinity, flat, flat).scores([ROW["Jaws"]])
    gained = np.flatnonzero(scores > without + 1)
    assert gained.tolist() == [ROW["Jurassic Park"]]


def test_a_dialogue_does_not_help_to_predict_itself(affinity: Affinity, flat: np.ndarray) -> None:
    """With its own counts taken back, the scores are those of a teacher that never saw it."""
    weights = TeacherWeights(dialogues_nearest=0, ratings_summed=0, ratings_nearest=0)
    teacher = Teacher(affinity, flat, flat, weights)
    own = [ROW["Heat"], ROW["Up"]]
    unseen = Affinity.of(CATALOG, ids([t for t in TALKS if t != ["Heat", "Up"]]), ids(LIKES))
    blind = teacher.scores([ROW["Heat"]], without=own)[ROW["Up"]]
    seeing = teacher.scores([ROW["Heat"]])[ROW["Up"]]
    never = Teacher(unseen, flat, flat, weights).scores([ROW["Heat"]])[ROW["Up"]]
    assert blind < seeing
    assert blind == pytest.approx(never, abs=0.01)


def test_items_named_together_get_near_vectors_with_enough_support() -> None:
    texts = np.random.default_rng(0).normal(size=(len(CATALOG), 8)).astype(np.float32)
    crime, space = ["Heat", "Goodfellas", "Taxi Driver"], ["Alien", "Blade Runner", "Interstellar"]
    affinity = Affinity.of(CATALOG, ids([crime, space] * 20), [])
    vectors = affinity.collaborative_vectors(texts, dim=2)
    assert vectors.shape == (len(CATALOG), 2)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    near = unit[ROW["Heat"]] @ unit[ROW["Taxi Driver"]]
    far = unit[ROW["Heat"]] @ unit[ROW["Alien"]]
    assert near > far + 0.5
    assert np.isfinite(affinity.collaborative_vectors(texts, dim=64)).all()


def test_likes_are_the_good_ratings_of_people_with_more_than_one(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    rows = ["a,f01,5", "a,f02,4", "a,f03,2", "b,f04,5", "c,f05,4.5", "c,unknown,5", "c,f06,4"]
    path.write_text("\n".join(["user_id,movie_id,rating", *rows]))
    assert load_likes(path, CATALOG) == [["f01", "f02"], ["f05", "f06"]]


def test_a_file_that_holds_no_ratings_is_refused_with_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("who,what\na,b\n")
    with pytest.raises(BadInputError, match="who.*expected user_id, movie_id, rating"):
        load_likes(path, CATALOG)
    path.write_text("user_id,movie_id,rating\na,f01,good\n")
    with pytest.raises(BadInputError, match="line 2.*'good'"):
        load_likes(path, CATALOG)

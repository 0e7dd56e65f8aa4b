"""What films have in common by their facts."""

import numpy as np
import pytest
from films import CATALOG

from crsdemo.core.catalog import Catalog, Item
from crsdemo.language.title_forms import series
from crsdemo.recommenders.item_similarity import SIGNALS, ItemSimilarity

PEOPLE, SERIES, GENRES, AGE = range(4)
SIMILARITY = ItemSimilarity(CATALOG)


def row(title: str) -> int:
    return next(n for n, item in enumerate(CATALOG) if item.title == title)


def test_nothing_named_is_near_to_nothing() -> None:
    found = SIMILARITY.signals([])
    assert found.shape == (len(SIGNALS), len(CATALOG)) and not found.any()


def test_films_of_the_same_people_are_similar_and_rare_people_tell_more() -> None:
    found = SIMILARITY.signals([row("Heat")])[PEOPLE]
    assert found[row("Goodfellas")] > 0  # Robert De Niro
    assert found[row("Up")] == 0
    assert found[row("Heat")] == 0  # itself
    martin = SIMILARITY.signals([row("The Departed")])[PEOPLE]
    assert martin[row("Taxi Driver")] > martin[row("Up")]


def test_genres_and_years_come_nearer_the_more_they_agree() -> None:
    found = SIMILARITY.signals([row("Toy Story"), row("Finding Nemo")])
    assert found[GENRES].argmax() in {row("Toy Story"), row("Finding Nemo"), row("Up")}
    assert found[AGE, row("Titanic")] > found[AGE, row("Taxi Driver")]
    assert found[AGE].max() <= 0


def test_what_was_named_last_counts_most() -> None:
    heat, up = row("Heat"), row("Up")
    newer, older = SIMILARITY.signals([heat, up]), SIMILARITY.signals([up, heat])
    assert newer[GENRES, heat] > older[GENRES, heat]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Rocky II", "rocky"),
        ("Rocky", "rocky"),
        ("Alien: Covenant", "alien"),
        ("Harry Potter and the Goblet of Fire", "harry potter"),
        ("Kill Bill: Volume 2", "kill bill"),
        ("The Two Towers", "two towers"),
        ("Seven", "seven"),
        ("...", ""),
    ],
)
def test_a_series_is_known_by_what_its_titles_share(title: str, name: str) -> None:
    assert series(title) == name


def test_films_of_a_series_find_each_other_and_nameless_ones_nobody() -> None:
    films = Catalog((Item("1", "Rocky"), Item("2", "Rocky II"), Item("3", "?"), Item("4", "!")))
    similarity = ItemSimilarity(films)
    assert similarity.signals([0])[SERIES].tolist() == [1, 1, 0, 0]
    assert not similarity.signals([2])[SERIES].any()
    assert np.isfinite(similarity.signals([0, 2])).all()

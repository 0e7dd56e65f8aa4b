"""Nodes of the ID trie are named by what their items share."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from crsdemo.catalog import Catalog, Item
from crsdemo.errors import CatalogError
from crsdemo.semantic_ids import SemanticIDs
from crsdemo.trie_labels import TrieLabels


def film(number: int, year: int, **facts: str) -> Item:
    return Item(
        f"f{number:02}",
        f"Film {number}",
        year,
        {field: tuple(values.split("|")) for field, values in facts.items()},
        popularity=number,
    )


# Six crime films of the 1970s by one director (node 0), twelve dramas of all times (node 1).
CRIME = [film(n, 1970 + n, genres="crime|drama", directors="Ada Stone") for n in range(6)]
DRAMA = [film(n, 1900 + 10 * n, genres="drama", cast=f"Actor {n}") for n in range(6, 18)]
CATALOG = Catalog((*CRIME, *DRAMA))
IDS = SemanticIDs.assign(
    CATALOG, [(0, n) for n in range(6)] + [(1, n) for n in range(12)], codebook_size=12
)


@pytest.fixture
def labels() -> TrieLabels:
    return TrieLabels(CATALOG, IDS)


def test_a_node_is_named_by_what_is_frequent_inside_and_rare_outside(labels):
    assert labels.branch([0]).label == "crime, 1970s, Ada Stone"  # not drama, which all are


def test_a_node_knows_its_size_and_its_best_known_items(labels):
    assert labels.branch((0,)).n_items == 6 and labels.branch(()).n_items == 18
    assert labels.branch((0,)).examples == ("Film 5", "Film 4", "Film 3")
    assert labels.branch((0, 2)).examples == ("Film 2",)


def test_a_node_that_nothing_sets_apart_is_named_by_what_is_common(labels):
    assert labels.branch((1,)).label == "drama"


def test_a_leaf_is_named_by_the_facts_of_its_item(labels):
    assert "Actor 9" in labels.branch((1, 3)).label


def test_a_label_names_one_person_at_most():
    item = Item("a", "A", 1999, {"directors": ("Jo May",), "cast": ("Jo May", "Al Ko", "Bo Li")})
    catalog = Catalog((item, *DRAMA))
    ids = SemanticIDs.assign(catalog, [(0, 0)] + [(1, n) for n in range(12)], 12)
    assert TrieLabels(catalog, ids).branch((0,)).label == "1990s, Al Ko"


def test_a_remake_is_one_example():
    catalog = Catalog((Item("a", "Ark", 1950), Item("b", "Ark", 1990), Item("c", "Bay", 1990)))
    ids = SemanticIDs.assign(catalog, [(0, 0), (0, 1), (0, 2)], 3)
    assert TrieLabels(catalog, ids).branch((0,)).examples == ("Ark", "Bay")


def test_items_without_facts_are_mixed():
    bare = Catalog((Item("a", "A"), Item("b", "B")))
    ids = SemanticIDs.assign(bare, [(0, 0), (0, 1)], 2)
    assert TrieLabels(bare, ids).branch((0,)) == ("mixed", 2, ("A", "B"))


def test_a_fact_within_another_is_named_once_and_long_texts_never():
    comedies = [
        film(n, 1999, genres="comedy", keywords="dark comedy", notes="x" * 41) for n in range(3)
    ]
    catalog = Catalog((*comedies, *DRAMA))
    ids = SemanticIDs.assign(catalog, [(0, n) for n in range(3)] + [(1, n) for n in range(12)], 12)
    label = TrieLabels(catalog, ids).branch((0,)).label
    assert label.count("comedy") == 1 and "xxx" not in label


def test_a_node_that_is_not_there_is_refused(labels):
    with pytest.raises(CatalogError, match=r"starts with \(7,\)"):
        labels.branch((7,))


def test_threads_see_the_same_labels(labels):
    with ThreadPoolExecutor(8) as pool:
        nodes = list(pool.map(labels.branch, [(0,), (1,)] * 50))
    assert set(nodes) == {labels.branch((0,)), labels.branch((1,))}

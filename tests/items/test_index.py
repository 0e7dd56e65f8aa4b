"""The nearest items are found: all of them exactly, of very many nearly all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from crsdemo.core.errors import BadInputError
from crsdemo.items.arrays import Floats
from crsdemo.items.index import ItemIndex


def units(n: int, d: int, seed: int = 0) -> Floats:
    vectors = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


VECTORS, QUERIES = units(3_000, 24), units(20, 24, seed=1)


@pytest.fixture(scope="module")
def approximate() -> ItemIndex:
    return ItemIndex.build(VECTORS, exact_up_to=1_000)


def test_the_exact_index_is_the_inner_product_sorted() -> None:
    index = ItemIndex.build(VECTORS)
    found = index.search(QUERIES, 50)
    products = QUERIES @ VECTORS.T
    order = np.argsort(-products, axis=1)[:, :50]
    assert index.is_exact
    assert np.array_equal(found.rows, order)
    assert np.allclose(found.scores, np.take_along_axis(products, order, axis=1), atol=1e-5)


def test_the_approximate_index_finds_nearly_all_best_first(approximate: ItemIndex) -> None:
    found = approximate.search(QUERIES, 50)
    exact = ItemIndex.build(VECTORS).search(QUERIES, 50)
    shared = [np.isin(a, b).mean() for a, b in zip(found.rows, exact.rows, strict=True)]
    assert not approximate.is_exact
    assert np.mean(shared) >= 0.95
    assert (np.diff(found.scores) <= 0).all()
    products = np.take_along_axis(QUERIES @ VECTORS.T, found.rows, axis=1)
    assert np.allclose(found.scores, products, atol=0.02)


@pytest.mark.parametrize("exact_up_to", [1_000, 3_000])
def test_all_items_come_when_more_are_asked_for(exact_up_to: int) -> None:
    index = ItemIndex.build(VECTORS, exact_up_to)
    rows = index.search(QUERIES[:2], 10_000).rows
    assert len(index) == 3_000
    assert [sorted(one) for one in rows.tolist()] == [list(range(3_000))] * 2


@pytest.mark.parametrize("d", [1, 7, 16])
def test_vectors_of_any_width_can_be_searched(d: int) -> None:
    vectors = units(1_500, d)
    index = ItemIndex.build(vectors, exact_up_to=1_000)
    best = index.search(vectors[:5], 1)
    assert np.allclose(best.scores[:, 0], 1, atol=0.02)


def test_the_same_seed_builds_the_same_index(approximate: ItemIndex) -> None:
    again = ItemIndex.build(VECTORS, exact_up_to=1_000)
    assert np.array_equal(again.search(QUERIES, 50).scores, approximate.search(QUERIES, 50).scores)


@pytest.mark.parametrize("exact_up_to", [1_000, 3_000])
def test_searches_at_once_are_those_made_one_by_one(exact_up_to: int) -> None:
    index = ItemIndex.build(VECTORS, exact_up_to)
    alone = [index.search(QUERIES[n : n + 1], 30).rows for n in range(20)]
    with ThreadPoolExecutor(8) as pool:
        at_once = list(pool.map(lambda n: index.search(QUERIES[n : n + 1], 30).rows, range(20)))
    assert all(map(np.array_equal, alone, at_once))


def test_building_and_searching_leave_the_threads_of_others_alone() -> None:
    before = faiss.omp_get_max_threads()
    ItemIndex.build(VECTORS, exact_up_to=1_000).search(QUERIES, 5)
    assert faiss.omp_get_max_threads() == before


def test_unusable_vectors_and_queries_are_refused_in_words(approximate: ItemIndex) -> None:
    damaged = VECTORS.copy()
    damaged[7, 3] = np.nan
    with pytest.raises(BadInputError, match="row 7 holds NaN"):
        ItemIndex.build(damaged)
    for queries in (QUERIES[:, :5], QUERIES[0]):
        with pytest.raises(BadInputError, match=r"must have the shape \(B, 24\)"):
            approximate.search(queries, 5)
    with pytest.raises(BadInputError, match="k must be at least 1"):
        approximate.search(QUERIES, 0)

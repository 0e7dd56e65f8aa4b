"""Residual quantization and the resolution of collisions."""

import numpy as np
import pytest

from crsdemo.core.errors import BadInputError, CatalogError
from crsdemo.items.quantize import (
    Quantized,
    ids_beside,
    refitted,
    resolve_collisions,
    rq_kmeans,
    squared_distances,
)


def vectors(n: int, d: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def crowd(points: list[float], codebooks: list[list[float]], codes: list[list[int]]) -> Quantized:
    """One-dimensional vectors with codes and codebooks given by hand."""
    books = tuple(np.array(book, np.float32)[:, None] for book in codebooks)
    rows = np.array(codes)
    sums = sum(book[rows[:, level]] for level, book in enumerate(books))
    return Quantized(rows, books, np.array(points, np.float32)[:, None] - sums)


@pytest.mark.parametrize("balanced", [False, True])
def test_codes_codebooks_and_residuals_give_the_vectors_back(balanced: bool) -> None:
    x = vectors(500)
    q = rq_kmeans(x, n_levels=3, codebook_size=8, balanced=balanced)
    rebuilt = sum(book[q.codes[:, level]] for level, book in enumerate(q.codebooks)) + q.residuals
    assert q.codes.shape == (500, 3)
    np.testing.assert_allclose(rebuilt, x, atol=1e-5)
    np.testing.assert_allclose(q.before(0, np.arange(500)), x, atol=1e-5)


def test_every_level_leaves_less_over() -> None:
    x = vectors(500)
    left = [(rq_kmeans(x, n, 8).residuals ** 2).mean() for n in (1, 2, 3, 4)]
    assert left == sorted(left, reverse=True) and left[-1] < 0.6 * (x**2).mean()


def test_the_same_seed_gives_the_same_codes_and_another_seed_others() -> None:
    x = vectors(300)
    assert (rq_kmeans(x, 2, 8, seed=1).codes == rq_kmeans(x, 2, 8, seed=1).codes).all()
    assert (rq_kmeans(x, 2, 8, seed=1).codes != rq_kmeans(x, 2, 8, seed=2).codes).any()


def test_balanced_codes_hold_equally_many_items() -> None:
    x = np.r_[vectors(190) * 0.01, vectors(10) + 5]  # one dense spot and a few far away
    counts = np.bincount(rq_kmeans(x, 2, 8, balanced=True).codes[:, 0], minlength=8)
    assert counts.max() == 25
    assert np.bincount(rq_kmeans(x, 2, 8).codes[:, 0]).max() > 25


def test_unbalanced_codes_are_the_nearest() -> None:
    q = rq_kmeans(vectors(200), 2, 8)
    for level in (0, 1):
        left = q.before(level, np.arange(200))
        nearest = squared_distances(left, q.codebooks[level]).argmin(axis=1)
        assert (nearest == q.codes[:, level]).all()


def test_the_closest_keeps_its_code_and_others_take_their_next_nearest() -> None:
    # Codes 0, 1, 2 stand at 0, 1, 3. Three items share code 0; 0.1 is closest and keeps it.
    q = crowd([0.1, 0.4, -0.9], [[0.0], [0, 1, 3]], [[0, 0], [0, 0], [0, 0]])
    assert resolve_collisions(q) == [(0, 0), (0, 1), (0, 2)]


def test_a_full_prefix_sends_items_to_their_next_nearest_code_one_level_up() -> None:
    # The first level has codes at 0, 10 and -4; the prefix 0 has room for two items.
    q = crowd([0.1, 0.2, 0.3, 10.1], [[0, 10, -4], [0, 1]], [[0, 0], [0, 0], [0, 0], [1, 0]])
    assert resolve_collisions(q) == [(0, 0), (0, 1), (2, 1), (1, 0)]


def test_guests_from_a_full_prefix_do_not_push_out_those_at_home() -> None:
    # Prefix 0 overflows into prefix 1, where two items still have to be told apart.
    q = crowd([0, 0, 0, 4, 4], [[0, 4, 9], [0, 1]], [[0, 0], [0, 0], [0, 0], [1, 0], [1, 0]])
    ids = resolve_collisions(q)
    assert [codes[0] for codes in ids] == [0, 0, 2, 1, 1] and len(set(ids)) == 5


def test_equal_vectors_fill_the_whole_space_and_one_more_is_refused() -> None:
    q = crowd([0] * 8, [[0, 1]] * 3, [[0, 0, 0]] * 8)
    assert len(set(resolve_collisions(q))) == 8
    full = crowd([0] * 9, [[0, 1]] * 3, [[0, 0, 0]] * 9)
    with pytest.raises(CatalogError, match="9 items cannot have different IDs of 3 levels"):
        resolve_collisions(full)


@pytest.mark.parametrize("seed", range(3))
def test_ids_are_unique_ints_and_only_colliding_items_move(seed: int) -> None:
    x = np.round(vectors(400, 3, seed), 1)  # many equal and close vectors
    q = rq_kmeans(x, 3, 8, seed=seed)
    ids = resolve_collisions(q)
    before = [tuple(codes) for codes in q.codes.tolist()]
    assert len(set(ids)) == 400 and all(type(code) is int for codes in ids for code in codes)
    assert all(ids[i] == codes for i, codes in enumerate(before) if before.count(codes) == 1)
    assert {*before} <= {*ids}  # in every group somebody keeps the codes


def test_a_handful_of_items_is_enough() -> None:
    q = rq_kmeans(vectors(3), n_levels=4, codebook_size=64)
    assert len(set(resolve_collisions(q))) == 3


def test_vectors_that_cannot_be_used_are_named() -> None:
    x = vectors(5)
    x[3, 1] = np.nan
    with pytest.raises(BadInputError, match="row 3"):
        rq_kmeans(x)
    with pytest.raises(BadInputError, match=r"shape \(0, 8\)"):
        rq_kmeans(x[:0])


def test_codebooks_are_found_again_from_vectors_and_codes() -> None:
    x = vectors(2_000)
    made = rq_kmeans(x, n_levels=3, codebook_size=8)
    again = refitted(x, made.codes, codebook_size=9)
    np.testing.assert_allclose(again.before(0, np.arange(2_000)), x, atol=1e-5)
    for book, known in zip(again.codebooks, made.codebooks, strict=True):
        assert np.abs(book[:8] - known).mean() < 0.1 * np.abs(known).mean()
        assert (book[8] > 100).all()


def test_a_new_item_stands_beside_its_nearest_and_takes_no_id_that_is_taken() -> None:
    known = crowd([0.1, 9.1], [[0, 9], [0.1, 0.4, 0.6]], [[0, 0], [1, 0]])
    new = np.array([[0.15], [0.55], [0.2], [9.3]], np.float32)
    ids = ids_beside(known, np.array([0, 0, 0, 1]), new)
    assert ids[:2] == [(0, 1), (0, 2)]
    assert ids[3] == (1, 1)
    assert ids[2][0] == 1 and len({*ids, (0, 0), (1, 0)}) == 6

"""Residual quantization: item vectors become codes, and codes that collide are told apart.

Level by level a codebook is fitted to what the levels before left over, so that an item's codes go
from coarse to fine (GCRS, arXiv 2605.21987, sec. 3.2). Pure functions of arrays; RQ-KMeans is here,
the paper's RQ-VAE in `rq_vae`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from crsdemo.core.errors import BadInputError, CatalogError
from crsdemo.items.arrays import Floats, Ints
from crsdemo.items.semantic_ids import Codes

KMEANS_ITERATIONS = 25
FAR = 1e3  # coordinate of a codeword that no item has: every other one is nearer
POINTS_PER_CENTROID = 1024  # of more vectors than this per code a sample is fitted


@dataclass(frozen=True)
class Quantized:
    """Codes of n vectors: `sum(codebooks[l][codes[:, l]]) + residuals` gives the vectors back."""

    codes: Ints  # (n, levels)
    codebooks: tuple[Floats, ...]  # per level (codebook size or, of fewer vectors, n; d)
    residuals: Floats  # (n, d), what the last level left over

    def before(self, level: int, rows: Ints) -> Floats:
        """What the levels before `level` left over of the vectors at `rows`: (len(rows), d)."""
        residuals = self.residuals[rows].copy()
        for later in range(level, len(self.codebooks)):
            residuals += self.codebooks[later][self.codes[rows, later]]
        return residuals


def rq_kmeans(
    vectors: NDArray[np.floating],
    n_levels: int = 4,
    codebook_size: int = 64,
    seed: int = 0,
    balanced: bool = False,
) -> Quantized:
    """Fit one k-means per level to the residuals of (n, d) vectors.

    `balanced` lets no code of a level hold more than ceil(n / codebook_size) items, so that popular
    regions of the space do not share one prefix. Raises BadInputError for unusable vectors.
    """
    residuals = checked(vectors).copy()
    codes, codebooks = [], []
    for level in range(n_levels):
        codebook = _kmeans(residuals, codebook_size, seed + level)
        assigned = (_balanced if balanced else _nearest)(residuals, codebook)
        residuals -= codebook[assigned]
        codes.append(assigned)
        codebooks.append(codebook)
    return Quantized(np.stack(codes, axis=1), tuple(codebooks), residuals)


def checked(vectors: NDArray[np.floating]) -> Floats:
    """Raises BadInputError for anything but a matrix of finite numbers with at least one row."""
    if vectors.ndim != 2 or not vectors.size:
        raise BadInputError(f"item vectors must be a matrix (n, d), got shape {vectors.shape}")
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise BadInputError(
            f"the vector of row {int(np.argmin(finite))} holds NaN or infinity; encode it again"
        )
    return np.ascontiguousarray(vectors, dtype=np.float32)


def _kmeans(vectors: Floats, k: int, seed: int) -> Floats:
    """(min(k, n), d) centroids."""
    kmeans = faiss.Kmeans(
        vectors.shape[1],
        min(k, len(vectors)),
        niter=KMEANS_ITERATIONS,
        seed=seed,
        min_points_per_centroid=1,
        max_points_per_centroid=POINTS_PER_CENTROID,
    )
    kmeans.train(vectors)
    return np.asarray(kmeans.centroids, np.float32)


def squared_distances(vectors: Floats, codebook: Floats) -> Floats:
    """(n, k) squared Euclidean distances."""
    products = vectors @ codebook.T
    norms: Floats = (vectors**2).sum(axis=1)[:, None] + (codebook**2).sum(axis=1)
    distances: Floats = np.maximum(norms - 2 * products, 0)
    return distances


def _nearest(vectors: Floats, codebook: Floats) -> Ints:
    index = faiss.IndexFlatL2(codebook.shape[1])
    index.add(codebook)
    return np.asarray(index.search(vectors, 1)[1][:, 0], np.int64)


def _balanced(vectors: Floats, codebook: Floats) -> Ints:
    """Nearest codes of limited capacity: each round every open item asks for its nearest open code,
    and a code takes the closest that ask."""
    distances = squared_distances(vectors, codebook)
    room = np.full(len(codebook), -(-len(vectors) // len(codebook)))
    assigned = np.full(len(vectors), -1)
    while (open_rows := np.flatnonzero(assigned < 0)).size:
        wanted = distances[open_rows].argmin(axis=1)
        closeness = distances[open_rows, wanted]
        order = np.lexsort((closeness, wanted))
        turn = _position_in_group(wanted[order])
        taken = order[turn < room[wanted[order]]]
        assigned[open_rows[taken]] = wanted[taken]
        room -= np.bincount(wanted[taken], minlength=len(codebook))
        distances[:, room <= 0] = np.inf
    return assigned


def _position_in_group(groups: Ints) -> Ints:
    """For sorted `groups`, how many of the same group stand before each: [4, 4, 7] -> [0, 1, 0]."""
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    return np.arange(len(groups)) - np.repeat(starts, np.diff(np.r_[starts, len(groups)]))


def resolve_collisions(quantized: Quantized, codebook_size: int | None = None) -> list[Codes]:
    """A semantic ID for every vector, each different from all others (GCRS, App. A).

    Of the items that share all codes the one closest to its last code keeps them; each other one
    takes its nearest free code of the last level, and if all are taken, its next nearest code one
    level up with the nearest free one below it, and so on up to the first level. Raises
    CatalogError if there are more vectors than codes can tell apart.
    """
    n, n_levels = quantized.codes.shape
    size = codebook_size or max(len(book) for book in quantized.codebooks)
    if n > size**n_levels:
        raise CatalogError(
            f"{n:,} items cannot have different IDs of {n_levels} levels with {size} codes each; "
            "use more levels or larger codebooks"
        )
    ids = [tuple(codes) for codes in quantized.codes.tolist()]
    losers = _losers(quantized)
    if losers.size:
        _Reassignment(quantized, ids, losers).run()
    return ids


def refitted(vectors: Floats, codes: Ints, codebook_size: int) -> Quantized:
    """What gave `vectors` (n, d) these `codes` (n, levels), with its codebooks found again.

    A codeword is the mean of what its level was to explain; one that no item has lies far away.
    """
    residuals, codebooks = vectors.copy(), []
    for level in codes.T:
        codebook = np.full((codebook_size, vectors.shape[1]), FAR, np.float32)
        for code in np.unique(level):
            codebook[code] = residuals[level == code].mean(axis=0)
        residuals -= codebook[level]
        codebooks.append(codebook)
    return Quantized(codes, tuple(codebooks), residuals)


def ids_beside(known: Quantized, nearest: Ints, vectors: Floats) -> list[Codes]:
    """Semantic IDs for m more `vectors` (m, d), different from each other and from all known ones.

    `nearest` (m,): rows of `known`. A new item shares the codes of its nearest one but the last,
    which is the free one nearest to its vector; if none is free, it moves up as in
    `resolve_collisions`. Raises CatalogError if no ID is left.
    """
    n = len(known.codes)
    explained = known.before(0, nearest) - known.residuals[nearest]
    joined = Quantized(
        np.concatenate([known.codes, known.codes[nearest]]),
        known.codebooks,
        np.concatenate([known.residuals, vectors - explained]),
    )
    ids = [tuple(codes) for codes in joined.codes.tolist()]
    _Reassignment(joined, ids, np.arange(n, len(ids))).run()
    return ids[n:]


def _losers(quantized: Quantized) -> Ints:
    """Rows that must give their codes up: group by group, the closest first and without the one
    that keeps its codes."""
    last = (quantized.residuals**2).sum(axis=1)
    order = np.lexsort((last, *quantized.codes.T[::-1]))
    ordered = quantized.codes[order]
    same = np.r_[False, (ordered[1:] == ordered[:-1]).all(axis=1)]
    return order[same]


class _Reassignment:
    """Moves `losers` to free IDs; `ids` is changed in place. Raises CatalogError if none is left.

    Codes beyond the fitted codebook (fewer vectors than codes) stay unused.
    """

    def __init__(self, quantized: Quantized, ids: list[Codes], losers: Ints) -> None:
        self.quantized, self.ids, self.losers = quantized, ids, losers
        self.sizes = [len(book) for book in quantized.codebooks]
        moving = set(losers.tolist())
        self.taken = {codes for row, codes in enumerate(ids) if row not in moving}
        self.under = Counter(c[:depth] for c in self.taken for depth in range(1, len(self.sizes)))

    def run(self) -> None:
        """First all that find room beside their group, so that nobody is pushed out by guests."""
        last = len(self.sizes) - 1
        residuals = self.quantized.before(last, self.losers)
        crowded = [
            row
            for row, residual in zip(self.losers.tolist(), residuals, strict=True)
            if not self._move(row, last, residual)
        ]
        for row in crowded:
            if not any(self._move_up(row, level) for level in range(last - 1, -1, -1)):
                raise CatalogError(
                    f"no free ID is left for row {row} of {len(self.ids):,}; use more levels or "
                    "larger codebooks"
                )

    def _move_up(self, row: int, level: int) -> bool:
        return self._move(row, level, self.quantized.before(level, np.array([row]))[0])

    def _move(self, row: int, level: int, residual: Floats) -> bool:
        """Give `row` the nearest free ID that keeps its codes before `level`, if there is one."""
        found = self._nearest_free(self.ids[row][:level], residual)
        if found is None:
            return False
        self.ids[row] = found
        self.taken.add(found)
        self.under.update(found[:depth] for depth in range(1, len(found)))
        return True

    def _nearest_free(self, prefix: Codes, residual: Floats) -> Codes | None:
        level = len(prefix)
        if self.under[prefix] >= _product(self.sizes[level:]):
            return None
        codebook = self.quantized.codebooks[level]
        for code in ((residual - codebook) ** 2).sum(axis=1).argsort(kind="stable").tolist():
            codes = (*prefix, code)
            if level + 1 == len(self.sizes):
                found = None if codes in self.taken else codes
            else:
                found = self._nearest_free(codes, residual - codebook[code])
            if found is not None:
                return found
        return None


def _product(sizes: Sequence[int]) -> int:
    return int(np.prod(sizes, dtype=object))

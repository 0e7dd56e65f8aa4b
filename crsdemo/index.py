"""Nearest items by inner product: exact for a usual catalog, approximate for a very large one.

Up to 100,000 items every vector is compared; beyond, the vectors are divided into cells, kept in
one byte per number, and only the cells nearest to the query are read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from crsdemo.errors import BadInputError
from crsdemo.quantize import checked

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

EXACT_UP_TO = 100_000  # items; a query over so many takes some ten milliseconds on one thread
SAMPLE_PER_CELL = 64  # vectors that the centre of a cell is fitted to
CELLS_READ = 64  # per query


class Found(NamedTuple):
    """The nearest items of B queries, best first; row -1 where fewer than k were found."""

    scores: Floats  # (B, k) inner products
    rows: Ints  # (B, k) in the order in which the vectors were given


@dataclass(frozen=True)
class ItemIndex:
    """Item vectors to search in. Immutable: share it between threads."""

    index: Any  # faiss.Index
    is_exact: bool

    @classmethod
    def build(
        cls, vectors: NDArray[np.floating], exact_up_to: int = EXACT_UP_TO, seed: int = 0
    ) -> ItemIndex:
        """Over unit vectors (n, d), exact if n is at most `exact_up_to`.

        Raises BadInputError for anything but a matrix of finite numbers with at least one row.
        """
        vectors = checked(vectors)
        if len(vectors) <= exact_up_to:
            index = faiss.IndexFlatIP(vectors.shape[1])
            index.add(vectors)
            return cls(index, is_exact=True)
        return cls(_in_cells(vectors, seed), is_exact=False)

    def __len__(self) -> int:
        return int(self.index.ntotal)

    def search(self, queries: NDArray[np.floating], k: int) -> Found:
        """The `k` nearest items (all, if there are fewer) of each of `queries` (B, d).

        Raises BadInputError for queries of another width and for a `k` below 1.
        """
        queries = np.ascontiguousarray(queries, np.float32)
        if queries.ndim != 2 or queries.shape[1] != self.index.d:
            raise BadInputError(
                f"queries must have the shape (B, {self.index.d}), got {queries.shape}; encode "
                "them with the encoder that made the item vectors"
            )
        if k < 1:
            raise BadInputError(f"k must be at least 1, got {k}")
        return Found(*self.index.search(queries, min(k, len(self))))


def _in_cells(vectors: Floats, seed: int) -> Any:
    """Inverted lists of cells found by k-means, one byte per number."""
    n, d = vectors.shape
    n_cells = 1 << round(math.log2(2 * math.sqrt(n)))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(d), d, n_cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    index.cp.seed, index.cp.max_points_per_centroid = seed + 1, SAMPLE_PER_CELL
    index.train(vectors)
    index.add(vectors)
    index.nprobe = CELLS_READ
    return index

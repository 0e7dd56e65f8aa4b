"""Nearest items by inner product: exact for a usual catalog, approximate for a very large one.

Up to 100,000 items the query is compared with every vector. Beyond, it is compared with every
vector in a bit per number, and the best of these once more in a byte per number. Nothing is left
out unseen, as cells of an inverted file are: what people say lies far from all items, and its
neighbours in many cells (of a million items 512 cells of 2,048 had to be read for a recall of
0.95, which took five times as long).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from crsdemo.core.errors import BadInputError
from crsdemo.items.arrays import Floats, Ints
from crsdemo.items.quantize import checked

EXACT_UP_TO = 100_000  # items
FEWEST = 1_000  # vectors that the coarse codes can be fitted to
SAMPLE = 65_536  # of more vectors a sample is fitted
LOOKED_AT_AGAIN = 64  # times k: a recall of 0.98 where 16 gave 0.90, for half as long again


class Found(NamedTuple):
    """The nearest items of B queries, best first."""

    scores: Floats  # (B, k) inner products, of an approximate index nearly so
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
        """Over unit vectors (n, d); exact if n is at most `exact_up_to` (or 1,000).

        Raises BadInputError for anything but a matrix of finite numbers with at least one row.
        """
        vectors = checked(vectors)
        is_exact = len(vectors) <= max(exact_up_to, FEWEST)
        index = faiss.IndexFlatIP(vectors.shape[1]) if is_exact else _two_passes(vectors, seed)
        index.add(vectors)
        return cls(index, is_exact)

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


def units(vectors: Floats) -> Floats:
    """(n, d) vectors at length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = vectors / np.maximum(lengths, 1e-12)
    return unit


def _two_passes(vectors: Floats, seed: int) -> Any:
    """A trained, empty index: product quantization in registers, then one byte per number."""
    d = vectors.shape[1]
    coarse = faiss.IndexPQFastScan(d, _n_codes(d), 4, faiss.METRIC_INNER_PRODUCT)
    coarse.pq.cp.seed = seed + 1
    fine = faiss.IndexScalarQuantizer(d, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    index = faiss.IndexRefine(coarse, fine)
    index.k_factor = LOOKED_AT_AGAIN
    sample = np.random.default_rng(seed).permutation(len(vectors))[:SAMPLE]
    index.train(vectors[np.sort(sample)])
    return index


def _n_codes(d: int) -> int:
    """Codes of four bits for vectors of `d` numbers: one per four numbers, where that divides."""
    return next(d // numbers for numbers in (4, 3, 2, 1) if d % numbers == 0)

"""How fast items are found: the shipped catalog exactly, a million made-up items approximately.

    python -m crsdemo bench-retrieval --items 1000000

The made-up items lie as real ones do: each is the vector of a film, moved by the difference
between another film and one of its ten nearest. So they scatter about films as films scatter about
each other, in the directions in which films differ. The queries are the hand-written wishes of
`check_wishes`, as the encoder sees them: words of people, further from all items than items are
from each other, which is harder than to look for an item.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import faiss
import numpy as np

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag, parse
from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.bench.figures import Figure, peak_memory, tell, timed
from crsdemo.evaluation.checks.check_wishes import load_wishes
from crsdemo.items.arrays import Floats, Ints
from crsdemo.items.encoder import TextEncoder
from crsdemo.items.index import EXACT_UP_TO, ItemIndex, units
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.recommenders.cold_items import ItemFiles
from crsdemo.recommenders.loading import CATALOG

K = 50  # items found per query
N_NEAREST = 10
BATCH = 50_000  # items made at once


def measure(
    themes: Floats,
    queries: Floats,
    n_items: int = 1_000_000,
    exact_up_to: int = EXACT_UP_TO,
    seed: int = 0,
) -> Iterator[Figure]:
    """All figures as they are measured; queries one by one on one thread.

    `themes` (n, d): unit vectors of the catalog's items. `queries` (B, d): unit vectors.
    """
    catalog = ItemIndex.build(themes, max(len(themes), exact_up_to))
    yield _search_time(catalog, queries, "exactly", at_most=5)
    vectors = scattered(themes, n_items, seed)
    seconds, index = timed(lambda: ItemIndex.build(vectors, exact_up_to, seed))
    yield Figure(f"building the index of {n_items:,} made-up items", seconds, "s")
    yield Figure("its size", faiss.serialize_index(index.index).nbytes / 1e9, "GB")
    how = "exactly" if index.is_exact else "approximately"
    yield _search_time(index, queries, how, at_most=20)
    milliseconds, exact = _exact(vectors, queries)
    yield Figure("the same by comparing with all, median", milliseconds, "ms")
    found = index.search(queries, K).rows
    yield Figure(f"recall@{K} against exact", recall(found, exact), "", at_least=0.95)
    yield peak_memory("peak memory of the benchmark", at_most=20)


def scattered(themes: Floats, n: int, seed: int = 0) -> Floats:
    """(n, d) unit vectors that lie about `themes` as these lie about each other."""
    nearest = ItemIndex.build(themes, len(themes)).search(themes, N_NEAREST + 1).rows
    rng = np.random.default_rng(seed)
    vectors = np.empty((n, themes.shape[1]), np.float32)
    for start in range(0, n, BATCH):
        part = vectors[start : start + BATCH]
        at, other = rng.integers(len(themes), size=(2, len(part)))
        near = nearest[other, rng.integers(1, nearest.shape[1], len(part))]
        part[:] = units(themes[at] + themes[near] - themes[other])
    return vectors


def recall(found: Ints, exact: Ints) -> float:
    """The share of `exact` (B, k) that is in the same row of `found` (B, k)."""
    rows = zip(found, exact, strict=True)
    return float(np.mean([np.isin(wanted, row).mean() for row, wanted in rows]))


def _search_time(index: ItemIndex, queries: Floats, how: str, at_most: float) -> Figure:
    name = f"finding {K} of {len(index):,} items {how}, median"
    with _one_thread():
        index.search(queries[:1], K)
        times = [timed(partial(index.search, query[None], K))[0] for query in queries]
    return Figure(name, 1000 * median(times), "ms", at_most=at_most)


@contextmanager
def _one_thread() -> Iterator[None]:
    """For faiss, in this process, as long as the context is open."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _exact(vectors: Floats, queries: Floats) -> tuple[float, Ints]:
    """Median milliseconds of one query, and rows (B, K); without a copy of the vectors."""
    k, metric = min(K, len(vectors)), faiss.METRIC_INNER_PRODUCT
    with _one_thread():
        searches = [timed(partial(faiss.knn, one[None], vectors, k, metric)) for one in queries]
    rows = np.concatenate([found for _, (_, found) in searches])
    return 1000 * median(seconds for seconds, _ in searches), rows


@dataclass(frozen=True)
class RetrievalBenchmarkConfig:
    """Measure how fast items are found: in the catalog, and among as many as you like."""

    catalog: Path = flag(CATALOG, "folder of the catalog")
    items: int = flag(1_000_000, "made-up items")
    exact_up_to: int = flag(EXACT_UP_TO, "items up to which every vector is compared")
    json: Path | None = flag(None, "write the figures there")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.json,) if self.json else ()


def main(argv: Sequence[str]) -> None:
    config = parse(RetrievalBenchmarkConfig, argv, "crsdemo bench-retrieval")
    if config.items < 1:
        raise BadInputError(f"--items must be at least 1, got {config.items}")
    encoder, folder = TextEncoder(), config.catalog
    files = ItemFiles(Catalog.load(folder), folder, SemanticIDs.read(folder), encoder)
    themes = units(files.vectors[:, : encoder.dim])
    queries = encoder.embed([" ".join(wish.turns) for wish in load_wishes()])
    tell(measure(themes, queries, config.items, config.exact_up_to), config.json)

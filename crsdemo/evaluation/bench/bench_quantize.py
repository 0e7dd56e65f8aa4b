"""How long a catalog of a million items takes: quantize, resolve, save and load.

python -m crsdemo.evaluation.bench.bench_quantize [--items N] [--dimensions D]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from crsdemo.core.catalog import Catalog, Item
from crsdemo.items.arrays import Floats
from crsdemo.items.quantize import resolve_collisions, rq_kmeans
from crsdemo.items.semantic_ids import SemanticIDs

T = TypeVar("T")


def synthetic_vectors(n: int, d: int, seed: int = 0) -> Floats:
    """Clustered like a real catalog: a few thousand centres of unequal size, with noise around."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(2000, d)).astype(np.float32)
    sizes = rng.pareto(1.2, 2000) + 0.1
    return centres[rng.choice(2000, n, p=sizes / sizes.sum())] + rng.normal(
        scale=0.4, size=(n, d)
    ).astype(np.float32)


def bench_million(n: int = 1_000_000, d: int = 32) -> dict[str, float]:
    """Seconds per step, the share of items that collided, and the peak memory in GB."""
    seconds: dict[str, float] = {}

    def timed(step: str, work: Callable[[], T]) -> T:
        start = time.perf_counter()
        result = work()
        seconds[step] = round(time.perf_counter() - start, 1)
        return result

    quantized = timed("quantize", lambda: rq_kmeans(synthetic_vectors(n, d)))
    codes = timed("resolve", lambda: resolve_collisions(quantized))
    moved = np.mean(np.any(np.array(codes) != quantized.codes, axis=1))
    catalog = timed("catalog", lambda: Catalog(tuple(Item(f"i{row}", "") for row in range(n))))
    ids = timed("assign", lambda: SemanticIDs.assign(catalog, codes, 64))
    with tempfile.TemporaryDirectory() as folder:
        timed("save", lambda: ids.save(Path(folder)))
        loaded = timed("load", lambda: SemanticIDs.load(Path(folder), catalog))
    assert len(set(loaded.values())) == n
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {**seconds, "moved": round(float(moved), 3), "peak_gb": round(peak, 2)}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--dimensions", type=int, default=32)
    args = parser.parse_args(argv)
    for name, value in bench_million(args.items, args.dimensions).items():
        print(f"{name:10} {value}")


if __name__ == "__main__":
    main()

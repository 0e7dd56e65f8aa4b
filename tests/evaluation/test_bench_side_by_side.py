"""The benchmark of two recommenders measures what it says, on tiny parts."""

from __future__ import annotations

from films import CATALOG

from crsdemo.evaluation.bench.bench_side_by_side import measure
from crsdemo.recommenders.loading import Shelf


def test_both_are_timed_alone_and_together() -> None:
    figures = list(measure(CATALOG, Shelf(CATALOG), "popularity", "repeat-last"))
    assert [figure.name for figure in figures] == [
        "whole reply of popularity, median",
        "whole reply of repeat-last, median",
        "popularity and repeat-last side by side, median",
        "throughput of popularity, 8 visitors at once",
        "throughput of repeat-last, 8 visitors at once",
        "peak memory with both",
    ]
    assert all(figure.value > 0 for figure in figures)

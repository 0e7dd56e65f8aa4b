"""The report of `evaluate --stage item` as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crsdemo.evaluate_reges import CUTOFFS
from crsdemo.shares import percent, table, with_ends

Report = Mapping[str, Any]
RECALLS = [f"recall@{k}" for k in CUTOFFS]
ORDERS = (
    ("retriever_alone", "the retriever's order"),
    ("overall", "as the item expert chooses"),
    ("item_generation", "the same, the right film put among them"),
)
HELD = (("constrained", "held to the candidates"), ("free", "any token"))


def render(report: Report) -> str:
    """Tables of everything that is in a report of `evaluate_item_expert`."""
    return "\n\n".join(_sections(report))


def _sections(report: Report) -> Iterator[str]:
    yield (
        f"{report['recommender']}: {report['turns']:,} turns of {report['dialogues']:,} dialogues "
        "that recommend something new. Percent; recall with 95% intervals over dialogues, "
        "hallucination ratios with Wilson's."
    )
    sizes = report["candidates"].items()
    rows = [_recalls(size, name, one[key]) for size, one in sizes for key, name in ORDERS]
    yield table(("candidates", "order", "n", *RECALLS), rows)
    rows = [_written(size, name, one[key]) for size, one in sizes for key, name in HELD]
    kinds = next(iter(report["candidates"].values()))["free"]["kinds"]
    yield table(("candidates", "written", "names no item", "names no candidate", *kinds), rows)


def _recalls(size: str, name: str, found: Report) -> list[str]:
    """Empty beyond the number of candidates."""
    shares = [
        with_ends(found[recall], found["ci95"][recall]) if recall in found else ""
        for recall in RECALLS
    ]
    return [size, name, f"{found['n']:,}", *shares]


def _written(size: str, name: str, found: Report) -> list[str]:
    counts = [f"{n:,}" for n in found["kinds"].values()]
    return [size, name, percent(found["no_item"]), percent(found["no_candidate"]), *counts]

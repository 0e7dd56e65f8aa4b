"""The report of `evaluate --stage item` as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crsdemo.evaluation.stages.item_stage import CUTOFFS
from crsdemo.studies.statistics.shares import table, with_ends

Report = Mapping[str, Any]
RECALLS = [f"recall@{k}" for k in CUTOFFS]
ORDERS = (
    ("retriever_alone", "the retriever's"),
    ("expert_alone", "the item expert's"),
    ("overall", "both together"),
    ("item_generation", "both together, the right film put among them"),
)


def render(report: Report) -> str:
    """A table of everything that is in a report of `evaluate_item_expert`."""
    sizes = report["candidates"].items()
    rows = [_recalls(size, name, one[key]) for size, one in sizes for key, name in ORDERS]
    return (
        f"{report['recommender']}: {report['turns']:,} turns of {report['dialogues']:,} dialogues "
        "that recommend something new. Percent, with 95% intervals over dialogues.\n\n"
    ) + table(("candidates", "order", "n", *RECALLS), rows)


def _recalls(size: str, name: str, found: Report) -> list[str]:
    """Empty beyond the number of candidates."""
    shares = [
        with_ends(found[recall], found["ci95"][recall]) if recall in found else ""
        for recall in RECALLS
    ]
    return [size, name, f"{found['n']:,}", *shares]

"""The report of `evaluate --stage retrieval` as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crsdemo.evaluation.stages.retrieval_stage import CUTOFFS
from crsdemo.studies.statistics.shares import table, with_ends

Report = Mapping[str, Any]
RECALLS = [f"recall@{k}" for k in CUTOFFS]


def render(report: Report) -> str:
    """Tables of everything that is in the JSON of a `RetrievalReport`."""
    return "\n\n".join(_sections(report))


def _sections(report: Report) -> Iterator[str]:
    searches = report["searches"]
    yield (
        f"{report['turns']:,} turns of {report['dialogues']:,} dialogues. Percent, with 95% "
        "intervals over dialogues."
    )
    for part, films in (("new", "films not named before"), ("all", "all films")):
        head = (f"search for {films}", "ranked by", "n", *RECALLS)
        yield table(head, [_recalls(one, part) for one in searches])
    head = ("more than the whole dialogue, points, new films", "ranked by", *RECALLS)
    yield table(head, [_gains(one) for one in searches if "better_by" in one])
    head = (
        "cosine with the right film",
        "encoder",
        "n",
        "mean",
        "lower quartile",
        "median",
        "upper",
    )
    yield table(head, [_cosines(one) for one in report["cosines"]])


def _recalls(one: Report, part: str) -> list[str]:
    found = one[part]
    shares = [with_ends(found[name], found["ci95"][name]) for name in RECALLS]
    return [one["query"], one["ranker"], f"{found['n']:,}", *shares]


def _gains(one: Report) -> list[str]:
    gains = [one["better_by"][name] for name in RECALLS]
    return [one["query"], one["ranker"], *(with_ends(g["mean"], g["ci95"]) for g in gains)]


def _cosines(one: Report) -> list[str]:
    """Of no target nothing is known."""
    known = [one["mean"], *one["quartiles"]] if one["n"] else []
    return [one["query"], one["ranker"], f"{one['n']:,}", *(f"{value:.3f}" for value in known)]

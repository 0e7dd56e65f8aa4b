"""The report of `evaluate --stage generative` as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crsdemo.evaluation.stages.generative_stage import CUTOFFS, MISSED, ORACLE_WIDTH
from crsdemo.studies.statistics.shares import percent, table, with_ends

Report = Mapping[str, Any]
RECALLS = [f"recall@{k}" for k in CUTOFFS]


def render(report: Report) -> str:
    """Tables of everything that is in a report of `evaluate_generative`."""
    return "\n\n".join(_sections(report))


def _sections(report: Report) -> Iterator[str]:
    yield (
        f"{report['recommender']}: {report['targets']:,} new targets in {report['turns']:,} turns "
        f"of {report['dialogues']:,} dialogues, {report['outside']:,} outside the catalog left "
        f"out. Mode right: {percent(report['mode'])} of all recommender turns."
    )
    head = (
        "level", "right after right codes", "probability of the right code", "codes to choose from",
        "on codes of the catalog without the trie, %", "greedy, right so far",
        "greedy, all up to here", *(f"{r} there" for r in RECALLS),
    )  # fmt: skip
    yield table(head, [_level(n, one) for n, one in enumerate(report["levels"], 1)])
    levels = [str(n) for n, _ in enumerate(report["levels"], 1)]
    head = (
        "beam", *RECALLS, *(f"missed at {MISSED}: lost at level {n}, %" for n in levels),
        f"kept, below {MISSED}, %",
    )  # fmt: skip
    yield table(head, [_beam(width, one, levels) for width, one in report["beams"].items()])
    forced = enumerate(report["first_codes_forced"])
    rows = [[f"first {n} codes forced", *_recalls(one)] for n, one in forced]
    rows.append(["none forced, nor the mode", *_recalls(report["mode_not_forced"])])
    yield table((f"beam of {ORACLE_WIDTH}", *RECALLS), rows)


def _level(number: int, one: Report) -> list[str]:
    return [
        str(number),
        percent(one["after_right_codes"]),
        f"{one['probability']:.3f}",
        f"{one['choices']:.1f}",
        f"{100 * one['allowed_mass']:.1f}",
        percent(one["greedy_after_right_greedy"]),
        percent(one["greedy_up_to_here"]),
        *_recalls(one["recall_where_right"]),
    ]


def _beam(width: str, one: Report, levels: list[str]) -> list[str]:
    lost = [f"{100 * one['missed_first_lost_at'][n]['share']:.1f}" for n in levels]
    return [width, *_recalls(one), *lost, f"{100 * one['missed_but_kept']['share']:.1f}"]


def _recalls(found: Report) -> list[str]:
    """In percent with their intervals; empty beyond the cut-offs that were measured."""
    return [
        with_ends(found[name], found["ci95"][name]) if name in found else "" for name in RECALLS
    ]

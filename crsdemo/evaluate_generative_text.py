"""The report of `evaluate --stage generative` as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crsdemo.evaluate_generative import CUTOFFS, MISSED, ORACLE_WIDTH
from crsdemo.factorisation import Factorisation
from crsdemo.shares import percent, table, with_ends

Report = Mapping[str, Any]
RECALLS = [f"recall@{k}" for k in CUTOFFS]


def render(report: Report) -> str:
    """Tables of everything that is in a report of `evaluate_generative`."""
    return "\n\n".join(_sections(report))


def _sections(report: Report) -> Iterator[str]:
    yield (
        f"{report['recommender']}: {report['targets']:,} new targets in {report['turns']:,} turns "
        f"of {report['dialogues']:,} dialogues, {report['outside']:,} outside the catalog left "
        f"out. Mode right at 0.5: {percent(report['mode'])} of all recommender turns."
    )
    for key, name in (("with_prior", "with the prior"), ("without_prior", "without the prior")):
        if key in report:
            yield f"**The ID {name}**"
            if not Factorisation(report["factorisation"]).has_item:
                put_in = percent(report[key]["item_asked_for"])
                yield f"`<BOI>` put in where the words of the model named nothing: {put_in}."
            yield from _written(report[key])
    yield "**Without the trie, and without the prior**"
    yield from _freely(report)


def _written(found: Report) -> Iterator[str]:
    head = (
        "level", "right after right codes", "probability of the right code", "codes to choose from",
        "greedy, right so far", "greedy, all up to here", *(f"{r} there" for r in RECALLS),
    )  # fmt: skip
    yield table(head, [_level(n, one) for n, one in enumerate(found["levels"], 1)])
    levels = [str(n) for n, _ in enumerate(found["levels"], 1)]
    head = (
        "beam", *RECALLS, *(f"missed at {MISSED}: lost at level {n}, %" for n in levels),
        f"kept, below {MISSED}, %",
    )  # fmt: skip
    yield table(head, [_beam(width, one, levels) for width, one in found["beams"].items()])
    forced = enumerate(found["first_codes_forced"])
    rows = [[f"first {n} codes forced", *_recalls(one)] for n, one in forced]
    rows.append(["none forced, nor the mode", *_recalls(found["mode_not_forced"])])
    yield table((f"beam of {ORACLE_WIDTH}", *RECALLS), rows)


def _level(number: int, one: Report) -> list[str]:
    return [
        str(number),
        percent(one["after_right_codes"]),
        f"{one['probability']:.3f}",
        f"{one['choices']:.1f}",
        percent(one["greedy_after_right_greedy"]),
        percent(one["greedy_up_to_here"]),
        *_recalls(one["recall_where_right"]),
    ]


def _beam(width: str, one: Report, levels: list[str]) -> list[str]:
    lost = [f"{100 * one['missed_first_lost_at'][n]['share']:.1f}" for n in levels]
    return [width, *_recalls(one), *lost, f"{100 * one['missed_but_kept']['share']:.1f}"]


def _freely(report: Report) -> Iterator[str]:
    free = {"any token": report["any_token"], "any code of the level": report["any_code"]}
    alone = report["without_prior"]
    yield table(
        ("", "greedily: is an item", f"by a beam of {ORACLE_WIDTH}: is an item"),
        [
            [name, percent(one["greedy_is_an_item"]), percent(one["beam_is_an_item"])]
            for name, one in free.items()
        ],
    )
    rows = []
    for name, one in free.items():
        rows.append([f"{name}, greedy", *_recalls(one["greedy"])])
        rows.append([f"{name}, beam", *_recalls(one["recall"])])
        rows.append(["the same, no item or named before struck", *_recalls(one["recall_of_items"])])
    rows.append(["the trie, greedy", percent(alone["levels"][-1]["greedy_up_to_here"]), "", ""])
    rows.append(["the trie, beam", *_recalls(alone["beams"][str(ORACLE_WIDTH)])])
    yield table(("", *RECALLS), rows)


def _recalls(found: Report) -> list[str]:
    """In percent with their intervals; empty beyond the cut-offs that were measured."""
    return [_recall(found, name) for name in RECALLS]


def _recall(found: Report, name: str) -> str:
    return with_ends(found[name], found["ci95"][name]) if name in found else ""

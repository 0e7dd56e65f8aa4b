"""Reports of `check-wishes` as they are read: a table in Markdown, and wish by wish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crsdemo.evaluation.checks.check_wishes import TOP, Outcome, Report
from crsdemo.studies.statistics.shares import table

Row = Mapping[str, Any]  # what `Report.as_json` makes


def render(reports: Sequence[Row]) -> str:
    """One row per recommender, one column per kind of wish; all were asked the same."""
    first = reports[0]
    kinds = [f"{kind} ({one['n']})" for kind, one in first["kinds"].items()]
    head = ("recommender", *kinds, f"all ({first['wishes']})", "disliked items")
    about = (
        f"Share of the top {TOP} that fits the wish, in percent, by kind of wish (how many), and "
        "share of disliked items in the top tens of those who named a dislike."
    )
    return f"{about}\n\n{table(head, [_cells(one) for one in reports])}"


def _cells(one: Row) -> list[str]:
    shares = [*(kind["fit"] for kind in one["kinds"].values()), one["fit"], one["disliked"]]
    return [one["recommender"], *(f"{100 * share:.1f}" for share in shares)]


def outcomes(report: Report) -> str:
    """Every wish and what was recommended for it."""
    return "\n".join(line for outcome in report.outcomes for line in _lines(outcome))


def _lines(outcome: Outcome) -> Iterator[str]:
    yield f"\n[{outcome.wish.kind}] {' / '.join(outcome.wish.turns)}  {outcome.fit:.0%}"
    for item, fits in zip(outcome.items, outcome.fits, strict=True):
        mark = "disliked" if item in outcome.disliked else "fits" if fits else "-"
        yield f"  {mark:<9}{item.name} | {', '.join(item.genres)}"

"""A share with its interval, and tables of such, as reports hold and show them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from tabulate import tabulate

from crsdemo.studies.statistics.metrics import wilson


def share(hits: int, n: int) -> dict[str, Any]:
    """`share`, `n` and under `ci95` its Wilson interval; a share of nothing is 0."""
    low, high = wilson(hits, n)
    return {
        "share": round(hits / max(1, n), 5),
        "n": n,
        "ci95": (round(low, 5), round(high, 5)),
    }


def share_of(flags: Collection[bool]) -> dict[str, Any]:
    """How many of `flags` are true, as a share."""
    return share(sum(flags), len(flags))


def percent(one: dict[str, Any]) -> str:
    """A share as "97.3 [95.0, 98.6] (n=150)", in percent; of nothing "(n=0)"."""
    if not one["n"]:
        return "(n=0)"
    return f"{with_ends(one['share'], one['ci95'])} (n={one['n']:,})"


def with_ends(value: float, ends: tuple[float | None, float | None]) -> str:
    """A figure and its interval, if that is known, in percent."""
    low, high = ends
    around = "" if low is None or high is None else f" [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{100 * value:.1f}{around}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """In Markdown."""
    return str(tabulate(list(rows), head, "pipe", disable_numparse=True))

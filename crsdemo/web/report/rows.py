"""What the exhibits of the report share: rows of shares, their axis, their columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from crsdemo.evaluation.stages.figures import Recalls, Share
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.web.results.figures import LANE, LANES, PALETTE, Axis, Dot, Dots, Mark, Piece, color_of
from crsdemo.web.results.tables import Cell, Column
from crsdemo.web.results.words import ends, interval_columns, share

SHOWN = {1: PALETTE[0], 10: PALETTE[1], 50: PALETTE[2]}  # cutoff of recall -> colour
RECALL_LEGEND = tuple(Piece(f"recall@{k}", 0, color) for k, color in SHOWN.items())
WHOLE = Axis(0, 1, (0, 0.25, 0.5, 0.75, 1), ("0", "25%", "50%", "75%", "100%"))


def axis(rows: Sequence[Dot | Dots]) -> Axis:
    """From nothing to above the highest interval, in tenths or twentieths."""
    known = [end for row in rows for mark in row.marks for end in ends(mark.estimate)]
    highest = max((end for end in known if end is not None), default=0.1)
    step = 0.05 if highest <= 0.25 else 0.1 if highest <= 0.6 else 0.2
    n = max(1, math.ceil(highest / step - 1e-9))
    ticks = [step * place for place in range(n + 1)]
    return Axis(0, ticks[-1], ticks, [f"{100 * tick:.0f}%" for tick in ticks])


def told(values: Sequence[float | None]) -> str:
    """4.0 / 20.3 / 36.7"""
    return " / ".join("–" if value is None else f"{100 * value:.1f}" for value in values)


def mark(name: str, one: Estimate, color: str, *, hollow: bool = False) -> Mark:
    return Mark(one, f"{name} {share(one, digits=1)}", color, hollow)


def apart(named: Mapping[str, Sequence[Mark]]) -> tuple[Mark, ...]:
    """The marks of each in a lane of its own, so that equal ones do not hide each other."""
    n = len(named)
    lane = min(LANE, LANES / max(1, n - 1))
    return tuple(
        replace(one, lane=lane * (place - (n - 1) / 4))  # names above need more room
        for place, marks in enumerate(named.values())
        for one in marks
    )


def recall_marks(found: Mapping[int, Estimate]) -> tuple[Mark, ...]:
    """Those of `SHOWN` that are known."""
    return tuple(mark(f"recall@{k}", found[k], color) for k, color in SHOWN.items() if k in found)


def recall_row(name: str, found: Recalls) -> Dots:
    return Dots(
        name, told([found.at[k].value for k in SHOWN if k in found.at]), recall_marks(found.at)
    )


def recall_columns(cutoffs: Sequence[int]) -> tuple[Column, ...]:
    """With n and intervals."""
    shares = (c for k in cutoffs for c in interval_columns(f"recall@{k}", "percent"))
    return (Column("n", "count"), *shares)


def recall_cells(found: Recalls, cutoffs: Sequence[int]) -> tuple[Cell, ...]:
    """Of `recall_columns`; unknown beyond the cut-offs that were measured."""
    unknown = Estimate(None)
    return (found.n, *(end for k in cutoffs for end in ends(found.at.get(k, unknown))))


def share_columns(name: str) -> tuple[Column, ...]:
    """With n and its interval."""
    return (*interval_columns(name, "percent"), Column(f"{name}, n", "count"))


def share_cells(one: Share) -> tuple[Cell, ...]:
    """Of `share_columns`."""
    return (*ends(one.estimate), one.n)


def colors(names: Sequence[str]) -> dict[str, str]:
    """A colour for each name; what has no more of its own shares one."""
    return {name: color_of(name, names) for name in names}


def legend(named: Mapping[str, str]) -> tuple[Piece, ...]:
    return tuple(Piece(name, 0, color) for name, color in named.items())


def prefixed(system: str, name: str, systems: int) -> str:
    """The name of a row, with its system where there are several."""
    return name if systems == 1 else f"{system}: {name}"

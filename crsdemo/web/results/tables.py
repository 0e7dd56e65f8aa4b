"""The numbers behind a picture: as a table to read, and as a CSV to take home.

A cell holds the number as it is, which the CSV has; the column says how it is read.
"""

from __future__ import annotations

import base64
import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from crsdemo.export.tables import csv_cell
from crsdemo.web.shared.markup import attribute, escape

Cell: TypeAlias = str | int | float | datetime | None
Kind = Literal[
    "words", "count", "share", "percent", "number", "points", "seconds", "chance", "moment"
]


@dataclass(frozen=True)
class Column:
    """What stands in a column, and how it is written."""

    name: str
    kind: Kind = "words"


@dataclass(frozen=True)
class Table:
    """Numbers with their names."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def csv(self) -> str:
        """With the numbers as they are, and text that no spreadsheet runs."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(column.name for column in self.columns)
        for row in self.rows:
            writer.writerow(csv_cell(_plain(cell)) for cell in row)
        return file.getvalue()

    def html(self) -> str:
        head = "".join(
            f'<th scope="col"{_class(column)}>{escape(column.name)}</th>' for column in self.columns
        )
        body = "".join(f"<tr>{self._row(row)}</tr>" for row in self.rows)
        return (
            f'<div class="wide-table" tabindex="0"><table><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def _row(self, row: Sequence[Cell]) -> str:
        cells = (
            f"<td{_class(column)}>{written(cell, column.kind)}</td>"
            for column, cell in zip(self.columns, row, strict=True)
        )
        return "".join(cells)


def folded(table: Table, name: str) -> str:
    """The table under a line that opens it, with the way to take it home as `name`.csv."""
    data = base64.b64encode(table.csv().encode("utf-8-sig")).decode()
    return (
        '<details class="numbers"><summary>The numbers</summary>'
        f"{table.html()}"
        f'<a class="take" download="{attribute(name)}.csv" '
        f'href="data:text/csv;charset=utf-8;base64,{data}">Download as CSV</a></details>'
    )


def written(cell: Cell, kind: Kind) -> str:
    """One cell as HTML; a dash for what is not known."""
    if cell is None:
        return '<span class="unknown" title="not known">–</span>'
    if isinstance(cell, datetime):
        iso = cell.isoformat()
        return f'<time datetime="{attribute(iso)}">{cell:%Y-%m-%d %H:%M}</time>'
    if isinstance(cell, str):
        return escape(cell)
    return _number(cell, kind)


def _number(value: float, kind: Kind) -> str:
    if not math.isfinite(value):
        return "–"
    match kind:
        case "share":
            return f"{_minus(100 * value, 0)}%"
        case "percent":
            return f"{_minus(100 * value, 1)}%"
        case "points":
            return _minus(value, 0)
        case "seconds":
            return f"{value:.1f} s"
        case "chance":
            return "&lt; 0.001" if value < 0.001 else f"{value:.3f}"
        case "number":
            return _minus(value, 2)
        case _:
            return f"{value:,}"


def _minus(value: float, digits: int) -> str:
    """With the sign that is as wide as a digit, and no minus before a zero."""
    return f"{value:.{digits}f}".replace("-", "−") if round(value, digits) else f"{0:.{digits}f}"


def _class(column: Column) -> str:
    return "" if column.kind == "words" else ' class="figure"'


def _plain(cell: Cell) -> Cell:
    return cell.isoformat() if isinstance(cell, datetime) else cell

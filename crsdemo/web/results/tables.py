"""The numbers behind a picture: a table to read on a page or in a terminal, and a CSV.

A cell holds the number as it is, which the CSV has; the column says how it is read.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from tabulate import tabulate

from crsdemo.export.tables import csv_cell

Cell: TypeAlias = str | int | float | datetime | None
Kind = Literal["words", "count", "share", "number", "points", "seconds", "chance", "moment"]

HEAD, CELL = 13, 60  # letters of a heading and of a cell in a line of the terminal


@dataclass(frozen=True)
class Column:
    """What stands in a column, and how it is written."""

    name: str
    kind: Kind = "words"


def cells(kind: Kind, named: Mapping[str, Cell]) -> dict[Column, Cell]:
    """Several of one kind, with the names of their columns."""
    return {Column(name, kind): cell for name, cell in named.items()}


@dataclass(frozen=True)
class Table:
    """Numbers with their names."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @classmethod
    def of(cls, rows: Iterable[Mapping[Column, Cell]]) -> Table:
        """What a row does not have is not known."""
        found = list(rows)
        columns = tuple(dict.fromkeys(column for row in found for column in row))
        return cls(columns, tuple(tuple(row.get(column) for column in columns) for row in found))

    def csv(self) -> str:
        """With the numbers as they are, and text that no spreadsheet runs."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(column.name for column in self.columns)
        writer.writerows([csv_cell(cell) for cell in row] for row in self.rows)
        return file.getvalue()

    def html(self) -> str:
        return self._written("html")

    def text(self) -> str:
        return self._written("simple", maxheadercolwidths=HEAD, maxcolwidths=CELL)

    def _written(self, form: str, **more: int) -> str:
        kinds = [column.kind for column in self.columns]
        rows = [[written(*pair) for pair in zip(row, kinds, strict=True)] for row in self.rows]
        heads = [column.name for column in self.columns]
        sides = ["left" if kind == "words" else "right" for kind in kinds]
        return str(tabulate(rows, heads, form, disable_numparse=True, colalign=sides, **more))


def written(cell: Cell, kind: Kind) -> str:
    """One cell as it is read; a dash for what is not known."""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, str):
        return cell
    if cell is None or not math.isfinite(cell):
        return "–"
    match kind:
        case "share":
            return f"{decimal(100 * cell, 0)}%"
        case "points":
            return decimal(cell, 0)
        case "seconds":
            return f"{cell:.1f} s"
        case "chance":
            return "< 0.001" if cell < 0.001 else f"{cell:.3f}"
        case "number":
            return decimal(cell, 2)
        case _:
            return f"{cell:,}"


def decimal(value: float, digits: int, sign: str = "") -> str:
    """With a minus as wide as a digit, and none before a zero; a plus where `sign` is one."""
    return f"{value:{sign}z.{digits}f}".replace("-", "−")

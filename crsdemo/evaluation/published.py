"""What papers report, from `data/published.toml`: recall with its source and its protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from crsdemo.studies.toml_file import Table, read_toml

DATASETS = ("ReDial", "INSPIRED")
PARTS = ("new", "all")
CUTOFFS = (1, 10, 20, 50)


@dataclass(frozen=True)
class Published:
    """One row of a published table."""

    method: str
    dataset: str  # one of `DATASETS`
    part: str  # one of `PARTS`: films not named before, or all
    protocol: str  # in words, as far as known
    source: str
    recall: Mapping[int, float]  # cutoff -> share; those that the source has
    shown: bool = False  # in pictures, not in tables alone


@cache
def published() -> tuple[Published, ...]:
    """Those that ship, in the order of the file."""
    with as_file(files(__package__) / "published.toml") as path:
        return load_published(path)


def load_published(path: Path) -> tuple[Published, ...]:
    """Raises BadInputError that names file and line for what is not as it should be."""
    file = read_toml(path)
    found = tuple(row for table in file.tables("tables") for row in _rows(table))
    file.done()
    return found


def _rows(table: Table) -> list[Published]:
    dataset, part = table.choice("dataset", DATASETS), table.choice("part", PARTS)
    about = (dataset, part, table.text("protocol"), table.text("source"))
    shown = table.switch("shown", default=False)
    cutoffs, rows = table.values_of("cutoffs"), table.values_of("rows")
    table.done()
    if not cutoffs or not all(cutoff in CUTOFFS for cutoff in cutoffs):
        table.wrong("cutoffs", f"it is a list of some of {', '.join(map(str, CUTOFFS))}")
    if not all(_is_row(row, len(cutoffs)) for row in rows):
        table.wrong("rows", "each is a name and, for each of the cutoffs, a number from 0 to 100")
    return [
        Published(name, *about, dict(zip(cutoffs, (x / 100 for x in numbers), strict=True)), shown)
        for name, *numbers in rows
    ]


def _is_row(row: object, n_cutoffs: int) -> bool:
    if not isinstance(row, list) or len(row) != n_cutoffs + 1 or not isinstance(row[0], str):
        return False
    return all(type(x) in (int, float) and 0 <= x <= 100 for x in row[1:])

"""What papers report, from `published.toml`: recall with its source and its protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import model_validator

from crsdemo.core.toml_file import Many, Part, Text, TomlFile, read_toml, wrong

Dataset = Literal["ReDial", "INSPIRED"]
Films = Literal["new", "all"]  # films not named before, or all

DATASETS: tuple[Dataset, ...] = get_args(Dataset)
PARTS: tuple[Films, ...] = get_args(Films)
CUTOFFS = (1, 10, 20, 50)


@dataclass(frozen=True)
class Published:
    """One row of a published table."""

    method: str
    dataset: Dataset
    part: Films
    protocol: str  # in words, as far as known
    source: str
    recall: Mapping[int, float]  # cutoff -> share; those that the source has
    shown: bool = False  # beside ours, not in the folded table alone


@cache
def published() -> tuple[Published, ...]:
    """Those that ship, in the order of the file."""
    with as_file(files(__package__) / "published.toml") as path:
        return load_published(path)


class _Table(Part):
    """Rows of one source, dataset, part and protocol."""

    source: Text
    dataset: Dataset
    part: Films
    protocol: Text
    shown: bool = False
    cutoffs: Many[int]
    rows: Many[Any]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.cutoffs or not set(self.cutoffs) <= set(CUTOFFS):
            raise wrong(f"it is a list of some of {', '.join(map(str, CUTOFFS))}", "cutoffs")
        if not all(_is_row(row, len(self.cutoffs)) for row in self.rows):
            numbers = "for each of the cutoffs, a number from 0 to 100"
            raise wrong(f"each is a name and, {numbers}", "rows")
        return self

    @property
    def published(self) -> Iterator[Published]:
        for name, *numbers in self.rows:
            recall = {k: x / 100 for k, x in zip(self.cutoffs, numbers, strict=True)}
            yield Published(
                name, self.dataset, self.part, self.protocol, self.source, recall, self.shown
            )


class _File(TomlFile):
    tables: Many[_Table]


def load_published(path: Path) -> tuple[Published, ...]:
    """Raises BadInputError that names file and line for what is not as it should be."""
    return tuple(row for table in read_toml(path, _File).tables for row in table.published)


def _is_row(row: object, n_cutoffs: int) -> bool:
    if not isinstance(row, list) or len(row) != n_cutoffs + 1 or not isinstance(row[0], str):
        return False
    return all(type(x) in (int, float) and 0 <= x <= 100 for x in row[1:])

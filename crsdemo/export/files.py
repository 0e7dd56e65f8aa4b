"""A folder that is there whole or not at all, its JSONL and CSV files, and how an export is split.

Everything is written into a folder beside the wanted one, which takes its name at the end.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO

from crsdemo.core.conversation import new_id
from crsdemo.core.errors import BadInputError
from crsdemo.export.tables import csv_cell

Split = Literal["train", "test"]


def split_of(visitor: str, test_share: float) -> Split:
    """Where a person belongs: drawn by a hash of the name, so the same in every export."""
    draw = int.from_bytes(hashlib.sha256(f"split {visitor}".encode()).digest()[:8], "big")
    return "test" if draw < test_share * 2**64 else "train"


@dataclass(frozen=True)
class Files:
    """The files of one folder. Each begins with its first row, so that none is empty."""

    folder: Path
    _stack: ExitStack  # closes them
    _open: dict[str, TextIO] = field(default_factory=dict)
    _n_rows: Counter[str] = field(default_factory=Counter)

    def write(self, name: str, row: dict[str, Any]) -> None:
        """Append a row to a `.jsonl` file, or to a `.csv` with the mark that spreadsheets want."""
        is_csv = name.endswith(".csv")
        if name not in self._open:
            encoding = "utf-8-sig" if is_csv else "utf-8"
            new = (self.folder / name).open("x", encoding=encoding, newline="")
            self._open[name] = self._stack.enter_context(new)
            if is_csv:
                csv.writer(new).writerow(row)
        self._n_rows[name] += 1
        if is_csv:
            csv.writer(self._open[name]).writerow(map(csv_cell, row.values()))
        else:
            self._open[name].write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")

    def report(self) -> dict[str, dict[str, Any]]:
        """Rows, bytes and sha256 of each file, once all of it is on the disk."""
        for file in self._open.values():
            file.flush()
            os.fsync(file.fileno())
        return {name: self._measured(name) for name in sorted(self._open)}

    def _measured(self, name: str) -> dict[str, Any]:
        with (self.folder / name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return {"rows": self._n_rows[name], "bytes": file.tell(), "sha256": digest}


@contextmanager
def new_folder(out: Path) -> Iterator[Files]:
    """A folder to write into that becomes `out` if all goes well, and else is gone.

    Raises BadInputError if something is there already, or if it cannot be written.
    """
    out = out.absolute()
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise BadInputError(f"{out} is there already and not empty; name a new folder with --out")
    building = out.with_name(f".{out.name}.{new_id()}")
    try:
        building.mkdir(parents=True)
        with ExitStack() as stack:
            yield Files(building, stack)
        building.rename(out)  # takes the place of an empty folder
    except OSError as error:
        raise BadInputError(f"{out} cannot be written ({error}); nothing was kept there") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)  # after the renaming there is none

"""Tables as people have them: CSV and its kin, with any separator, encoding and line ends."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from crsdemo.core.errors import BadInputError
from crsdemo.core.text_files import Text, read_text

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
TAB_SUFFIXES = frozenset([".tsv", ".tab"])
LONGEST_CELL = 2**31 - 1  # of csv; its own limit of 131,072 characters is one for all of Python
_SEP = re.compile(r'"?sep=(.)"?,*[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)
Quoting = Mapping[str, Any]  # what csv.reader is told
DOUBLED: Quoting = {"doublequote": True}
BACKSLASH: Quoting = {"doublequote": False, "escapechar": "\\"}
NONE: Quoting = {"quoting": csv.QUOTE_NONE}  # as in the tables of IMDb
_QUOTES = "close it, and write quotes inside a quoted cell twice"


class TableRow(NamedTuple):
    """The cells of one row."""

    line: int  # where it begins, from 1
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A header and what is below it."""

    path: Path
    text: Text
    separator: str
    columns: tuple[str, ...]  # as written, no space around
    first: int  # lines before the first row
    quoting: Quoting

    @property
    def rows(self) -> Iterator[TableRow]:
        """Without blank ones. Raises BadInputError for quotes that are not closed."""
        rows = _parsed(self.text, self.separator, self.quoting)
        for row in _checked(self.path, rows, self.separator):
            if row.line > self.first:
                yield row

    def dicts(self, *needed: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Line and cells by column, where missing ones are empty; raises also without `needed`."""
        if missing := set(needed) - set(self.columns):
            raise BadInputError(
                f"{self.path} has the columns {', '.join(self.columns)}; expected "
                f"{', '.join(needed)}: there is no {min(missing)}"
            )
        blank = dict.fromkeys(self.columns, "")
        for line, cells in self.rows:
            yield line, blank | dict(zip(self.columns, cells, strict=False))


def read_table(path: Path, guess: bool = False) -> Table:
    """The separator is that of a first line `sep=;`, else the one that divides the header most.

    Raises BadInputError for a file that is no text, holds nothing, or names two columns alike.
    """
    text, before = read_text(path, guess), 0
    said = _SEP.match(text.text)
    if said:  # counted as a line, but not read
        text, before = Text(text.text[said.end() :], text.encoding, text.guessed), 1
    separator = said[1] if said else _separator(path, text)
    quoting = _quoting(text, separator)
    header = next(_checked(path, _parsed(text, separator, quoting), separator), None)
    if header is None:
        raise BadInputError(f"{path} is empty; expected a line that names the columns")
    columns = tuple(" ".join(cell.split()) for cell in header.cells)
    low = [column.lower() for column in columns if column]
    twice = [column for column in columns if low.count(column.lower()) > 1]
    if twice:
        raise BadInputError(
            f"{path}, line {header.line + before}: two columns are named {twice[0]!r}; rename or "
            "remove one"
        )
    text = Text("\n" * before + text.text, text.encoding, text.guessed)
    return Table(path, text, separator, columns, header.line + before, quoting)


def _separator(path: Path, text: Text) -> str:
    """The one that divides the first line most; if none does, that of the file's name."""
    usual = "\t" if path.suffix.lower() in TAB_SUFFIXES else ","
    line = next((line for line in text.lines if line.strip()), "")
    counts = {one: len(next(csv.reader([line], delimiter=one))) for one in (usual, *SEPARATORS)}
    return max(counts, key=lambda one: counts[one])


def _quoting(text: Text, separator: str) -> Quoting:
    """The usual one, unless the file can only be read in another way."""
    others = [BACKSLASH] if '\\"' in text.text else []
    for quoting in (DOUBLED, *others, *([NONE] if separator == "\t" else [])):
        try:
            widths = {len(row.cells) for row in _parsed(text, separator, quoting)}
        except _Unclosed:
            continue
        if quoting is not NONE or len(widths) == 1:
            return quoting
    return DOUBLED


class _Unclosed(Exception):
    """A quote in the row that begins at a line."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


def _parsed(text: Text, separator: str, quoting: Quoting) -> Iterator[TableRow]:
    """Raises _Unclosed."""
    csv.field_size_limit(LONGEST_CELL)
    rows = csv.reader(
        text.lines,
        delimiter=separator,
        skipinitialspace=True,
        strict=True,
        **quoting,
    )
    while True:
        line = rows.line_num + 1
        try:
            cells = next(rows, None)
        except csv.Error as error:
            raise _Unclosed(line) from error
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield TableRow(line, tuple(cells))


def _checked(path: Path, rows: Iterator[TableRow], separator: str) -> Iterator[TableRow]:
    """Raises BadInputError with the line where a quote opens that is closed too late or never."""
    try:
        width = 0
        for row in rows:
            width = width or len(row.cells)
            if _swallowed(row.cells, width, separator):
                raise _Unclosed(row.line)
            yield row
    except _Unclosed as error:
        raise BadInputError(
            f"{path}, line {error.line}: a quote opens here and is not closed before the cell "
            f"ends, so that rows below would be swallowed; {_QUOTES}"
        ) from error


def _swallowed(cells: Sequence[str], width: int, separator: str) -> bool:
    """Whether a cell over several lines holds what looks like further rows of the table."""
    if not any("\n" in cell or "\r" in cell for cell in cells):
        return False
    own = _shape(re.split(rf"[\r\n{re.escape(separator)}]", cells[0])[0])
    for cell in cells:
        _, *below = re.split(r"\r\n|\r|\n", cell)
        for line in below:
            parts = line.split(separator)
            like = len(parts) in (width, width - 1) if "9" in own else len(parts) == width > 3
            if width > 1 and like and _shape(parts[0]) == own:
                return True
    return False


def _shape(text: str) -> str:
    """Of "tt0113" and of "tt22" it is the same."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d]+", "a", text.strip()))

"""A catalog from anyone's table of books, songs or films: CSV and its kin, or JSON lines.

    python -m crsdemo build-catalog SOURCE --dry-run
    python -m crsdemo build-catalog SOURCE --out DIR --domain book

An id and a title are needed; year, popularity and links are known. A description (what an item is
about) and tags become what is known of it; every other column becomes a fact of that name. A cell
with several values is a list as JSON or Python write it, or has `|`, `;` or `,` between them.
Links are a JSON object of site and URL, or one URL. What was understood is shown. `--domain` says
what the items are called: a file, or the name of one that comes with crsdemo.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.config import add_force
from crsdemo.core.domain import FILE as DOMAIN_FILE
from crsdemo.core.domain import domain_file, read_domain, ready_made
from crsdemo.core.errors import BadInputError
from crsdemo.core.shipped import refuse_shipped
from crsdemo.core.tables import SEPARATORS, TAB_SUFFIXES, read_table
from crsdemo.core.text_files import Text, json_rows, read_text, write_whole
from crsdemo.items.cells import list_separator, plain, title_and_year
from crsdemo.items.columns import LISTS, TEXTS, Column, shown, understood
from crsdemo.items.fields import READERS, fact, lowered

TABLES = frozenset([".csv", ".txt", *TAB_SUFFIXES])
JSON_LINES = frozenset([".jsonl", ".ndjson"])
FORMATS = "a .csv, .tsv or .jsonl file with the columns id and title"
NOT_FACTS = frozenset([*READERS, "tags"])
REPORTED = 20  # rows left out that are named one by one
Row = Mapping[str, Any]  # by the name of the column, as written


@dataclass(frozen=True)
class BadRow:
    """A row that was left out."""

    line: int  # in the file, from 1, where it begins
    reason: str


@dataclass(frozen=True)
class Reading:
    """What was made of a file."""

    catalog: Catalog
    text: Text
    separator: str  # empty for JSON lines
    columns: tuple[Column, ...]
    rows: int  # that were read
    left_out: int

    def __str__(self) -> str:
        """How it was understood, to be checked by a person."""
        form = "JSON lines"
        if self.separator:
            form = f"divided by {SEPARATORS.get(self.separator, repr(self.separator))}"
        lines = [
            f"{self.text.encoding}, {form}: {self.rows:,} rows read, {self.left_out:,} left out"
        ]
        if self.text.guessed:
            some = (n for n in self.text.lines if not n.isascii())
            lines.append(f"the encoding is a guess; is this right? {next(some).strip()[:60]}")
        return "\n".join([*lines, "", shown(self.columns)])


def understand(source: Path, on_bad_row: Callable[[BadRow], None] = lambda bad: None) -> Reading:
    """The items of a CSV, TSV or JSONL file.

    Each unusable row is given to `on_bad_row` and left out. Raises BadInputError for a file that
    cannot be read, holds no usable row, or gives one id to two items.
    """
    text, separator, names, rows = _read(source)
    columns = understood(names)
    missing = {"id", "title"} - {column.field for column in columns}
    if missing:
        raise BadInputError(
            f"{source} has no column {' and no column '.join(sorted(missing))}; its columns are "
            f"{', '.join(filter(None, names)) or 'none'}: rename one, or add it"
        )
    for column in columns:
        if column.field not in TEXTS and (separator or column.field in LISTS):
            cells = [row[column.name] for _, row in rows if isinstance(row, dict)]
            texts = (plain(cell) for cell in cells if isinstance(cell, str))
            column.separator = list_separator(texts, column.field in LISTS)
    lines: dict[str, int] = {}
    items: list[Item] = []
    wrong = ""
    for line, row in rows:
        try:
            item = _item(row, columns)
        except ValueError as error:
            wrong = wrong or f" (line {line}: {error})"
            on_bad_row(BadRow(line, str(error)))
            continue
        if item.id in lines:
            raise BadInputError(
                f"{source}: lines {lines[item.id]} and {line} both have the id {item.id!r}; "
                "give every item an id of its own"
            )
        lines[item.id] = line
        items.append(item)
    if not items:
        raise BadInputError(f"{source} holds no usable row{wrong}; expected {FORMATS}")
    left_out = len(rows) - len(items)
    return Reading(Catalog(tuple(items)), text, separator, tuple(columns), len(rows), left_out)


Rows = list[tuple[int, dict[str, Any] | ValueError]]  # line, and the row or what is wrong with it


def _read(source: Path) -> tuple[Text, str, Sequence[str], Rows]:
    """What it is, what divides it, its columns, and its rows, each with every column."""
    if not source.is_file():
        raise BadInputError(f"no file at {source}; expected {FORMATS}")
    suffix = source.suffix.lower()
    if suffix in TABLES:
        table = read_table(source, guess=True)
        rows: Rows = [(line, _by_column(table.columns, cells)) for line, cells in table.rows]
        return table.text, table.separator, table.columns, rows
    if suffix not in JSON_LINES:
        raise BadInputError(f"{source} ends in {source.suffix!r}; expected {FORMATS}")
    text = read_text(source, guess=True)
    found = [(line, _flat(row)) for line, row in json_rows(text, source)]
    names = list(dict.fromkeys(n for _, row in found if isinstance(row, dict) for n in row))
    if not names:
        wrong = next((f" (line {n}: {row})" for n, row in found), "")
        raise BadInputError(f"{source} holds no usable row{wrong}; expected {FORMATS}")
    blank = dict.fromkeys(names)
    rows = [(line, blank | row if isinstance(row, dict) else row) for line, row in found]
    return text, "", names, rows


def _by_column(columns: Sequence[str], cells: Sequence[str]) -> dict[str, Any] | ValueError:
    if any(cell.strip() for cell in cells[len(columns) :]):
        return ValueError("more values than columns; put values with commas in quotes")
    return dict.fromkeys(columns, "") | dict(zip(columns, cells, strict=False))


def _flat(row: dict[str, Any] | ValueError) -> dict[str, Any] | ValueError:
    """A row whose facts, as a catalog has them, stand beside the rest."""
    facts = row.get("facts") if isinstance(row, dict) else None
    if isinstance(row, dict) and isinstance(facts, dict):
        return facts | {name: value for name, value in row.items() if name != "facts"}
    return row


def _item(row: Row | ValueError, columns: Iterable[Column]) -> Item:
    """Raises ValueError with a readable reason. Examples of what was understood are kept."""
    if isinstance(row, ValueError):
        raise row
    found: dict[str, Any] = {}
    for column in columns:
        if column.field:
            read: Callable[[Column, Any], Any] = READERS.get(column.field, fact)
            found[column.field] = read(column, row[column.name])
    title, at_end = title_and_year(found["title"])
    if at_end is not None and found.get("year") not in (None, at_end):
        title, at_end = found["title"], None
    found |= {"title": title, "year": found.get("year") or at_end}
    for column in columns:
        column.show(found.get(column.field))
    facts = {name: value for name, value in found.items() if value and name not in NOT_FACTS}
    genres = {"genres": lowered(facts["genres"])} if "genres" in facts else {}
    return Item(
        found["id"],
        found["title"],
        found["year"],
        facts | genres,
        found.get("links", {}),
        found.get("popularity") or 0,
        found.get("description", ""),
        lowered(found.get("tags", ())),
    )


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m crsdemo build-catalog",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=Path, help="a .csv, .tsv or .jsonl file")
    parser.add_argument("--out", type=Path, help="folder of the new catalog")
    parser.add_argument("--dry-run", action="store_true", help="show what is understood, no more")
    known = ", ".join(ready_made())
    parser.add_argument(
        "--domain", help=f"what the items are called: a .toml file, or one of {known}"
    )
    add_force(parser)
    args = parser.parse_args(argv)
    domain = domain_file(args.domain) if args.domain else None
    if domain:
        read_domain(domain)  # what is wrong with it is said before anything is written
    if args.out is not None and not (args.force or args.dry_run):
        refuse_shipped(args.out)
    if args.out is None and not args.dry_run:
        parser.error("--out is missing: the folder of the new catalog; or look with --dry-run")
    bad: list[BadRow] = []
    reading = understand(args.source, bad.append)
    for row in bad[:REPORTED]:
        print(f"{args.source}, line {row.line}: left out, {row.reason}", file=sys.stderr)
    if len(bad) > REPORTED:
        print(f"... and {len(bad) - REPORTED:,} more rows", file=sys.stderr)
    print(f"{args.source}: {reading}\n")
    left_out = f", {len(bad):,} rows left out" if bad else ""
    if args.dry_run:
        print(f"{len(reading.catalog):,} items{left_out}; nothing was written")
        return
    reading.catalog.save(args.out)
    if domain:
        write_whole(args.out / DOMAIN_FILE, domain.read_text(encoding="utf-8"))
    print(f"{len(reading.catalog):,} items -> {args.out / 'items.jsonl'}{left_out}")

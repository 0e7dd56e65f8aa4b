"""A catalog from anyone's table of books, songs or films: CSV or JSON lines.

    python -m crsdemo build-catalog SOURCE --out DIR

Columns `id` and `title` are needed; `year`, `popularity` and `links` are known. `description` (what
an item is about) and `tags` become what is known of it; every other column becomes a fact of that
name. A fact with several values is a JSON list, or text with `|` or `;`
between them in a CSV. Links are a JSON object of site and URL, or one URL.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.errors import BadInputError

TEXTS = frozenset({"id", "title", "year", "popularity", "links", "description"})  # no lists
KNOWN = TEXTS | {"tags"}
FORMATS = "a .csv, .tsv or .jsonl file with the columns id and title"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class BadRow:
    """A row that was left out."""

    line: int  # in the file, from 1; of a row over several lines the last
    reason: str


def build(
    source: Path, out: Path, on_bad_row: Callable[[BadRow], None] = lambda bad: None
) -> Catalog:
    """Write `out/items.jsonl` from a CSV, TSV or JSONL file and return what was written.

    Each unusable row is given to `on_bad_row` and left out. Raises BadInputError for a file that
    cannot be read, holds no usable row, or gives one id to two items; then nothing is written.
    """
    lines: dict[str, int] = {}
    items: list[Item] = []
    for line, row in _rows(source):
        try:
            item = _item(row)
        except ValueError as error:
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
        raise BadInputError(f"{source} holds no usable row; expected {FORMATS}")
    catalog = Catalog(tuple(items))
    catalog.save(out)
    return catalog


def _rows(source: Path) -> Iterator[tuple[int, Row | ValueError]]:
    """Line number of each row, and the row or what is wrong with it.

    Raises BadInputError for an unreadable file.
    """
    if not source.is_file():
        raise BadInputError(f"no file at {source}; expected {FORMATS}")
    readers = {".csv": _csv_rows, ".tsv": _csv_rows, ".jsonl": _json_rows}
    reader = readers.get(source.suffix.lower())
    if reader is None:
        raise BadInputError(f"{source} ends in {source.suffix!r}; expected {FORMATS}")
    try:
        yield from reader(source)
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInputError(f"{source} cannot be read; expected UTF-8 text: {error}") from error


def _csv_rows(source: Path) -> Iterator[tuple[int, Row]]:
    with source.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.DictReader(text, delimiter="\t" if source.suffix.lower() == ".tsv" else ",")
        reader.fieldnames = [(name or "").strip() for name in reader.fieldnames or ()]
        missing = {"id", "title"} - {name.lower() for name in reader.fieldnames}
        if missing:
            raise BadInputError(
                f"{source} has no column {' and no column '.join(sorted(missing))}; its columns "
                f"are {', '.join(reader.fieldnames) or 'none'}"
            )
        for row in reader:
            yield reader.line_num, {name: _cell(name, value) for name, value in row.items()}


def _json_rows(source: Path) -> Iterator[tuple[int, Row | ValueError]]:
    with source.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                row = ValueError(f"not JSON ({error})")
            known = isinstance(row, dict | ValueError)
            yield number, row if known else ValueError("not a JSON object")


def _item(row: Row | ValueError) -> Item:
    """Raises ValueError with a readable reason."""
    if isinstance(row, ValueError):
        raise row
    if None in row:  # where DictReader puts what is beyond the last column
        raise ValueError("more values than columns; put values with commas in quotes")
    values = {name.strip().lower(): value for name, value in row.items() if name}
    facts = values.pop("facts", None) if isinstance(values.get("facts"), dict) else {}
    others = {name: value for name, value in values.items() if name not in KNOWN}
    return Item(
        id=_text(values, "id"),
        title=_text(values, "title"),
        year=_number(values, "year"),
        facts={
            name: several for name, value in (facts | others).items() if (several := _list(value))
        },
        links=_links(values.get("links")),
        popularity=_number(values, "popularity") or 0,
        logline=" ".join(str(values.get("description") or "").split()),
        tags=tuple(dict.fromkeys(tag.lower() for tag in _list(values.get("tags")))),
    )


def _text(values: Row, name: str) -> str:
    text = " ".join(str(values.get(name) if values.get(name) is not None else "").split())
    if not text:
        raise ValueError(f"no {name}")
    return text


def _number(values: Row, name: str) -> int | None:
    value = values.get(name)
    if value is None or not str(value).strip():
        return None
    try:
        number = float(value)
        if number != int(number) or (name == "popularity" and number < 0):
            raise ValueError
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"{name} is {value!r}, expected a whole number") from None
    return int(number)


def _cell(name: str, text: Any) -> Any:
    """The value of a CSV cell: of a fact or of tags the list that it spells."""
    if not isinstance(text, str) or name.lower() in TEXTS:
        return text
    if text.strip().startswith("["):
        with suppress(ValueError):  # else a text that happens to begin with a bracket
            return json.loads(text)
    return text.split("|" if "|" in text else ";")


def _list(value: object) -> tuple[str, ...]:
    """The distinct values of a fact."""
    if value is None:
        return ()
    if isinstance(value, dict):
        raise ValueError(f"a fact is {value!r}, expected a text, a number or a list of these")
    parts = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(text for part in parts if (text := " ".join(str(part).split()))))


def _links(value: object) -> dict[str, str]:
    """Site -> URL. One bare URL is named after its host. Only http and https are links."""
    if isinstance(value, str) and value.strip().startswith("{"):
        value = json.loads(value)
    if isinstance(value, str) and value.strip():
        value = {urlsplit(value.strip()).hostname or "link": value.strip()}
    if not value:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"links are {value!r}, expected a URL or an object of site and URL")
    for url in value.values():
        if not str(url).startswith(("https://", "http://")):
            raise ValueError(
                f"a link is {url!r}, expected a URL that starts with https:// or http://"
            )
    return {str(site): str(url) for site, url in value.items()}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m crsdemo build-catalog",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=Path, help="a .csv, .tsv or .jsonl file")
    parser.add_argument("--out", type=Path, required=True, help="folder of the new catalog")
    args = parser.parse_args(argv)
    bad: list[BadRow] = []

    def report(row: BadRow) -> None:
        bad.append(row)
        print(f"{args.source}, line {row.line}: left out, {row.reason}", file=sys.stderr)

    catalog = build(args.source, args.out, report)
    left_out = f", {len(bad):,} rows left out" if bad else ""
    print(f"{len(catalog):,} items -> {args.out / 'items.jsonl'}{left_out}")

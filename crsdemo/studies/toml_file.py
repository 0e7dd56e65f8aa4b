"""TOML files that people write: read with errors that name the file, the line and the key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from crsdemo.core.errors import BadInputError

Place = tuple[str | int, ...]  # of a table in its file: ("tasks", 2) is the third [[tasks]]

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"""\s*["']?([\w-]+)["']?\s*=""")
_QUOTES = ('"""', "'''")


@dataclass(frozen=True)
class Source:
    """A file and its text."""

    path: Path
    text: str

    def line_of(self, place: Place, key: str) -> int:
        """The line where a key of a table is set; where it is not, that of the table."""
        of_table = 1
        for number, table, found in _keys(self.text):
            if table == place and not found:
                of_table = number
            if table == place and found == key:
                return number
        return of_table


def _keys(text: str) -> list[tuple[int, Place, str]]:
    """(line, table, key) of every key outside of long texts; of a table's header without key."""
    found: list[tuple[int, Place, str]] = []
    table: Place = ()
    counts: dict[str, int] = {}
    inside = ""  # the quotes that a long text ends with
    for number, line in enumerate(text.splitlines(), 1):
        if not inside and (header := _HEADER.match(line)):
            name = header[2]
            counts[name] = counts.get(name, -1) + 1
            table = (name, counts[name]) if header[1] == "[[" else (name,)
            found.append((number, table, ""))
        elif not inside and (key := _KEY.match(line)):
            found.append((number, table, key[1]))
        for quotes in _QUOTES:
            if line.count(quotes) % 2 and inside in ("", quotes):
                inside = "" if inside else quotes
    return found


def read_toml(path: Path) -> Table:
    """Raises BadInputError if the file is not there, not UTF-8 or not TOML."""
    try:
        text = path.read_text(encoding="utf-8")
        return Table(Source(path, text), tomllib.loads(text))
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise BadInputError(f"{path} is not UTF-8 text ({error}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(f"{path} is not TOML: {error}") from error


@dataclass
class Table:
    """A table of a file, of which each key is asked for; `done` complains of the others.

    Every method raises BadInputError for a value that is missing or not as it should be.
    """

    source: Source
    values: dict[str, Any]
    place: Place = ()
    _asked: set[str] = field(default_factory=set)

    def has(self, key: str) -> bool:
        return key in self.values

    def wrong(self, key: str, expected: str) -> NoReturn:
        """Raises BadInputError that says what was found under a key and what belongs there."""
        found = f"is {_shortly(self.values[key])}" if self.has(key) else "is missing"
        line = self.source.line_of(self.place, key)
        raise BadInputError(f"{self.source.path}, line {line}: `{key}` {found}; {expected}")

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty, without white space around it."""
        value = self._get(key, default, "it is a text in quotes")
        if not isinstance(value, str) or not (value.strip() or value == default):
            self.wrong(key, "it is a text in quotes, not an empty one")
        return value.strip()

    def texts(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """A list of texts that are not empty."""
        value = self._get(key, default, 'it is a list of texts, as ["one", "two"]')
        if not isinstance(value, list | tuple) or not all(
            isinstance(one, str) and one.strip() for one in value
        ):
            self.wrong(key, 'it is a list of texts that are not empty, as ["one", "two"]')
        return tuple(one.strip() for one in value)

    def values_of(self, key: str) -> list[Any]:
        """A list of anything, for whoever asks to check."""
        value = self._get(key, None, "it is a list")
        if not isinstance(value, list):
            self.wrong(key, "it is a list")
        return value

    def number(self, key: str, least: int, most: int, default: int | None = None) -> int:
        """A whole number from `least` to `most`."""
        expected = f"it is a whole number from {least:,} to {most:,}"
        value = self._get(key, default, expected)
        if type(value) is not int or not least <= value <= most:
            self.wrong(key, expected)
        return value

    def switch(self, key: str, default: bool) -> bool:
        value = self._get(key, default, "it is true or false")
        if not isinstance(value, bool):
            self.wrong(key, "it is true or false")
        return value

    def choice(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        expected = f"it is one of {', '.join(known)}"
        value = self._get(key, default, expected)
        if value not in known:
            self.wrong(key, expected)
        return str(value)

    def table(self, key: str) -> Table:
        value = self._get(key, None, f"write a part [{key}]")
        if not isinstance(value, dict):
            self.wrong(key, f"it is a part that begins with [{key}]")
        return Table(self.source, value, (*self.place, key))

    def tables(self, key: str) -> tuple[Table, ...]:
        """One or more parts of one kind."""
        value = self._get(key, None, f"write one part [[{key}]] or more")
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.wrong(key, f"it is one part [[{key}]] or more")
        return tuple(Table(self.source, one, (*self.place, key, n)) for n, one in enumerate(value))

    def done(self) -> None:
        """Raises BadInputError for the first key that nobody asked for: most likely a typo."""
        for key in self.values:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                self.wrong(key, f"no such key is known here; there are: {known}")

    def _get(self, key: str, default: Any, expected: str) -> Any:
        self._asked.add(key)
        if not self.has(key) and default is None:
            self.wrong(key, expected)
        return self.values.get(key, default)


def _shortly(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."

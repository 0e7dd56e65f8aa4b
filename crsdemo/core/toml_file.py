"""TOML files that people write: pydantic models, and errors that name file, line and key."""

from __future__ import annotations

import reprlib
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from crsdemo.core.errors import BadInputError
from crsdemo.core.part import SEEN as SEEN
from crsdemo.core.part import Many as Many
from crsdemo.core.part import Name as Name
from crsdemo.core.part import Part as Part
from crsdemo.core.part import Text as Text
from crsdemo.core.part import wrong as wrong
from crsdemo.core.text_files import read_text

Place = tuple[str | int, ...]  # in a file: ("tasks", 2, "kind") is a key of the third [[tasks]]

_NOTHING = object()
_LONGEST_SHOWN = 200  # characters of a path
_EXPECTED = {  # where pydantic says it in words of its own
    "missing": "it has to be there",
    "string_type": "it is a text in quotes",
    "int_type": "it is a whole number",
    "bool_type": "it is true or false",
    "tuple_type": 'it is a list, as ["one", "two"]',
    "model_type": "it is a part of its own, with its name in brackets",
}


class Source(NamedTuple):
    """Where a file lies, and its text: the context in which its parts are checked."""

    path: Path
    text: str


class TomlFile(Part):
    """A whole file."""

    _source: Source

    def model_post_init(self, context: Any) -> None:
        self._source = context


F = TypeVar("F", bound=Part)


def read_toml(path: Path, model: type[F]) -> F:
    """Raises BadInputError if the file is not there, not UTF-8, not TOML or not of the model."""
    try:
        text = _ends(read_text(path).text)
    except ValueError as error:  # a name that holds a null
        raise BadInputError(f"{_named(path)} cannot be read: {error}") from error
    try:
        return model.model_validate(tomllib.loads(text), context=Source(path, text))
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(
            f"{path} is not TOML: {error}; a line sets a number as seed = 1, "
            'a text as title = "..."'
        ) from error
    except ValidationError as error:
        raise BadInputError(f"{path}, {_told(text, error.errors()[0])}") from error
    except RecursionError as error:
        raise BadInputError(f"{path} is nested too deeply to be read") from error
    except ValueError as error:
        raise BadInputError(f"{path} has a number of more digits than can be read") from error


def _ends(text: str) -> str:
    """With the ends of lines of one system, so that a file is the same one from all."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _named(path: Path) -> str:
    return reprlib.repr(str(path)) if len(str(path)) > _LONGEST_SHOWN else str(path)


def _told(text: str, error: ErrorDetails) -> str:
    values = tomllib.loads(text)
    place = _place(values, (*error["loc"], *error.get("ctx", {}).get("at", ())))
    value = _at(values, place)
    found = f"is {reprlib.repr(value)}"
    if value is _NOTHING:
        found, part = "is missing", _at(values, place[:-1])
        for near in get_close_matches(str(place[-1]), part if isinstance(part, dict) else (), 1):
            return (
                f"line {_line(text, (*place[:-1], near))}: `{place[-1]}` {found}; do you mean it "
                f"by `{near}`?"
            )
    said = error["msg"].replace("Input should", "it should")
    expected = _EXPECTED.get(error["type"], said)
    if error["type"] == "tuple_type" and isinstance(value, dict):
        expected = f"there may be several: write [[{place[-1]}]] with two brackets"
    return f"line {_line(text, place)}: `{place[-1]}` {found}; {expected}"


def _place(values: Any, steps: Place) -> Place:
    """The key of the file that `steps` lead to, without what pydantic calls the kinds of a part."""
    place: Place = ()
    for step in steps[:-1]:
        if _at(values, (*place, step)) is not _NOTHING:
            place = (*place, step)
    place = (*place, steps[-1])
    while isinstance(place[-1], int):  # an item of a list: people look for the list
        place = place[:-1]
    return place


def _at(values: Any, place: Place) -> Any:
    for step in place:
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            return _NOTHING
    return values


def _line(text: str, place: Place) -> int:
    """The line where a key is set; where it is not, that of the part that lacks it.

    A value ends where the file up to there is TOML for the first time.
    """
    begin, lines = 1, text.split("\n")
    for n in range(1, len(lines) + 1):
        try:
            values = tomllib.loads("\n".join(lines[:n]))
        except tomllib.TOMLDecodeError:
            continue
        if _at(values, place) is not _NOTHING:
            return begin
        begin = n + 1
    return _line(text, place[:-1])

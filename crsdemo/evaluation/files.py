"""JSON files of evaluations: all written alike, and read with the first fault named."""

from __future__ import annotations

import json
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from crsdemo.core.errors import BadInputError
from crsdemo.core.text_files import write_whole

T = TypeVar("T")


def write_json(path: Path, row: object) -> None:
    """Whole or not at all; the folder of `path` is made where there is none."""
    write_whole(path, json.dumps(row, indent=1) + "\n")


def read_lines(source: Traversable, row: type[T]) -> tuple[T, ...]:
    """One JSON object per line. Raises BadInputError with the first line that is no `row`."""
    try:
        lines = source.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadInputError(f"{source} cannot be read: {error.strerror}") from error
    name, adapter, found = row.__name__.lower(), TypeAdapter(row), []
    for number, line in enumerate(lines, 1):
        try:
            found.append(adapter.validate_json(line))
        except ValidationError as error:
            raise BadInputError(f"{source}, line {number}: not a {name}; {fault(error)}") from error
    if not found:
        raise BadInputError(f"{source} holds no {name}; give one JSON object per line")
    return tuple(found)


def fault(error: ValidationError) -> str:
    """The first thing that is wrong, and where."""
    first = error.errors()[0]
    return ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))

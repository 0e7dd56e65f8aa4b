"""A file of lines for many threads and processes: added to, crossed out, emptied, never torn."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from crsdemo.core.errors import FeedbackError

DELIVERED = b"#"  # takes the place of a line's first character


class LinesError(FeedbackError):
    """The file itself cannot be used."""


@contextmanager
def opened_lines(path: Path) -> Iterator[IO[bytes]]:
    """The file, created if it is not there, for this thread of this process alone.

    Raises LinesError if it cannot be opened or written.
    """
    try:
        with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
    except OSError as error:
        raise LinesError(
            f"{path} cannot be written ({error}); see that its disk is well and has room."
        ) from error


def append(path: Path, line: bytes) -> None:
    """Add a line, on the disk when this returns. One that a crash cut off is not joined to it."""
    with opened_lines(path) as file:
        size = file.seek(0, os.SEEK_END)
        torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
        try:
            file.write(b"\n" * torn + line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), size)  # half a line is no line
            raise


def waiting(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """(offset, line) of all that is not crossed out, from the start of the file."""
    offset = file.seek(0)
    for line in file:
        if line.strip() and not line.startswith(DELIVERED):
            yield offset, line.rstrip(b"\n")
        offset += len(line)


def is_empty(path: Path) -> bool:
    """Whether nothing is in it, or there is none; of one that cannot be read nobody knows."""
    try:
        return not path.stat().st_size
    except OSError as error:
        return isinstance(error, FileNotFoundError)


def n_waiting(path: Path) -> int:
    """How many lines are not crossed out; 0 without a file. Raises LinesError."""
    try:
        with path.open("rb") as file:
            return sum(1 for _ in waiting(file))
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise LinesError(f"{path} cannot be read ({error}).") from error

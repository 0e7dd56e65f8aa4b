"""A log that lies on the disk: read, checked and copied while the app writes to it.

Nothing here changes what a log says. All errors are FeedbackErrors: the file is missing, damaged,
locked, of another program or of another version.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database

from crsdemo.core.errors import FeedbackError
from crsdemo.feedback.file import connect, in_plain_words, known_version
from crsdemo.feedback.schema import MIGRATIONS

BUSY_SECONDS = 30.0
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@contextmanager
def reading_log(path: Path) -> Iterator[Database]:
    """One consistent view of a log of today's version, whatever others write meanwhile."""
    with _opened(path) as db:
        db.execute("begin")
        version = known_version(db, path)
        if version < len(MIGRATIONS):
            raise FeedbackError(
                f"{path} was written by an older crsdemo (tables of version {version}, this one "
                f"reads {len(MIGRATIONS)}); start the app on it once, or on a copy, then try again"
            )
        yield db


def check_log(path: Path) -> None:
    """Read all of a log, of today's version or an older one. Raises FeedbackError if not sound."""
    with _opened(path) as db:
        if not known_version(db, path):
            raise FeedbackError(f"{path} is empty, no log; name another file")
        (found,) = db.execute("pragma integrity_check(1)").fetchone()
        orphan = db.execute("pragma foreign_key_check").fetchone()
    if found != "ok" or orphan:
        about = found if found != "ok" else f"a row of {orphan[0]} refers to one that is not there"
        raise FeedbackError(f"{path} is damaged ({about}); use another copy of it")


def copy_log(path: Path, out: Path) -> None:
    """Write all that is committed into a new file `out`. The app may go on writing meanwhile."""
    with _opened(path) as db:
        known_version(db, path)
        db.execute("vacuum into ?", [str(out)])


def fold_log(path: Path) -> None:
    """Put all of a log into its one file. One that is too damaged for that is left as it is.

    Raises FeedbackError while another program has it open, whatever that does with it: to leave
    the write-ahead log SQLite takes the file for itself.
    """
    try:
        with in_plain_words(path), closing(connect(path, busy_seconds=0.5)) as db:
            known_version(db, path)
            db.execute("pragma journal_mode = delete")
    except FeedbackError as error:
        cause = error.__cause__
        if not isinstance(cause, sqlite3.Error) or cause.sqlite_errorcode & 0xFF not in _DAMAGED:
            raise


@contextmanager
def _opened(path: Path) -> Iterator[Database]:
    if not path.is_file():
        raise FeedbackError(f"there is no log {path}; name the file that the app writes")
    with in_plain_words(path), closing(connect(path, BUSY_SECONDS)) as db:
        yield db

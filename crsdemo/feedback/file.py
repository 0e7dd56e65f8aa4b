"""The file feedback.db: how it is opened, locked and refused. Knows nothing of what is in it.

Safe from many threads and processes: every transaction has a connection of its own, and whoever
writes takes the lock first (`begin immediate`), since a read that turns into a write loses to any
other writer. A commit is on the disk when it returns.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sqlite_utils import Database

from crsdemo.core.errors import FeedbackError, RefusedError
from crsdemo.feedback.schema import APPLICATION_ID, MIGRATIONS

BUSY_SECONDS = 30.0  # that a command or the app waits for others


class LogFile:
    """The open file, ours and up to date. Raises FeedbackError, as do its transactions.

    `failures` says how many transactions that write have failed since it was opened, and why.
    """

    def __init__(self, path: Path, busy_seconds: float) -> None:
        self.path = path
        self.failures: Counter[str] = Counter()
        self._busy_seconds = busy_seconds
        self._queue = Lock()  # fair to threads, which SQLite is not: it lets one of 16 wait 5 s
        with in_plain_words(path):
            _refuse_read_only(path)
            with closing(connect(path, busy_seconds, create=True)) as db:
                _prepare(db, path)
            # Kept open: the last connection to close would fold the write-ahead log each time.
            self._anchor = connect(path, busy_seconds)
            self._anchor.execute("select count(*) from sqlite_master").fetchone()  # opens it

    def close(self) -> None:
        """Fold the write-ahead log into the file, so that a copy of the file is whole."""
        self._anchor.close()

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """One transaction. Whatever is raised inside undoes all of it: closing rolls back."""
        with self._queue:  # also guards the counter
            try:
                with (
                    in_plain_words(self.path),
                    closing(connect(self.path, self._busy_seconds)) as db,
                ):
                    db.execute("begin immediate")
                    yield db
                    db.execute("commit")
            except FeedbackError as error:
                self.failures[str(error.__cause__)] += 1
                raise

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """One consistent view of the file, whatever others write meanwhile."""
        with in_plain_words(self.path), closing(connect(self.path, self._busy_seconds)) as db:
            db.execute("begin")
            yield db


def connect(path: Path, busy_seconds: float, *, create: bool = False) -> Database:
    """A connection that waits for others and in which transactions are begun by hand.

    A commit is on the disk when it returns (`synchronous = full`), as "saved" promises.
    Without `create` a file that has been taken away is an error, not a new database.
    """
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    connection = sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None)
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma synchronous = full")
    return Database(connection)


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """A log that lies on the disk, to be read while the app writes it. Raises FeedbackError."""
    if not path.is_file():
        raise FeedbackError(f"there is no log {path}; name the file that the app writes")
    with in_plain_words(path), closing(connect(path, BUSY_SECONDS)) as db:
        yield db


def first_value(db: Database, sql: str, *values: object) -> Any:
    """The first column of the first row, None if there is no row."""
    found = db.execute(sql, values).fetchone()
    return found[0] if found else None


def _prepare(db: Database, path: Path) -> None:
    """Refuse what is not ours, then bring the tables up to date. Raises FeedbackError."""
    db.execute("begin immediate")
    version = known_version(db, path)
    for number, migration in enumerate(MIGRATIONS[version:], version + 1):
        migration(db)
        db.execute(f"pragma user_version = {number}")
    if not version:
        db.execute(f"pragma application_id = {APPLICATION_ID}")
    db.execute("commit")
    db.enable_wal()  # last: it changes the file, so not before it is known to be ours


def known_version(db: Database, path: Path) -> int:
    """The version of the tables, 0 of an empty file.

    Raises FeedbackError for a database of another program or of a newer version.
    """
    (application_id,) = db.execute("pragma application_id").fetchone()
    (version,) = db.execute("pragma user_version").fetchone()
    (n_tables,) = db.execute("select count(*) from sqlite_master").fetchone()
    if application_id != APPLICATION_ID and (application_id or version or n_tables):
        raise FeedbackError(
            f"{path} is the database of another program; name another file with --db"
        )
    if version > len(MIGRATIONS):
        raise FeedbackError(
            f"{path} was written by a newer crsdemo (tables of version {version}, this one knows "
            f"{len(MIGRATIONS)}); update crsdemo or name another file with --db"
        )
    return version


_WORDS = {
    sqlite3.SQLITE_BUSY: "is locked by another program; try again when that one is done",
    sqlite3.SQLITE_READONLY: "is read-only; make it writable or name another file with --db",
    sqlite3.SQLITE_FULL: "cannot grow, the disk is full; free some space and try again",
    sqlite3.SQLITE_NOTADB: "is not a database; name another file with --db",
    sqlite3.SQLITE_CORRUPT: "is damaged; put back a copy of it or name another file with --db",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; see that its folder exists and can be written to",
    sqlite3.SQLITE_CONSTRAINT: "does not take this; reload the page and try again",
}


@contextmanager
def in_plain_words(path: Path) -> Iterator[None]:
    """Turn what SQLite says of the file into a FeedbackError that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:  # not about the file: a mistake in this module
            raise
        primary = code & 0xFF  # the rest of the code gives details
        words = _WORDS.get(primary, "cannot be used; see that its disk is well and has room")
        kind = RefusedError if primary == sqlite3.SQLITE_CONSTRAINT else FeedbackError
        raise kind(f"The log {path} {words} ({error}).") from error


def _refuse_read_only(path: Path) -> None:
    """A file marked read-only stays so, even for a superuser, whom SQLite would let write."""
    if path.is_file() and not path.stat().st_mode & 0o222:
        raise FeedbackError(
            f"The log {path} is read-only; make it writable or name another file with --db."
        )

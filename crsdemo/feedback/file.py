"""The file feedback.db: how it is opened, locked and refused. Knows nothing of what is in it.

Safe from many threads and processes: every transaction has a connection of its own, and whoever
writes takes the lock first (`begin immediate`), since a read that turns into a write loses to any
other writer. A commit is on the disk when it returns.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from sqlite_utils import Database

from crsdemo.core.errors import BadInputError, FeedbackError, RefusedError
from crsdemo.feedback.schema import APPLICATION_ID, MIGRATIONS

BUSY_SECONDS = 30.0  # that a command or the app waits for others
WIPE_SECONDS = 1.0  # that others who read are waited for


class LogFile:
    """The open file, ours and up to date. Raises FeedbackError, as do its transactions.

    Transactions raise BadInputError for a value that no column can hold. `failures` says how many
    that write have failed since it was opened, and why; `has_traces` whether words that were
    deleted may still be on the disk, see `wipe`.
    """

    def __init__(self, path: Path, busy_seconds: float) -> None:
        self.path = path
        self.failures: Counter[str] = Counter()
        self.has_traces = False
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
                self.failures[str(error.__cause__ or error)] += 1
                raise

    def rewrite(self) -> None:
        """Write the file anew, without what was deleted."""
        with in_plain_words(self.path), closing(connect(self.path, self._busy_seconds)) as db:
            db.execute("vacuum")

    def wipe(self) -> None:
        """Empty the write-ahead log, where words that were deleted may still be, if any were.

        Raises FeedbackError while another program reads what was before.
        """
        if not self.has_traces:
            return
        patience = min(self._busy_seconds, WIPE_SECONDS)  # nobody else can write meanwhile
        with in_plain_words(self.path), closing(connect(self.path, patience)) as db:
            (is_busy, _, _) = db.execute("pragma wal_checkpoint(truncate)").fetchone()
        if is_busy:
            raise FeedbackError(
                "All is deleted, but traces of it stay on the disk while another program reads "
                f"the log {self.path}; the app goes on trying to wipe them: stop that program."
            )
        self.has_traces = False

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """One consistent view of the file, whatever others write meanwhile."""
        with in_plain_words(self.path), closing(connect(self.path, self._busy_seconds)) as db:
            db.execute("begin")
            yield db


def connect(path: Path, busy_seconds: float, *, create: bool = False) -> Database:
    """A connection that waits for others and in which transactions are begun by hand.

    A commit is on the disk when it returns (`synchronous = full`), as "saved" promises.
    Without `create` a file that has been taken away is an error, not a new database; with it a
    new one is its owner's alone, and so is whatever SQLite puts beside it.
    """
    if create:
        make_private(path)
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    connection = sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None)
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma secure_delete = on")  # what is deleted is overwritten
    return Database(connection)


def make_private(path: Path) -> None:
    """An empty file that its owner alone can read, unless one is there or none can be."""
    with suppress(OSError):  # whoever opens it next says why not
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


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
    version: int
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
}
_OF_THE_ROW = {
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_TOOBIG,
}


_UNREADABLE = "The page sent what cannot be read; please reload it."


@contextmanager
def in_plain_words(path: Path) -> Iterator[None]:
    """Turn what SQLite says of the file or a row into an error of ours that says what to do."""
    try:
        yield
    except (OverflowError, UnicodeEncodeError) as error:
        raise BadInputError(_UNREADABLE) from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            if "binding" in str(error):
                raise BadInputError(_UNREADABLE) from error
            raise  # not about the file: a mistake in this module
        primary = code & 0xFF  # the rest of the code gives details
        if primary in _OF_THE_ROW or "malformed JSON" in str(error):
            words = "does not take this; reload the page and try again"
            raise RefusedError(f"The log {path} {words} ({error}).") from error
        words = _WORDS.get(primary, "cannot be used; see that its disk is well and has room")
        raise FeedbackError(f"The log {path} {words} ({error}).") from error


def _refuse_read_only(path: Path) -> None:
    """A file marked read-only stays so, even for a superuser, whom SQLite would let write."""
    if path.is_file() and not path.stat().st_mode & 0o222:
        raise FeedbackError(
            f"The log {path} is read-only; make it writable or name another file with --db."
        )

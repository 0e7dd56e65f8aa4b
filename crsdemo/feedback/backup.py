"""Copies of the log that are whole, also while the app writes; and the way back.

    python -m crsdemo backup --db feedback.db --out backups/monday.db
    python -m crsdemo restore --from backups/monday.db --db feedback.db

Copying the file alone would miss what lies in its write-ahead log.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from glob import escape
from pathlib import Path

from crsdemo.core.config import add_force
from crsdemo.core.conversation import new_id
from crsdemo.core.errors import BadInputError, FeedbackError
from crsdemo.core.shipped import refuse_shipped
from crsdemo.feedback.copies import note_copy, note_kept, taken_back
from crsdemo.feedback.file import connect, in_plain_words, known_version, make_private, opened
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.studies import StudyLog

NEWEST = 48  # copies that stay of those that the app makes
LONGEST = 366 * 24 * 60  # minutes between two of them
_TIME = "%Y%m%dT%H%M%SZ"
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@dataclass(frozen=True)
class Backups:
    """Where the app's copies of a log lie and how often one is made."""

    db: Path
    folder: Path
    every: timedelta = timedelta(hours=1)

    @classmethod
    def each(cls, db: Path, folder: Path, minutes: float) -> Backups:
        """Raises BadInputError for what is no time between two copies."""
        if not 0 < minutes <= LONGEST:  # nor is nan
            raise BadInputError(
                f"--backup-minutes is above 0 and at most {LONGEST:,} (a year), got {minutes:g}"
            )
        return cls(db, folder, timedelta(minutes=minutes))

    def make(self, now: datetime) -> Path:
        """A new checked copy; then the oldest go. Raises BadInputError or FeedbackError.

        Where the copy cannot be made, no other is dropped. One that cannot be dropped is named
        once all others are.
        """
        out = self._path(now.astimezone(UTC))
        backup(self.db, out)
        # First those from before the clock was set back: they are older than they say
        in_turn = sorted(self.made(), key=lambda time: (time <= now, time))
        stuck = []
        for old in in_turn[:-NEWEST]:
            try:
                self._path(old).unlink(missing_ok=True)
            except OSError as error:
                stuck.append(str(error))
        if stuck:
            raise BadInputError(f"a backup was made, but old ones stay: {'; '.join(stuck)}")
        return out

    def is_due(self, now: datetime) -> bool:
        last = self.last(now)
        return last is None or now - last >= self.every

    def last(self, now: datetime) -> datetime | None:
        """The newest copy. One of a time to come does not count: the clock was wrong."""
        return max((time for time in self.made() if time <= now), default=None)

    def made(self) -> tuple[datetime, ...]:
        """When there was a copy that is still there, first one first."""
        times = []
        for path in self.folder.glob(f"{escape(self.db.stem)}-*.db"):
            with suppress(ValueError):  # a file that somebody else put there
                stem = path.stem.removeprefix(f"{self.db.stem}-")
                times.append(datetime.strptime(stem, _TIME).replace(tzinfo=UTC))
        return tuple(sorted(times))

    def _path(self, time: datetime) -> Path:
        return self.folder / f"{self.db.stem}-{time:{_TIME}}.db"


def backup(db: Path, out: Path, *, is_handed_out: bool = False) -> None:
    """Write a checked copy of the log `db` to the new file `out`, and remember that there is one.

    `is_handed_out`: nobody knows where it goes from there. Raises BadInputError if `out` is there
    or cannot be written, FeedbackError if the log cannot be read or its copy is not sound; then
    there is no `out`.
    """
    if out.exists():
        raise BadInputError(f"{out} is there already; name a new file with --out")
    note_copy(db, "backup", None if is_handed_out else out)
    with checked_copy(db, out) as copy:
        os.replace(copy, out)


def restore(source: Path, db: Path) -> Path | None:
    """Put a backup in the place of the log; returns where the old log lies now, if there was one.

    The backup is read to its end before anything is replaced, and who withdrew or had their words
    erased since is withdrawn or erased in it too. Raises FeedbackError if it is damaged, is no log
    or has another version, or if a program has the old log open.
    """
    if source.resolve() == db.resolve():
        raise BadInputError(f"{source} is the log itself; name a backup with --from")
    _check(source)
    with checked_copy(source, db) as copy:
        if since := taken_back(db):
            with closing(FeedbackLog(copy)) as log:
                StudyLog(log).take_back_again(since)
        kept = _kept_beside(db) if db.exists() else None
        os.replace(copy, db)
    return kept


@contextmanager
def checked_copy(source: Path, out: Path) -> Iterator[Path]:
    """A sound copy of a log that lies beside `out` and is gone in the end, unless it was moved."""
    copy = out.with_name(f".{out.name}.{new_id()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            make_private(copy)
            with opened(source) as db:
                known_version(db, source)
                db.execute("vacuum into ?", [str(copy)])
            _check(copy)
            _to_disk(copy)
            yield copy
            _to_disk(out.parent)  # the new name
        finally:
            copy.unlink(missing_ok=True)
    except OSError as error:
        raise BadInputError(f"{out} cannot be written: {error}") from error


def _check(path: Path) -> None:
    """Read all of a log, of today's version or an older one. Raises FeedbackError if not sound."""
    with opened(path) as db:
        if not known_version(db, path):
            raise FeedbackError(f"{path} is empty, no log; name another file")
        (found,) = db.execute("pragma integrity_check(1)").fetchone()
        orphan = db.execute("pragma foreign_key_check").fetchone()
    if found != "ok" or orphan:
        about = found if found != "ok" else f"a row of {orphan[0]} refers to one that is not there"
        raise FeedbackError(f"{path} is damaged ({about}); use another copy of it")


def _kept_beside(db: Path) -> Path:
    """Copy the log and what belongs to it to a name that says when; returns that name.

    Raises FeedbackError if it is open elsewhere. One that is too damaged to tell is kept as it is.
    """
    _fold(db)
    kept = db.with_name(f"{db.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    note_kept(db, "backup", kept)
    for ending in ("", "-wal", "-shm"):  # the last two only of a damaged one
        part = db.with_name(db.name + ending)
        if part.exists():
            beside = kept.with_name(kept.name + ending)
            make_private(beside)
            shutil.copyfile(part, beside)
            _to_disk(beside)
            if ending:
                part.unlink()  # it would be read into the restored log
    return kept


def _fold(path: Path) -> None:
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


def _to_disk(path: Path) -> None:
    """Wait until a file or the names in a folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def backup_main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="crsdemo backup", description=backup.__doc__)
    parser.add_argument("--db", type=Path, required=True, help="the log that the app writes")
    parser.add_argument("--out", type=Path, required=True, help="a new file")
    add_force(parser)
    args = parser.parse_args(argv)
    if not args.force:
        refuse_shipped(args.out)
    backup(args.db, args.out)
    print(f"{args.db} -> {args.out} ({args.out.stat().st_size:,} bytes), checked")


def restore_main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="crsdemo restore", description=restore.__doc__)
    parser.add_argument("--from", dest="source", type=Path, required=True, help="a backup")
    parser.add_argument("--db", type=Path, required=True, help="the log to put it in place of")
    add_force(parser)
    args = parser.parse_args(argv)
    if not args.force:
        refuse_shipped(args.db)
    kept = restore(args.source, args.db)
    print(f"{args.source} -> {args.db}" + (f"; the old log is {kept}" if kept else ""))
    print(f"what waited meanwhile is saved by: crsdemo deliver --db {args.db} (--help says more)")

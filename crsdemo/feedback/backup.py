"""A copy of the log that is whole, also while the app writes; and the way back.

    python -m crsdemo backup --db feedback.db --out backups/monday.db
    python -m crsdemo restore --from backups/monday.db --db feedback.db

Copying the file alone would miss what lies in its write-ahead log.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from crsdemo.core.conversation import new_id
from crsdemo.core.errors import BadInputError
from crsdemo.feedback.archive import check_log, copy_log, fold_log


def backup(db: Path, out: Path) -> None:
    """Write a checked copy of the log `db` to the new file `out`.

    Raises BadInputError if `out` is there or cannot be written, FeedbackError if the log cannot
    be read or its copy is not sound; then there is no `out`.
    """
    if out.exists():
        raise BadInputError(f"{out} is there already; name a new file with --out")
    with _checked_copy(db, out) as copy:
        os.replace(copy, out)


def restore(source: Path, db: Path) -> Path | None:
    """Put a backup in the place of the log; returns where the old log lies now, if there was one.

    The backup is read to its end before anything is replaced. Raises FeedbackError if it is
    damaged, is no log or has another version, or if a program has the old log open.
    """
    if source.resolve() == db.resolve():
        raise BadInputError(f"{source} is the log itself; name a backup with --from")
    check_log(source)
    with _checked_copy(source, db) as copy:
        kept = _kept_beside(db) if db.exists() else None
        os.replace(copy, db)
    return kept


@contextmanager
def _checked_copy(source: Path, out: Path) -> Iterator[Path]:
    """A sound copy of a log that lies beside `out` and is gone in the end, unless it was moved."""
    copy = out.with_name(f".{out.name}.{new_id()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            copy_log(source, copy)
            check_log(copy)
            _to_disk(copy)
            yield copy
            _to_disk(out.parent)  # the new name
        finally:
            copy.unlink(missing_ok=True)
    except OSError as error:
        raise BadInputError(f"{out} cannot be written: {error}") from error


def _kept_beside(db: Path) -> Path:
    """Copy the log and what belongs to it to a name that says when; returns that name.

    Raises FeedbackError if it is open elsewhere. One that is too damaged to tell is kept as it is.
    """
    fold_log(db)
    kept = db.with_name(f"{db.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    for ending in ("", "-wal", "-shm"):  # the last two only of a damaged one
        part = db.with_name(db.name + ending)
        if part.exists():
            beside = kept.with_name(kept.name + ending)
            shutil.copyfile(part, beside)
            _to_disk(beside)
            if ending:
                part.unlink()  # it would be read into the restored log
    return kept


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
    args = parser.parse_args(argv)
    backup(args.db, args.out)
    print(f"{args.db} -> {args.out} ({args.out.stat().st_size:,} bytes), checked")


def restore_main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="crsdemo restore", description=restore.__doc__)
    parser.add_argument("--from", dest="source", type=Path, required=True, help="a backup")
    parser.add_argument("--db", type=Path, required=True, help="the log to put it in place of")
    args = parser.parse_args(argv)
    kept = restore(args.source, args.db)
    print(f"{args.source} -> {args.db}" + (f"; the old log is {kept}" if kept else ""))

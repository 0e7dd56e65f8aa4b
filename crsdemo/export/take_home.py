"""What the operator takes home from a running app: an export as one file, a copy of the log.

Each file is made for one person, who fetches it by an address that nobody can guess. It lies in a
folder of this process alone and is gone after a while, or with the process.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

from crsdemo.core.errors import BadInputError
from crsdemo.export.judgments import TABLES, ExportConfig, export
from crsdemo.feedback.backup import backup

KEPT_FOR = 600.0  # seconds


@dataclass(frozen=True)
class Handout:
    """A file that can be fetched with its ticket."""

    ticket: str
    path: Path
    until: float  # on the clock
    told: str  # what is in it, in words

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size


class Handouts:
    """Safe from many threads; `clock` tells seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._folder = TemporaryDirectory(prefix="crsdemo-", ignore_cleanup_errors=True)
        self._kept: dict[str, Handout] = {}
        self._lock = Lock()

    def make(self, name: str, write: Callable[[Path], str | None]) -> Handout:
        """Let `write` make a file of this name and say what is in it.

        Raises whatever that raises, and leaves nothing then.
        BadInputError if it cannot be written.
        """
        ticket = secrets.token_urlsafe(32)
        path = Path(self._folder.name) / secrets.token_hex(8) / name
        try:
            path.parent.mkdir(mode=0o700)
            told = write(path) or ""
        except BaseException as error:
            shutil.rmtree(path.parent, ignore_errors=True)
            if isinstance(error, OSError):
                raise BadInputError(f"{name} cannot be written: {error}") from error
            raise
        handout = Handout(ticket, path, self._clock() + KEPT_FOR, told)
        self.forget_old()
        with self._lock:
            self._kept[ticket] = handout
        return handout

    def find(self, ticket: str) -> Handout | None:
        """None for a ticket that is unknown or too old."""
        self.forget_old()
        with self._lock:
            return self._kept.get(ticket)

    def forget_old(self) -> None:
        """Remove those whose time is over: they hold everybody's words."""
        with self._lock:
            for handout in [one for one in self._kept.values() if one.until <= self._clock()]:
                del self._kept[handout.ticket]
                shutil.rmtree(handout.path.parent, ignore_errors=True)


@dataclass(frozen=True)
class TakeHome:
    """Makes files of the log at `db`, which the app goes on writing."""

    db: Path
    handouts: Handouts

    def export(self, format_: str, study: str = "", text: str = "messages") -> Handout:
        """A zip of the folder that `python -m crsdemo export` writes, with its manifest.

        Raises BadInputError for an unknown format, text or study, FeedbackError if the log cannot
        be read.
        """
        name = f"crsdemo-{format_}-{_today()}"
        only = f" --study {study!r}" if study else ""
        command = f"python -m crsdemo export --db {self.db.name} --format {format_}{only}"
        command += "" if format_ in TABLES else f" --text {text}"

        def write(path: Path) -> str:
            with TemporaryDirectory(dir=path.parent) as folder:
                out = Path(folder) / name
                config = ExportConfig(db=self.db, format=format_, out=out, study=study, text=text)
                manifest = export(config, f"{command} --out FOLDER", is_handed_out=True)
                shutil.make_archive(str(path.with_suffix("")), "zip", folder)
            return _told(manifest)

        return self.handouts.make(f"{name}.zip", write)

    def backup(self) -> Handout:
        """A checked copy of the log. Raises FeedbackError if it cannot be read or is damaged."""
        name = f"crsdemo-backup-{_today()}.db"
        return self.handouts.make(name, lambda path: backup(self.db, path, is_handed_out=True))


def _told(manifest: dict[str, Any]) -> str:
    """How much was written, and what was not, why."""
    counts = manifest["counts"]
    said = f"{counts['written']:,} of {counts['considered']:,} written"
    why = "; ".join(f"{reason}: {n:,}" for reason, n in counts["excluded"].items())
    return f"{said}. Left out: {why}." if why else f"{said}."


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"

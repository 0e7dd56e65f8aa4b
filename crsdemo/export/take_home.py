"""What the operator takes home from a running app: an export as one file, a copy of the log."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from crsdemo.export.handouts import Handout, Handouts
from crsdemo.export.judgments import ExportConfig, export
from crsdemo.feedback.backup import backup


@dataclass(frozen=True)
class TakeHome:
    """Makes files of the log at `db`, which the app goes on writing."""

    db: Path
    handouts: Handouts

    def export(self, format_: str, study: str = "") -> Handout:
        """A zip of the folder that `python -m crsdemo export` writes, with its manifest.

        Raises BadInputError for an unknown format, FeedbackError if the log cannot be read.
        """
        name = f"crsdemo-{format_}-{_today()}"

        def write(path: Path) -> None:
            with TemporaryDirectory(dir=path.parent) as folder:
                out = Path(folder) / name
                config = ExportConfig(db=self.db, format=format_, out=out, study=study)
                export(config, _command(self.db, format_, study))
                shutil.make_archive(str(path.with_suffix("")), "zip", folder)

        return self.handouts.make(f"{name}.zip", write)

    def backup(self) -> Handout:
        """A checked copy of the log. Raises FeedbackError if it cannot be read or is damaged."""
        return self.handouts.make(
            f"crsdemo-backup-{_today()}.db", lambda path: backup(self.db, path)
        )


def _command(db: Path, format_: str, study: str) -> str:
    """What does the same on the command line."""
    only = f" --study {study!r}" if study else ""
    return f"python -m crsdemo export --db {db.name} --format {format_}{only} --out FOLDER"


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"

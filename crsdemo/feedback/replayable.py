"""Which comparisons of a log a study may show to several people."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from crsdemo.core.errors import FeedbackError
from crsdemo.feedback.file import BUSY_SECONDS, LogFile, first_value
from crsdemo.feedback.schema import TWIN, queries

_SQL = queries("studies", twin=TWIN)


def check_replayable(path: Path, comparisons: Mapping[str, str]) -> None:
    """Whether `record_replay` will take these, by the name of the replay, in the log at `path`.

    Raises FeedbackError as it does, and if there is no such log.
    """
    if not path.is_file():
        raise FeedbackError(f"there is no log at {path}; name the file of the app with --db")
    with closing(LogFile(path, BUSY_SECONDS)) as file, file.reading() as db:
        for name, comparison_id in comparisons.items():
            check_usable(db, name, comparison_id)


def check_usable(db: Database, name: str, comparison_id: str) -> None:
    if not first_value(db, _SQL["usable"], comparison_id):
        raise FeedbackError(
            f"the comparison {comparison_id} cannot be replayed as {name!r}: it is not in this "
            "log, one of its replies is not whole, was taken back or is the same whoever is "
            "asked, or it is an annotator's, who may have it erased; name another, or replay its "
            "message"
        )

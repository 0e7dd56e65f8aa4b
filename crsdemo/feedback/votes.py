"""The verdicts of the log as votes. The newest verdict of a visitor on a comparison counts.

Practice is no vote, and whoever withdrew from a study has none. Left and right are as the visitor
saw them. Of replies that say the same every vote is a tie.
`core/comparison.py: Judgment` says what of the verdict's `details` counts here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from crsdemo.core.comparison import SIDES
from crsdemo.core.errors import BadInputError, FeedbackError
from crsdemo.feedback.file import BUSY_SECONDS, LogFile
from crsdemo.feedback.schema import TWIN, queries
from crsdemo.studies.statistics.judging import Scores, Vote

Row = dict[str, Any]

_SQL = queries("votes", twin=TWIN)


@dataclass(frozen=True)
class VoteFilter:
    """Which votes to take."""

    study: str = ""  # only of the study with this title, or with this sha256
    blind_only: bool = False  # only those given without seeing names
    with_tests: bool = False  # also those of colleagues who tried a study


def open_votes(path: Path, wanted: VoteFilter = VoteFilter()) -> tuple[Vote, ...]:
    """The votes in the log at `path`, which another process may be writing meanwhile.

    Raises FeedbackError if there is no such log or it cannot be used, BadInputError if it does not
    know the study.
    """
    if not path.is_file():
        raise FeedbackError(f"there is no log at {path}; name the file of the app with --db")
    with closing(LogFile(path, BUSY_SECONDS)) as file:
        with file.reading() as db:
            check_study(db, wanted.study)
        return load_votes(file, wanted)


def check_study(db: Database, wanted: str) -> None:
    """Raises BadInputError for a title or sha256 that no study in the log has; empty is all."""
    known = list(db.query(_SQL["studies"]))
    if wanted and not any(wanted in study.values() for study in known):
        titles = ", ".join(dict.fromkeys(repr(study["name"]) for study in known)) or "none"
        raise BadInputError(f"the log has no study {wanted!r}; there are: {titles}")


def load_votes(file: LogFile, wanted: VoteFilter = VoteFilter()) -> tuple[Vote, ...]:
    """The votes in an open log, by time. Raises BadInputError for details that make no sense."""
    with file.reading() as db:
        return tuple(votes_of(db, wanted))


def votes_of(db: Database, wanted: VoteFilter = VoteFilter()) -> Iterator[Vote]:
    """The same one after the other, so that a log of any size can be read."""
    only = {"study": wanted.study, "with_tests": wanted.with_tests}
    votes = map(_vote, db.query(_SQL["votes"], only))
    return (vote for vote in votes if vote.blind or not wanted.blind_only)


def _vote(row: Row) -> Vote:
    details = json.loads(row["details"])
    names = [row["left_recommender"], row["right_recommender"]]
    left, right = reversed(names) if row["swapped"] else names
    verdict, twin = row["verdict"], bool(row["twin"])
    if twin and verdict in (*SIDES, "cannot_tell"):  # of two that are one none can be better
        verdict = "same"
    try:
        return Vote(
            annotator=row["visitor"],
            left=left,
            right=right,
            verdict=verdict,
            task=row["comparison_id"],
            created=datetime.fromisoformat(row["created_at"]),
            seconds=None if row["decided_ms"] is None else row["decided_ms"] / 1000,
            strength=None if twin else details.get("strength"),
            aspects={name: _scores(sides) for name, sides in details.get("aspects", {}).items()},
            expected=row["expected"],
            study=row["study"],
            study_task=row["study_task"],
            blind=details.get("names_shown") is False,
            twin=twin,
        )
    except (BadInputError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadInputError(
            f"the verdict on comparison {row['comparison_id']} has details that make no sense: "
            f"{row['details'][:200]} ({error}); see core/comparison.py for what may stand there"
        ) from error


def _scores(sides: Row) -> Scores:
    """Of one aspect; a side that was not answered is missing or null."""
    left, right = (sides.get(side) for side in ("left", "right"))
    return Scores(None if left is None else float(left), None if right is None else float(right))

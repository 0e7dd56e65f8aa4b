"""The verdicts of the log as votes. The newest verdict of a visitor on a comparison counts.

What the tables have no column for is read from the verdict's `details`, where it is there:
    same      true: the replies were the same
    strength  1 to 3: how much better the better one is
    task      what was judged, where several comparisons show the same two replies
    expected  the right verdict, of an attention item
    withdrawn true: the visitor took the vote back
    aspects   {"relevance": {"left": 3, "right": 1}, ...}, each on its own scale
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from crsdemo.errors import BadInputError, FeedbackError
from crsdemo.feedback_file import LogFile
from crsdemo.judging import Scores, Vote

Row = dict[str, Any]

_VOTES = """select comparison_id, visitor, verdict, decided_ms, details, created_at,
        left_recommender, right_recommender
    from current_verdicts order by created_at, comparison_id, visitor"""


def open_votes(path: Path, *, busy_seconds: float = 30.0) -> tuple[Vote, ...]:
    """The votes in the log at `path`, which another process may be writing meanwhile.

    Raises FeedbackError if there is no such log or it cannot be used.
    """
    if not path.is_file():
        raise FeedbackError(f"there is no log at {path}; name the file of the app with --db")
    file = LogFile(path, busy_seconds)
    try:
        return load_votes(file)
    finally:
        file.close()


def load_votes(file: LogFile) -> tuple[Vote, ...]:
    """The votes in an open log, by time. Raises BadInputError for details that make no sense."""
    with file.reading() as db:
        rows = list(db.query(_VOTES))
    return tuple(_vote(row) for row in rows)


def _vote(row: Row) -> Vote:
    details = json.loads(row["details"])
    try:
        return Vote(
            annotator=row["visitor"],
            left=row["left_recommender"],
            right=row["right_recommender"],
            verdict="same" if details.get("same") is True else row["verdict"],
            task=str(details.get("task", row["comparison_id"])),
            created=datetime.fromisoformat(row["created_at"]),
            seconds=None if row["decided_ms"] is None else row["decided_ms"] / 1000,
            strength=details.get("strength"),
            aspects={name: _scores(sides) for name, sides in details.get("aspects", {}).items()},
            expected=details.get("expected"),
            flags=frozenset({"withdrawn"} if details.get("withdrawn") is True else ()),
        )
    except (BadInputError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadInputError(
            f"the verdict on comparison {row['comparison_id']} has details that make no sense: "
            f"{row['details'][:200]} ({error}); see feedback_votes.py for what may stand there"
        ) from error


def _scores(sides: Row) -> Scores:
    """Of one aspect; a side that was not answered is missing or null."""
    left, right = (sides.get(side) for side in ("left", "right"))
    return Scores(None if left is None else float(left), None if right is None else float(right))

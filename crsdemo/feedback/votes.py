"""The verdicts of the log as votes. The newest verdict of a visitor on a comparison counts.

Practice is no vote, and whoever withdrew from a study has none. Left and right are as the visitor
saw them. What the tables have no column for is read from the verdict's `details`, where it is:
    same      true: the replies were the same
    strength  1 to 3: how much better the better one is
    task      what was judged, where several comparisons show the same two replies
    expected  the right verdict, of an attention item that no study has
    withdrawn true: the visitor took the vote back
    aspects   {"relevance": {"left": 3, "right": 1}, ...}, each on its own scale
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from crsdemo.core.errors import BadInputError, FeedbackError
from crsdemo.feedback.file import LogFile
from crsdemo.studies.statistics.judging import Scores, Vote

Row = dict[str, Any]

# A verdict of an annotator belongs to the assignment whose talk or whose replay it is about
_VOTES = """select v.comparison_id, v.visitor, v.verdict, v.decided_ms, v.details, v.created_at,
        v.swapped, v.left_recommender, v.right_recommender, coalesce(s.name, '') as study,
        coalesce(a.task, '') as study_task, a.expected
    from current_verdicts v join comparisons c on c.id = v.comparison_id
    join turns t on t.id = c.left_turn
    left join annotators n on n.id = v.visitor left join studies s on s.sha256 = n.study
    left join assignments a on a.annotator = v.visitor
        and (a.id = t.dialogue_id or a.replay_of = v.comparison_id)
    where v.visitor not in (select annotator from withdrawn)
        and coalesce(a.kind, '') <> 'practice'
        and (not coalesce(n.is_test, 0) or :with_tests)
        and (:study = '' or :study in (n.study, s.name))
    order by v.created_at, v.comparison_id, v.visitor"""


@dataclass(frozen=True)
class VoteFilter:
    """Which votes to take."""

    study: str = ""  # only of the study with this title, or with this sha256
    blind_only: bool = False  # only those given without seeing names
    with_tests: bool = False  # also those of colleagues who tried a study


def open_votes(
    path: Path, wanted: VoteFilter = VoteFilter(), *, busy_seconds: float = 30.0
) -> tuple[Vote, ...]:
    """The votes in the log at `path`, which another process may be writing meanwhile.

    Raises FeedbackError if there is no such log or it cannot be used.
    """
    if not path.is_file():
        raise FeedbackError(f"there is no log at {path}; name the file of the app with --db")
    file = LogFile(path, busy_seconds)
    try:
        return load_votes(file, wanted)
    finally:
        file.close()


def load_votes(file: LogFile, wanted: VoteFilter = VoteFilter()) -> tuple[Vote, ...]:
    """The votes in an open log, by time. Raises BadInputError for details that make no sense."""
    with file.reading() as db:
        only = {"study": wanted.study, "with_tests": wanted.with_tests}
        rows = list(db.query(_VOTES, only))
    votes = (_vote(row) for row in rows)
    return tuple(vote for vote in votes if vote.blind or not wanted.blind_only)


def _vote(row: Row) -> Vote:
    details = json.loads(row["details"])
    left, right = row["left_recommender"], row["right_recommender"]
    try:
        return Vote(
            annotator=row["visitor"],
            left=right if row["swapped"] else left,
            right=left if row["swapped"] else right,
            verdict="same" if details.get("same") is True else row["verdict"],
            task=str(details.get("task", row["comparison_id"])),
            created=datetime.fromisoformat(row["created_at"]),
            seconds=None if row["decided_ms"] is None else row["decided_ms"] / 1000,
            strength=details.get("strength"),
            aspects={name: _scores(sides) for name, sides in details.get("aspects", {}).items()},
            expected=row["expected"] or details.get("expected"),
            study=row["study"],
            study_task=row["study_task"],
            blind=details.get("names_shown") is False,
            flags=frozenset({"withdrawn"} if details.get("withdrawn") is True else ()),
        )
    except (BadInputError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadInputError(
            f"the verdict on comparison {row['comparison_id']} has details that make no sense: "
            f"{row['details'][:200]} ({error}); see feedback/votes.py for what may stand there"
        ) from error


def _scores(sides: Row) -> Scores:
    """Of one aspect; a side that was not answered is missing or null."""
    left, right = (sides.get(side) for side in ("left", "right"))
    return Scores(None if left is None else float(left), None if right is None else float(right))

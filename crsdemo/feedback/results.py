"""What the results page reads of the log beside the votes: who takes part, and what was judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.feedback.file import LogFile
from crsdemo.feedback.schema import HEARD


@dataclass(frozen=True)
class Participant:
    """How far somebody has come in a study; practice is not counted."""

    annotator: str
    study: str  # its title
    decision: str | None  # given, declined or withdrawn: the last one about consent
    planned: int  # comparisons to judge
    judged: int
    completed_at: str | None  # UTC, ISO 8601, of the completion code

    @property
    def state(self) -> str:
        """In plain words."""
        if self.completed_at:
            return "done"
        return "under way" if self.decision == "given" else self.decision or "not begun"


@dataclass(frozen=True)
class SeenPair:
    """Two replies side by side, as the log has them: a person may have seen them swapped."""

    heard: Dialogue  # on the left; ends with the message
    left: str  # who answered
    left_text: str
    right: str
    right_text: str

    def text_of(self, recommender: str) -> str:
        return self.left_text if recommender == self.left else self.right_text


@dataclass(frozen=True)
class ResultsLog:
    """Reads only. Raises FeedbackError from every method."""

    file: LogFile

    def studies(self) -> tuple[str, ...]:
        """Titles of the studies that somebody came to, in alphabetical order."""
        with self.file.reading() as db:
            return tuple(row["name"] for row in db.query(_STUDIES))

    def participants(self, study: str = "") -> tuple[Participant, ...]:
        """All who came to the study of this title, or to any, in the order in which they came."""
        with self.file.reading() as db:
            return tuple(Participant(**row) for row in db.query(_PARTICIPANTS, {"study": study}))

    def seen_pairs(self, comparison_ids: Iterable[str]) -> dict[str, SeenPair]:
        """What stood in these comparisons; one that the log does not know is left out."""
        with self.file.reading() as db:
            rows = {row.pop("id"): row for row in db.query(_PAIRS, [json.dumps([*comparison_ids])])}
        for row in rows.values():
            turns = (Turn(**turn) for turn in json.loads(row["heard"]))
            row["heard"] = Dialogue(tuple(turns))
        return {name: SeenPair(**row) for name, row in rows.items()}


def pseudonym(visitor: str) -> str:
    """The same short name for the same person always.

    It says nothing of the id that it is made from, with which a browser could claim to be them.
    """
    return hashlib.sha256(f"pseudonym {visitor}".encode()).hexdigest()[:6]


_STUDIES = (
    "select distinct s.name from studies s join annotators n on n.study = s.sha256 order by 1"
)

_PARTICIPANTS = """select n.id as annotator, s.name as study,
        (select c.decision from consents c where c.annotator = n.id
            order by c.number desc limit 1) as decision,
        (select coalesce(sum(a.messages), 0) from assignments a
            where a.annotator = n.id and a.kind <> 'practice') as planned,
        (select count(distinct v.comparison_id) from assignments a
            join assigned_comparisons x on x.assignment_id = a.id
            join verdicts v on v.comparison_id = x.comparison_id and v.visitor = n.id
            where a.annotator = n.id and a.kind <> 'practice') as judged,
        (select c.created_at from completions c where c.annotator = n.id) as completed_at
    from annotators n join studies s on s.sha256 = n.study
    where :study in ('', s.name) and not n.is_test order by n.created_at, n.id"""

_PAIRS = f"""select c.id, c.left_recommender as "left", l.text as left_text,
        c.right_recommender as "right", r.text as right_text,
        {HEARD.format("c.left_turn")} as heard
    from comparisons c join turns l on l.id = c.left_generation
    join turns r on r.id = c.right_generation where c.id in (select value from json_each(?))"""

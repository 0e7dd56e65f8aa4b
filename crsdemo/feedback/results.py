"""What the results page reads of the log beside the votes: who takes part, and what was judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.feedback.answers import answers
from crsdemo.feedback.file import BUSY_SECONDS, LogFile
from crsdemo.feedback.schema import HEARD, queries
from crsdemo.studies.statistics.answers import Answer

PSEUDONYM = 12  # hexadecimal digits: a million people hardly share one
_TURNS = TypeAdapter(tuple[Turn, ...])
_SQL = queries("results", heard=HEARD.format(turn="c.left_turn", number="l.number"))


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
            return tuple(row["name"] for row in db.query(_SQL["studies"]))

    def participants(self, study: str = "") -> tuple[Participant, ...]:
        """All who came to the study of this title, or to any, in the order in which they came."""
        with self.file.reading() as db:
            return tuple(
                Participant(**row) for row in db.query(_SQL["participants"], {"study": study})
            )

    def answers(self, study: str = "") -> tuple[Answer, ...]:
        """To the questionnaires of a study, by its title or sha256; practice and tests aside."""
        with self.file.reading() as db:
            found = tuple(answers(db))
        counted = (one for one in found if not one.is_test and one.kind != "practice")
        return tuple(one for one in counted if study in ("", one.study, one.study_sha256))

    def seen_pairs(self, comparison_ids: Iterable[str]) -> dict[str, SeenPair]:
        """What stood in these comparisons; one that the log does not know is left out."""
        with self.file.reading() as db:
            rows = {
                row.pop("id"): row
                for row in db.query(_SQL["pairs"], [json.dumps([*comparison_ids])])
            }
        for row in rows.values():
            row["heard"] = Dialogue(_TURNS.validate_json(row["heard"]))
        return {name: SeenPair(**row) for name, row in rows.items()}


def open_answers(path: Path, study: str = "") -> tuple[Answer, ...]:
    """The answers to questionnaires in the log at `path`. Raises FeedbackError."""
    with closing(LogFile(path, BUSY_SECONDS)) as file:
        return ResultsLog(file).answers(study)


def pseudonym(visitor: str) -> str:
    """The same short name for the same person always.

    It says nothing of the id that it is made from, which is nobody's business.
    """
    return hashlib.sha256(f"pseudonym {visitor}".encode()).hexdigest()[:PSEUDONYM]

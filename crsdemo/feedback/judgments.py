"""The judgments in a log as they hold now, one after the other, with all that they are about.

A judgment is a verdict on two replies, or what one person thinks of one reply. Earlier revisions
and what was withdrawn are left in the log, and all of whoever withdrew from a study. Each row is
looked up when it is asked for, so that a log of any size can be read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Json
from sqlite_utils import Database

from crsdemo.core.comparison import SIDES, Policy
from crsdemo.core.conversation import ItemKind, Status
from crsdemo.core.dialogue import Turn
from crsdemo.core.errors import FeedbackError
from crsdemo.feedback.answers import answers
from crsdemo.feedback.file import known_version, opened
from crsdemo.feedback.schema import HEARD, MIGRATIONS, queries
from crsdemo.feedback.votes import VoteFilter, check_study, votes_of
from crsdemo.studies.statistics.answers import Answer
from crsdemo.studies.statistics.judging import Vote
from crsdemo.studies.tasks import Kind

Row = dict[str, Any]

_SQL = queries("judgments", heard=HEARD.format(turn="t.parent", number="t.number"))


class Ratings(BaseModel):
    """What one person says of one reply, each on its own scale; None: nothing."""

    thumbs: int | None = None
    relevance: int | None = None
    interest: int | None = None
    reasons: list[str] | None = None
    comment: str | None = None


class JudgedReply(BaseModel):
    """A reply, how it came to be, and what one person thinks of it."""

    id: str  # of its generation
    recommender: str  # by the name under which it was chosen
    status: Status
    undone: bool
    dialogue_id: str
    text: str
    is_fixed: bool  # written beforehand, by no recommender
    mode: str | None
    item_id: str | None
    item_title: str | None
    item_year: int | None
    prompt: str
    output: str
    model_sha256: str
    adapter_sha256: str
    catalog_sha256: str
    decoding: str
    plan: Json[Row]
    timings: Json[list[Row]]
    started_at: str  # UTC, ISO 8601
    app_version: str
    marks: Json[list[Row]]  # item_id, kind
    heard: Json[tuple[Turn, ...]]  # as it was typed; ends with the user's turn
    ratings: Json[Ratings]


class Opinion(BaseModel):
    """What one person thinks of one reply."""

    visitor: str
    created_at: str  # UTC, ISO 8601, of what was said last
    reply: JudgedReply
    comparison_id: str | None  # where the reply stood beside another one
    is_test: bool  # of a colleague who tried a study

    @property
    def replies(self) -> tuple[JudgedReply, ...]:
        return (self.reply,)


class JudgedPair(BaseModel):
    """A verdict on two replies, left and right as this person saw them."""

    visitor: str
    created_at: str  # UTC, ISO 8601
    comparison_id: str
    verdict: str
    winner: str | None
    revision: int
    decided_ms: float | None
    layout: str
    details: Json[Row]
    policy: Policy
    seed: int
    same_context: bool  # both sides had heard the same
    left: JudgedReply
    right: JudgedReply
    left_ready_ms: float | None
    right_ready_ms: float | None
    swapped: bool  # seen the other way round than the log has the comparison
    study: str | None  # its title, where an annotator judged; then also what of it this was
    study_sha256: str | None
    kind: Kind | None
    task: str | None
    expected: str | None  # the right verdict, of an attention item
    is_test: bool

    @property
    def replies(self) -> tuple[JudgedReply, ...]:
        return (self.left, self.right)


Judgment = Opinion | JudgedPair


class Mark(BaseModel):
    """A film of a reply that one person has seen, wants, or does not want."""

    visitor: str
    created_at: str  # UTC, ISO 8601
    reply_id: str
    recommender: str
    item_id: str
    item_title: str | None  # where it is the film that the reply recommends
    kind: ItemKind
    study: str | None
    study_sha256: str | None
    is_test: bool


@dataclass(frozen=True)
class JudgmentReader:
    """The judgments of a log that is open for reading."""

    db: Database

    def check_study(self, wanted: str) -> None:
        """Raises BadInputError for a title or sha256 that no study in the log has."""
        check_study(self.db, wanted)

    def totals(self) -> dict[str, int]:
        """How much the log holds, by what it is."""
        (row,) = self.db.query(_SQL["totals"])
        return dict(row)

    def pairs(self) -> Iterator[JudgedPair]:
        """Every verdict that holds, in the order of the comparisons."""
        for row in self.db.query(_SQL["pairs"]):
            if row["swapped"]:
                ways = (SIDES, SIDES[::-1])
                row |= {f"{to}_{name}": row[f"{of}_{name}"] for to, of in ways for name in _SIDED}
            sides = {side: self._reply(row, f"{side}_") for side in SIDES}
            yield JudgedPair.model_validate(row | sides)

    def opinions(self) -> Iterator[Opinion]:
        """Every reply that somebody rated or marked films of, once per person."""
        for row in self.db.query(_SQL["opinions"]):
            yield Opinion.model_validate(row | {"reply": self._reply(row, "")})

    def marks(self) -> Iterator[Mark]:
        """Every mark that holds."""
        return map(Mark.model_validate, self.db.query(_SQL["marks"]))

    def answers(self) -> Iterator[Answer]:
        """Every answer to a questionnaire that holds."""
        return answers(self.db)

    def votes(self, study: str = "") -> Iterator[Vote]:
        """Every vote that holds, of the study of this title or sha256, or of any."""
        return votes_of(self.db, VoteFilter(study, with_tests=True))

    def inattentive(self) -> dict[str, bool]:
        """Whether each visitor who judged a check of attention failed one."""
        found: dict[str, bool] = {}
        for vote in self.votes():
            if vote.is_check:
                found[vote.annotator] = found.get(vote.annotator, False) or vote.is_inattentive
        return found

    def written(self, reply_id: str) -> tuple[int, ...]:
        """The tokens of a reply; none of a recommender that writes none."""
        (text,) = self.db.execute(_SQL["wrote"], [reply_id]).fetchone()
        return tuple(json.loads(text or "[]"))

    def visitors(self) -> Iterator[str]:
        """Everybody who said or judged anything."""
        return (row["id"] for row in self.db.query(_SQL["visitors"]))

    def _reply(self, judged: Row, side: str) -> JudgedReply:
        of = {"id": judged[f"{side}generation"], "visitor": judged["visitor"]}
        (row,) = self.db.query(_SQL["reply"], of)
        return JudgedReply(recommender=judged[f"{side}recommender"], **row)


@contextmanager
def reading_judgments(path: Path) -> Iterator[JudgmentReader]:
    """The judgments as they are at this moment, whatever others write meanwhile.

    Raises FeedbackError for a log that is missing, damaged, locked, of another program or version.
    """
    with opened(path) as db:
        db.execute("begin")
        version = known_version(db, path)
        if version < len(MIGRATIONS):
            raise FeedbackError(
                f"{path} was written by an older crsdemo (tables of version {version}, this one "
                f"reads {len(MIGRATIONS)}); start the app on it once, or on a copy, then try again"
            )
        yield JudgmentReader(db)


_SIDED = ("generation", "recommender", "ready_ms")  # columns that each side has

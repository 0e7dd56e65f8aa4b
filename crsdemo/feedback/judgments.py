"""The judgments in a log as they hold now, one after the other, with all that they are about.

A judgment is a verdict on two replies, or what one person thinks of one reply. Earlier revisions
and what was withdrawn are left in the log, and all of whoever withdrew from a study. Each row is
looked up when it is asked for, so that a log of any size can be read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from crsdemo.core.comparison import SIDES, Policy
from crsdemo.core.conversation import Status
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.feedback.archive import reading_log
from crsdemo.studies.study import Kind

Row = dict[str, Any]


@dataclass(frozen=True)
class JudgedReply:
    """A reply, how it came to be, and what one person thinks of it."""

    id: str  # of its generation
    recommender: str  # by the name under which it was chosen
    status: Status
    undone: bool
    dialogue_id: str
    heard: Dialogue  # ends with the user's turn
    text: str
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
    plan: Row
    timings: list[Row]
    started_at: str  # UTC, ISO 8601
    app_version: str
    ratings: Mapping[str, Any]  # aspect -> value
    marks: list[Row]  # item_id, kind

    @property
    def is_whole(self) -> bool:
        return self.status == "ok"


@dataclass(frozen=True)
class Opinion:
    """What one person thinks of one reply."""

    visitor: str
    created_at: str  # UTC, ISO 8601, of what was said last
    reply: JudgedReply
    comparison_id: str | None  # where the reply stood beside another one
    is_test: bool  # of a colleague who tried a study

    @property
    def replies(self) -> tuple[JudgedReply, ...]:
        return (self.reply,)


@dataclass(frozen=True)
class JudgedPair:
    """A verdict on two replies, left and right as this person saw them."""

    visitor: str
    created_at: str  # UTC, ISO 8601
    comparison_id: str
    verdict: str
    winner: str | None
    revision: int
    decided_ms: float | None
    layout: str
    details: Row
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


@dataclass(frozen=True)
class Totals:
    """How much a log holds."""

    visitors: int
    dialogues: int
    replies: int
    comparisons: int
    comparisons_without_verdict: int
    verdicts: int
    rated_replies: int  # by one person each


@dataclass(frozen=True)
class JudgmentReader:
    """The judgments of a log that is open for reading."""

    db: Database

    def totals(self) -> Totals:
        (row,) = self.db.query(_TOTALS)
        return Totals(**row)

    def pairs(self) -> Iterator[JudgedPair]:
        """Every verdict that holds, in the order of the comparisons."""
        for row in self.db.query(_PAIRS):
            sides = _sides(row)
            left, right = (
                _reply(self.db, side["generation"], side["recommender"], row["visitor"])
                for side in sides
            )
            row["left_ready_ms"], row["right_ready_ms"] = (side["ready_ms"] for side in sides)
            row["details"] = json.loads(row["details"])
            row |= {name: bool(row[name]) for name in ("same_context", "swapped", "is_test")}
            yield JudgedPair(left=left, right=right, **row)

    def opinions(self) -> Iterator[Opinion]:
        """Every reply that somebody rated or marked films of, once per person."""
        for row in self.db.query(_OPINIONS):
            reply = _reply(self.db, row["id"], row["recommender"], row["visitor"])
            yield Opinion(
                row["visitor"],
                row["created_at"],
                reply,
                row["comparison_id"],
                bool(row["is_test"]),
            )


@contextmanager
def reading_judgments(path: Path) -> Iterator[JudgmentReader]:
    """The judgments as they are at this moment. Raises FeedbackError, as `reading_log` does."""
    with reading_log(path) as db:
        yield JudgmentReader(db)


def _sides(row: Row) -> list[Row]:
    """What a row has on the left and on the right, taken out of it, as this person saw it."""
    names = ("generation", "recommender", "ready_ms")
    sides = [{name: row.pop(f"{side}_{name}") for name in names} for side in SIDES]
    return sides[::-1] if row["swapped"] else sides


def _reply(db: Database, generation_id: str, recommender: str, visitor: str) -> JudgedReply:
    (row,) = db.query(_REPLY, {"id": generation_id, "visitor": visitor})
    said = db.query(_HEARD, [row.pop("message_id")])
    heard = Dialogue(tuple(Turn(turn["speaker"], turn["text"]) for turn in said))
    read = {name: json.loads(row[name]) for name in ("plan", "timings", "ratings", "marks")}
    undone = bool(row["undone"])
    return JudgedReply(
        **row | read | {"undone": undone, "heard": heard, "recommender": recommender}
    )


_TOTALS = """select
    (select count(*) from visitors) as visitors,
    (select count(*) from dialogues) as dialogues,
    (select count(*) from generations) as replies,
    (select count(*) from comparisons) as comparisons,
    (select count(*) from comparisons where id not in (select comparison_id from verdicts))
        as comparisons_without_verdict,
    (select count(*) from current_verdicts) as verdicts,
    (select count(*) from (select generation_id, visitor from current_ratings
        union select generation_id, visitor from current_item_events)) as rated_replies"""

# The same was heard by two sides that answer one turn, and by two that answer the same first words.
_PAIRS = """select v.visitor, v.created_at, v.comparison_id, v.verdict, v.winner, v.revision,
        v.decided_ms, v.layout, v.details, c.policy, c.seed, c.left_generation,
        c.right_generation, c.left_recommender, c.right_recommender, c.left_ready_ms,
        c.right_ready_ms, c.left_turn = c.right_turn or (l.position = 0 and r.position = 0
            and l.text = r.text) as same_context, v.swapped, s.name as study,
        n.study as study_sha256, a.kind, a.task, a.expected,
        coalesce(n.is_test, 0) as is_test
    from comparisons c join current_verdicts v on v.comparison_id = c.id
    join turns l on l.id = c.left_turn join turns r on r.id = c.right_turn
    left join annotators n on n.id = v.visitor left join studies s on s.sha256 = n.study
    left join assignments a on a.annotator = v.visitor
        and (a.id = l.dialogue_id or a.replay_of = c.id)
    where v.visitor not in (select annotator from withdrawn)
    order by c.number, v.visitor"""

_OPINIONS = """select g.id, o.visitor, o.created_at, c.id as comparison_id, case g.id
        when c.left_generation then c.left_recommender
        when c.right_generation then c.right_recommender else g.recommender end as recommender,
        coalesce(n.is_test, 0) as is_test
    from (select generation_id, visitor, max(created_at) as created_at from (
            select generation_id, visitor, created_at from current_ratings union all
            select generation_id, visitor, created_at from current_item_events)
        group by generation_id, visitor) o
    join generations g on g.id = o.generation_id join turns t on t.id = g.id
    left join comparisons c on c.left_generation = g.id or c.right_generation = g.id
    left join annotators n on n.id = o.visitor
    where o.visitor not in (select annotator from withdrawn)
    order by t.number, o.visitor"""

_REPLY = """select g.id, g.status, t.undone_at is not null as undone, t.dialogue_id,
        t.parent as message_id, t.text, g.mode, g.item_id, g.item_title, g.item_year, g.prompt,
        g.output, g.model_sha256, g.adapter_sha256, g.catalog_sha256, g.decoding, g.plan,
        g.timings, g.started_at, g.app_version,
        (select json_group_object(aspect, json(value)) from current_ratings
            where generation_id = g.id and visitor = :visitor) as ratings,
        (select json_group_array(json_object('item_id', item_id, 'kind', kind))
            from current_item_events where generation_id = g.id and visitor = :visitor) as marks
    from generations g join turns t on t.id = g.id where g.id = :id"""

_HEARD = """with recursive heard as (
        select speaker, text, parent, position from turns where id = ?
        union all select t.speaker, t.text, t.parent, t.position
        from turns t join heard on t.id = heard.parent)
    select speaker, text from heard order by position"""

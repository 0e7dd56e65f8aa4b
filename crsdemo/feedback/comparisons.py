"""Comparisons in the log: two generations side by side, the verdicts on them, where it went on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlite_utils import Database

from crsdemo import __version__
from crsdemo.core.catalog import Catalog
from crsdemo.core.comparison import SIDES, Answer, Comparison, Judgment, Policy, Series, Side
from crsdemo.core.conversation import BLIND, Conversation, ItemMark, LoggedTurn, new_id
from crsdemo.core.dialogue import Turn
from crsdemo.core.errors import RefusedError
from crsdemo.core.recommender import Plan
from crsdemo.feedback.file import first_value
from crsdemo.feedback.log import (
    FeedbackLog,
    insert_said,
    insert_started,
    insert_taken_back,
    said_before,
)
from crsdemo.feedback.rights import own_comparison, own_dialogue, still_open, visitor_of
from crsdemo.feedback.rows import logged_turn_from_row
from crsdemo.feedback.schema import queries

Row = dict[str, Any]

_SQL = queries("comparisons")


class Entrant(NamedTuple):
    """What one side is asked: who answers, after what, to which words, and how."""

    recommender: str
    history: Conversation
    said: Turn
    plan: Plan


@dataclass(frozen=True)
class RestoredSeries:
    """A series as it stood, and what its visitor thinks of the replies and films in it."""

    series: Series
    marks: tuple[ItemMark, ...] = ()
    judgments: Mapping[str, Judgment] = field(default_factory=dict)  # by comparison


@dataclass(frozen=True)
class ComparisonLog:
    """The part of the log that is about comparisons. Raises FeedbackError from every method."""

    log: FeedbackLog

    def record_comparison(
        self,
        left: Entrant,
        right: Entrant,
        policy: Policy,
        seed: int,
        client_event_id: str | None = None,
        replaces: Comparison | None = None,
    ) -> Comparison | None:
        """Keep that two replies are being written, before the first word of either.

        `replaces`: an earlier one whose message is said instead; it stays in the log, and is not
        part of the series any more.
        None if the same click has brought the message before: then nothing is written.
        Raises RefusedError for a series of somebody else, or if what is replaced was judged.
        """
        with self.log.file.writing() as db:
            for history in (left.history, right.history):
                own_dialogue(db, history.id, history.visitor)
            if said_before(db, left.history.id, client_event_id):
                return None
            if replaces and db.execute(_SQL["is_used"], {"id": replaces.id}).fetchone():
                raise RefusedError("These replies were judged meanwhile: please reload the page.")
            was = replaces.turns if replaces else (None, None)
            heard = _ask(db, left, client_event_id, was[0])
            also_heard = heard if policy == "shared" else _ask(db, right, client_event_id, was[1])
            comparison = Comparison(
                new_id(), policy, seed, _begin(db, left, heard), _begin(db, right, also_heard)
            )
            db.table("comparisons").insert(_comparison_row(comparison))
        return comparison

    def record_ready(self, comparison_id: str, ready_ms: dict[Side, float]) -> None:
        """Keep how long each side took to its whole reply; a side that has none is left out."""
        with self.log.file.writing() as db:
            took = [ready_ms.get(side) for side in SIDES]
            db.execute(_SQL["ready"], [*took, comparison_id])

    def record_verdict(
        self,
        comparison_id: str,
        visitor: str,
        judgment: Judgment,
        client_event_id: str | None = None,
    ) -> None:
        """Judge a comparison, or judge it otherwise: then it is a new revision, with all details.

        What holds already is not written again, nor is what the same click has brought before.
        It is kept as given blind only where the log knows that it was, whatever it says of that.
        Raises RefusedError for a comparison that is not this visitor's to judge, that is nobody's,
        for a reply is fixed, or that is finished.
        """
        with self.log.file.writing() as db:
            own_comparison(db, comparison_id, visitor)
            if first_value(db, _SQL["has_fixed"], comparison_id):
                raise RefusedError("This reply is the same whoever is asked: nothing to judge.")
            if first_value(db, _SQL["same_click"], comparison_id, client_event_id):
                return
            of = [comparison_id, visitor]
            verdict, details, revision = db.execute(_SQL["last_verdict"], of).fetchone() or (
                "",
                "{}",
                0,
            )
            said = judgment.details | _in_sight(db, comparison_id, visitor, judgment.details)
            was = (verdict, _opinion(json.loads(details)))
            if was == (judgment.verdict, _opinion(said)):
                return
            still_open(db, comparison_id, visitor)
            db.table("verdicts").insert(
                {
                    "comparison_id": comparison_id,
                    "visitor": visitor,
                    "verdict": judgment.verdict,
                    "revision": revision + 1,
                    "decided_ms": judgment.decided_ms,
                    "layout": judgment.layout,
                    "details": said,
                    "swapped": judgment.swapped,
                    "client_event_id": client_event_id,
                    "app_version": __version__,
                }
            )

    def record_pick(self, comparison_id: str, visitor: str, side: Side) -> None:
        """Keep from which side the visitor wants to go on, where the verdict names no winner.

        Raises RefusedError for a comparison of somebody else, or one that is finished.
        """
        row = {"comparison_id": comparison_id, "side": side, "app_version": __version__}
        with self.log.file.writing() as db:
            own_comparison(db, comparison_id, visitor)
            still_open(db, comparison_id, visitor)
            db.table("picks").insert(row)

    def restore(self, series_id: str, catalog: Catalog) -> RestoredSeries | None:
        """A series as its visitor left it, or None if nothing was said in it."""
        with self.log.file.reading() as db:
            rows = list(db.query(_SQL["series"], [series_id]))
            if not rows:
                return None
            turns = {row["id"]: row for row in db.query(_SQL["turns"], [series_id])}
            marks = tuple(ItemMark(**row) for row in db.query(_SQL["marks"], [series_id]))
            judged = db.query(_SQL["judgments"], [series_id])
            judgments = {row["comparison_id"]: _judgment(row) for row in judged}
        known = {name: logged_turn_from_row(row, catalog) for name, row in turns.items()}
        comparisons = tuple(_comparison(row, turns, known) for row in rows)
        series = Series(series_id, rows[0]["visitor"], rows[0]["policy"], comparisons)
        return RestoredSeries(series, marks, judgments)

    def judgment(self, comparison_id: str, visitor: str) -> Judgment | None:
        """What this person says of a comparison now, whoever had it made."""
        with self.log.file.reading() as db:
            row = next(db.query(_SQL["judgment"], [comparison_id, visitor]), None)
        return _judgment(row) if row else None

    def visitor_of(self, comparison_id: str) -> str | None:
        """Who had a comparison made; None if it is not in the log."""
        with self.log.file.reading() as db:
            return visitor_of(db, comparison_id)

    def series_of(self, comparison_id: str) -> str | None:
        """The id of the series that a comparison belongs to."""
        with self.log.file.reading() as db:
            found: str | None = first_value(db, _SQL["series_of"], comparison_id)
        return found


def _in_sight(db: Database, comparison_id: str, visitor: str, details: Row) -> Row:
    """That the names were in sight, where these details deny it and it cannot be so."""
    denied = [name for name in ("names_shown", "more_names_shown") if details.get(name) is False]
    of = {"comparison": comparison_id, "visitor": visitor, "blind": f"{BLIND}%"}
    return {} if not denied or any(db.query(_SQL["is_blind"], of)) else dict.fromkeys(denied, True)


def _opinion(details: Row) -> Row:
    """The details that say more of the two replies; how a verdict was given is none of it."""
    return {name: value for name, value in details.items() if name not in _MANNER}


def _ask(
    db: Database, entrant: Entrant, client_event_id: str | None, replaces: str | None
) -> Conversation:
    said = insert_said(db, entrant.history, entrant.said, client_event_id, replaces)
    insert_taken_back(db, entrant.history.id, said.id, entrant.said.unheard, is_on=True)
    return entrant.history.then(said)


def _begin(db: Database, entrant: Entrant, heard: Conversation) -> Answer:
    generation_id = insert_started(db, heard, entrant.recommender, entrant.plan)
    reply = LoggedTurn(generation_id, Turn("assistant", ""), status="running")
    return Answer(entrant.recommender, heard, reply)


def _comparison_row(comparison: Comparison) -> Row:
    row = {name: getattr(comparison, name) for name in ("id", "policy", "seed")}
    for side in SIDES:
        answer = comparison.side(side)
        row[f"{side}_turn"] = answer.heard.turns[-1].id
        row[f"{side}_generation"] = answer.reply.id
        row[f"{side}_recommender"] = answer.recommender
    return row | {"app_version": __version__}


def _comparison(row: Row, turns: dict[str, Row], known: dict[str, LoggedTurn]) -> Comparison:
    left, right = (
        Answer(
            row[f"{side}_recommender"],
            _heard(row[f"{side}_turn"], row["visitor"], turns, known),
            known[row[f"{side}_generation"]],
        )
        for side in SIDES
    )
    return Comparison(
        row["id"], row["policy"], row["seed"], left, right, row["verdict"], row["picked"]
    )


def _judgment(row: Row) -> Judgment:
    details, swapped = json.loads(row["details"]), bool(row["swapped"])
    return Judgment(row["verdict"], row["decided_ms"], row["layout"], details, swapped)


def _heard(
    turn_id: str, visitor: str, turns: dict[str, Row], known: dict[str, LoggedTurn]
) -> Conversation:
    """The dialogue from its first turn to this one."""
    dialogue_id, path = turns[turn_id]["dialogue_id"], []
    following: str | None = turn_id
    while following is not None:
        path.append(known[following])
        following = turns[following]["parent"]
    return Conversation(dialogue_id, visitor, tuple(reversed(path)))


_MANNER = {"by", "evidence_open", "names_shown", "shown_ms"}

"""The log: what was said, what produced it and what people thought of it, in one SQLite file.

All SQL of the project is in this folder; migrations/ explains the tables. When a `record_`
method returns, what it was given is on the disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlite_utils import Database

from crsdemo import __version__
from crsdemo.core.catalog import Catalog
from crsdemo.core.conversation import (
    Aspect,
    Conversation,
    ItemKind,
    ItemMark,
    LoggedTurn,
    Rating,
    RatingValue,
    Status,
    checked_rating,
    new_id,
)
from crsdemo.core.dialogue import Turn
from crsdemo.core.errors import RefusedError
from crsdemo.core.recommender import Mode, Plan, Reply
from crsdemo.core.traced import Stretch
from crsdemo.feedback.file import BUSY_SECONDS, LogFile
from crsdemo.feedback.rights import named_item, own_dialogue, own_reply
from crsdemo.feedback.rows import (
    Row,
    logged_turn_from_row,
    plan_from_json,
    plan_row,
    rating_from_row,
    rows_of_reply,
    to_json,
    turn_row,
)
from crsdemo.feedback.schema import queries

_SQL = queries("log")
_OPPOSITE: dict[ItemKind, ItemKind] = {
    "up": "down", "down": "up", "want": "not_for_me", "not_for_me": "want"
}  # fmt: skip
SILENT_SECONDS = 30.0  # after which a reply that is being written counts as given up


@dataclass(frozen=True)
class Attempt:
    """An earlier try at a reply: what was fixed for it, and what came of it."""

    plan: Plan
    mode: Mode | None  # None: not a word came
    item_id: str | None


@dataclass(frozen=True)
class Restored:
    """A conversation as it stood, and what its visitor thinks of its replies now."""

    conversation: Conversation
    ratings: tuple[Rating, ...]
    marks: tuple[ItemMark, ...]


class FeedbackLog:
    """The open log. A generation that a crash left running is marked abandoned at start.

    Raises FeedbackError, here and from every method: the file is locked for longer than
    `busy_seconds`, read-only, damaged, not ours, or the disk is full.
    """

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self.file = LogFile(path, busy_seconds)
        self.record_abandoned()
        with self.file.reading() as db:  # what an earlier process could not wipe
            self.file.has_traces = db.table("erasures").count > 0

    def close(self) -> None:
        """Make the file whole, so that a copy of it is. Nothing is to be recorded after this."""
        self.file.close()

    # What was said

    def record_turn(
        self,
        conversation: Conversation,
        turn: Turn,
        client_event_id: str | None = None,
        replaces: str | None = None,
    ) -> LoggedTurn | None:
        """Keep what the user said after `conversation`, if need be instead of the turn `replaces`.

        None if the same click has brought it before: then nothing is written.
        Raises RefusedError for a dialogue of somebody else.
        """
        with self.file.writing() as db:
            own_dialogue(db, conversation.id, conversation.visitor)
            if said_before(db, conversation.id, client_event_id):
                return None
            return insert_said(db, conversation, turn, client_event_id, replaces)

    def record_taken_back(
        self, conversation: Conversation, turn_id: str, words: Sequence[Stretch], *, is_on: bool
    ) -> None:
        """Keep that words of a turn of the user do not count (any more), or count again.

        What holds already is not written again. Raises RefusedError for a dialogue of somebody
        else; of another turn or for words that are not there nothing is written.
        """
        with self.file.writing() as db:
            own_dialogue(db, conversation.id, conversation.visitor)
            insert_taken_back(db, conversation.id, turn_id, words, is_on=is_on)

    def record_started(self, conversation: Conversation, recommender: str, plan: Plan) -> str:
        """Keep that a reply to `conversation` is being written; returns the generation's id.

        Raises RefusedError for a dialogue of somebody else.
        """
        with self.file.writing() as db:
            own_dialogue(db, conversation.id, conversation.visitor)
            return insert_started(db, conversation, recommender, plan)

    def record_progress(self, generation_id: str, reply: Reply) -> None:
        """Keep how far a reply has come: a crash loses what came after, and no more.

        Also the sign that it is still being written, in whatever process.
        """
        with self.file.writing() as db:
            _put_reply(db, generation_id, reply)
            db.execute(_SQL["lives"], [generation_id])

    def record_abandoned(self) -> int:
        """Give up the generations of which nothing was heard for a while; returns how many.

        What they had written stays. One that lives after all gets its true status when it ends.
        """
        with self.file.writing() as db:
            return int(db.execute(_SQL["abandon"], [SILENT_SECONDS]).rowcount)

    def record_finished(
        self,
        generation_id: str,
        reply: Reply | None,
        status: Status,
        error: Exception | None = None,
    ) -> None:
        """Keep what came of a generation: the reply, whole or as far as it got, and why."""
        with self.file.writing() as db:
            if reply:
                _put_reply(db, generation_id, reply)
            why = [error and type(error).__name__, error and str(error)]
            db.execute(_SQL["finish"], [status, *why, generation_id])

    def record_undone(self, turn_id: str) -> None:
        """Take back a turn and all that followed from it. The rows stay, with the time."""
        with self.file.writing() as db:
            db.execute(_SQL["undo"], [turn_id])

    def attempts(self, turn_id: str) -> tuple[Attempt, ...]:
        """The tries so far at a reply to the user's turn `turn_id`, first one first."""
        with self.file.reading() as db:
            rows = db.query(_SQL["attempts"], [turn_id])
            return tuple(
                Attempt(plan_from_json(row["plan"]), row["mode"], row["item_id"]) for row in rows
            )

    # What was thought of it

    def record_rating(
        self, generation_id: str, visitor: str, aspect: Aspect, value: RatingValue | None
    ) -> Rating | None:
        """Rate a reply, rate it otherwise, or withdraw the rating with None.

        What holds already is not written again, so a double click is one revision. Returns what
        holds now. Raises BadInputError for a value that is not on the scale of the aspect,
        RefusedError for a reply to somebody else, or in a comparison that is finished.
        """
        kept = None if value is None else checked_rating(aspect, value)
        text = None if kept is None else to_json(kept)
        row = {"generation_id": generation_id, "visitor": visitor, "aspect": aspect}
        with self.file.writing() as db:
            own_reply(db, generation_id, visitor)
            was, revision = db.execute(_SQL["last_rating"], row).fetchone() or (None, 0)
            if text != was:
                revision += 1
                now = {"value": text, "revision": revision, "app_version": __version__}
                db.table("ratings").insert(row | now | {"withdrawn": text is None})
        return None if kept is None else Rating(generation_id, aspect, kept, revision)

    def record_mark(self, visitor: str, mark: ItemMark, *, on: bool = True) -> None:
        """Keep that an item of a reply was seen, is wanted or not, good or bad, or no longer so.

        What is good is not bad any more, what is wanted not unwanted, and the other way round.
        Raises RefusedError for a reply to somebody else, or in a comparison that is finished, or
        an item that the reply does not name.
        """
        row = asdict(mark) | {"visitor": visitor}
        with self.file.writing() as db:
            own_reply(db, mark.generation_id, visitor)
            if on:
                named_item(db, mark.generation_id, mark.item_id)
            if on and mark.kind in _OPPOSITE:
                _put_mark(db, row | {"kind": _OPPOSITE[mark.kind]}, on=False)
            _put_mark(db, row, on=on)

    # What is remembered

    def restore(self, dialogue_id: str, catalog: Catalog) -> Restored | None:
        """A dialogue as its visitor saw it last, or None if nothing was said in it."""
        with self.file.reading() as db:
            rows = list(db.query(_SQL["conversation"], [dialogue_id]))
            if not rows:
                return None
            visitor = rows[0]["visitor"]
            of = [dialogue_id, visitor]
            ratings = tuple(map(rating_from_row, db.query(_SQL["ratings"], of)))
            marks = tuple(ItemMark(**row) for row in db.query(_SQL["marks"], of))
        turns = tuple(logged_turn_from_row(row, catalog) for row in rows)
        return Restored(Conversation(dialogue_id, visitor, turns), ratings, marks)


# Parts of a transaction


def _put_mark(db: Database, row: Row, *, on: bool) -> None:
    """Put a mark into its row, unless it is so already."""
    if on != any(db.query(_SQL["mark"], row)):
        db.table("item_events").insert(row | {"is_on": on, "app_version": __version__})


def said_before(db: Database, dialogue_id: str, client_event_id: str | None) -> bool:
    """Whether the same click has brought a message to this dialogue before."""
    same = "dialogue_id = ? and client_event_id = ?"
    n_same: int = db.table("turns").count_where(same, [dialogue_id, client_event_id])
    return n_same > 0


def insert_said(
    db: Database,
    conversation: Conversation,
    turn: Turn,
    client_event_id: str | None,
    replaces: str | None = None,
) -> LoggedTurn:
    """Put what the user says after `conversation` into its row."""
    logged = LoggedTurn(new_id(), turn)
    more = {"client_event_id": client_event_id, "replaces": replaces}
    db.table("turns").insert(turn_row(logged, conversation) | more)
    return logged


def insert_taken_back(
    db: Database, dialogue_id: str, turn_id: str, words: Sequence[Stretch], *, is_on: bool
) -> None:
    """Put into rows that words of a turn do not count, or count again."""
    of = {"turn": turn_id, "dialogue": dialogue_id, "app_version": __version__}
    for one in words:
        db.execute(_SQL["take_back"], of | one._asdict() | {"is_on": is_on})


def insert_started(db: Database, conversation: Conversation, recommender: str, plan: Plan) -> str:
    """Put a reply that has no words yet into its rows; returns the generation's id."""
    logged = LoggedTurn(new_id(), Turn("assistant", ""))
    asked = conversation.turns[-1].id
    n_earlier = db.table("turns").count_where("parent = ? and speaker = 'assistant'", [asked])
    db.table("turns").insert(turn_row(logged, conversation))
    db.table("generations").insert(
        {
            "id": logged.id,
            "attempt": n_earlier + 1,
            "recommender": recommender,
            "app_version": __version__,
            "plan": plan_row(plan),
        }
    )
    return logged.id


def _put_reply(db: Database, generation_id: str, reply: Reply) -> None:
    """Put the reply, as far as it has come, into its three rows; it must not be finished.

    Raises RefusedError if it was erased meanwhile.
    """
    turn, generation, evidence = rows_of_reply(reply)
    if not db.execute(_SQL["say"], turn | {"id": generation_id}).rowcount:
        raise RefusedError("This reply was deleted while it was written.")
    db.table("generations").update(generation_id, generation)
    db.table("evidence").insert(evidence | {"generation_id": generation_id}, replace=True)

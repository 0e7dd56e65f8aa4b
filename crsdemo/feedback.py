"""The log: what was said, what produced it and what people thought of it, in one SQLite file.

All SQL of the project is here and in feedback_schema.py, which explains the tables. Safe from
many threads and processes: every call has a connection of its own, and whoever writes takes the
lock first (`begin immediate`), since a read that turns into a write loses to any other writer.
When a `record_` method returns, what it was given is on the disk.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from sqlite_utils import Database

from crsdemo import __version__
from crsdemo.catalog import Catalog
from crsdemo.conversation import (
    Aspect,
    Conversation,
    ItemMark,
    LoggedTurn,
    Rating,
    RatingValue,
    Status,
    checked_rating,
    new_id,
)
from crsdemo.dialogue import Mention, Turn
from crsdemo.errors import FeedbackError
from crsdemo.feedback_schema import NOW, connect, prepare
from crsdemo.recommender import Plan, Provenance, Reply
from crsdemo.reply_json import as_json, evidence_from_json, known_item, pieces_from_turn

Row = dict[str, Any]


@dataclass(frozen=True)
class Attempt:
    """An earlier try at a reply: what was fixed for it and which item it chose."""

    plan: Plan
    item_id: str | None


@dataclass(frozen=True)
class Restored:
    """A conversation as it stood, and what its visitor thinks of its replies now."""

    conversation: Conversation
    ratings: tuple[Rating, ...]
    marks: tuple[ItemMark, ...]


class FeedbackLog:
    """The open log. A generation that a crash left running is marked abandoned at start.

    (One that another process is still writing too; it gets its true status when it ends.)
    Raises FeedbackError, here and from every method: the file is locked for longer than
    `busy_seconds`, read-only, damaged, not ours, or the disk is full.
    """

    def __init__(self, path: Path, *, busy_seconds: float = 30.0) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._queue = Lock()  # fair to threads, which SQLite is not: it lets one of 16 wait 5 s
        with _in_plain_words(path):
            _refuse_read_only(path)
            with closing(connect(path, busy_seconds, create=True)) as db:
                prepare(db, path)
            # Kept open: the last connection to close would fold the write-ahead log each time.
            self._anchor = connect(path, busy_seconds)
            self._anchor.execute("select 1 from visitors").fetchone()  # opens the file
        with self._writing() as db:
            db.execute(
                f"update generations set status = 'abandoned', finished_at = {NOW} "
                "where status = 'running'"
            )

    def close(self) -> None:
        """Fold the write-ahead log into the file, so that a copy of the file is whole."""
        self._anchor.close()

    @contextmanager
    def _writing(self) -> Iterator[Database]:
        """One transaction. Whatever is raised inside undoes all of it: closing rolls back."""
        with (
            self._queue,
            _in_plain_words(self.path),
            closing(connect(self.path, self._busy_seconds)) as db,
        ):
            db.execute("begin immediate")
            yield db
            db.execute("commit")

    @contextmanager
    def _reading(self) -> Iterator[Database]:
        """One consistent view of the file, whatever others write meanwhile."""
        with _in_plain_words(self.path), closing(connect(self.path, self._busy_seconds)) as db:
            db.execute("begin")
            yield db

    # What was said

    def record_turn(
        self, conversation: Conversation, turn: Turn, client_event_id: str | None = None
    ) -> LoggedTurn | None:
        """Keep what the user said after `conversation`.

        None if the same click has brought it before: then nothing is written.
        """
        logged = LoggedTurn(new_id(), turn)
        with self._writing() as db:
            if _said_before(db, conversation.id, client_event_id):
                return None
            _know_visitor(db, conversation.visitor)
            db.execute(
                "insert into dialogues (id, visitor) values (?, ?) on conflict do nothing",
                [conversation.id, conversation.visitor],
            )
            row = _turn_row(logged, conversation) | {"client_event_id": client_event_id}
            db["turns"].insert(row)
        return logged

    def record_started(self, conversation: Conversation, recommender: str, plan: Plan) -> str:
        """Keep that a reply to `conversation` is being written; returns the generation's id."""
        logged = LoggedTurn(new_id(), Turn("assistant", ""))
        parent = conversation.turns[-1].id
        with self._writing() as db:
            (n_earlier,) = db.execute(
                "select count(*) from turns where parent = ? and speaker = 'assistant'", [parent]
            ).fetchone()
            db["turns"].insert(_turn_row(logged, conversation))
            db["generations"].insert(
                {
                    "id": logged.id,
                    "attempt": n_earlier + 1,
                    "recommender": recommender,
                    "app_version": __version__,
                    "plan": _plan_to_json(plan),
                }
            )
        return logged.id

    def record_finished(
        self,
        generation_id: str,
        reply: Reply | None,
        status: Status,
        error: Exception | None = None,
    ) -> None:
        """Keep what came of a generation: the reply, whole or as far as it got, and why."""
        with self._writing() as db:
            if reply:
                _insert_reply(db, generation_id, reply)
            db.execute(
                f"update generations set status = ?, finished_at = {NOW}, error_class = ?, "
                "error_message = ? where id = ?",
                [status, error and type(error).__name__, error and str(error), generation_id],
            )

    def record_undone(self, turn_id: str) -> None:
        """Take back a turn and all that followed from it. The rows stay, with the time."""
        with self._writing() as db:
            db.execute(
                "with recursive gone(id) as (select ? union all "
                "select t.id from turns t join gone on t.parent = gone.id) "
                f"update turns set undone_at = {NOW} "
                "where id in (select id from gone) and undone_at is null",
                [turn_id],
            )

    def attempts(self, turn_id: str) -> tuple[Attempt, ...]:
        """The tries so far at a reply to the user's turn `turn_id`, first one first."""
        with self._reading() as db:
            rows = db.query(
                "select plan, item_id from generations join turns using (id) "
                "where parent = ? order by attempt",
                [turn_id],
            )
            return tuple(Attempt(_plan_from_json(row["plan"]), row["item_id"]) for row in rows)

    # What was thought of it

    def record_rating(
        self, generation_id: str, visitor: str, aspect: Aspect, value: RatingValue | None
    ) -> Rating | None:
        """Rate a reply, rate it otherwise, or withdraw the rating with None.

        What holds already is not written again, so a double click is one revision. Returns what
        holds now. Raises BadInputError for a value that is not on the scale of the aspect.
        """
        kept = None if value is None else checked_rating(aspect, value)
        of = [generation_id, visitor, aspect]
        with self._writing() as db:
            was, revision = db.execute(_LAST_RATING, of).fetchone() or (None, 0)
            text = None if kept is None else _to_json(kept)
            if text != was:
                revision += 1
                _know_visitor(db, visitor)
                db["ratings"].insert(
                    {
                        "generation_id": generation_id,
                        "visitor": visitor,
                        "aspect": aspect,
                        "value": text,
                        "revision": revision,
                        "withdrawn": int(text is None),
                        "app_version": __version__,
                    }
                )
        return None if kept is None else Rating(generation_id, aspect, kept, revision)

    def record_mark(self, visitor: str, mark: ItemMark, *, on: bool = True) -> None:
        """Keep that an item of a reply was seen, is wanted or not, or no longer so."""
        row = asdict(mark) | {"visitor": visitor}
        with self._writing() as db:
            if on == any(db.query(_MARK, row)):
                return
            _know_visitor(db, visitor)
            db["item_events"].insert(row | {"is_on": int(on), "app_version": __version__})

    # What is remembered

    def restore(self, dialogue_id: str, catalog: Catalog) -> Restored | None:
        """A dialogue as its visitor saw it last, or None if nothing was said in it."""
        with self._reading() as db:
            rows = list(db.query(_CONVERSATION, [dialogue_id]))
            if not rows:
                return None
            visitor = rows[0]["visitor"]
            of = [dialogue_id, visitor]
            ratings = tuple(_rating(row) for row in db.query(_RATINGS, of))
            marks = tuple(ItemMark(**row) for row in db.query(_MARKS, of))
        turns = tuple(_logged_turn(row, catalog) for row in rows)
        return Restored(Conversation(dialogue_id, visitor, turns), ratings, marks)

    def restore_latest(self, visitor: str, catalog: Catalog) -> Restored | None:
        """The dialogue in which the visitor spoke last, or None for a stranger."""
        with self._reading() as db:
            found = db.execute(_LATEST_DIALOGUE, [visitor]).fetchone()
        return self.restore(found[0], catalog) if found else None


_LAST_RATING = """select value, revision from ratings
    where generation_id = ? and visitor = ? and aspect = ? order by revision desc limit 1"""

_MARK = """select 1 from current_item_events where generation_id = :generation_id
    and visitor = :visitor and item_id = :item_id and kind = :kind"""

# From the newest turn that has words up to the first, then in the order in which it was said.
_CONVERSATION = """with recursive shown as (
        select * from turns where number = (
            select max(number) from turns where dialogue_id = ? and undone_at is null
            and (speaker = 'user' or text <> ''))
        union all select t.* from turns t join shown on t.id = shown.parent)
    select d.visitor, shown.*, g.*, e.*, shown.id as id, shown.text as text
    from shown join dialogues d on d.id = shown.dialogue_id
    left join generations g on g.id = shown.id left join evidence e on e.generation_id = g.id
    order by shown.position"""

_LATEST_DIALOGUE = """select t.dialogue_id from turns t join dialogues d on d.id = t.dialogue_id
    where d.visitor = ? and t.undone_at is null order by t.number desc limit 1"""

_RATINGS = """select r.generation_id, r.aspect, r.value, r.revision from current_ratings r
    join turns t on t.id = r.generation_id
    where t.dialogue_id = ? and r.visitor = ? order by r.number"""

_MARKS = """select e.generation_id, e.item_id, e.kind from current_item_events e
    join turns t on t.id = e.generation_id
    where t.dialogue_id = ? and e.visitor = ? order by e.number"""

_WORDS = {
    sqlite3.SQLITE_BUSY: "is locked by another program; try again when that one is done",
    sqlite3.SQLITE_READONLY: "is read-only; make it writable or name another file with --db",
    sqlite3.SQLITE_FULL: "cannot grow, the disk is full; free some space and try again",
    sqlite3.SQLITE_NOTADB: "is not a database; name another file with --db",
    sqlite3.SQLITE_CORRUPT: "is damaged; put back a copy of it or name another file with --db",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; see that its folder exists and can be written to",
    sqlite3.SQLITE_CONSTRAINT: "does not take this; reload the page and try again",
}


@contextmanager
def _in_plain_words(path: Path) -> Iterator[None]:
    """Turn what SQLite says of the file into a FeedbackError that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:  # not about the file: a mistake in this module
            raise
        primary = code & 0xFF  # the rest of the code gives details
        words = _WORDS.get(primary, "cannot be used; see that its disk is well and has room")
        raise FeedbackError(f"The log {path} {words} ({error}).") from error


def _refuse_read_only(path: Path) -> None:
    """A file marked read-only stays so, even for a superuser, whom SQLite would let write."""
    if path.is_file() and not path.stat().st_mode & 0o222:
        raise FeedbackError(
            f"The log {path} is read-only; make it writable or name another file with --db."
        )


def _said_before(db: Database, dialogue_id: str, client_event_id: str | None) -> bool:
    found = db.execute(
        "select 1 from turns where dialogue_id = ? and client_event_id = ?",
        [dialogue_id, client_event_id],
    )
    return found.fetchone() is not None


def _know_visitor(db: Database, visitor: str) -> None:
    db.execute(
        "insert into visitors (id, app_version) values (?, ?) on conflict do nothing",
        [visitor, __version__],
    )


def _insert_reply(db: Database, generation_id: str, reply: Reply) -> None:
    """Put the reply into its three rows; the generation must still be running."""
    turn, row = reply.turn(), as_json(reply)
    db.execute(
        "update turns set text = ?, mentions = ? where id = ?",
        [turn.text, _mentions_to_json(turn), generation_id],
    )
    db["generations"].update(generation_id, _generation_row(reply, row))
    db["evidence"].insert(
        {"generation_id": generation_id, "query": row["query"]}
        | {name: _to_json(row[name]) for name in ("modes", "trie_path", "candidates")}
    )


def _generation_row(reply: Reply, row: Row) -> Row:
    return asdict(reply.provenance) | {
        "prompt": reply.prompt,
        "prompt_sha256": hashlib.sha256(reply.prompt.encode()).hexdigest(),
        "output": reply.output,
        "output_token_ids": _to_json(list(map(int, reply.output_ids))),
        "mode": reply.mode,
        "item_id": reply.item and reply.item.id,
        "item_title": reply.item and reply.item.title,
        "item_year": reply.item and reply.item.year,
        "timings": _to_json(row["timings"]),
    }


def _turn_row(logged: LoggedTurn, conversation: Conversation) -> Row:
    """A turn that follows `conversation`."""
    return {
        "id": logged.id,
        "dialogue_id": conversation.id,
        "parent": conversation.turns[-1].id if conversation.turns else None,
        "position": len(conversation.turns),
        "speaker": logged.turn.speaker,
        "text": logged.turn.text,
        "mentions": _mentions_to_json(logged.turn),
    }


def _logged_turn(row: Row, catalog: Catalog) -> LoggedTurn:
    mentions = tuple(Mention(**mention) for mention in json.loads(row["mentions"]))
    turn = Turn(row["speaker"], row["text"], mentions)
    if turn.speaker == "user":
        return LoggedTurn(row["id"], turn)
    return LoggedTurn(row["id"], turn, _reply(row, turn, catalog), row["status"])


def _reply(row: Row, turn: Turn, catalog: Catalog) -> Reply:
    item_id, title, year = row["item_id"], row["item_title"], row["item_year"]
    evidence = {
        name: json.loads(row[name]) for name in ("modes", "trie_path", "candidates", "timings")
    }
    return Reply(
        pieces=pieces_from_turn(turn, catalog),
        mode=row["mode"],
        item=known_item(catalog, item_id, title, year) if item_id else None,
        evidence=evidence_from_json(evidence | {"query": row["query"]}, catalog),
        provenance=Provenance(**{name: row[name] for name in Provenance.__dataclass_fields__}),
        prompt=row["prompt"],
        output_ids=tuple(json.loads(row["output_token_ids"])),
        output=row["output"],
        complete=row["status"] == "ok",
    )


def _rating(row: Row) -> Rating:
    value = json.loads(row["value"])
    kept = tuple(value) if isinstance(value, list) else value
    return Rating(row["generation_id"], row["aspect"], kept, row["revision"])


def _mentions_to_json(turn: Turn) -> str:
    return _to_json([asdict(mention) for mention in turn.mentions])


def _plan_to_json(plan: Plan) -> str:
    return _to_json(asdict(plan) | {"avoid": sorted(plan.avoid)})


def _plan_from_json(text: str) -> Plan:
    row = json.loads(text)
    return Plan(**row | {"avoid": frozenset(row["avoid"])})


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)

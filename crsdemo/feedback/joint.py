"""Rows of several logs in one: which are the same, which of two is kept, in what order they stand.

A row is known by its id. Ids are made by chance, so that two sites never make the same, or, of the
file of a study, from its content; a row that has none is known by all that it says. What came in
one log after the other keeps its order.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from hashlib import sha256
from heapq import merge as in_order
from itertools import chain, repeat
from operator import itemgetter
from pathlib import Path
from sqlite3 import IntegrityError
from typing import Any

from sqlite_utils import Database

from crsdemo.feedback.file import first_value
from crsdemo.feedback.schema import queries

_SQL = queries("merge")
Row = dict[str, Any]
Key = tuple[Any, ...]

# Each after those that it refers to, and by what a row is known; nothing: by all that it says
KEYS: dict[str, tuple[str, ...]] = {
    "visitors": ("id",),
    "dialogues": ("id",),
    "turns": ("id",),
    "generations": ("id",),
    "evidence": ("generation_id",),
    "taken_back": (),
    "ratings": ("generation_id", "visitor", "aspect", "revision"),
    "item_events": (),
    "comparisons": ("id",),
    "verdicts": ("comparison_id", "visitor", "revision"),
    "picks": (),
    "studies": ("sha256",),
    "questions": ("study", "questionnaire", "question"),
    "annotators": ("id",),
    "consents": (),
    "assignments": ("id",),
    "replays": ("study", "task"),
    "answers": ("annotator", "questionnaire", "question", "about", "revision"),
    "completions": ("annotator",),
    "erasures": ("annotator",),
}
OF_A_REPLY = ("turns", "generations", "evidence")  # a reply is taken whole, from one log
LATER = {"turns": ("undone_at",), "comparisons": ("left_ready_ms", "right_ready_ms")}  # filled once
# Numbers are those of a file; when and by which version something was written says nothing of it
BESIDE = {"number", "after", "created_at", "app_version", "external_hmac"}


@dataclass(frozen=True)
class Conflict:
    """A row that is not in the joined log, since another one is in its place."""

    table: str
    log: str  # where it comes from
    row: Row
    kept: Row | None  # in its place; None: see `why`
    why: str

    def __str__(self) -> str:
        key = ", ".join(f"{one}={self.row[one]}" for one in KEYS[self.table] or self.row)
        return f"{self.log}: {self.table} {key}: {self.why}"


@dataclass
class Merged:
    """What came of it."""

    rows: Counter[str] = field(default_factory=Counter)  # by table
    conflicts: list[Conflict] = field(default_factory=list)
    twice: list[tuple[str, str]] = field(default_factory=list)  # annotators that are one person


@dataclass(frozen=True)
class _Source:
    """One of the logs: its rows, in its order."""

    name: str
    db: Database
    # By the id of a reply: whether it is finished, and when it was heard of last
    replies: dict[str, tuple[bool, str]]

    @classmethod
    def of(cls, db: Database, name: str) -> _Source:
        found = db.execute(_SQL["replies"]).fetchall()
        return cls(name, db, {of: (bool(done), heard) for of, done, heard in found})

    def rows(self, table: str) -> Iterator[Row]:
        yield from self.db.query(f"select * from {table} order by rowid")

    def row(self, table: str, key: Row) -> Row | None:
        return _found(self.db, table, key)


def joined(db: Database, logs: Mapping[Path, str]) -> Merged:
    """Fill the empty log `db`, in one transaction of the caller's, from `logs` of today's version.

    These by what each is to be called; of two that contradict each other the first one's word
    holds. What a reply is like is taken from the log that saw most of it.
    """
    with ExitStack() as stack:
        opened = [stack.enter_context(closing(Database(path))) for path in logs]
        sources = [_Source.of(one, name) for one, name in zip(opened, logs.values(), strict=True)]
        return _Joint(db, sources).joined()


def _found(db: Database, table: str, key: Row) -> Row | None:
    where = " and ".join(f"{name} = :{name}" for name in key)
    return next(iter(db.query(f"select * from {table} where {where}", key)), None)


class _Joint:
    """The log that is made, a table after the other."""

    def __init__(self, db: Database, sources: Sequence[_Source]) -> None:
        self.db = db
        self.sources = sources
        self.made = Merged()
        self.number: dict[str, int] = {}  # of each turn, here
        self.numbers: list[list[tuple[int, int]]] = [[] for _ in sources]  # there and here
        # Of each reply the log that knows most of it
        self.best: dict[str, int] = {}
        for n, source in enumerate(sources):
            for of, state in source.replies.items():
                held = self.best.setdefault(of, n)
                if state > sources[held].replies[of] and not sources[held].replies[of][0]:
                    self.best[of] = n

    def joined(self) -> Merged:
        for table, key in KEYS.items():
            streams = [zip(repeat(n), s.rows(table)) for n, s in enumerate(self.sources)]
            rows: Iterator[tuple[int, Row]] = chain(*streams)
            if "number" in self.db[table].columns_dict:
                rows = in_order(*streams, key=lambda found: found[1]["created_at"])
            (self._by_key if key else self._by_content)(table, rows)
        for table, columns in LATER.items():
            self._fill(table, columns)
        return self.made

    def _by_key(self, table: str, rows: Iterator[tuple[int, Row]]) -> None:
        names, seen = KEYS[table], set[Key]()
        of = itemgetter(*names)
        for n, row in rows:
            key, best = {name: row[name] for name in names}, n
            if table in OF_A_REPLY:
                best = self.best.get(row[names[0]], n)
            if of(row) not in seen:
                seen.add(of(row))
                taken = row if best == n else self.sources[best].row(table, key)
                if taken and self._insert(table, best, taken) and table == "turns":
                    self.number[row["id"]] = self.db.conn.execute(
                        "select last_insert_rowid()"
                    ).fetchone()[0]
            elif best == n or self.sources[n].replies[row[names[0]]][0]:
                self._compare(table, n, row, key)
            if table == "turns" and row["id"] in self.number:
                self.numbers[n].append((row["number"], self.number[row["id"]]))

    def _by_content(self, table: str, rows: Iterator[tuple[int, Row]]) -> None:
        """Of what one log holds several times alike as many are kept as one log holds."""
        held, found = Counter[Key](), [Counter[Key]() for _ in self.sources]
        for n, row in rows:
            key = tuple(row[name] for name in row if name not in ("number", "after"))
            found[n][key] += 1
            if found[n][key] > held[key]:
                held[key] += 1
                if "after" in row:
                    row["after"] = self._here(n, row["after"])
                self._insert(table, n, row)

    def _here(self, n: int, number: int) -> int:
        """What number here has the newest turn of a log up to a `number` there."""
        place = bisect_right(self.numbers[n], number, key=itemgetter(0))
        return self.numbers[n][place - 1][1] if place else 0

    def _insert(self, table: str, n: int, row: Row) -> bool:
        if table == "annotators":
            row = self._of_one_person(row)
        names = [name for name in row if name != "number"]
        values = ", ".join(f":{name}" for name in names)
        try:
            self.db.execute(f"insert into {table} ({', '.join(names)}) values ({values})", row)
        except IntegrityError as error:
            self.made.conflicts.append(
                Conflict(table, self.sources[n].name, row, None, f"it cannot stand here ({error})")
            )
            return False
        self.made.rows[table] += 1
        return True

    def _of_one_person(self, row: Row) -> Row:
        """Who took part in two logs stays two annotators, each with what they said.

        Whoever comes again is the one of the first log.
        """
        who = first_value(
            self.db,
            "select id from annotators where study = ? and source = ? and external_hmac = ?",
            row["study"],
            row["source"],
            row["external_hmac"],
        )
        if who is None:
            return row
        self.made.twice.append((who, row["id"]))
        own = sha256(f"{row['external_hmac']} {row['id']}".encode()).hexdigest()
        return row | {"external_hmac": own}

    def _compare(self, table: str, n: int, row: Row, key: Row) -> None:
        kept = _found(self.db, table, key)
        if kept is None:  # the first could not stand here either
            self._insert(table, n, row)
            return
        empty = {name for name in LATER.get(table, ()) if None in (row[name], kept[name])}
        other = [name for name in row.keys() - BESIDE - empty if row[name] != kept[name]]
        if other:
            why = f"another {', '.join(sorted(other))} than in the log before"
            self.made.conflicts.append(Conflict(table, self.sources[n].name, row, kept, why))

    def _fill(self, table: str, columns: Sequence[str]) -> None:
        """What was empty in the log whose row was taken, and is known by another."""
        names = ", ".join(columns)
        missing = " and ".join(f"{name} is null" for name in columns)
        there = " or ".join(f"{name} is not null" for name in columns)
        for source in self.sources:
            for row in source.db.query(f"select id, {names} from {table} where {there}"):
                values = ", ".join(f"{name} = :{name}" for name in columns)
                self.db.execute(f"update {table} set {values} where id = :id and {missing}", row)

"""The tables of feedback.db and how they come to be: the files in migrations/, first one first.

They explain the tables. To change these add a file: a log has had some of them already, and goes
on from there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlite_utils import Database

Migration = Callable[[Database], None]

APPLICATION_ID = int.from_bytes(b"CRSd", "big")  # in the header of the file: it is ours
NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

# The dialogue up to a turn, by its id: a list of {speaker, text}
HEARD = """(with recursive heard as (
        select speaker, text, parent, position from turns where id = {}
        union all select t.speaker, t.text, t.parent, t.position
        from turns t join heard on t.id = heard.parent)
    select json_group_array(json_object('speaker', speaker, 'text', text))
    from (select speaker, text from heard order by position))"""


def _migration(path: Path) -> Migration:
    statements = tuple(_statements(path.read_text(encoding="utf-8")))

    def migrate(db: Database) -> None:
        for statement in statements:  # not as a script, which would commit before it begins
            db.execute(statement)

    return migrate


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


MIGRATIONS = tuple(map(_migration, sorted((Path(__file__).parent / "migrations").glob("*.sql"))))

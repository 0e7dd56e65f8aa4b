"""The tables of feedback.db and how they come to be: the files in migrations/, first one first.

They explain the tables. To change these add a file: a log has had some of them already, and goes
on from there. What is asked of the tables is in queries/, a file for each module.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlite_utils import Database

Migration = Callable[[Database], None]

APPLICATION_ID = int.from_bytes(b"CRSd", "big")  # in the header of the file: it is ours
NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

# The dialogue up to a turn, by its id, as the reply in the turn of that number heard it: a list of
# {speaker, text, mentions, unheard}
HEARD = """(with recursive heard as (
        select id, speaker, text, mentions, parent, position from turns where id = {turn}
        union all select t.id, t.speaker, t.text, t.mentions, t.parent, t.position
        from turns t join heard on t.id = heard.parent)
    select json_group_array(json_object('speaker', speaker, 'text', text,
        'mentions', json(mentions), 'unheard', json(unheard)))
    from (select speaker, text, mentions,
            (select json_group_array(json_array(b.start_at, b.end_at)) from taken_back b
                where b.turn = heard.id and b.is_on and b.number = (
                    select max(o.number) from taken_back o where o.turn = b.turn
                    and o.start_at = b.start_at and o.end_at = b.end_at and o.after < {number}))
            as unheard
        from heard order by position))"""

# Whether both sides of a comparison `c` say the same, as `Reply.says_the_same` has it
TWIN = """exists (select 1 from turns l join turns r on r.id = c.right_generation
        join generations g on g.id = l.id join generations h on h.id = r.id
        where l.id = c.left_generation and l.text = r.text and l.text <> ''
        and g.item_id is h.item_id)"""


def queries(module: str, **parts: str) -> dict[str, str]:
    """The statements of `queries/MODULE.sql`, by the names that stand above them.

    In braces a statement may hold an earlier one, or one of `parts`, by its name.
    """
    text = (Path(__file__).parent / "queries" / f"{module}.sql").read_text(encoding="utf-8")
    known = {"now": NOW, **parts}
    for named in re.split("^-- name: ", text, flags=re.MULTILINE)[1:]:
        name, statement = named.split("\n", 1)
        known[name] = statement.strip().format_map(known)
    return known


def _migration(path: Path) -> Migration:
    script = path.read_text(encoding="utf-8")

    def migrate(db: Database) -> None:
        for statement in statements(script):  # not as a script, which would commit before it begins
            db.execute(statement)

    return migrate


def statements(script: str) -> Iterator[str]:
    """Each with its semicolon."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


MIGRATIONS = tuple(map(_migration, sorted((Path(__file__).parent / "migrations").glob("*.sql"))))

"""The answers to questionnaires in a log, as they hold now, each with what it is about."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlite_utils import Database

from crsdemo.feedback.schema import queries
from crsdemo.studies.statistics.answers import Answer

_SQL = queries("answers")


def answers(db: Database) -> Iterator[Answer]:
    """Of everybody who has not withdrawn, in the order in which they were given."""
    for row in db.query(_SQL["answers"]):
        row |= {name: json.loads(row[name]) for name in ("labels", "value")}
        row |= {"labels": tuple(row["labels"]), "is_test": bool(row["is_test"])}
        yield Answer(**row)

"""What an export has beside judgments: answers to questionnaires, and marks on films."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

from crsdemo.export.tables import answer_row, mark_row
from crsdemo.feedback.judgments import JudgmentReader, Mark
from crsdemo.studies.statistics.answers import Answer


class Said(NamedTuple):
    """A row of a table beside the judgments: an answer to a questionnaire, or a mark on a film."""

    table: str
    visitor: str
    created_at: str
    study: tuple[str | None, str | None]  # title and sha256
    is_test: bool
    systems: frozenset[str]
    is_practice: bool
    row: dict[str, Any]

    @property
    def of(self) -> str:
        """Who is spoken of, as the manifest counts it."""
        return " vs ".join(sorted(self.systems)) or "nobody"


def rows_beside(log: JudgmentReader, digest: hashlib._Hash) -> Iterator[Said]:
    """All answers and marks, put into the digest as lines of JSON."""
    for said in chain(map(_answer, log.answers()), map(_mark, log.marks())):
        digest.update(json.dumps(said.row, sort_keys=True).encode() + b"\n")
        yield said


def _answer(one: Answer) -> Said:
    systems = frozenset({one.left, one.right} - {""})
    of, when = (one.study, one.study_sha256), one.answered_at
    practice = one.kind == "practice"
    return Said("answers", one.visitor, when, of, one.is_test, systems, practice, answer_row(one))


def _mark(one: Mark) -> Said:
    of, systems = (one.study, one.study_sha256), frozenset({one.recommender})
    return Said(
        "marks", one.visitor, one.created_at, of, one.is_test, systems, False, mark_row(one)
    )

"""What an export has beside judgments: answers to questionnaires, and marks on films."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

from crsdemo.export.filtered import Filtered
from crsdemo.export.tables import answer_row, mark_row
from crsdemo.feedback.judgments import JudgmentReader, Mark
from crsdemo.studies.statistics.answers import Answer
from crsdemo.studies.tasks import Kind


class Said(NamedTuple):
    """A row of a table beside the judgments: an answer to a questionnaire, or a mark on a film."""

    table: str
    about: Filtered
    row: dict[str, Any]

    @property
    def of(self) -> str:
        """Who is spoken of, as the manifest counts it."""
        return " vs ".join(sorted(self.about.systems)) or "nobody"


def rows_beside(log: JudgmentReader, digest: hashlib._Hash) -> Iterator[Said]:
    """All answers and marks, put into the digest as lines of JSON."""
    for said in chain(map(_answer, log.answers()), map(_mark, log.marks())):
        digest.update(json.dumps(said.row, sort_keys=True).encode() + b"\n")
        yield said


def _answer(one: Answer) -> Said:
    systems, study = frozenset({one.left, one.right} - {""}), (one.study, one.study_sha256)
    kind: Kind | None = "practice" if one.kind == "practice" else None
    about = Filtered(one.visitor, one.answered_at, one.is_test, systems, study, kind)
    return Said("answers", about, answer_row(one))


def _mark(one: Mark) -> Said:
    systems, study = frozenset({one.recommender}), (one.study, one.study_sha256)
    about = Filtered(one.visitor, one.created_at, one.is_test, systems, study)
    return Said("marks", about, mark_row(one))

"""Judgments as rows of a table, and tables that a spreadsheet may open.

A cell that begins with = + - @ or white space could be run as a formula, so text that does is
written behind an apostrophe, and so is text that begins with one: take one apostrophe away from
the front of a text to have it as it was.
"""

from __future__ import annotations

import json
from typing import Any

from crsdemo.core.comparison import SIDES
from crsdemo.feedback.judgments import JudgedReply, Judgment, Mark, Opinion
from crsdemo.feedback.results import pseudonym
from crsdemo.studies.statistics.answers import Answer

Row = dict[str, Any]

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")


def row_of(judgment: Judgment) -> Row:
    """All that is known of a judgment: of a pair what is about a side begins with its name."""
    if isinstance(judgment, Opinion):
        return _of(judgment, "reply") | _columns(judgment.reply)
    row = _of(judgment, *SIDES) | {"message": judgment.left.heard[-1].text}
    for side, reply in zip(SIDES, judgment.replies, strict=True):
        row |= {f"{side}_{name}": value for name, value in _columns(reply).items()}
    return row


def answer_row(one: Answer) -> Row:
    """An answer to a questionnaire with what it is about: a system alone, or two, A first."""
    return {
        "participant": pseudonym(one.visitor),
        "study": one.study,
        "task": one.task,
        "questionnaire": one.questionnaire,
        "item": one.item,
        "answer": one.value,
        "label": one.label,
        "system": one.system,
        "comparison": one.comparison,
        "chosen": one.chosen,
        "question": one.question,
        "about": one.about,
        "answered_at": one.answered_at,
        "is_test": one.is_test,
        "study_sha256": one.study_sha256,
    }


def mark_row(one: Mark) -> Row:
    return _of(one)


def _of(one: Judgment | Mark, *left_out: str) -> Row:
    """Under the short name of the person: their id stays in the log."""
    return {"participant": pseudonym(one.visitor)} | one.model_dump(exclude={"visitor", *left_out})


def _columns(reply: JudgedReply) -> Row:
    return reply.model_dump(exclude={"ratings"}) | reply.ratings.model_dump()


def csv_cell(value: object) -> object:
    """Text made safe, lists and objects as JSON, the rest as it is."""
    if isinstance(value, (list, dict, tuple)):
        value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_DANGEROUS) else value

"""Judgments as rows of a table, and tables that a spreadsheet may open.

A cell that begins with = + - @ or white space could be run as a formula, so text that does is
written behind an apostrophe, and so is text that begins with one: take one apostrophe away from
the front of a text to have it as it was.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from crsdemo.feedback.judgments import JudgedReply, Judgment, Opinion

Row = dict[str, Any]

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
_ASPECTS = ("thumbs", "relevance", "interest", "reasons", "comment")


def row_of(judgment: Judgment) -> Row:
    """All that is known of a judgment: of a pair what is about a side begins with its name."""
    if isinstance(judgment, Opinion):
        return _without(judgment, "reply") | _columns(judgment.reply)
    row = _without(judgment, "left", "right")
    row |= {"message": judgment.left.heard.turns[-1].text}
    for side, reply in (("left", judgment.left), ("right", judgment.right)):
        row |= {f"{side}_{name}": value for name, value in _columns(reply).items()}
    return row


def _columns(reply: JudgedReply) -> Row:
    ratings = {aspect: reply.ratings.get(aspect) for aspect in _ASPECTS}
    heard = [{"speaker": turn.speaker, "text": turn.text} for turn in reply.heard.turns]
    return _without(reply, "heard", "ratings") | {"heard": heard} | ratings


def _without(value: Judgment | JudgedReply, *names: str) -> Row:
    """The fields of a dataclass but for some."""
    kept = (field.name for field in fields(value) if field.name not in names)
    return {name: getattr(value, name) for name in kept}


def csv_cell(value: object) -> object:
    """Text made safe, lists and objects as JSON, the rest as it is."""
    if isinstance(value, (list, dict, tuple)):
        value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_DANGEROUS) else value

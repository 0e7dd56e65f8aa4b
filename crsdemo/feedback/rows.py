"""Turns, replies, plans and ratings as rows of feedback.db, and back. No SQL here.

Lists and objects become JSON where a row is written.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from crsdemo.core.catalog import Catalog
from crsdemo.core.conversation import Conversation, LoggedTurn, Rating
from crsdemo.core.dialogue import Mention, Turn
from crsdemo.core.recommender import Plan, Provenance, Reply
from crsdemo.core.reply_json import (
    also_from_json,
    as_json,
    evidence_from_json,
    known_item,
    pieces_from_turn,
)
from crsdemo.core.traced import Stretch

Row = dict[str, Any]

# Columns that hold JSON, and those that hold what they are
_EVIDENCE = (
    "modes", "trie_path", "candidates", "query_sources", "deciders", "quotes", "about", "also",
)  # fmt: skip
_PLAIN = ("query", "is_given", "is_fixed", "question")
_MENTIONS = TypeAdapter(tuple[Mention, ...])
_STRETCHES = TypeAdapter(tuple[Stretch, ...])
_PLAN = TypeAdapter(Plan)
_RATING = TypeAdapter(Rating)


def rows_of_reply(reply: Reply) -> tuple[Row, Row, Row]:
    """What a reply, as far as it has come, has in the tables turns, generations and evidence."""
    turn, row = reply.turn(), as_json(reply)
    generation = asdict(reply.provenance) | {
        "prompt": reply.prompt,
        "prompt_sha256": hashlib.sha256(reply.prompt.encode()).hexdigest(),
        "output": reply.output,
        "output_token_ids": list(map(int, reply.output_ids)),
        "mode": reply.mode,
        "item_id": reply.item and reply.item.id,
        "item_title": reply.item and reply.item.title,
        "item_year": reply.item and reply.item.year,
        "timings": row["timings"],
    }
    evidence = {name: row[name] for name in (*_EVIDENCE, *_PLAIN)}
    return {"text": turn.text, "mentions": _mentions(turn)}, generation, evidence


def turn_row(logged: LoggedTurn, conversation: Conversation) -> Row:
    """A turn that follows `conversation`."""
    return {
        "id": logged.id,
        "dialogue_id": conversation.id,
        "parent": conversation.turns[-1].id if conversation.turns else None,
        "position": len(conversation.turns),
        "speaker": logged.turn.speaker,
        "text": logged.turn.text,
        "mentions": _mentions(logged.turn),
    }


def logged_turn_from_row(row: Row, catalog: Catalog) -> LoggedTurn:
    unheard = _STRETCHES.validate_json(row["unheard"])
    mentions = _MENTIONS.validate_json(row["mentions"])
    turn = Turn(row["speaker"], row["text"], mentions, unheard)
    if turn.speaker == "user":
        return LoggedTurn(row["id"], turn)
    reply = _reply_from_row(row, turn, catalog) if row["modes"] else None  # none: not a word came
    error = f"{row['error_class']}: {row['error_message']}" if row["error_class"] else ""
    return LoggedTurn(row["id"], turn, reply, row["status"], error)


def _reply_from_row(row: Row, turn: Turn, catalog: Catalog) -> Reply:
    item_id, title, year = row["item_id"], row["item_title"], row["item_year"]
    evidence: Row = {name: json.loads(row[name] or "null") for name in (*_EVIDENCE, "timings")}
    evidence |= {name: row[name] for name in _PLAIN}
    return Reply(
        pieces=pieces_from_turn(turn, catalog),
        mode=row["mode"],
        item=known_item(catalog, item_id, title, year) if item_id else None,
        also=also_from_json(evidence, catalog),
        evidence=evidence_from_json(evidence, catalog),
        provenance=Provenance(**{name: row[name] for name in Provenance.__dataclass_fields__}),
        prompt=row["prompt"],
        output_ids=tuple(json.loads(row["output_token_ids"])),
        output=row["output"],
        complete=row["status"] == "ok",
    )


def rating_from_row(row: Row) -> Rating:
    return _RATING.validate_python(row | {"value": json.loads(row["value"])})


def plan_row(plan: Plan) -> Row:
    row: Row = _PLAN.dump_python(plan)
    return row | {"avoid": sorted(plan.avoid)}


def plan_from_json(text: str) -> Plan:
    return _PLAN.validate_json(text)


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _mentions(turn: Turn) -> str:
    return _MENTIONS.dump_json(turn.mentions).decode()

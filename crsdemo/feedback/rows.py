"""Turns, replies, plans and ratings as rows of feedback.db, and back. No SQL here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from crsdemo.core.catalog import Catalog
from crsdemo.core.conversation import Conversation, LoggedTurn, Rating
from crsdemo.core.dialogue import Mention, Turn
from crsdemo.core.recommender import Plan, Provenance, Reply
from crsdemo.core.reply_json import evidence_from_json, known_item, pieces_from_turn

Row = dict[str, Any]

EVIDENCE = ("modes", "trie_path", "candidates", "query_sources")  # columns that hold JSON


def generation_row(reply: Reply, row: Row) -> Row:
    return asdict(reply.provenance) | {
        "prompt": reply.prompt,
        "prompt_sha256": hashlib.sha256(reply.prompt.encode()).hexdigest(),
        "output": reply.output,
        "output_token_ids": to_json(list(map(int, reply.output_ids))),
        "mode": reply.mode,
        "item_id": reply.item and reply.item.id,
        "item_title": reply.item and reply.item.title,
        "item_year": reply.item and reply.item.year,
        "timings": to_json(row["timings"]),
    }


def turn_row(logged: LoggedTurn, conversation: Conversation) -> Row:
    """A turn that follows `conversation`."""
    return {
        "id": logged.id,
        "dialogue_id": conversation.id,
        "parent": conversation.turns[-1].id if conversation.turns else None,
        "position": len(conversation.turns),
        "speaker": logged.turn.speaker,
        "text": logged.turn.text,
        "mentions": mentions_to_json(logged.turn),
    }


def logged_turn_from_row(row: Row, catalog: Catalog) -> LoggedTurn:
    mentions = tuple(Mention(**mention) for mention in json.loads(row["mentions"]))
    turn = Turn(row["speaker"], row["text"], mentions)
    if turn.speaker == "user":
        return LoggedTurn(row["id"], turn)
    reply = _reply_from_row(row, turn, catalog) if row["modes"] else None  # none: not a word came
    return LoggedTurn(row["id"], turn, reply, row["status"], error_from_row(row))


def error_from_row(row: Row) -> str:
    return f"{row['error_class']}: {row['error_message']}" if row["error_class"] else ""


def _reply_from_row(row: Row, turn: Turn, catalog: Catalog) -> Reply:
    item_id, title, year = row["item_id"], row["item_title"], row["item_year"]
    evidence = {name: json.loads(row[name]) for name in (*EVIDENCE, "timings")}
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


def rating_from_row(row: Row) -> Rating:
    value = json.loads(row["value"])
    kept = tuple(value) if isinstance(value, list) else value
    return Rating(row["generation_id"], row["aspect"], kept, row["revision"])


def mentions_to_json(turn: Turn) -> str:
    return to_json([asdict(mention) for mention in turn.mentions])


def plan_to_json(plan: Plan) -> str:
    return to_json(asdict(plan) | {"avoid": sorted(plan.avoid)})


def plan_from_json(text: str) -> Plan:
    row = json.loads(text)
    return Plan(**row | {"avoid": frozenset(row["avoid"])})


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)

"""A reply as one JSON object, for the command line, the page's API and the log; and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Turn
from crsdemo.core.recommender import (
    Branch,
    Decider,
    Evidence,
    PathStep,
    Recommendation,
    Reply,
    Signal,
    Timing,
)

Json = dict[str, Any]


def as_json(reply: Reply) -> Json:
    """What was said and why, in names that need no explanation.

    Numbers that JSON cannot hold (a score of minus infinity) become null.
    """
    evidence = reply.evidence
    return {
        "intent": reply.mode,
        "item": item_as_json(reply.item) if reply.item else None,
        "text": reply.text,
        "candidates": [
            _candidate(rank, recommendation)
            for rank, recommendation in enumerate(evidence.candidates, 1)
        ],
        "trie_path": [_step(step) for step in evidence.path],
        "modes": {mode: _number(probability) for mode, probability in evidence.modes},
        "query": evidence.query,
        "query_sources": list(evidence.query_sources),
        "timings": [
            {"step": timing.step, "milliseconds": _number(timing.milliseconds)}
            for timing in evidence.timings
        ],
        "deciders": [
            {"name": d.name, "place": int(d.place), "of": int(d.of), "share": _number(d.share)}
            for d in evidence.deciders
        ],
        "is_given": evidence.is_given,
    }


def evidence_from_json(row: Mapping[str, Any], catalog: Catalog) -> Evidence:
    """The evidence of a reply out of what `as_json` made of it."""
    return Evidence(
        modes=tuple((mode, _float(probability)) for mode, probability in row["modes"].items()),
        path=tuple(_step_from(step) for step in row["trie_path"]),
        candidates=tuple(_candidate_from(candidate, catalog) for candidate in row["candidates"]),
        query=row["query"],
        query_sources=tuple(row["query_sources"]),
        timings=tuple(Timing(t["step"], _float(t["milliseconds"])) for t in row["timings"]),
        deciders=tuple(  # logs of before have none
            Decider(d["name"], d["place"], d["of"], _float(d["share"]))
            for d in row.get("deciders", ())
        ),
        is_given=row.get("is_given", False),
    )


def pieces_from_turn(turn: Turn, catalog: Catalog) -> tuple[str | Item, ...]:
    """The pieces of the reply that was said as `turn`, to the letter.

    An item that the catalog no longer holds, or holds under another name, keeps its old one.
    """
    pieces: list[str | Item] = []
    end = 0
    for mention in turn.mentions:
        pieces.append(turn.text[end : mention.start])
        said = turn.text[mention.start : mention.end]
        item = known_item(catalog, mention.item_id, said)
        pieces.append(item if item.name == said else Item(mention.item_id, said))
        end = mention.end
    pieces.append(turn.text[end:])
    return tuple(piece for piece in pieces if piece)  # nothing between two items is no piece


def item_as_json(item: Item) -> Json:
    return {"id": item.id, "title": item.title, "year": item.year}


def known_item(catalog: Catalog, item_id: str, title: str, year: int | None = None) -> Item:
    """The item, or what was written down of it if the catalog holds it no longer."""
    return catalog.item(item_id) if item_id in catalog.row else Item(item_id, title, year)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _float(value: float | None) -> float:
    return math.nan if value is None else value


def _candidate(rank: int, recommendation: Recommendation) -> Json:
    return {
        "rank": rank,
        **item_as_json(recommendation.item),
        "score": _number(recommendation.score),
        "signals": [
            {"name": signal.name, "value": _number(signal.value)}
            for signal in recommendation.signals
        ],
    }


def _candidate_from(row: Json, catalog: Catalog) -> Recommendation:
    return Recommendation(
        known_item(catalog, row["id"], row["title"], row["year"]),
        _float(row["score"]),
        tuple(Signal(signal["name"], _float(signal["value"])) for signal in row["signals"]),
    )


def _step(step: PathStep) -> Json:
    return {
        "level": int(step.level),
        "chosen": _branch(step.chosen),
        "alternatives": [_branch(branch) for branch in step.alternatives],
        "n_allowed": int(step.n_allowed),
        "allowed_mass": _number(step.allowed_mass),
    }


def _step_from(row: Json) -> PathStep:
    return PathStep(
        row["level"],
        _branch_from(row["chosen"]),
        tuple(_branch_from(branch) for branch in row["alternatives"]),
        row["n_allowed"],
        _float(row["allowed_mass"]),
    )


def _branch(branch: Branch) -> Json:
    return {
        "code": int(branch.code),
        "probability": _number(branch.probability),
        "label": branch.label,
        "examples": list(branch.examples),
        "n_items": int(branch.n_items),
    }


def _branch_from(row: Json) -> Branch:
    return Branch(
        row["code"],
        _float(row["probability"]),
        row["label"],
        row["n_items"],
        tuple(row["examples"]),
    )

"""A reply as one JSON object, for the command line, the page's API and the log; and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from operator import methodcaller
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Turn
from crsdemo.core.recommender import (
    Decider,
    Evidence,
    PathStep,
    Quote,
    Recommendation,
    Reply,
    Signal,
    Timing,
)

Json = dict[str, Any]

_PATH = TypeAdapter(tuple[PathStep, ...])
_SIGNALS = TypeAdapter(tuple[Signal, ...])
_TIMINGS = TypeAdapter(tuple[Timing, ...])
_QUOTES = TypeAdapter(tuple[Quote, ...])
_DECIDERS = TypeAdapter(tuple[Decider, ...])


def as_json(reply: Reply) -> Json:
    """What was said and why, in names that need no explanation.

    Numbers that JSON cannot hold (a score of minus infinity) become null.
    """
    evidence = reply.evidence
    row = {
        "intent": reply.mode,
        "item": _item(reply.item) if reply.item else None,
        "text": reply.text,
        "candidates": [
            {"rank": rank, **_item(one.item), "score": one.score, "signals": one.signals}
            for rank, one in enumerate(evidence.candidates, 1)
        ],
        "trie_path": evidence.path,
        "modes": dict(evidence.modes),
        "query": evidence.query,
        "query_sources": evidence.query_sources,
        "timings": evidence.timings,
        "deciders": evidence.deciders,
        "is_given": evidence.is_given,
        "is_fixed": evidence.is_fixed,
        "about": _item(evidence.about) if evidence.about else None,
        "question": evidence.question,
        "quotes": evidence.quotes,
        "also": [_item(one) for one in reply.also],
    }
    # What pydantic does not know are numbers of NumPy
    plain: Json = to_jsonable_python(row, inf_nan_mode="null", fallback=methodcaller("item"))
    return plain


def evidence_from_json(row: Mapping[str, Any], catalog: Catalog) -> Evidence:
    """The evidence of a reply out of what `as_json` made of it."""
    return Evidence(
        modes=tuple((mode, _numbers(probability)) for mode, probability in row["modes"].items()),
        path=_PATH.validate_python(_numbers(row["trie_path"])),
        candidates=tuple(
            Recommendation(
                _known(one, catalog),
                _numbers(one["score"]),
                _SIGNALS.validate_python(_numbers(one["signals"])),
            )
            for one in row["candidates"]
        ),
        query=row["query"],
        query_sources=tuple(row["query_sources"]),
        timings=_TIMINGS.validate_python(_numbers(row["timings"])),
        deciders=_DECIDERS.validate_python(_numbers(row["deciders"])),
        is_given=bool(row["is_given"]),
        is_fixed=bool(row["is_fixed"]),
        about=_known(row["about"], catalog) if row["about"] else None,
        question=row["question"],
        quotes=_QUOTES.validate_python(row["quotes"]),
    )


def also_from_json(row: Mapping[str, Any], catalog: Catalog) -> tuple[Item, ...]:
    """What was offered beside the item of a reply."""
    return tuple(_known(one, catalog) for one in row["also"])


def pieces_from_turn(turn: Turn, catalog: Catalog) -> tuple[str | Item, ...]:
    """The pieces of the reply that was said as `turn`, to the letter.

    An item that the catalog no longer holds, or holds under another name, keeps the name said.
    """
    pieces: list[str | Item] = []
    end = 0
    for mention in turn.mentions:
        pieces.append(turn.text[end : mention.start])
        said = turn.text[mention.start : mention.end]
        item = known_item(catalog, mention.item_id, said)
        pieces.append(item if item.name == said else replace(item, title=said, year=None))
        end = mention.end
    pieces.append(turn.text[end:])
    return tuple(piece for piece in pieces if piece)  # nothing between two items is no piece


def known_item(catalog: Catalog, item_id: str, title: str, year: int | None = None) -> Item:
    """The item, or what was written down of it if the catalog holds it no longer."""
    return catalog.item(item_id) if item_id in catalog.row else Item(item_id, title, year)


def _known(row: Mapping[str, Any], catalog: Catalog) -> Item:
    return known_item(catalog, row["id"], row["title"], row["year"])


def _item(item: Item) -> Json:
    return {"id": item.id, "title": item.title, "year": item.year}


def _numbers(value: Any) -> Any:
    """The same with NaN for every null."""
    match value:
        case None:
            return math.nan
        case dict():
            return {name: _numbers(of) for name, of in value.items()}
        case list() | tuple():
            return [_numbers(one) for one in value]
    return value

"""Turns of public dialogues: what they name, and which words of them may be learned."""

from __future__ import annotations

from collections.abc import Sequence

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Turn
from crsdemo.language.people import PeopleLinker
from crsdemo.model.talk import pieces_of

MAX_REPLY_WORDS = 40


def mentioned_rows(turns: Sequence[Turn], catalog: Catalog) -> list[int]:
    """Rows of the items named so far, newest first, each once."""
    newest: dict[int, None] = {}
    for turn in reversed(turns):
        for item_id in reversed(turn.item_ids):
            if item_id in catalog.row:
                newest.setdefault(catalog.row[item_id])
    return list(newest)


def clean_words(turn: Turn, catalog: Catalog, people: PeopleLinker) -> tuple[str | Item, ...]:
    """The pieces of a turn that is short and claims nothing of a film, empty for any other."""
    text = turn.text.lower()
    claims = any(genre in text for genre in catalog.genres) or any(
        c.isdigit() for c in turn.untitled
    )
    linked = all(m.item_id in catalog.row and m.end > m.start for m in turn.mentions)
    if claims or not linked or len(text.split()) > MAX_REPLY_WORDS or people.link_people(turn.text):
        return ()
    pieces = [
        piece.replace("\n", " ") if isinstance(piece, str) else piece
        for piece in pieces_of(turn, catalog)
    ]
    if pieces and isinstance(pieces[0], str):
        pieces[0] = pieces[0][:1].upper() + pieces[0][1:]
    return tuple(pieces)

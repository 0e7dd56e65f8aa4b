"""A slot stands for one fact of the recommended item in a reply that a model writes.

The model writes `<cast_1>`; the catalog says who that is. So a reply can name no wrong person,
year, genre or title: a small model need not remember facts, and cannot misremember them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from crsdemo.core.catalog import Catalog, Item

MAX_VALUES = 4  # slots per field


@dataclass(frozen=True)
class Slot:
    """The `index`-th value (from 1) of a field of the item that is spoken of."""

    field: str
    index: int = 1

    @property
    def token(self) -> str:
        single = self.field in ("title", "year")
        return f"<{self.field}>" if single else f"<{self.field}_{self.index}>"

    def value(self, item: Item) -> str | None:
        """What to say, or None if the catalog does not know it."""
        if self.field == "title":
            return item.name
        if self.field == "year":
            return str(item.year) if item.year else None
        values = item.facts.get(self.field, ())
        return values[self.index - 1] if len(values) >= self.index else None


TITLE = Slot("title")
_A = re.compile(r"(?:\ba|^A|(?<=[.:!?] )A)(?= (?!on[ec]|eu|ewe)[aeio][a-z])")  # "a evacuation"


def slots_of(catalog: Catalog) -> tuple[Slot, ...]:
    """Every slot that some item of the catalog can fill."""
    fields = sorted({name for item in catalog for name in item.facts})
    return (Slot("year"), *(Slot(f, n) for f in fields for n in range(1, MAX_VALUES + 1)))


def fill(pieces: Iterable[str | Item | Slot], item: Item | None) -> tuple[str | Item, ...]:
    """Put the facts of `item` into the slots and mend the articles before them and elsewhere.

    A slot that `item` cannot fill is left out; `slots_allowed` keeps models from writing one.
    The slot of the title becomes the item itself.
    """
    filled: list[str | Item] = []
    for piece in pieces:
        if isinstance(piece, Slot) and piece.field == "title" and item is not None:
            piece = item
        if isinstance(piece, Slot):
            piece = (piece.value(item) or "") if item else ""
            if filled and isinstance(filled[-1], str):
                filled[-1] = _with_article(filled[-1], piece)
        if isinstance(piece, str) and filled and isinstance(filled[-1], str):
            filled[-1] += piece
        elif piece != "":
            filled.append(piece)
    return tuple(_A.sub(r"\g<0>n", one) if isinstance(one, str) else one for one in filled)


def _with_article(text: str, following: str) -> str:
    """`text`, its closing "a" or "an" agreeing with the word that follows."""
    an = following[:1].lower() in set("aeiou") or following[:2] in {"18", "80"}
    return re.sub(r"\b([Aa])n?(\s+)$", lambda m: m[1] + ("n" if an else "") + m[2], text)

"""What the retriever learns from: a query, and the film that it should find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.recommenders.retriever import talk_end
from crsdemo.training.written.data import (
    DIALOGUES,
    SEARCHES,
    WISHES,
    WRITTEN,
    AssistantTurn,
    Search,
    WrittenDialogue,
    WrittenWish,
    read,
)

PER_WISH = 2  # films of a written wish that are learned from


@dataclass(frozen=True)
class Pair:
    """A query and the film it should find."""

    query: str
    gold: Item
    spared: frozenset[str]  # items that are not wrong to find: right ones, and those spoken of


def recommendations(
    dialogues: Iterable[CorpusDialogue], catalog: Catalog
) -> Iterator[tuple[Dialogue, Item]]:
    """Each history with each film that the assistant names next for the first time."""
    for one in dialogues:
        for position, turn in enumerate(one.dialogue.turns):
            history = one.dialogue.before(position)
            if turn.speaker == "assistant" and position:
                new = (i for i in turn.item_ids if i in catalog.row and i not in history.mentioned)
                yield from ((history, catalog.item(i)) for i in new)


def talk_pairs(dialogues: Iterable[CorpusDialogue], catalog: Catalog) -> list[Pair]:
    """The ends of talks as they are, and what was recommended next."""
    return [
        Pair(talk_end(history), gold, frozenset((gold.id, *history.mentioned)))
        for history, gold in recommendations(dialogues, catalog)
    ]


def search_pairs(catalog: Catalog, folder: Path = WRITTEN) -> list[tuple[str, Pair]]:
    """The written searches, each with the id of the public dialogue that it is of."""
    return [
        (row.dialogue, Pair(row.query, catalog.item(row.item), frozenset((row.item,))))
        for _, row in read(SEARCHES, Search, folder)
        if row.item in catalog.row
    ]


def written_pairs(catalog: Catalog, folder: Path = WRITTEN, seed: int = 0) -> list[Pair]:
    """From the conversations and wishes written for this project, about items of `catalog`."""
    found: list[Pair] = []
    for _, written in read(DIALOGUES, WrittenDialogue, folder):
        found += _pairs_of_talk(written, catalog)
    rng = np.random.default_rng(seed)
    for _, wish in read(WISHES, WrittenWish, folder):
        fitting = [i for i in wish.items if i in catalog.row]
        drawn = rng.permutation(fitting)[:PER_WISH].tolist()
        found += [Pair(wish.wish, catalog.item(i), frozenset(fitting)) for i in drawn]
    return found


def _pairs_of_talk(written: WrittenDialogue, catalog: Catalog) -> Iterator[Pair]:
    """The search and the talk so far of every recommendation."""
    if not written.is_of(catalog):
        return
    dialogue = written.dialogue(catalog)
    for position, turn in enumerate(written.turns):
        if isinstance(turn, AssistantTurn) and turn.move == "recommend" and turn.item:
            history, gold = dialogue.before(position), catalog.item(turn.item)
            spared = frozenset((gold.id, *history.mentioned))
            yield from (
                Pair(text, gold, spared) for text in (turn.search, talk_end(history)) if text
            )

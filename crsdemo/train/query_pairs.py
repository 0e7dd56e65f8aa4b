"""What the retriever learns from: a query, and the film that it should find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from crsdemo.catalog import Catalog, Item
from crsdemo.corpus import CorpusDialogue
from crsdemo.dialogue import Dialogue
from crsdemo.retriever import talk_end
from crsdemo.train.pseudo_queries import QueryTeacher
from crsdemo.train.synthetic import Writer
from crsdemo.train.written_data import (
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


def real_pairs(teacher: QueryTeacher, dialogues: Iterable[CorpusDialogue]) -> list[Pair]:
    """From the turns of training dialogues that recommend something new."""
    cases = list(recommendations(dialogues, teacher.catalog))
    teacher.read(history for history, _ in cases)
    return [
        Pair(
            teacher.query(history, gold).text,
            gold,
            frozenset((gold.id, *(item for item in history.mentioned))),
        )
        for history, gold in tqdm(cases, desc="queries of dialogues")
    ]


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
    if any(reply.item not in catalog.row for reply in written.replies if reply.item):
        return
    dialogue = written.dialogue(catalog)
    for position, turn in enumerate(written.turns):
        if isinstance(turn, AssistantTurn) and turn.move == "recommend" and turn.item:
            history, gold = dialogue.before(position), catalog.item(turn.item)
            spared = frozenset((gold.id, *history.mentioned))
            yield from (
                Pair(text, gold, spared) for text in (turn.search, talk_end(history)) if text
            )


def wish_pairs(teacher: QueryTeacher, writer: Writer, n: int, seed: int) -> list[Pair]:
    """From synthetic wishes, each with one of its targets drawn by weight."""
    rng = np.random.default_rng(seed)
    pairs = []
    for _ in tqdm(range(n), desc="queries of wishes"):
        wish = writer.wish()
        gold = rng.choice(list(wish.targets), p=_shares(wish.targets.values()))
        spared = frozenset((*wish.targets, *wish.dialogue.mentioned))
        query = teacher.query_for(wish.dialogue, wish.targets)
        pairs.append(Pair(query.text, teacher.catalog.item(str(gold)), spared))
    return pairs


def _shares(weights: Iterable[float]) -> NDArray[np.float64]:
    shares = np.array(list(weights), np.float64)
    return shares / shares.sum()

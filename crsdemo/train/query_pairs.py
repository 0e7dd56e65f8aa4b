"""What the retriever learns from: a query, a film it should find, and one that it finds too soon.

Shapes: n items of the catalog, q queries, d numbers per vector.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from crsdemo.catalog import Catalog, Item
from crsdemo.corpus import CorpusDialogue
from crsdemo.dialogue import Dialogue
from crsdemo.encoder import TextEncoder, item_text
from crsdemo.train.pseudo_queries import QueryTeacher
from crsdemo.train.synthetic import Writer

HARDEST = 50  # a hard negative is drawn from so many that are found first
CHUNK = 512  # queries ranked at once


@dataclass(frozen=True)
class Pair:
    """A query and the film it should find."""

    query: str
    gold: Item
    spared: frozenset[str]  # items that are no negatives: right ones, and those spoken of


@dataclass(frozen=True)
class Triplet:
    """A pair with a film that the untuned encoder finds, though it is not the one."""

    query: str
    document: str
    negative: str


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


def with_negatives(
    pairs: Sequence[Pair], catalog: Catalog, encoder: TextEncoder, seed: int
) -> list[Triplet]:
    """One hard negative per pair: from the `HARDEST` items that the encoder finds first."""
    documents = [item_text(item) for item in catalog]
    vectors = encoder.embed(documents)
    rng = np.random.default_rng(seed)
    found = []
    for start in tqdm(range(0, len(pairs), CHUNK), desc="hard negatives"):
        chunk = pairs[start : start + CHUNK]
        scores = encoder.embed([pair.query for pair in chunk]) @ vectors.T
        for pair, row in zip(chunk, scores, strict=True):
            negative = _hard_negative(pair, row, catalog, rng)
            gold = documents[catalog.row[pair.gold.id]]
            found.append(Triplet(pair.query, gold, documents[negative]))
    return found


def _hard_negative(
    pair: Pair, scores: NDArray[np.float32], catalog: Catalog, rng: np.random.Generator
) -> int:
    """A row of the catalog, not spared if any other is left. `scores` (n,)."""
    spared = [catalog.row[i] for i in pair.spared if i in catalog.row]
    scores = scores.copy()
    scores[spared] = -np.inf
    n = max(1, min(HARDEST, len(scores) - len(spared)))
    return int(rng.choice(np.argpartition(-scores, n - 1)[:n]))


def _shares(weights: Iterable[float]) -> NDArray[np.float64]:
    shares = np.array(list(weights), np.float64)
    return shares / shares.sum()

"""Tune how the retriever reads what is searched for (ReGeS, sec. 2.3).

    python -m crsdemo tune-retriever --dialogues train_data.jsonl,train.tsv

The descriptions stay where the text encoder puts them; what learns is a linear map behind it that
every query passes through, so that a film that comes later needs no training. Each query is held
against every film of the catalog (a softmax over cosines), which a batch of negatives is not: the
map learns in a minute what LoRA through the encoder did not in a quarter of an hour.

Shapes: q queries, n items of the catalog, d numbers per vector.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.config import flag, parse
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError
from crsdemo.core.shipped import checkpoints_of
from crsdemo.items.encoder import TextEncoder, item_text
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.recommenders.retriever import QueryReader, talk_end
from crsdemo.training.data import Sources, training_dialogues
from crsdemo.training.turns import recommending_turns
from crsdemo.training.written.data import WRITTEN, Search, WrittenDialogue, WrittenWish, read

log = logging.getLogger(__name__)
Floats = NDArray[np.float32]

SCALE = 30.0  # of cosines, before they become probabilities
PER_WISH = 2  # films of a written wish that are learned from


@dataclass(frozen=True)
class TuneConfig(Sources):
    """Tune how the retriever reads queries."""

    out: Path | None = flag(
        None, "folder of the map; by default checkpoints/reges/retriever beside the catalog"
    )
    written: Path = flag(WRITTEN, "folder of written conversations, searches and wishes")
    epochs: int = flag(4, "passes over all pairs")
    learning_rate: float = flag(1e-3, "of Adam")
    batch: int = flag(256, "queries per batch")
    talk: int = flag(2, "how often an epoch sees the ends of the public dialogues")

    @property
    def into(self) -> Path:
        """Where the map goes."""
        return self.out or checkpoints_of(self.catalog) / "reges" / "retriever"

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.into,)


@dataclass(frozen=True)
class Pair:
    """A query and the film it should find."""

    query: str
    gold: Item
    spared: frozenset[str]  # items that are not wrong to find: right ones, and those spoken of


def main(argv: list[str]) -> None:
    """Flags in, one call."""
    tune_retriever(parse(TuneConfig, argv, "crsdemo tune-retriever"))


def tune_retriever(config: TuneConfig) -> None:
    """Write the map to `into`. Raises BadInputError if there is nothing to learn from."""
    if config.epochs < 1:
        raise BadInputError(f"--epochs must be at least 1, got {config.epochs}")
    encoder = TextEncoder(config.encoder)
    catalog = Catalog.load(config.catalog)
    pairs = training_pairs(training_dialogues(config, catalog), catalog, config)
    if not pairs:
        raise BadInputError(
            f"{config.dialogues} recommends no item of this catalog, and nothing was written "
            "about its items; give dialogues about its items"
        )
    queries = encoder.embed([pair.query for pair in pairs])
    documents = encoder.embed([item_text(item) for item in catalog])
    learned = query_map(queries, documents, pairs, catalog, config)
    QueryReader(encoder, learned).save(config.into)
    log.info("tuned on %s pairs", len(pairs))


def query_map(
    queries: Floats,
    documents: Floats,
    pairs: Sequence[Pair],
    catalog: Catalog,
    config: TuneConfig,
) -> Floats:
    """(d + 1, d), the last row a bias. `queries` (q, d) and `documents` (n, d): unit vectors."""
    torch.manual_seed(config.seed)
    width = queries.shape[1]
    learned = torch.cat([torch.eye(width), torch.zeros(1, width)]).requires_grad_()
    optimizer = torch.optim.Adam([learned], config.learning_rate)
    asked, found = torch.from_numpy(queries), torch.from_numpy(documents)
    gold = torch.tensor([catalog.row[pair.gold.id] for pair in pairs])
    steps = tqdm(total=config.epochs * -(-len(pairs) // config.batch), desc="tuning")
    for _ in range(config.epochs):
        for places in torch.randperm(len(pairs)).split(config.batch):
            vectors = nn.functional.normalize(asked[places] @ learned[:-1] + learned[-1], dim=1)
            scores = SCALE * vectors @ found.T
            shut = _spared([pairs[place] for place in places.tolist()], catalog)
            loss = nn.functional.cross_entropy(scores.masked_fill(shut, -torch.inf), gold[places])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steps.update()
            steps.set_description(f"tuning: loss {loss.item():.3f}")
    steps.close()
    return np.asarray(learned.detach().numpy(), np.float32)


def _spared(pairs: Sequence[Pair], catalog: Catalog) -> torch.Tensor:
    """(B, n) what is not wrong to find, beside the right film of each pair."""
    shut = torch.zeros(len(pairs), len(catalog), dtype=torch.bool)
    for row, pair in enumerate(pairs):
        shut[row, [catalog.row[i] for i in pair.spared if i in catalog.row]] = True
        shut[row, catalog.row[pair.gold.id]] = False
    return shut


def training_pairs(
    dialogues: Iterable[CorpusDialogue],
    catalog: Catalog,
    config: TuneConfig,
    without: Collection[str] = (),
) -> list[Pair]:
    """All there is to learn from, but for the searches of some dialogues; the same for a seed."""
    pairs = talk_pairs(dialogues, catalog) * config.talk
    searches = search_pairs(catalog, config.written)
    pairs += [pair for dialogue, pair in searches if dialogue not in without]
    return pairs + written_pairs(catalog, config.written, config.seed)


def talk_pairs(dialogues: Iterable[CorpusDialogue], catalog: Catalog) -> list[Pair]:
    """The ends of talks as they are, and what was recommended next."""
    return [
        _pair(talk_end(turn.history), catalog[row], turn.history)
        for turn in recommending_turns(dialogues, catalog)
        for row in turn.gold
    ]


def search_pairs(catalog: Catalog, folder: Path = WRITTEN) -> list[tuple[str, Pair]]:
    """The written searches, each with the id of the public dialogue that it is of."""
    return [
        (row.dialogue, Pair(row.query, catalog.item(row.item), frozenset((row.item,))))
        for row in read(Search, folder)
        if row.item in catalog.row
    ]


def written_pairs(catalog: Catalog, folder: Path = WRITTEN, seed: int = 0) -> list[Pair]:
    """From the conversations and wishes written for this project, about items of `catalog`."""
    found = [
        _pair(text, catalog.item(reply.item), history)
        for talk in read(WrittenDialogue, folder)
        for history, reply in talk.answered(catalog)
        if reply.move == "recommend" and reply.item
        for text in (reply.search, talk_end(history))
        if text
    ]
    rng = np.random.default_rng(seed)
    for wish in read(WrittenWish, folder):
        fitting = [i for i in wish.items if i in catalog.row]
        drawn = rng.permutation(fitting)[:PER_WISH].tolist()
        found += [Pair(wish.wish, catalog.item(i), frozenset(fitting)) for i in drawn]
    return found


def _pair(query: str, gold: Item, history: Dialogue) -> Pair:
    return Pair(query, gold, frozenset((gold.id, *history.mentioned)))

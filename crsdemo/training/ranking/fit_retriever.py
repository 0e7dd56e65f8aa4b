"""Fit the ranker of ReGeS once its experts are trained: signals of all items and of the search.

python -m crsdemo fit-retriever --dialogues train_data.jsonl,train.tsv --likes ratings.csv

The query expert writes the searches of training turns and wishes. What the retriever makes of a
turn comes from a map that learned from the dialogues of the other folds, so that the ranker sees a
talk as new as those that will come (ReGeS, sec. 2.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
from tqdm import tqdm

from crsdemo.core.config import flag, parse
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.shipped import checkpoints_of
from crsdemo.items.arrays import Floats
from crsdemo.recommenders.ranker import FILE
from crsdemo.recommenders.reges import RETRIEVER, searching_talker, write_searches
from crsdemo.recommenders.resources import Resources
from crsdemo.recommenders.retriever import (
    RETRIEVAL_SIGNALS,
    Documents,
    QueryReader,
    search_signals,
    talk_end,
)
from crsdemo.recommenders.talker import Talker
from crsdemo.training.data import TrainingData, load_training_data
from crsdemo.training.ranking.fit_prior import (
    FOLDS,
    PriorConfig,
    ReadBefore,
    dealt,
    drawn_turns,
    gather,
    knowing_prior,
    read_before,
    wishes,
)
from crsdemo.training.ranking.fit_ranker import fit, print_weights
from crsdemo.training.ranking.tune_retriever import Pair, TuneConfig, query_map, training_pairs

BATCH = 16  # dialogues whose searches are written together


@dataclass(frozen=True)
class RetrieverConfig(PriorConfig):
    """Fit the retriever of ReGeS: descriptions as vectors, and the ranker of its signals."""

    out: Path | None = flag(
        None, "folder of ReGeS, with its map; by default checkpoints/reges beside the catalog"
    )

    @property
    def into(self) -> Path:
        return self.out or checkpoints_of(self.catalog) / "reges"


def main(argv: list[str]) -> None:
    """Flags in, one call."""
    fit_retriever(parse(RetrieverConfig, argv, "crsdemo fit-retriever"))


def fit_retriever(config: RetrieverConfig) -> None:
    """Write documents and ranker into `into`.

    Raises CheckpointError if no adapter that searches is there, CatalogError before `fit-prior`.
    """
    data = load_training_data(config)
    resources = Resources(data.catalog, config.catalog)
    talker = searching_talker(config.into, resources)
    folder = config.into / RETRIEVER
    reader = QueryReader.load(folder, resources.encoder(config.encoder))
    documents = Documents.of(data.catalog, reader, folder)
    documents.save(data.catalog, folder)
    turns = drawn_turns(config, data)
    made_up = wishes(config, data.catalog)
    asked = [wish.dialogue for wish in made_up]
    queries = searches_of(talker, [*(turn.history for turn in turns), *asked])
    prior = knowing_prior(config, data)
    turns, talks = read_before(prior, turns)
    heard = [*(turn.history for turn in turns), *asked]
    readers = [*fold_readers(config, data, documents), reader]
    read_by = [readers[turn.fold] for turn in turns] + [reader] * len(made_up)
    texts = list(zip(queries, map(talk_end, heard), strict=True))
    cases = gather(config, data, prior, turns, talks, made_up)
    for place, vectors in enumerate(read_each(read_by, texts)):
        case = cases[place]
        searched = search_signals(prior, documents, queries[place], *vectors).astype(np.float16)
        cases[place] = replace(case, signals=np.concatenate([case.signals, searched]))
    ranker = fit(cases, RETRIEVAL_SIGNALS, config, config.seed)
    ranker.save(config.into / FILE)
    print_weights(ranker)


def searches_of(talker: Talker, dialogues: Sequence[Dialogue]) -> list[str]:
    """What the query expert searches for after each dialogue."""
    histories = [talker.history(dialogue) for dialogue in dialogues]
    by_length = sorted(range(len(histories)), key=lambda place: len(histories[place].ids))
    found = [""] * len(histories)
    for start in tqdm(range(0, len(histories), BATCH), desc="writing searches"):
        places = by_length[start : start + BATCH]
        context = talker.read([histories[place] for place in places])
        for place, search in zip(places, write_searches(talker, context), strict=True):
            found[place] = search
    return found


def fold_readers(
    config: PriorConfig, data: TrainingData, documents: Documents
) -> Iterator[QueryReader]:
    """For each fold a reader of queries that learned from the dialogues outside of it."""
    tune = TuneConfig(dialogues=config.dialogues, written=config.written, seed=config.seed)
    folds = [pairs_without(fold, data, tune) for fold in range(FOLDS)]
    plain = documents.reader.encoder
    encoder = ReadBefore(plain, (pair.query for pairs in folds for pair in pairs))
    for pairs in folds:
        learned = None
        if pairs:
            queries = encoder.embed([pair.query for pair in pairs])
            learned = query_map(queries, documents.vectors, pairs, data.catalog, tune)
        yield QueryReader(plain, learned)


def pairs_without(fold: int, data: TrainingData, tune: TuneConfig) -> list[Pair]:
    """What a reader learns from that sees no dialogue of a fold."""
    deal = list(dealt(data, tune.seed))
    own = {one.id for f, one in deal if f == fold}
    return training_pairs((one for f, one in deal if f != fold), data.catalog, tune, own)


def read_each(
    readers: Sequence[QueryReader], texts: Sequence[tuple[str, str]]
) -> Iterator[tuple[Floats, Floats]]:
    """The vectors (d,) of the two texts of each case, by its own reader."""
    encoder = ReadBefore(readers[-1].encoder, chain.from_iterable(texts))
    for reader, two in zip(readers, texts, strict=True):
        first, second = replace(reader, encoder=encoder).embed(two)
        yield first, second

"""Train the experts of ReGeS on a pretrained base: one adapter that searches, chooses and talks.

    python -m crsdemo train-reges --dialogues train_data.jsonl,train.tsv --likes ratings.csv

It goes on from the adapter of the generative recommender, which knows the format of conversations
and what people say. The query expert (sec. 2.3) learns the searches written for this project as
words; the item expert (sec. 2.4) learns to choose among what such a search finds, the right films
against the nearest wrong ones. Both are the same weights under different tokens, so that a
conversation is read once. Nothing else is trained here: map and ranker of the retriever come from
`tune-retriever` and `fit-retriever`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from crsdemo.core.config import flag, parse
from crsdemo.core.shipped import checkpoints_of
from crsdemo.core.text_files import write_whole
from crsdemo.items.encoder import TextEncoder
from crsdemo.items.item_vectors import load_item_vectors
from crsdemo.model.choice import ChoiceHead, catalog_vectors
from crsdemo.model.heads import head_width
from crsdemo.model.trainable import load_base
from crsdemo.recommenders.reges import CARD
from crsdemo.recommenders.retriever import Documents, QueryReader
from crsdemo.training.data import load_training_data
from crsdemo.training.lm.candidates import CandidateSampler
from crsdemo.training.lm.gcrs import (
    MIXTURE,
    GcrsConfig,
    adapted,
    sampler_of,
    save,
    talk_format,
    wishes_of,
)
from crsdemo.training.lm.loop import learn


@dataclass(frozen=True)
class RegesConfig(GcrsConfig):
    """Train the LoRA adapter and the choosing head of ReGeS on a pretrained base."""

    head: Path | None = flag(
        None,
        "folder of the choosing head, and of what names the adapter; by default checkpoints/reges "
        "beside the catalog",
    )
    retriever: Path | None = flag(
        None, "folder of the map that reads queries; by default where tune-retriever leaves it"
    )
    head_from: Path | None = flag(None, "folder of an earlier choosing head to go on from")

    @property
    def head_folder(self) -> Path:
        """Where the choosing head goes."""
        return self.head or checkpoints_of(self.catalog) / "reges"

    @property
    def reader_folder(self) -> Path:
        """Where the map is that reads queries."""
        return self.retriever or checkpoints_of(self.catalog) / "reges" / "retriever"

    @property
    def state_file(self) -> Path:
        return self.state or self.head_folder.with_name(f"{self.head_folder.name}.pt")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.into, self.head_folder, self.state_file)


def main(argv: list[str]) -> None:
    """Flags in, one call."""
    train_reges(parse(RegesConfig, argv, "crsdemo train-reges"))


def train_reges(config: RegesConfig) -> None:
    """Write the adapter to `out` and the head to `head`, every five minutes and at the end.

    The first is a generative recommender; the second becomes ReGeS with a retriever and a ranker.
    """
    torch.manual_seed(config.seed)
    base = load_base(config.base_model)  # first: refused before anything is waited for
    data = load_training_data(config)
    catalog = data.catalog
    talk = talk_format(config, catalog, base)
    width = head_width(base.model)
    model = adapted(config, talk, base)
    reader = QueryReader.load(config.reader_folder, TextEncoder(config.encoder))
    documents = Documents.of(catalog, reader, config.reader_folder)
    items = load_item_vectors(config.catalog, len(catalog)).numpy()
    vectors = catalog_vectors(catalog, documents.vectors, items)
    head = ChoiceHead(width, vectors)
    if config.head_from is not None:
        head = ChoiceHead.load(config.head_from, width, vectors).train()
    texts = [text for text, _ in wishes_of(config, data)]
    popularity = np.array([item.popularity for item in catalog], np.float64)
    sampler = sampler_of(config, data, talk, CandidateSampler(documents, texts, popularity))

    def save_all() -> None:
        save(config, model, talk)
        head.save(config.head_folder)
        named = json.dumps({"adapter": os.path.relpath(config.into, config.head_folder)})
        write_whole(config.head_folder / CARD, named + "\n")

    learn(config, model, sampler, MIXTURE, save_all, head)

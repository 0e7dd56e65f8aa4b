"""Stage 1: a vector and a semantic ID for every item of a catalog (GCRS, sec. 3.2).

    python -m crsdemo semantic-ids --dialogues train_data.jsonl --catalog mycatalog

The vector is what the quantizer divides and what the choosing head of ReGeS knows of an item: the
text encoder's view of its facts (and plot, where one is at hand), who is mentioned or liked
together with it, its genres and its era.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag
from crsdemo.items.arrays import Floats
from crsdemo.items.encoder import TextEncoder
from crsdemo.items.item_vectors import save_item_vectors
from crsdemo.items.quantize import resolve_collisions, rq_kmeans
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.recommenders.stories import keep_stories
from crsdemo.training.data import Sources, TrainingData, load_training_data

DECADES = np.arange(1930, 2030, 10)


@dataclass(frozen=True)
class SemanticIDConfig(Sources):
    """Make item vectors and semantic IDs for a catalog (GCRS, sec. 3.2)."""

    n_levels: int = flag(4, "codes per item")
    codebook_size: int = flag(64, "codes per level")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.catalog,)


@dataclass(frozen=True)
class VectorWeights:
    """How much each part of the item vector counts when items are divided."""

    theme: float = 1.0
    collaborative: float = 1.0
    genres: float = 0.8
    era: float = 0.3


def make_semantic_ids(config: SemanticIDConfig) -> None:
    """Write `item_vectors.safetensors`, `semantic_ids.json` and the stories beside the catalog."""
    data = load_training_data(config)
    vectors = item_vectors(data, seed=config.seed)
    quantized = rq_kmeans(vectors, config.n_levels, config.codebook_size, config.seed)
    codes = resolve_collisions(quantized, config.codebook_size)
    save_item_vectors(vectors, config.catalog)
    SemanticIDs.assign(data.catalog, codes, config.codebook_size).save(config.catalog)
    keep_stories(data.catalog, TextEncoder(), config.catalog)


def item_vectors(
    data: TrainingData, weights: VectorWeights = VectorWeights(), seed: int = 0
) -> Floats:
    """(n, d): theme, collaborative, genre and era parts side by side."""
    themes, genres = data.texts.themes, _genre_vectors(data.catalog)
    described = np.concatenate([themes, genres], axis=1)
    parts = (
        weights.theme * themes,
        weights.collaborative * data.affinity.collaborative_vectors(described, seed=seed),
        weights.genres * genres,
        weights.era * _era_vectors(data.catalog),
    )
    return np.concatenate(parts, axis=1).astype(np.float32)


def _genre_vectors(catalog: Catalog) -> Floats:
    """(n, n_genres): 1 over the root of the number of genres, for each genre of the item."""
    column = {genre: place for place, genre in enumerate(catalog.genres)}
    vectors = np.zeros((len(catalog), len(column)), np.float32)
    for row, item in enumerate(catalog):
        vectors[row, [column[genre] for genre in item.genres]] = 1
    unit: Floats = vectors / np.sqrt(np.maximum(vectors.sum(1, keepdims=True), 1))
    return unit


def _era_vectors(catalog: Catalog) -> Floats:
    """(n, n_decades): a bump of eight years' width at the item's year; 0 if it is unknown."""
    years = np.array([item.year or 0 for item in catalog], np.float32)
    return np.exp(-(((years[:, None] - DECADES) / 8) ** 2)).astype(np.float32)

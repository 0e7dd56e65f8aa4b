"""Stage 1: a vector and a semantic ID for every item of a catalog.

    python -m crsdemo semantic-ids --dialogues train_data.jsonl --likes ratings.csv

The vector is what the quantizer divides and what the choosing head of ReGeS knows of an item: the
text encoder's view of its facts (and plot, where one is at hand), who is mentioned or liked
together with it, its genres and its era.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crsdemo.core.catalog import Catalog
from crsdemo.items.encoder import TextEncoder, item_text, theme_text
from crsdemo.items.quantize import resolve_collisions, rq_kmeans
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.training.ranking.affinity import Affinity, Floats

DECADES = np.arange(1930, 2030, 10)


@dataclass(frozen=True)
class VectorWeights:
    """How much each part of the item vector counts when items are divided."""

    theme: float = 1.0
    collaborative: float = 1.0
    genres: float = 0.8
    era: float = 0.3


@dataclass(frozen=True)
class TextVectors:
    """Unit vectors of the text encoder, (n, d) each."""

    themes: Floats  # genres, keywords and plot: what an item is about
    facts: Floats  # all facts, with title and people


def text_vectors(
    catalog: Catalog, encoder: TextEncoder, plots: Mapping[str, str] | None = None
) -> TextVectors:
    """`plots`: item id -> plot; none may be given, then the facts must do."""
    plots = plots or {}
    themes = [theme_text(item, plots.get(item.id, "")) for item in catalog]
    facts = [item_text(item, plots.get(item.id, "")) for item in catalog]
    return TextVectors(encoder.embed(themes), encoder.embed(facts))


def item_vectors(
    catalog: Catalog,
    texts: TextVectors,
    affinity: Affinity,
    weights: VectorWeights = VectorWeights(),
    seed: int = 0,
) -> Floats:
    """(n, d): theme, collaborative, genre and era parts side by side."""
    collaborative = affinity.collaborative_vectors(
        np.concatenate([texts.themes, genre_vectors(catalog)], axis=1), seed=seed
    )
    parts = (
        weights.theme * texts.themes,
        weights.collaborative * collaborative,
        weights.genres * genre_vectors(catalog),
        weights.era * era_vectors(catalog),
    )
    return np.concatenate(parts, axis=1).astype(np.float32)


def assign_semantic_ids(
    catalog: Catalog, vectors: Floats, n_levels: int, codebook_size: int, seed: int
) -> SemanticIDs:
    quantized = rq_kmeans(vectors, n_levels, codebook_size, seed)
    codes = resolve_collisions(quantized, codebook_size)
    return SemanticIDs.assign(catalog, codes, codebook_size)


def genre_vectors(catalog: Catalog) -> Floats:
    """(n, n_genres): 1 over the root of the number of genres, for each genre of the item."""
    column = {genre: place for place, genre in enumerate(catalog.genres)}
    vectors = np.zeros((len(catalog), len(column)), np.float32)
    for row, item in enumerate(catalog):
        vectors[row, [column[genre] for genre in item.genres]] = 1
    return vectors / np.sqrt(np.maximum(vectors.sum(1, keepdims=True), 1))


def era_vectors(catalog: Catalog) -> Floats:
    """(n, n_decades): a bump of eight years' width at the item's year; 0 if it is unknown."""
    years = np.array([item.year or 0 for item in catalog], np.float32)
    return np.exp(-(((years[:, None] - DECADES) / 8) ** 2)).astype(np.float32)


def read_plots(path: Path) -> dict[str, str]:
    """Item id -> plot, from a JSONL with `id` and `plot`."""
    with path.open(encoding="utf-8") as lines:
        rows: Sequence[dict[str, str]] = [json.loads(line) for line in lines]
    return {row["id"]: row.get("plot") or "" for row in rows}

"""Whose story somebody tells: "the cartoon with the rat that can cook".

Half-remembered films are told, not named. A sentence about what happens lies near the one sentence
that the catalog has of the film, and far from those of all others; a wish for a genre lies near
none. So the nearness itself says how much it counts. A wish for a thing ("zombies", "films with
dogs") is no story, however near it lies to one: who tells one names several things.

Shapes: n items of the catalog, s of them with a story, d of the encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from crsdemo.core.catalog import Catalog
from crsdemo.items.arrays import Floats, Ints
from crsdemo.items.encoder import TextEncoder
from crsdemo.items.kept_vectors import embedded, keep
from crsdemo.language.things import things

FILE = "stories.safetensors"
SIGNAL = "the story that you tell"
NEAR = 0.42  # cosine from which a sentence tells a story: 5% of what seekers say on ReDial dev
WEIGHT = 40.0  # nats per unit of cosine beyond that
SEVERAL = 3  # things that a story has


class Stories:
    """One sentence per item as vectors. Immutable: share it between threads."""

    def __init__(self, encoder: TextEncoder, n_items: int, rows: Ints, vectors: Floats) -> None:
        """`rows`: (s,) of the catalog; `vectors`: (s, d) of unit length."""
        self.encoder = encoder
        self.n_items = n_items
        self.rows = rows
        self.vectors = vectors

    @classmethod
    def of(cls, catalog: Catalog, encoder: TextEncoder, folder: Path) -> Stories:
        """Vectors from the folder of the catalog, made anew where a story is.

        Raises CheckpointError if the file there is damaged or of another encoder.
        """
        rows = np.flatnonzero([bool(item.logline) for item in catalog])
        vectors = embedded(loglines(catalog), encoder, folder / FILE)
        return cls(encoder, len(catalog), rows, vectors)

    def scores(self, words: str) -> Floats:
        """(n,) what words say for each item, in nats; 0 where they do not tell its story."""
        scores = np.zeros(self.n_items, np.float32)
        if is_told(words):
            cosines = self.vectors @ self.encoder.embed([words])[0]
            scores[self.rows] = WEIGHT * np.maximum(cosines - NEAR, 0)
        return scores


def is_told(words: str) -> bool:
    """Whether they name as many things as a story has; one that is named twice counts once."""
    return len(things(words)) >= SEVERAL


def loglines(catalog: Catalog) -> Sequence[str]:
    """(s,) in catalog order, of the items that have one."""
    return [item.logline for item in catalog if item.logline]


def keep_stories(catalog: Catalog, encoder: TextEncoder, folder: Path) -> None:
    """Write the file that saves the reading of all stories at every start."""
    stories = loglines(catalog)
    keep(stories, embedded(stories, encoder, folder / FILE), folder / FILE)

"""Items that came after the files of a catalog were made: known at once, without training.

Whoever adds a line to `items.jsonl` and starts again has the item recommended (the continuous
update that ReGeS claims, Yang and Fang 2025). Items that the files know keep what they have, by
their id, whatever else comes, goes or moves; a new one is placed by what it is about.

Shapes: n items of the catalog, m cold items, f items of the files, d numbers per item vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy import sparse

from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import CatalogError
from crsdemo.items.arrays import Floats, Ints
from crsdemo.items.encoder import TextEncoder, item_text, theme_text
from crsdemo.items.index import ItemIndex, units
from crsdemo.items.item_vectors import load_item_vectors
from crsdemo.items.quantize import ids_beside, refitted
from crsdemo.items.semantic_ids import REMEDY, SemanticIDs
from crsdemo.recommenders.dialogue_regression import DialogueRegression
from crsdemo.recommenders.neighbours import Neighbours

N_NEAREST = 10  # items whose other columns a cold item takes the mean of


@dataclass(frozen=True)
class ItemFiles:
    """What the files of a catalog folder know of every item of `catalog`, cold items included.

    Each part is read when first asked for. Raises CatalogError if the files hold none of these
    items, and where a file is missing or damaged.
    """

    catalog: Catalog
    folder: Path
    made: SemanticIDs  # SemanticIDs.read(folder): what checkpoints were trained on
    encoder: TextEncoder | None = None  # of the item vectors; without one MiniLM reads cold items

    def __post_init__(self) -> None:
        if self.made.keys().isdisjoint(self.catalog.row):
            raise CatalogError(
                f"the semantic IDs in {self.folder} were made for another catalog: none of their "
                f"{len(self.made):,} items is among the {len(self.catalog):,} here; {REMEDY}"
            )

    @cached_property
    def rows(self) -> Ints:
        """(n,) where each item stands in the files; -1 for a cold item."""
        row = {item_id: row for row, item_id in enumerate(self.made)}
        return np.array([row.get(item.id, -1) for item in self.catalog])

    @cached_property
    def cold(self) -> Ints:
        """(m,) rows of the catalog."""
        return np.flatnonzero(self.rows < 0)

    @cached_property
    def unchanged(self) -> bool:
        """Whether the catalog has the items of the files in the same order."""
        return np.array_equal(self.rows, np.arange(len(self.made)))

    @cached_property
    def vectors(self) -> Floats:
        """(n, d): a cold item's text as the encoder sees it, else the mean of the nearest items."""
        if self.unchanged:
            return self._known
        vectors = self._known[self.rows]
        if self.cold.size:
            vectors[self.cold] = self._cold_vectors()
        return vectors

    @cached_property
    def semantic_ids(self) -> SemanticIDs:
        """All IDs. Those of items that are gone stay theirs: a code never changes its meaning."""
        codes = dict(self.made)
        if self.cold.size:
            vectors = self.vectors[self.cold]
            nearest = ItemIndex.build(units(self._known)).search(units(vectors), 1).rows[:, 0]
            known = refitted(self._known, np.array(list(codes.values())), self.made.codebook_size)
            ids = ids_beside(known, nearest, vectors)
            items = (self.catalog[row].id for row in self.cold)
            codes |= zip(items, ids, strict=True)
        return SemanticIDs(
            {item.id: codes[item.id] for item in self.catalog},
            self.made.n_levels,
            self.made.codebook_size,
            self.catalog.fingerprint,
        )

    @cached_property
    def neighbours(self) -> Neighbours:
        """Of a cold item nothing is known yet."""
        made = Neighbours.load(self.folder, len(self.made))
        if self.unchanged:
            return made
        n, known = len(self.catalog), np.flatnonzero(self.rows >= 0)
        shape = (n, len(self.made))
        moved = sparse.csr_matrix(
            (np.ones(len(known), np.float32), (known, self.rows[known])), shape
        )
        return Neighbours(
            (moved @ made.together @ moved.T).tocsr(), (moved @ made.liked @ moved.T).tocsr()
        )

    @cached_property
    def regression(self) -> DialogueRegression:
        """Of a cold item only the facts are known yet."""
        made = DialogueRegression.load(self.folder, len(self.made))
        made = made.for_genres(self.catalog.genres)
        if self.unchanged:
            return made
        texts = [item_text(self.catalog[row]) for row in self.cold]
        facts = (self.encoder or TextEncoder()).embed(texts) if texts else made.facts[:0]
        return made.moved(self.rows, facts)

    @cached_property
    def _known(self) -> Floats:
        """(f, d) in the order of the files."""
        return np.asarray(load_item_vectors(self.folder, len(self.made)).numpy(), np.float32)

    def _cold_vectors(self) -> Floats:
        """(m, d)"""
        encoder = self.encoder or TextEncoder()
        if encoder.dim > self._known.shape[1]:
            raise CatalogError(
                f"the item vectors in {self.folder} have {self._known.shape[1]} numbers, the "
                f"encoder {encoder.name} alone gives {encoder.dim}; {REMEDY} and this encoder"
            )
        texts = encoder.embed([theme_text(self.catalog[row]) for row in self.cold])
        themes, others = np.split(self._known, [encoder.dim], axis=1)
        nearest = ItemIndex.build(units(themes)).search(texts, N_NEAREST).rows
        scale = np.linalg.norm(themes, axis=1).mean()
        return np.concatenate([scale * texts, others[nearest].mean(axis=1)], axis=1)

"""What items have in common by their facts: people, a series, genres, and when they were made.

Shapes: n items of the catalog, p people, g genres.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from scipy import sparse

from crsdemo.core.catalog import Catalog
from crsdemo.items.arrays import Floats
from crsdemo.language.title_forms import series

SIGNALS = (
    "people in common with films you named",
    "of the same series as a film you named",
    "genres like those of the films you named",
    "as old as the films you named",
)
FADED = 0.85  # per film back in the dialogue
NO_AGE = -3.0  # of items whose year is unknown, in decades


class ItemSimilarity:
    """How near every item is to some that were named, by facts alone. Immutable."""

    def __init__(self, catalog: Catalog) -> None:
        self._people = _people(catalog)
        self._series = [series(item.title) for item in catalog]
        self._rows_of_series: dict[str, list[int]] = defaultdict(list)
        for row, name in enumerate(self._series):
            if name:
                self._rows_of_series[name].append(row)
        genres = genre_matrix(catalog)
        length = np.linalg.norm(genres, axis=1, keepdims=True)
        self._genres = genres / np.maximum(length, 1)
        self._years = np.array([item.year or np.nan for item in catalog], np.float32)

    def signals(self, rows: Sequence[int]) -> Floats:
        """(4, n) in the order of `SIGNALS`; `rows`: the items named, newest first."""
        found = np.zeros((len(SIGNALS), len(self._years)), np.float32)
        if not rows:
            return found
        weights = np.array([FADED**age for age in range(len(rows))], np.float32)
        named = list(rows)
        found[0] = self._people @ (weights @ self._people[named])
        found[0, named] = 0.0
        for weight, row in zip(weights[::-1], named[::-1], strict=True):
            found[1, self._rows_of_series.get(self._series[row], [])] = weight
        found[2] = self._genres @ (weights @ self._genres[named]) / weights.sum()
        found[3] = self._nearness_in_time(named, weights)
        return found

    def _nearness_in_time(self, rows: list[int], weights: Floats) -> Floats:
        """(n,) decades from the mean year of the items named, below zero."""
        years = self._years[rows]
        known = ~np.isnan(years)
        if not known.any():
            return np.zeros(len(self._years), np.float32)
        mean = np.average(years[known], weights=weights[known])
        decades: Floats = -np.abs(self._years - mean) / 10
        return np.nan_to_num(decades, nan=NO_AGE)


def genre_matrix(catalog: Catalog) -> Floats:
    """(n, g) 1 for a genre that an item has."""
    has = [[genre in item.genres for genre in catalog.genres] for item in catalog]
    return np.array(has, np.float32).reshape(len(catalog), -1)


def _people(catalog: Catalog) -> sparse.csr_matrix:
    """(n, p) the square root of how telling each person of an item is, in nats."""
    place: dict[str, int] = {}
    cells = [
        (row, place.setdefault(person, len(place)))
        for row, item in enumerate(catalog)
        for person in item.people
    ]
    rows, columns = np.array(cells, np.int64).reshape(-1, 2).T
    shape = (len(catalog), max(len(place), 1))
    has = sparse.csr_matrix((np.ones(len(cells), np.float32), (rows, columns)), shape=shape)
    telling = np.log(len(catalog) / np.maximum(has.sum(0).A1, 1))
    return sparse.csr_matrix(has @ sparse.diags(np.sqrt(telling)), dtype=np.float32)

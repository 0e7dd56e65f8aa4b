"""What the item expert of ReGeS learns to choose among: what a search brings, and what is right.

Hard negatives (ReGeS, sec. 2.4) are the films nearest to the search that are not right, as the
retriever will bring them at run time; an item expert that saw only random films would learn no
more than the retriever knows.

Shapes: n items of the catalog, k candidates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crsdemo.recommenders.retriever import CANDIDATES, Documents

Rows = NDArray[np.int64]
Weights = NDArray[np.floating[Any]]
MOST_RIGHT = CANDIDATES // 2  # right ones among the candidates, where very many are


class Target(NamedTuple):
    """A film that is recommended or spoken of, and what would be right in its place."""

    row: int  # the film whose ID is written
    rows: Rows
    weights: Weights  # of each of the rows
    right: Sequence[int]  # rows that are among the candidates in any case
    search: str | None = None  # what finds it
    near: Rows | None = None  # what was found, best first, where that is known

    @classmethod
    def only(cls, row: int, search: str | None = None) -> Target:
        return cls(row, np.array([row]), np.ones(1), [row], search)


class CandidateSampler:
    """Candidates for searches that were embedded beforehand."""

    def __init__(self, documents: Documents, texts: Iterable[str], popularity: Weights) -> None:
        """`texts`: all searches and wishes that come. `popularity`: (n,)"""
        each = list(dict.fromkeys(texts))
        found = documents.nearest(each, CANDIDATES).rows if each else np.zeros((0, 0), np.int64)
        self._near = dict(zip(each, found, strict=True))
        self._known = (popularity + 1) / (popularity + 1).sum()

    def draw(
        self, text: str, target: Target, rng: np.random.Generator
    ) -> tuple[Rows, NDArray[np.float64]]:
        """(k,) rows in random order and what each is right by, which sums to 1.

        A text that was not embedded is answered by well-known films.
        """
        right, near = target.right, target.near
        if len(right) > MOST_RIGHT:
            right = rng.permutation(right)[:MOST_RIGHT].tolist()
        if near is None:
            near = self._near.get(text)
        if near is None:
            n = min(CANDIDATES, len(self._known))
            near = rng.choice(len(self._known), n, replace=False, p=self._known)
        others = near[~np.isin(near, right)][: CANDIDATES - len(right)]
        drawn = rng.permutation(np.concatenate([np.array(right, np.int64), others]))
        wanted = np.zeros(len(self._known))
        np.add.at(wanted, target.rows, target.weights)
        return drawn, wanted[drawn] / wanted[drawn].sum()

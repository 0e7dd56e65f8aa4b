"""What the item expert of ReGeS learns to choose among: what a search brings, and what is right.

Hard negatives (ReGeS, sec. 2.4) are the films nearest to the search that are not right, as the
retriever will bring them at run time; an item expert that saw only random films would learn no
more than the retriever knows.

Shapes: n items of the catalog, k candidates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crsdemo.recommenders.retriever import CANDIDATES, Documents

Rows = NDArray[np.int64]
MOST_RIGHT = CANDIDATES // 2  # right ones among the candidates, where very many are


class CandidateSampler:
    """Candidates for searches that were embedded beforehand."""

    def __init__(
        self, documents: Documents, texts: Iterable[str], popularity: NDArray[np.floating[Any]]
    ) -> None:
        """`texts`: all searches and wishes that come. `popularity`: (n,)"""
        each = list(dict.fromkeys(texts))
        found = documents.nearest(each, CANDIDATES).rows if each else np.zeros((0, 0), np.int64)
        self._near = dict(zip(each, found, strict=True))
        self._known = (popularity + 1) / (popularity + 1).sum()

    def draw(
        self,
        text: str,
        rows: Rows,
        weights: NDArray[np.floating[Any]],
        right: Sequence[int],
        rng: np.random.Generator,
        near: Rows | None = None,
    ) -> tuple[Rows, NDArray[np.float64]]:
        """(k,) rows in random order and what each is right by, which sums to 1.

        `rows` and their `weights` are what would be right; those at `right` are among the
        candidates in any case. `near`: what was found, best first, where that is known; a text
        that was not embedded is answered by well-known films.
        """
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
        np.add.at(wanted, rows, weights)
        return drawn, wanted[drawn] / wanted[drawn].sum()

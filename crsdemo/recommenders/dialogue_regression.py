"""What training talks led to, which genres wishes mean, and which words are a wish.

A linear map from a talk, as the encoder and the item vectors see it, to the items that were
recommended next: ridge regression, kept at a low rank. With few training talks it remembers more
than a small language model does, and it is made in seconds.

Shapes: n items of the catalog, q numbers per talk, r of the rank, d of the encoder, g genres.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.utils.extmath import randomized_svd

from crsdemo.core.errors import CatalogError
from crsdemo.core.text_files import written_whole
from crsdemo.items.arrays import Floats, Ints

FILE = "memory.safetensors"
NEVER = -9.0  # log-odds of a genre that no words mean
REMEDY = "make it with `python -m crsdemo fit-prior`"


@dataclass(frozen=True)
class DialogueRegression:
    """In catalog order."""

    recommended: Floats  # (n,) times in training talks
    facts: Floats  # (n, d) unit vectors of the facts as the encoder reads them
    into: Floats  # (q, r)
    out_of: Floats  # (r, n)
    meaning: Floats  # (d + 1, g) from words to the log-odds of the genres they mean; a bias at last
    asking: Floats  # (d + 1,) from words to the log-odds that they ask for something afresh
    genres: tuple[str, ...]  # (g,) the columns of `meaning`

    def after(self, talk: Floats) -> Floats:
        """(n,) how much items were recommended after talks like this one (q,)."""
        return np.asarray(talk @ self.into @ self.out_of, np.float32)

    def meant(self, words: Floats) -> Floats:
        """(g,) how probable it is that words, as the encoder sees them (d,), mean each genre."""
        return _probabilities(words, self.meaning)

    def asked(self, words: Floats) -> Floats:
        """(m,) how probable it is that each of (m, d) words asks afresh, whatever came before."""
        return _probabilities(words, self.asking)

    @classmethod
    def of(
        cls,
        talks: Floats,
        recommended: sparse.csr_matrix,
        facts: Floats,
        meaning: Floats,
        asking: Floats,
        genres: tuple[str, ...],
        share: float = 1.0,
        strength: float = 40.0,
        rank: int = 256,
        seed: int = 0,
    ) -> DialogueRegression:
        """From training turns: `talks` (t, q), what was recommended next (t, n).

        `share` of all training turns that these are: counts are brought to the size of all.
        """
        ridge = Ridge(strength, fit_intercept=False).fit(talks, recommended.toarray())
        whole = np.asarray(ridge.coef_, np.float32).T  # (q, n)
        # the directions in which predictions differ most, not those of the weights
        _, _, out_of = randomized_svd(talks @ whole, min(rank, *talks.shape), random_state=seed)
        counts = np.asarray(recommended.sum(0), np.float32).ravel() / np.float32(share)
        out_of = out_of.astype(np.float32)
        return cls(counts, facts, whole @ out_of.T, out_of, meaning, asking, genres)

    def moved(self, rows: Ints, facts: Floats) -> DialogueRegression:
        """For other items: (m,) where each of them stands here, -1 for a cold item.

        `facts`: (cold items, d). Of a cold item nothing is remembered.
        """
        known = rows >= 0
        here = np.where(known, rows, 0)
        own = self.facts[here]
        own[~known] = facts
        out_of = self.out_of[:, here] * known
        recommended = self.recommended[here] * known
        return replace(self, recommended=recommended, facts=own, out_of=out_of)

    def for_genres(self, genres: tuple[str, ...]) -> DialogueRegression:
        """The same that knows other genres: no words mean one that was not there before."""
        if genres == self.genres:
            return self
        meaning = np.zeros((len(self.meaning), len(genres)), np.float32)
        meaning[-1] = NEVER
        for place, genre in enumerate(genres):
            if genre in self.genres:
                meaning[:, place] = self.meaning[:, self.genres.index(genre)]
        return replace(self, meaning=meaning, genres=genres)

    def save(self, folder: Path) -> None:
        """Half precision."""
        arrays = {name: part for name, part in vars(self).items() if name != "genres"}
        parts = {name: np.ascontiguousarray(part, np.float16) for name, part in arrays.items()}
        with written_whole(folder / FILE) as part:
            save_file(parts, part, metadata={"genres": json.dumps(self.genres)})

    @classmethod
    def load(cls, folder: Path, n_items: int) -> DialogueRegression:
        """In the order of the files. Raises CatalogError if it is missing, damaged or foreign."""
        path = folder / FILE
        try:
            parts = {name: part.astype(np.float32) for name, part in load_file(path).items()}
            with safe_open(path, "numpy") as file:
                genres = tuple(json.loads(file.metadata()["genres"]))
            regression = cls(**parts, genres=genres)
        except (OSError, TypeError, ValueError, KeyError, SafetensorError) as error:
            raise CatalogError(f"no usable {path} ({error}); {REMEDY}") from error
        found = len(regression.recommended), len(regression.facts), regression.out_of.shape[1]
        if regression.meaning.shape[-1] != len(genres):
            raise CatalogError(f"{path} does not say which genres its columns mean; {REMEDY}")
        if set(found) != {n_items}:
            raise CatalogError(
                f"{path} remembers {found[0]:,} items, the files have {n_items:,}; {REMEDY}"
            )
        return regression


def _probabilities(words: Floats, weights: Floats) -> Floats:
    """Logistic regression; the last row of `weights` is the bias."""
    return np.asarray(1 / (1 + np.exp(-(words @ weights[:-1] + weights[-1]))), np.float32)

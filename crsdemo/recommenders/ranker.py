"""From signals to one order: a weighted sum, corrected among the best by boosted trees.

The sum says what each signal is worth; the trees, what the signals mean together (a genre that was
named counts more before any film was). Fitted on training turns and wishes.

Shapes: n items of the catalog, S signals.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import CatalogError
from crsdemo.core.text_files import written_whole
from crsdemo.items.arrays import Bools, Floats, Ints
from crsdemo.recommenders.trees import Trees

FILE = "ranker.safetensors"
POOL = 300  # items, the best by the sum, among which the trees decide
TOGETHER = "how all this goes together"


@dataclass(frozen=True)
class Ranker:
    """Weights of named signals and, perhaps, trees over them."""

    names: tuple[str, ...]  # (S,)
    weights: Floats  # (S,)
    trees: Trees | None = None

    def parts(self, signals: Floats, dialogue: Dialogue, hidden: Bools) -> Floats:
        """(S, n) or, with trees, (S + 1, n): what each signal adds to the log-score of each item.

        `signals`: (S, n); `hidden`: (n,) items that are not to compete.
        """
        parts = self.weights[:, None] * signals
        if self.trees is None:
            return parts
        total = parts.sum(0)
        pool = best(np.where(hidden, -np.inf, total), POOL)
        rows = features(signals[:, pool], total[pool], dialogue)
        added = self.trees.scores(rows)
        together = np.full(len(total), added.min(initial=0.0), np.float32)
        together[pool] = added
        return np.concatenate([parts, together[None]]).astype(np.float32)

    @property
    def part_names(self) -> tuple[str, ...]:
        """Of the rows of `parts`."""
        return self.names if self.trees is None else (*self.names, TOGETHER)

    def save(self, path: Path) -> None:
        arrays = {"weights": self.weights.astype(np.float32)}
        if self.trees is not None:
            arrays |= self.trees.arrays()
        with written_whole(path) as part:
            save_file(arrays, part, metadata={"signals": json.dumps(self.names)})

    @classmethod
    def load(cls, path: Path, names: tuple[str, ...]) -> Ranker:
        """Raises CatalogError if it is missing, damaged or of other signals than `names`."""
        remedy = "fit it with `python -m crsdemo fit-prior`"
        try:
            kept = load_file(path)
            with safe_open(path, "numpy") as file:
                found = tuple(json.loads(file.metadata()["signals"]))
            ranker = cls(
                found, kept["weights"], Trees.from_arrays(kept) if "roots" in kept else None
            )
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise CatalogError(f"no usable {path} ({error!r}); {remedy}") from error
        if ranker.names != names:
            raise CatalogError(f"{path} weighs other signals ({', '.join(found)}); {remedy}")
        return ranker


def features(signals: Floats, total: Floats, dialogue: Dialogue) -> Floats:
    """What the trees see of some items of one dialogue, best first: (m, S + 3).

    `signals`: (S, m); `total`: (m,) their sum, seen against the best.
    """
    said = np.array([len(dialogue.mentioned), len(dialogue.turns)], np.float32)
    about = np.broadcast_to(said, (len(total), 2))
    return np.concatenate([signals.T, (total - total[:1])[:, None], about], 1).astype(np.float32)


def best(scores: Floats, k: int) -> Ints:
    """Rows of the `k` highest finite scores, best first."""
    k = min(k, int(np.isfinite(scores).sum()))
    rows = np.argpartition(-scores, max(k - 1, 0))[:k]
    return rows[np.argsort(-scores[rows], kind="stable")]

"""Fit the ranker: a weighted sum of signals, and boosted trees that correct it.

scikit-learn's boosting knows no loss over lists, but its trees can be grown one at a time: each
follows the gradient of a softmax over the items of a list, some of them right.

Shapes: n items of the catalog, S signals; m rows of all lists, F features, L lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble._hist_gradient_boosting.binning import _BinMapper
from sklearn.ensemble._hist_gradient_boosting.grower import TreeGrower
from tqdm import tqdm

from crsdemo.core.config import flag
from crsdemo.core.dialogue import Dialogue
from crsdemo.recommenders.ranker import POOL, Ranker, best, features
from crsdemo.recommenders.trees import Trees

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
BAGS = 2  # models whose mean the trees are
AGAINST = 100  # items of the pool that stand against the right ones
RIGHT = 15  # right items of a case at most
BINS, LEAVES = 256, 8
LEAST = 200  # rows of a leaf
RATE = 0.1
SHARE = 0.5  # of the features, drawn anew for each split
L2 = 1.0
YEARS = "the years you named"
GENRES = ("a genre your words mean", "a genre you named")


@dataclass(frozen=True)
class RankerFlags:
    """How the ranker is fitted."""

    steps: int = flag(800, "of the regression")
    trees: int = flag(300, "boosted trees of each of two models; 0 for the sum alone")
    years: float = flag(6.0, "least weight of years; dialogues seldom name any, visitors do")
    genres: float = flag(0.0, "least weight of genres named or meant, for the same reason")


@dataclass(frozen=True)
class Case:
    """Signals of one dialogue and what was right."""

    dialogue: Dialogue
    signals: NDArray[np.float16]  # (S, n)
    seen: list[int]
    rows: list[int]
    weights: list[float]

    @property
    def full(self) -> Floats:
        return self.signals.astype(np.float32)


def fit(cases: Sequence[Case], names: tuple[str, ...], flags: RankerFlags, seed: int) -> Ranker:
    """The sum, then, unless the flags want no trees, what corrects it."""
    weights = _regression(cases, flags.steps, seed)
    for name, least in ((YEARS, flags.years), *((name, flags.genres) for name in GENRES)):
        place = names.index(name)
        weights[place] = max(weights[place], least)
    ranker = Ranker(names, weights)
    if not flags.trees:
        return ranker
    return Ranker(names, weights, _boosted(cases, ranker, flags.trees, seed))


def print_weights(ranker: Ranker) -> None:
    """One signal a line."""
    for name, weight in zip(ranker.names, ranker.weights, strict=True):
        print(f"{weight:8.2f}  {name}")


def _regression(cases: Sequence[Case], steps: int, seed: int, batch: int = 32) -> Floats:
    """(S,) softmax regression by Adam; signals are scaled to their largest mean while fitting."""
    scale = np.mean([np.abs(case.full).max(1) for case in cases], 0) + 1e-3
    unit = torch.tensor(scale)[:, None]
    weights = torch.zeros(len(scale), requires_grad=True)
    optimizer = torch.optim.Adam([weights], 0.05)
    rng = np.random.default_rng(seed)
    for _ in tqdm(range(steps), desc="fitting"):
        loss = torch.zeros(())
        for i in rng.integers(len(cases), size=batch):
            case = cases[i]
            scores = weights @ (torch.tensor(case.full) / unit)
            hidden = torch.zeros(len(scores), dtype=torch.bool)
            hidden[case.seen] = True
            log_p = scores.masked_fill(hidden, -torch.inf).log_softmax(0)[case.rows]
            loss = loss - (log_p.clamp(min=-30) * torch.tensor(case.weights)).sum() / batch
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.asarray(weights.detach().numpy() / scale, np.float32)


def _boosted(cases: Sequence[Case], ranker: Ranker, n_trees: int, seed: int) -> Trees:
    """The right items of each case against some of the best by the sum that are not right."""
    rng = np.random.default_rng(seed)
    drawn = [_against(case, ranker, rng) for case in tqdm(cases, desc="drawing")]
    rows, right = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    starts = np.cumsum([0, *(len(part) for part, _ in drawn[:-1])])
    lists = Lists(rows, right, starts)
    bags = tqdm(range(BAGS), desc="growing trees")
    return Trees.of([grown(lists, n_trees, seed=seed + bag) for bag in bags])


def _against(case: Case, ranker: Ranker, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Right items (first) and others: features (m, S + 3), what each is right by (m,)."""
    signals = case.full
    total = ranker.weights @ signals
    hidden = total.copy()
    hidden[case.seen] = -np.inf
    pool = best(hidden, POOL)
    p = np.array(case.weights) / sum(case.weights)
    right = rng.choice(case.rows, min(RIGHT, int(np.count_nonzero(p))), replace=False, p=p)
    wrong = pool[~np.isin(pool, case.rows)]
    chosen = np.concatenate([right, rng.permutation(wrong)[:AGAINST]])
    seen = features(signals[:, [pool[0], *chosen]], total[[pool[0], *chosen]], case.dialogue)
    by = np.zeros(len(chosen), np.float32)
    by[: len(right)] = 1 / len(right)
    return seen[1:], by


@dataclass(frozen=True)
class Lists:
    """Items to be ordered, one list after the other."""

    rows: Floats  # (m, F)
    right: Floats  # (m,) 0 of a wrong item; those of a list sum to its weight
    starts: Ints  # (L,) first row of each list

    @property
    def sizes(self) -> Ints:
        """(L,)"""
        return np.diff(self.starts, append=len(self.rows))


def grown(lists: Lists, n_trees: int, seed: int) -> list[Any]:
    """The nodes of each tree as scikit-learn keeps them."""
    mapper = _BinMapper(n_bins=BINS, random_state=seed, n_threads=1)
    binned = np.asfortranarray(mapper.fit_transform(lists.rows.astype(np.float64)))
    rng = np.random.default_rng(seed)
    scores = np.zeros(len(lists.rows))
    weight = np.repeat(np.add.reduceat(lists.right, lists.starts), lists.sizes)
    trees = []
    for _ in range(n_trees):
        p = _softmax(scores, lists)
        grower = TreeGrower(
            binned,
            (weight * p - lists.right).astype(np.float32),
            (weight * p * (1 - p)).astype(np.float32),
            max_leaf_nodes=LEAVES,
            min_samples_leaf=LEAST,
            l2_regularization=L2,
            feature_fraction_per_split=SHARE,
            n_bins=BINS,
            n_bins_non_missing=mapper.n_bins_non_missing_,
            rng=rng,
            shrinkage=RATE,
            n_threads=1,
        )
        grower.grow()
        for leaf in grower.finalized_leaves:
            scores[leaf.sample_indices] += leaf.value
        trees.append(grower.make_predictor(mapper.bin_thresholds_).nodes)
    return trees


def _softmax(scores: Doubles, lists: Lists) -> Doubles:
    """(m,) over each list."""
    largest = np.maximum.reduceat(scores, lists.starts)
    raised = np.exp(scores - np.repeat(largest, lists.sizes))
    total = np.add.reduceat(raised, lists.starts)
    return np.asarray(raised / np.repeat(total, lists.sizes))

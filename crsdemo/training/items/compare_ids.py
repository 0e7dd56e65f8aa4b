"""Ways to make semantic IDs, compared without training a generator for each.

    python -m crsdemo compare-ids --dialogues train_data.jsonl,... --dev dev_data.jsonl ...

A generator that had learned the teacher perfectly would still lose what the shape of the trie
costs: a beam prunes by the mass of prefixes, and a prefix of unrelated items says little. So the
teacher itself is decoded over each trie. `surprise` is how uncertain the first code is, on average,
after a wish and after a dev turn: what can be said in words should be said first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag
from crsdemo.items.arrays import Floats, Ints
from crsdemo.items.quantize import Quantized, resolve_collisions, rq_kmeans
from crsdemo.items.rq_vae import rq_vae
from crsdemo.language.corpus import load_aliases, load_all
from crsdemo.training.data import Sources, TrainingData, load_training_data
from crsdemo.training.items.semantic_ids import VectorWeights, item_vectors
from crsdemo.training.ranking.affinity import Teacher
from crsdemo.training.turns import recommending_turns
from crsdemo.training.written.data import WrittenWish, read
from crsdemo.training.written.made_wishes import WishMaker


@dataclass(frozen=True)
class CompareConfig(Sources):
    """Compare ways to make semantic IDs."""

    dev: str = flag("", "dev dialogues, comma-separated")
    epochs: int = flag(400, "of the RQ-VAE")
    width: int = flag(50, "of the beam")


@dataclass(frozen=True)
class Variant:
    """One way to make semantic IDs."""

    name: str
    weights: VectorWeights = VectorWeights()
    n_levels: int = 4
    codebook_size: int = 64
    balanced: bool = False
    learned: bool = False  # RQ-VAE instead of RQ-KMeans


TEXT = VectorWeights(1.0, 0.0, 0.0, 0.0)
VARIANTS = (
    Variant("RQ-VAE, text (the paper)", TEXT, learned=True),
    Variant("RQ-KMeans, text", TEXT),
    Variant("RQ-KMeans, text + liked together", VectorWeights(1.0, 1.0, 0.0, 0.0)),
    Variant("RQ-KMeans, text + liked together + genres + era (kept)"),
    Variant("the same, RQ-VAE", learned=True),
    Variant("the same, balanced", balanced=True),
    Variant("the same, 3 levels", n_levels=3),
    Variant("the same, 4 x 32", codebook_size=32),
    Variant("the same, 4 x 128", codebook_size=128),
)


@dataclass(frozen=True)
class Case:
    """A distribution over the catalog and, on dev turns, what was recommended."""

    scores: Floats  # (n,) log-scores
    gold: tuple[int, ...] = ()


def compare(config: CompareConfig) -> None:
    """Print the table."""
    data = load_training_data(config)
    turns, wishes = _turns(config, data), _wishes(config, data.catalog)
    print(f"{len(turns)} dev turns, {len(wishes)} wishes, beam {config.width}\n")
    print("| semantic IDs | collisions | R@10 | R@50 | surprise, dev | surprise, wish |")
    print("|---|---|---|---|---|---|")
    exact = [np.argsort(-case.scores)[: config.width] for case in turns]
    print(f"| the teacher's own ranking | - | {_recalls(turns, exact)} | - | - |")
    for variant in VARIANTS:
        print(_row(variant, data, turns, wishes, config), flush=True)


def _turns(config: CompareConfig, data: TrainingData) -> list[Case]:
    """Dev turns that recommend something new."""
    teacher = Teacher(data.affinity, data.texts.themes, data.texts.facts)
    dialogues = load_all(config.dev, data.catalog, load_aliases(config.catalog))
    turns = recommending_turns(dialogues, data.catalog)
    return [Case(teacher.scores(turn.seen), tuple(turn.gold)) for turn in turns]


def _wishes(config: CompareConfig, catalog: Catalog, n: int = 500) -> list[Case]:
    cases = []
    for wish in WishMaker(catalog, read(WrittenWish), config.seed).draw(n):
        scores = np.full(len(catalog), -np.inf, np.float32)
        for item_id, weight in wish.targets.items():
            scores[catalog.row[item_id]] = np.log(weight)
        cases.append(Case(scores))
    return cases


def _row(
    variant: Variant,
    data: TrainingData,
    turns: Sequence[Case],
    wishes: Sequence[Case],
    config: CompareConfig,
) -> str:
    quantized = _quantize(variant, data, config)
    lost = len(quantized.codes) - len(np.unique(quantized.codes, axis=0))
    codes = np.array(resolve_collisions(quantized, variant.codebook_size), np.int64)
    found = [beam(case.scores, codes, config.width) for case in tqdm(turns, leave=False)]
    said = [np.mean([surprise(case.scores, codes) for case in cases]) for cases in (turns, wishes)]
    return f"| {variant.name} | {lost} | {_recalls(turns, found)} | {said[0]:.2f} | {said[1]:.2f} |"


def _quantize(variant: Variant, data: TrainingData, config: CompareConfig) -> Quantized:
    vectors = item_vectors(data, variant.weights, config.seed)
    shape = variant.n_levels, variant.codebook_size
    if variant.learned:
        return rq_vae(vectors, *shape, config.seed, epochs=config.epochs)
    return rq_kmeans(vectors, *shape, config.seed, variant.balanced)


def beam(scores: Floats, codes: Ints, width: int) -> Ints:
    """Rows found by a beam that knows the true mass of every prefix, best first."""
    mass = np.exp(scores - scores.max()).astype(np.float64)
    alive = np.arange(len(codes))
    for level in range(1, codes.shape[1]):
        prefixes, inverse = np.unique(codes[alive, :level], axis=0, return_inverse=True)
        total = np.bincount(inverse.ravel(), mass[alive], len(prefixes))
        kept = np.zeros(len(prefixes), np.bool_)
        kept[np.argsort(-total)[:width]] = True
        alive = alive[kept[inverse.ravel()]]
    return alive[np.argsort(-mass[alive])[:width]]


def surprise(scores: Floats, codes: Ints) -> float:
    """Entropy of the first code, in nats."""
    mass = np.exp(scores - scores.max())
    share = np.bincount(codes[:, 0], mass)
    share = share[share > 0] / share.sum()
    return float(-(share * np.log(share)).sum())


def _recalls(turns: Sequence[Case], found: Sequence[Ints]) -> str:
    """Recall at 10 and 50 of the new targets, in percent."""
    hits = [
        [gold in rows[:k] for case, rows in zip(turns, found, strict=True) for gold in case.gold]
        for k in (10, 50)
    ]
    return " | ".join(f"{100 * np.mean(hit):.1f}" for hit in hits)

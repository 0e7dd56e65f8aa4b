"""Fit the weights of the prior: softmax regression on training turns and synthetic wishes.

python -m crsdemo fit-prior --dialogues train_data.jsonl,train.tsv --likes ratings.csv
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from crsdemo.config import flag
from crsdemo.encoder import TextEncoder
from crsdemo.listener import load_item_vectors
from crsdemo.mentions import PeopleLinker
from crsdemo.prior import SIGNALS, ItemPrior, Neighbours, PriorWeights
from crsdemo.train.affinity import Affinity, Teacher
from crsdemo.train.material import mentioned_rows, neighbours
from crsdemo.train.stages import Ground, Sources, lay_ground
from crsdemo.train.synthetic import Writer

KEPT_PER_ITEM = 80  # of the items liked by the same people


@dataclass(frozen=True)
class PriorConfig(Sources):
    """Fit the weights of the prior."""

    turns: int = flag(700, "training turns")
    wishes: int = flag(700, "synthetic wishes")
    steps: int = flag(800, "of the regression")
    years: float = flag(6.0, "least weight of years; dialogues seldom name any, visitors do")
    out: Path = flag(Path("catalog/prior.json"), "where the weights go")


@dataclass(frozen=True)
class Case:
    """Signals of one dialogue and what was right."""

    signals: NDArray[np.float16]  # (S, n)
    seen: list[int]
    rows: list[int]
    weights: list[float]


def fit_prior(config: PriorConfig) -> None:
    """Write the neighbours beside the catalog and the weights to `out`."""
    ground = lay_ground(config)
    pruned(ground.affinity).save(config.catalog)
    encoder = TextEncoder(config.encoder)
    themes = load_item_vectors(config.catalog, ground.catalog)[:, : encoder.dim]
    prior = ItemPrior(
        ground.catalog,
        torch.nn.functional.normalize(themes, dim=1).numpy(),
        Neighbours.load(config.catalog, ground.catalog),
        encoder,
        PeopleLinker(ground.catalog),
    )
    rng = np.random.default_rng(config.seed)
    cases = list(tqdm(_turns(ground, prior, config.turns, rng), total=config.turns))
    cases += tqdm(_wishes(ground, prior, config), total=config.wishes)
    weights = fit(cases, config.steps, config.seed).firmer("the years you named", config.years)
    weights.save(config.out)
    for name, value in zip(SIGNALS, weights.values, strict=True):
        print(f"{value:8.2f}  {name}")


def pruned(affinity: Affinity) -> Neighbours:
    """The strongest neighbours of each item."""
    liked = affinity.liked_together.tolil()
    for row in range(liked.shape[0]):
        values = np.array(liked.data[row])
        if len(values) > KEPT_PER_ITEM:
            kept = np.sort(np.argsort(-values)[:KEPT_PER_ITEM])
            liked.data[row] = values[kept].tolist()
            liked.rows[row] = [liked.rows[row][i] for i in kept]
    return Neighbours(affinity.together, liked.tocsr())


def _turns(ground: Ground, prior: ItemPrior, n: int, rng: np.random.Generator) -> Iterator[Case]:
    row = ground.catalog.row
    for place in rng.permutation(len(ground.dialogues)):
        turns = ground.dialogues[place].dialogue
        own = [row[i] for i in turns.mentioned if i in row]
        for position, turn in enumerate(turns.turns):
            history = turns.before(position)
            seen = mentioned_rows(history.turns, ground.catalog)
            gold = [row[i] for i in turn.item_ids if i in row and row[i] not in seen]
            if turn.speaker == "assistant" and position and gold and n > 0:
                n -= 1
                signals = prior.signals(history, own).astype(np.float16)
                yield Case(signals, seen, gold, [1 / len(gold)] * len(gold))


def _wishes(ground: Ground, prior: ItemPrior, config: PriorConfig) -> Iterator[Case]:
    teacher = Teacher(ground.affinity, ground.texts.themes, ground.texts.facts)
    writer = Writer(ground.catalog, neighbours(ground.catalog, teacher), config.seed)
    row = ground.catalog.row
    for _ in range(config.wishes):
        wish = writer.wish()
        seen = mentioned_rows(wish.dialogue.turns, ground.catalog)
        signals = prior.signals(wish.dialogue).astype(np.float16)
        yield Case(signals, seen, [row[i] for i in wish.targets], list(wish.targets.values()))


def fit(cases: list[Case], steps: int, seed: int, batch: int = 32) -> PriorWeights:
    """Softmax regression by Adam; signals are scaled to their largest mean while fitting."""
    scale = np.mean([np.abs(c.signals.astype(np.float32)).max(1) for c in cases], 0) + 1e-3
    unit = torch.tensor(scale)[:, None]
    weights = torch.zeros(len(SIGNALS), requires_grad=True)
    optimizer = torch.optim.Adam([weights], 0.05)
    rng = np.random.default_rng(seed)
    for _ in tqdm(range(steps), desc="fitting"):
        loss = torch.zeros(())
        for i in rng.integers(len(cases), size=batch):
            case = cases[i]
            scores = weights @ (torch.tensor(case.signals.astype(np.float32)) / unit)
            hidden = torch.zeros(len(scores), dtype=torch.bool)
            hidden[case.seen] = True
            log_p = scores.masked_fill(hidden, -torch.inf).log_softmax(0)[case.rows]
            loss = loss - (log_p.clamp(min=-30) * torch.tensor(case.weights)).sum() / batch
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return PriorWeights(tuple((weights.detach().numpy() / scale).tolist()))

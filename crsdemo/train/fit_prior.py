"""Fit what is known of items beside the model: the memory of training talks, and the ranker.

python -m crsdemo fit-prior --dialogues train_data.jsonl,train.tsv --likes ratings.csv

The weights of the signals come from a softmax regression, the trees from scikit-learn's histogram
boosting. What a signal says of a training turn never comes from the dialogue of that turn: its
own counts are taken back, and the memory is made of the other folds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier
from tqdm import tqdm

from crsdemo.config import flag
from crsdemo.dialogue import Dialogue
from crsdemo.encoder import TextEncoder
from crsdemo.listener import load_item_vectors
from crsdemo.memory import Memory
from crsdemo.mentions import PeopleLinker
from crsdemo.prior import SIGNALS, ItemPrior, Neighbours
from crsdemo.ranker import FILE, POOL, Ranker, best, features
from crsdemo.train.affinity import Affinity, Teacher
from crsdemo.train.example import Example
from crsdemo.train.material import mentioned_rows, neighbours
from crsdemo.train.stages import Ground, Sources, lay_ground
from crsdemo.train.synthetic import Writer
from crsdemo.trees import Trees

Floats = NDArray[np.float32]
Extra = Callable[[Dialogue], Floats]  # more signals of a dialogue, (some, n)
KEPT_PER_ITEM = 80  # of the items liked by the same people
FOLDS = 4
AGAINST = 100  # items of the pool that stand against a right one
YEARS = "the years you named"


@dataclass(frozen=True)
class PriorConfig(Sources):
    """Fit the memory and the ranker."""

    turns: int = flag(6000, "training turns at most")
    wishes: int = flag(1500, "synthetic wishes")
    steps: int = flag(800, "of the regression")
    trees: int = flag(200, "boosted trees of each of three models; 0 for the sum alone")
    years: float = flag(6.0, "least weight of years; dialogues seldom name any, visitors do")
    out: Path = flag(Path("catalog"), "folder for memory, neighbours and ranker")


@dataclass(frozen=True)
class TrainingTurn:
    """A turn of a training dialogue that recommends something new; rows of the catalog."""

    fold: int
    history: Dialogue
    seen: list[int]  # mentioned before, newest first
    gold: list[int]
    own: list[int]  # all that this dialogue mentions


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


def fit_prior(config: PriorConfig) -> None:
    """Write neighbours, memory and ranker to `out`."""
    ground = lay_ground(config)
    pruned(ground.affinity).save(config.out)
    turns = list(islice(training_turns(ground, config.seed), config.turns))
    prior = blank_prior(config, ground)
    prior.encoder = ReadBefore(prior, [turn.history for turn in turns])
    talks = np.stack([prior.remembered(t.history) for t in tqdm(turns, desc="reading talks")])
    memory_of(turns, talks, prior.memory.facts, config.seed).save(config.out)
    cases = gather(config, prior, turns, talks, wishes(ground, config))
    ranker = fit(cases, SIGNALS, config.steps, config.trees, config.seed, config.years)
    ranker.save(config.out / FILE)
    for name, weight in zip(ranker.names, ranker.weights, strict=True):
        print(f"{weight:8.2f}  {name}")


def blank_prior(config: Sources, ground: Ground) -> ItemPrior:
    """The prior of a catalog that remembers no talks yet."""
    encoder = TextEncoder(config.encoder)
    n = len(ground.catalog)
    facts = ground.texts.facts
    memory = Memory(
        np.zeros(n, np.float32), facts, np.zeros((0, 0), np.float32), np.zeros((0, n), np.float32)
    )
    return ItemPrior(
        ground.catalog,
        load_item_vectors(config.catalog, ground.catalog).numpy(),
        pruned(ground.affinity),
        memory,
        encoder,
        PeopleLinker(ground.catalog),
    )


class ReadBefore(TextEncoder):
    """An encoder that has read the texts of many dialogues in batches, which is far quicker."""

    def __init__(self, prior: ItemPrior, dialogues: Sequence[Dialogue]) -> None:
        self._encoder = prior.encoder
        self.dim = self._encoder.dim
        texts = dict.fromkeys(t or " " for dialogue in dialogues for t in prior.texts(dialogue))
        self._known = dict(zip(texts, self._encoder.embed(list(texts)), strict=True))

    def embed(self, texts: Sequence[str], batch_size: int = 64) -> Floats:
        if all(text in self._known for text in texts):
            return np.stack([self._known[text] for text in texts])
        return self._encoder.embed(texts, batch_size)


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


def training_turns(ground: Ground, seed: int) -> Iterator[TrainingTurn]:
    """In random order; all turns of a dialogue are in one fold."""
    row, rng = ground.catalog.row, np.random.default_rng(seed)
    for number, place in enumerate(rng.permutation(len(ground.dialogues))):
        turns = ground.dialogues[place].dialogue
        own = [row[i] for i in turns.mentioned if i in row]
        for position, turn in enumerate(turns.turns):
            history = turns.before(position)
            seen = mentioned_rows(history.turns, ground.catalog)
            gold = [row[i] for i in turn.item_ids if i in row and row[i] not in seen]
            if turn.speaker == "assistant" and position and gold:
                yield TrainingTurn(number % FOLDS, history, seen, gold, own)


def memory_of(
    turns: Sequence[TrainingTurn], talks: Floats, facts: Floats, seed: int, without: int = -1
) -> Memory:
    """Of all turns, or of those outside the fold `without`. `talks`: (t, q)"""
    kept = [i for i, turn in enumerate(turns) if turn.fold != without]
    cells = [(place, row) for place, i in enumerate(kept) for row in turns[i].gold]
    places, rows = zip(*cells, strict=True)
    right = sparse.csr_matrix(
        (np.ones(len(cells), np.float32), (places, rows)), shape=(len(kept), len(facts))
    )
    return Memory.of(talks[kept], right, facts, share=len(kept) / len(turns), seed=seed)


def gather(
    config: PriorConfig,
    prior: ItemPrior,
    turns: Sequence[TrainingTurn],
    talks: Floats,
    made_up: Sequence[Example],
    extra: Extra | None = None,
) -> list[Case]:
    """Training turns and wishes with their signals, and the `extra` ones behind."""
    facts = prior.memory.facts
    folds = [
        prior.with_memory(memory_of(turns, talks, facts, config.seed, fold))
        for fold in range(FOLDS)
    ]
    whole = prior.with_memory(memory_of(turns, talks, facts, config.seed))
    cases = [_case(folds[turn.fold], turn, extra) for turn in tqdm(turns, desc="turns")]
    return cases + [_wish_case(whole, wish, extra) for wish in tqdm(made_up, desc="wishes")]


def _case(prior: ItemPrior, turn: TrainingTurn, extra: Extra | None) -> Case:
    signals = _with_extra(prior.signals(turn.history, turn.own), turn.history, extra)
    each = [1 / len(turn.gold)] * len(turn.gold)
    return Case(turn.history, signals, turn.seen, turn.gold, each)


def _with_extra(signals: Floats, dialogue: Dialogue, extra: Extra | None) -> NDArray[np.float16]:
    rows = [signals] if extra is None else [signals, extra(dialogue)]
    return np.concatenate(rows).astype(np.float16)


def wishes(ground: Ground, config: PriorConfig) -> list[Example]:
    """Synthetic wishes with all that would be right; the same for the same seed."""
    teacher = Teacher(ground.affinity, ground.texts.themes, ground.texts.facts)
    writer = Writer(ground.catalog, neighbours(ground.catalog, teacher), config.seed)
    return [writer.wish() for _ in tqdm(range(config.wishes), desc="wishing")]


def _wish_case(prior: ItemPrior, wish: Example, extra: Extra | None) -> Case:
    row = prior.catalog.row
    seen = mentioned_rows(wish.dialogue.turns, prior.catalog)
    signals = _with_extra(prior.signals(wish.dialogue), wish.dialogue, extra)
    rows, weights = [row[i] for i in wish.targets], list(wish.targets.values())
    return Case(wish.dialogue, signals, seen, rows, weights)


def fit(
    cases: Sequence[Case],
    names: tuple[str, ...],
    steps: int,
    trees: int,
    seed: int,
    years: float = 0.0,
) -> Ranker:
    """The sum, then, with `trees`, what corrects it."""
    weights = _regression(cases, steps, seed)
    place = names.index(YEARS)
    weights[place] = max(weights[place], years)
    ranker = Ranker(names, weights)
    return Ranker(names, weights, _boosted(cases, ranker, trees, seed)) if trees else ranker


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
    """One right item of each case against some of the best by the sum that are not right."""
    rng = np.random.default_rng(seed)
    drawn = [_against(case, ranker, rng) for case in tqdm(cases, desc="drawing")]
    rows = np.concatenate(drawn)
    right = np.concatenate([np.arange(len(part)) == 0 for part in drawn])
    models = [
        HistGradientBoostingClassifier(
            max_iter=n_trees,
            learning_rate=0.05,
            max_leaf_nodes=8,
            min_samples_leaf=200,
            l2_regularization=5.0,
            max_features=0.5,
            early_stopping=False,
            random_state=seed + number,
        ).fit(rows, right)
        for number in tqdm(range(3), desc="growing trees")
    ]
    return Trees.of(models)


def _against(case: Case, ranker: Ranker, rng: np.random.Generator) -> Floats:
    """Features of a right item (first) and of others (at most 1 + AGAINST, S + 3)."""
    signals = case.full
    total = ranker.weights @ signals
    hidden = total.copy()
    hidden[case.seen] = -np.inf
    pool = best(hidden, POOL)
    right = rng.choice(case.rows, p=np.array(case.weights) / sum(case.weights))
    wrong = pool[~np.isin(pool, case.rows)]
    chosen = np.concatenate([[right], rng.permutation(wrong)[:AGAINST]])
    seen = features(signals[:, [pool[0], *chosen]], total[[pool[0], *chosen]], case.dialogue)
    return seen[1:]

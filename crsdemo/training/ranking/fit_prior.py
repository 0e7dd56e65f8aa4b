"""Fit what is known of items beside the model: the regression of talks, and the ranker.

python -m crsdemo fit-prior --dialogues train_data.jsonl,train.tsv --likes ratings.csv

The weights of the signals come from a softmax regression, the trees learn to order lists
(`boosting.py`). What a signal says of a training turn never comes from the dialogue of that turn:
counts and regression are those of the other folds. To take only a dialogue's own counts back would
not do, for trees tell by a count that is one too low which items the dialogue goes on to name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from tqdm import tqdm

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError
from crsdemo.items.encoder import TextEncoder
from crsdemo.items.item_vectors import load_item_vectors
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.language.people import PeopleLinker
from crsdemo.recommenders.dialogue_regression import DialogueRegression
from crsdemo.recommenders.neighbours import Neighbours
from crsdemo.recommenders.prior import SIGNALS, ItemPrior
from crsdemo.recommenders.ranker import FILE
from crsdemo.training.ground import Ground, Sources, lay_ground
from crsdemo.training.public_turns import mentioned_rows
from crsdemo.training.ranking.affinity import Affinity
from crsdemo.training.ranking.fit_ranker import Case, RankerFlags, fit, print_weights
from crsdemo.training.ranking.wish_meaning import what_wishes_mean
from crsdemo.training.written.data import (
    DIALOGUES,
    WISHES,
    WRITTEN,
    WrittenDialogue,
    WrittenWish,
    read,
)
from crsdemo.training.written.made_wishes import Wish, WishMaker

Floats = NDArray[np.float32]
KEPT_PER_ITEM = 80  # of the items liked by the same people
FOLDS = 4


@dataclass(frozen=True)
class PriorConfig(RankerFlags, Sources):
    """Fit the regression of talks and the ranker."""

    written: Path = flag(WRITTEN, "folder of written conversations, searches and wishes")
    turns: int = flag(6000, "training turns at most")
    wishes: int = flag(1500, "wishes, written ones and made-up ones")
    meanings: int = flag(6000, "further wishes, for the genres that words mean")
    out: Path = flag(Path("catalog"), "folder for memory, neighbours and ranker")


@dataclass(frozen=True)
class TrainingTurn:
    """A turn of a training dialogue that recommends something new; rows of the catalog."""

    fold: int
    history: Dialogue
    seen: list[int]  # mentioned before, newest first
    gold: list[int]
    name: str = ""  # of the dialogue
    place: int = 0  # of the turn in it


def fit_prior(config: PriorConfig) -> None:
    """Write neighbours, regression and ranker to `out`."""
    ground = lay_ground(config)
    turns = drawn_turns(config, ground)
    pruned(ground.affinity).save(config.out)
    prior = blank_prior(config, ground)
    prior.regression = what_wishes_mean(
        prior,
        wishes_with_meaning(config, ground.catalog),
        [turn.history for turn in turns],
        (row for _, row in read(DIALOGUES, WrittenDialogue, config.written)),
    )
    turns = read_before(prior, turns)
    talks = np.stack([prior.remembered(t.history) for t in tqdm(turns, desc="reading talks")])
    regression_of(turns, talks, prior.regression, config.seed).save(config.out)
    cases = gather(config, ground, prior, turns, talks, wishes(config, ground.catalog))
    ranker = fit(cases, SIGNALS, config, config.seed)
    ranker.save(config.out / FILE)
    print_weights(ranker)


def blank_prior(config: Sources, ground: Ground) -> ItemPrior:
    """The prior of a catalog that remembers no talks yet."""
    encoder = TextEncoder(config.encoder)
    n = len(ground.catalog)
    facts = ground.texts.facts
    empty = np.zeros((0, 0), np.float32)
    regression = DialogueRegression(np.zeros(n, np.float32), facts, empty, empty, empty, empty)
    return ItemPrior(
        ground.catalog,
        load_item_vectors(config.catalog, n).numpy(),
        pruned(ground.affinity),
        regression,
        encoder,
        PeopleLinker(ground.catalog),
    )


def knowing_prior(config: Sources, ground: Ground) -> ItemPrior:
    """As fit-prior left it. Raises CatalogError if it did not."""
    prior = blank_prior(config, ground)
    prior.regression = DialogueRegression.load(config.catalog, len(ground.catalog))
    return prior


class ReadBefore(TextEncoder):
    """An encoder that has read many texts in batches, which is far quicker."""

    def __init__(self, encoder: TextEncoder, texts: Iterable[str]) -> None:
        self._encoder = encoder
        self.dim = encoder.dim
        each = list(dict.fromkeys(text.strip() or " " for text in texts))
        self._known = dict(zip(each, encoder.embed(each), strict=True))

    def embed(self, texts: Sequence[str], batch_size: int = 64) -> Floats:
        if all(text in self._known for text in texts):
            return np.stack([self._known[text] for text in texts])
        return self._encoder.embed(texts, batch_size)


def read_before(prior: ItemPrior, turns: Sequence[TrainingTurn]) -> list[TrainingTurn]:
    """The turns with what is relevant of their histories; `prior` has read all texts of them."""
    encoder = prior.encoder
    words = (said.untitled for turn in turns for said in turn.history.turns)
    prior.encoder = ReadBefore(encoder, words)
    cut = [replace(turn, history=prior.relevant(turn.history)) for turn in turns]
    prior.encoder = ReadBefore(encoder, (t for turn in cut for t in prior.texts(turn.history)))
    return cut


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


def drawn_turns(config: PriorConfig, ground: Ground) -> list[TrainingTurn]:
    """At most as many as the config wants, whole histories. Raises BadInputError for too few."""
    turns = list(islice(training_turns(ground, config.seed), config.turns))
    if len({turn.fold for turn in turns}) < 2:
        raise BadInputError(
            f"{config.dialogues} recommends items of this catalog in too few dialogues "
            f"({len({turn.name for turn in turns})}, of {len(ground.dialogues)}); give more of them"
        )
    return turns


def training_turns(ground: Ground, seed: int) -> Iterator[TrainingTurn]:
    """In random order; all turns of a dialogue are in one fold."""
    row = ground.catalog.row
    for fold, one in dealt(ground, seed):
        for position, turn in enumerate(one.dialogue.turns):
            history = one.dialogue.before(position)
            seen = mentioned_rows(history.turns, ground.catalog)
            gold = [row[i] for i in turn.item_ids if i in row and row[i] not in seen]
            if turn.speaker == "assistant" and position and gold:
                yield TrainingTurn(fold, history, seen, gold, one.id, position)


def dealt(ground: Ground, seed: int) -> Iterator[tuple[int, CorpusDialogue]]:
    """The fold of each dialogue, in random order."""
    order = np.random.default_rng(seed).permutation(len(ground.dialogues))
    for number, place in enumerate(order):
        yield number % FOLDS, ground.dialogues[place]


def regression_of(
    turns: Sequence[TrainingTurn],
    talks: Floats,
    blank: DialogueRegression,
    seed: int,
    without: int = -1,
) -> DialogueRegression:
    """Of all turns, or of those outside the fold `without`; the rest as in `blank`.

    `talks`: (t, q)
    """
    kept = [i for i, turn in enumerate(turns) if turn.fold != without]
    cells = [(place, row) for place, i in enumerate(kept) for row in turns[i].gold]
    places, rows = zip(*cells, strict=True)
    right = sparse.csr_matrix(
        (np.ones(len(cells), np.float32), (places, rows)), shape=(len(kept), len(blank.facts))
    )
    share = len(kept) / len(turns)
    wishes_mean = blank.meaning, blank.asking
    return DialogueRegression.of(talks[kept], right, blank.facts, *wishes_mean, share, seed=seed)


def gather(
    config: Sources,
    ground: Ground,
    prior: ItemPrior,
    turns: Sequence[TrainingTurn],
    talks: Floats,
    made_up: Sequence[Wish],
) -> list[Case]:
    """Training turns and wishes with their signals."""
    blank = prior.regression
    folds = [
        _counting_others(config, ground, prior, fold).with_regression(
            regression_of(turns, talks, blank, config.seed, fold)
        )
        for fold in range(FOLDS)
    ]
    whole = prior.with_regression(regression_of(turns, talks, blank, config.seed))
    cases = [_case(folds[turn.fold], turn) for turn in tqdm(turns, desc="turns")]
    return cases + [_wish_case(whole, wish) for wish in tqdm(made_up, desc="wishes")]


def _counting_others(config: Sources, ground: Ground, prior: ItemPrior, without: int) -> ItemPrior:
    """The prior that counts the dialogues outside a fold, brought to the number of all."""
    kept = [one.dialogue.mentioned for f, one in dealt(ground, config.seed) if f != without]
    affinity = Affinity.of(ground.catalog, kept, [])
    share = np.float32(max(len(kept), 1) / len(ground.dialogues))
    return prior.with_counts(affinity.together / share, affinity.count / share)


def _case(prior: ItemPrior, turn: TrainingTurn) -> Case:
    each = [1 / len(turn.gold)] * len(turn.gold)
    signals = prior.signals(turn.history).astype(np.float16)
    return Case(turn.history, signals, turn.seen, turn.gold, each)


def wishes(config: PriorConfig, catalog: Catalog) -> list[Wish]:
    """What the ranker is fitted on beside dialogues; the same for the same seed."""
    return WishMaker(catalog, _wishes_written(config)[1::2], config.seed).draw(config.wishes)


def wishes_with_meaning(config: PriorConfig, catalog: Catalog) -> list[Wish]:
    """Those from which the genres that words mean are learned; none that was written is in both."""
    maker = WishMaker(catalog, _wishes_written(config)[::2], config.seed + 1)
    return maker.draw(config.meanings)


def _wishes_written(config: PriorConfig) -> list[WrittenWish]:
    return [row for _, row in read(WISHES, WrittenWish, config.written)]


def _wish_case(prior: ItemPrior, wish: Wish) -> Case:
    seen = mentioned_rows(wish.dialogue.turns, prior.catalog)
    rows, weights = [prior.catalog.row[i] for i in wish.targets], list(wish.targets.values())
    signals = prior.signals(wish.dialogue).astype(np.float16)
    return Case(wish.dialogue, signals, seen, rows, weights)

"""Fit what is known of items beside the model: the regression of talks, and the ranker.

python -m crsdemo fit-prior --dialogues train_data.jsonl,train.tsv --likes ratings.csv

The weights of the signals come from a softmax regression, the trees learn to order lists
(`fit_ranker.py`). What a signal says of a training turn never comes from the dialogue of that turn:
counts and regression are those of the other folds. To take only a dialogue's own counts back would
not do, for trees tell by a count that is one too low which items the dialogue goes on to name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from crsdemo.training.data import Sources, TrainingData, load_training_data
from crsdemo.training.ranking.affinity import Affinity
from crsdemo.training.ranking.fit_ranker import Case, RankerFlags, fit, print_weights
from crsdemo.training.ranking.wish_meaning import what_wishes_mean
from crsdemo.training.turns import TrainingTurn, mentioned_rows, recommending_turns
from crsdemo.training.written.data import WRITTEN, WrittenDialogue, WrittenWish, read
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
    out: Path | None = flag(None, "folder for what is fitted; by default that of the catalog")

    @property
    def into(self) -> Path:
        """Where regression, neighbours and ranker go."""
        return self.out or self.catalog

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.into,)


def fit_prior(config: PriorConfig) -> None:
    """Write neighbours, regression and ranker to `into`."""
    data = load_training_data(config)
    turns = drawn_turns(config, data)
    pruned(data.affinity).save(config.into)
    prior = blank_prior(config, data)
    prior.regression = what_wishes_mean(
        prior,
        wishes_with_meaning(config, data.catalog),
        [turn.history for turn in turns],
        read(WrittenDialogue, config.written),
    )
    turns, talks = read_before(prior, turns)
    regression_of(turns, talks, prior.regression, config.seed).save(config.into)
    cases = gather(config, data, prior, turns, talks, wishes(config, data.catalog))
    ranker = fit(cases, SIGNALS, config, config.seed)
    ranker.save(config.into / FILE)
    print_weights(ranker)


def blank_prior(config: Sources, data: TrainingData) -> ItemPrior:
    """The prior of a catalog that remembers no talks yet."""
    encoder = TextEncoder(config.encoder)
    n = len(data.catalog)
    facts = data.texts.facts
    empty = np.zeros((0, 0), np.float32)
    regression = DialogueRegression(
        np.zeros(n, np.float32), facts, empty, empty, empty, empty, data.catalog.genres
    )
    return ItemPrior(
        data.catalog,
        load_item_vectors(config.catalog, n).numpy(),
        pruned(data.affinity),
        regression,
        encoder,
        PeopleLinker(data.catalog),
    )


def knowing_prior(config: Sources, data: TrainingData) -> ItemPrior:
    """As fit-prior left it. Raises CatalogError if it did not."""
    prior = blank_prior(config, data)
    regression = DialogueRegression.load(config.catalog, len(data.catalog))
    prior.regression = regression.for_genres(data.catalog.genres)
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


def read_before(
    prior: ItemPrior, turns: Sequence[TrainingTurn]
) -> tuple[list[TrainingTurn], Floats]:
    """The turns with what is relevant of their histories, and what the regression is asked: (t, q).

    `prior` has read all texts of them.
    """
    encoder = prior.encoder
    words = (said.untitled for turn in turns for said in turn.history.turns)
    prior.encoder = ReadBefore(encoder, words)
    cut = [replace(turn, history=prior.relevant(turn.history)) for turn in turns]
    prior.encoder = ReadBefore(encoder, (t for turn in cut for t in prior.texts(turn.history)))
    return cut, np.stack([prior.remembered(t.history) for t in tqdm(cut, desc="reading talks")])


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


def drawn_turns(config: PriorConfig, data: TrainingData) -> list[TrainingTurn]:
    """At most as many as the config wants, whole histories. Raises BadInputError for too few."""
    turns = list(islice(training_turns(data, config.seed), config.turns))
    if len({turn.fold for turn in turns}) < 2:
        raise BadInputError(
            f"{config.dialogues} recommends items of this catalog in too few dialogues "
            f"({len({turn.name for turn in turns})}, of {len(data.dialogues)}); give more of them"
        )
    return turns


def training_turns(data: TrainingData, seed: int) -> Iterator[TrainingTurn]:
    """In random order; all turns of a dialogue are in one fold."""
    for fold, one in dealt(data, seed):
        for turn in recommending_turns([one], data.catalog):
            yield replace(turn, fold=fold)


def dealt(data: TrainingData, seed: int) -> Iterator[tuple[int, CorpusDialogue]]:
    """The fold of each dialogue, in random order."""
    order = np.random.default_rng(seed).permutation(len(data.dialogues))
    for number, place in enumerate(order):
        yield number % FOLDS, data.dialogues[place]


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
    wishes_mean = blank.meaning, blank.asking, blank.genres
    return DialogueRegression.of(talks[kept], right, blank.facts, *wishes_mean, share, seed=seed)


def gather(
    config: Sources,
    data: TrainingData,
    prior: ItemPrior,
    turns: Sequence[TrainingTurn],
    talks: Floats,
    made_up: Sequence[Wish],
) -> list[Case]:
    """Training turns and wishes with their signals."""
    blank = prior.regression
    folds = [
        _counting_others(config, data, prior, fold).with_regression(
            regression_of(turns, talks, blank, config.seed, fold)
        )
        for fold in range(FOLDS)
    ]
    whole = prior.with_regression(regression_of(turns, talks, blank, config.seed))
    cases = [
        _case(
            folds[turn.fold], turn.history, turn.seen, dict.fromkeys(turn.gold, 1 / len(turn.gold))
        )
        for turn in tqdm(turns, desc="turns")
    ]
    for wish in tqdm(made_up, desc="wishes"):
        seen = mentioned_rows(wish.dialogue.turns, data.catalog)
        targets = {data.catalog.row[i]: weight for i, weight in wish.targets.items()}
        cases.append(_case(whole, wish.dialogue, seen, targets))
    return cases


def _case(
    prior: ItemPrior, dialogue: Dialogue, seen: list[int], targets: Mapping[int, float]
) -> Case:
    signals = prior.signals(dialogue).astype(np.float16)
    return Case(dialogue, signals, seen, list(targets), list(targets.values()))


def _counting_others(
    config: Sources, data: TrainingData, prior: ItemPrior, without: int
) -> ItemPrior:
    """The prior that counts the dialogues outside a fold, brought to the number of all."""
    kept = [one.dialogue.mentioned for f, one in dealt(data, config.seed) if f != without]
    affinity = Affinity.of(data.catalog, kept, [])
    share = np.float32(max(len(kept), 1) / len(data.dialogues))
    return prior.with_counts(affinity.together / share, affinity.count / share)


def wishes(config: PriorConfig, catalog: Catalog) -> list[Wish]:
    """What the ranker is fitted on beside dialogues; the same for the same seed."""
    return WishMaker(catalog, read(WrittenWish, config.written)[1::2], config.seed).draw(
        config.wishes
    )


def wishes_with_meaning(config: PriorConfig, catalog: Catalog) -> list[Wish]:
    """Those from which the genres that words mean are learned; none that was written is in both."""
    maker = WishMaker(catalog, read(WrittenWish, config.written)[::2], config.seed + 1)
    return maker.draw(config.meanings)

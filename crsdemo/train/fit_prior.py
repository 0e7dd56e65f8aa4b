"""Fit what is known of items beside the model: the memory of training talks, and the ranker.

python -m crsdemo fit-prior --dialogues train_data.jsonl,train.tsv --likes ratings.csv

The weights of the signals come from a softmax regression, the trees learn to order lists
(`boosting.py`). What a signal says of a training turn never comes from the dialogue of that turn:
counts and memory are those of the other folds. To take only a dialogue's own counts back would
not do, for trees tell by a count that is one too low which items the dialogue goes on to name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from crsdemo.catalog import Catalog
from crsdemo.config import flag
from crsdemo.corpus import CorpusDialogue
from crsdemo.dialogue import Dialogue
from crsdemo.encoder import TextEncoder
from crsdemo.listener import load_item_vectors
from crsdemo.memory import Memory
from crsdemo.mentions import PeopleLinker
from crsdemo.prior import SIGNALS, ItemPrior, Neighbours
from crsdemo.query import untitled
from crsdemo.ranker import FILE, POOL, Ranker, best, features
from crsdemo.train.affinity import Affinity, Teacher
from crsdemo.train.boosting import Lists, grown
from crsdemo.train.example import Example
from crsdemo.train.material import mentioned_rows, neighbours
from crsdemo.train.stages import Ground, Sources, lay_ground
from crsdemo.train.synthetic import Writer
from crsdemo.trees import Trees

Floats = NDArray[np.float32]
Extra = Callable[[Dialogue], Floats]  # more signals of a dialogue, (some, n)
KEPT_PER_ITEM = 80  # of the items liked by the same people
FOLDS = 4
BAGS = 2  # models whose mean the trees are
AGAINST = 100  # items of the pool that stand against the right ones
RIGHT = 15  # right items of a case at most
NEARLY = 0.9  # of the weight of the targets
CHATS = 2  # so many turns of talk for one synthetic turn that only chats
NEVER = -9.0  # log-odds of a genre that no wish means
YEARS = "the years you named"
GENRES = ("a genre your words mean", "a genre you named")


@dataclass(frozen=True)
class PriorConfig(Sources):
    """Fit the memory and the ranker."""

    turns: int = flag(6000, "training turns at most")
    wishes: int = flag(1500, "synthetic wishes")
    meanings: int = flag(6000, "synthetic wishes from which the genres that words mean are learned")
    steps: int = flag(800, "of the regression")
    trees: int = flag(300, "boosted trees of each of two models; 0 for the sum alone")
    years: float = flag(6.0, "least weight of years; dialogues seldom name any, visitors do")
    genres: float = flag(0.0, "least weight of genres named or meant, for the same reason")
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
    prior.memory = what_wishes_mean(ground, prior, turns, config)
    turns = read_before(prior, turns)
    talks = np.stack([prior.remembered(t.history) for t in tqdm(turns, desc="reading talks")])
    memory_of(turns, talks, prior.memory, config.seed).save(config.out)
    cases = gather(config, ground, prior, turns, talks, wishes(ground, config))
    ranker = fit(cases, SIGNALS, config)
    ranker.save(config.out / FILE)
    for name, weight in zip(ranker.names, ranker.weights, strict=True):
        print(f"{weight:8.2f}  {name}")


def blank_prior(config: Sources, ground: Ground) -> ItemPrior:
    """The prior of a catalog that remembers no talks yet."""
    encoder = TextEncoder(config.encoder)
    n = len(ground.catalog)
    facts = ground.texts.facts
    empty = np.zeros((0, 0), np.float32)
    memory = Memory(np.zeros(n, np.float32), facts, empty, empty, empty, empty)
    return ItemPrior(
        ground.catalog,
        load_item_vectors(config.catalog, ground.catalog).numpy(),
        pruned(ground.affinity),
        memory,
        encoder,
        PeopleLinker(ground.catalog),
    )


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
    words = (untitled(said) for turn in turns for said in turn.history.turns)
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


def memory_of(
    turns: Sequence[TrainingTurn], talks: Floats, blank: Memory, seed: int, without: int = -1
) -> Memory:
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
    return Memory.of(talks[kept], right, blank.facts, *wishes_mean, share, seed=seed)


def gather(
    config: PriorConfig,
    ground: Ground,
    prior: ItemPrior,
    turns: Sequence[TrainingTurn],
    talks: Floats,
    made_up: Sequence[Example],
    extra: Extra | None = None,
) -> list[Case]:
    """Training turns and wishes with their signals, and the `extra` ones behind."""
    blank = prior.memory
    folds = [
        _counting_others(config, ground, prior, fold).with_memory(
            memory_of(turns, talks, blank, config.seed, fold)
        )
        for fold in range(FOLDS)
    ]
    whole = prior.with_memory(memory_of(turns, talks, blank, config.seed))
    cases = [_case(folds[turn.fold], turn, extra) for turn in tqdm(turns, desc="turns")]
    return cases + [_wish_case(whole, wish, extra) for wish in tqdm(made_up, desc="wishes")]


def _counting_others(
    config: PriorConfig, ground: Ground, prior: ItemPrior, without: int
) -> ItemPrior:
    """The prior that counts the dialogues outside a fold, brought to the number of all."""
    kept = [one.dialogue.mentioned for f, one in dealt(ground, config.seed) if f != without]
    affinity = Affinity.of(ground.catalog, kept, [])
    share = np.float32(max(len(kept), 1) / len(ground.dialogues))
    return prior.with_counts(affinity.together / share, affinity.count / share)


def _case(prior: ItemPrior, turn: TrainingTurn, extra: Extra | None) -> Case:
    signals = _with_extra(prior.signals(turn.history), turn.history, extra)
    each = [1 / len(turn.gold)] * len(turn.gold)
    return Case(turn.history, signals, turn.seen, turn.gold, each)


def _with_extra(signals: Floats, dialogue: Dialogue, extra: Extra | None) -> NDArray[np.float16]:
    rows = [signals] if extra is None else [signals, extra(dialogue)]
    return np.concatenate(rows).astype(np.float16)


def what_wishes_mean(
    ground: Ground, prior: ItemPrior, turns: Sequence[TrainingTurn], config: PriorConfig
) -> Memory:
    """The memory of `prior` that knows the genres that wishes mean, and what is a wish.

    The wishes are others than those on which the ranker is fitted.
    """
    writer = _writer(ground, config.seed + 1)
    made_up = [writer.wish() for _ in tqdm(range(config.meanings), desc="wishing for genres")]
    words = prior.encoder.embed([prior.texts(wish.dialogue)[1] or " " for wish in made_up])
    labels = np.stack([_genres_shared(ground.catalog, wish) for wish in made_up])
    talk = _talk_that_goes_on(turns, writer)
    asked = [untitled(wish.dialogue.turns[-1]).strip() for wish in made_up[: len(talk)]]
    asking = _asking(prior.encoder.embed(asked), prior.encoder.embed(talk))
    return replace(prior.memory, meaning=_meaning(words, labels), asking=asking)


def _talk_that_goes_on(turns: Sequence[TrainingTurn], writer: Writer) -> list[str]:
    """What users say after a film was given: before the next one, or when they only chat."""
    said = [_last_words(turn.history) for turn in turns]
    n_chats = len(said) // CHATS
    while n_chats > 0:
        chats = [_last_words(e.dialogue) for e in writer.dialogue() if e.mode == "CHAT"]
        said += chats
        n_chats -= len(chats)
    return [text for text in said if text]


def _last_words(dialogue: Dialogue) -> str:
    """Of the user, if a film was given before."""
    turns = dialogue.turns
    given = any(turn.mentions for turn in turns if turn.speaker == "assistant")
    own = [turn for turn in turns if turn.speaker == "user"]
    return untitled(own[-1]).strip() if given and own else ""


def _asking(wishes: Floats, talk: Floats) -> Floats:
    """(d + 1,) by logistic regression; `wishes` and `talk`: (m, d)."""
    words = np.concatenate([wishes, talk])
    model = LogisticRegression(max_iter=1000).fit(words, np.arange(len(words)) < len(wishes))
    return np.concatenate([model.coef_[0], model.intercept_]).astype(np.float32)


def _meaning(words: Floats, labels: NDArray[np.bool_]) -> Floats:
    """(d + 1, g) by logistic regression; a wish means the genres that nearly all it targets share.

    `words`: (m, d), `labels`: (m, g)
    """
    learned = np.full((words.shape[1] + 1, labels.shape[1]), 0, np.float32)
    for place, wanted in enumerate(tqdm(labels.T, desc="genres")):
        if wanted.all() or not wanted.any():
            learned[-1, place] = NEVER
            continue
        model = LogisticRegression(C=10.0, max_iter=300).fit(words, wanted)
        learned[:-1, place], learned[-1, place] = model.coef_[0], model.intercept_[0]
    return learned


def _genres_shared(catalog: Catalog, wish: Example) -> NDArray[np.bool_]:
    """(g,)"""
    share = np.zeros(len(catalog.genres))
    for item_id, weight in wish.targets.items():
        share[[catalog.genres.index(genre) for genre in catalog.item(item_id).genres]] += weight
    return share >= NEARLY * sum(wish.targets.values())


def wishes(ground: Ground, config: PriorConfig) -> list[Example]:
    """Synthetic wishes with all that would be right; the same for the same seed."""
    writer = _writer(ground, config.seed)
    return [writer.wish() for _ in tqdm(range(config.wishes), desc="wishing")]


def _writer(ground: Ground, seed: int) -> Writer:
    teacher = Teacher(ground.affinity, ground.texts.themes, ground.texts.facts)
    return Writer(ground.catalog, neighbours(ground.catalog, teacher), seed)


def _wish_case(prior: ItemPrior, wish: Example, extra: Extra | None) -> Case:
    row = prior.catalog.row
    seen = mentioned_rows(wish.dialogue.turns, prior.catalog)
    signals = _with_extra(prior.signals(wish.dialogue), wish.dialogue, extra)
    rows, weights = [row[i] for i in wish.targets], list(wish.targets.values())
    return Case(wish.dialogue, signals, seen, rows, weights)


def fit(cases: Sequence[Case], names: tuple[str, ...], config: PriorConfig) -> Ranker:
    """The sum, then, unless the config has no trees, what corrects it."""
    weights = _regression(cases, config.steps, config.seed)
    for name, least in ((YEARS, config.years), *((name, config.genres) for name in GENRES)):
        place = names.index(name)
        weights[place] = max(weights[place], least)
    ranker = Ranker(names, weights)
    if not config.trees:
        return ranker
    return Ranker(names, weights, _boosted(cases, ranker, config.trees, config.seed))


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

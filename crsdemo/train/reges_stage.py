"""The retriever and the item expert of ReGeS, once the query expert and its encoder are trained.

python -m crsdemo fit-retriever --dialogues train_data.jsonl,train.tsv --likes ratings.csv
python -m crsdemo train-item    --dialogues train_data.jsonl,train.tsv --likes ratings.csv

The first writes the items' descriptions as vectors and the ranker of all signals, and keeps what
it retrieved for every training turn; the second learns to choose among that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice
from pathlib import Path

import numpy as np

from crsdemo.catalog import Catalog
from crsdemo.commons import Commons
from crsdemo.config import flag, parse
from crsdemo.dialogue import Dialogue
from crsdemo.encoder import TextEncoder
from crsdemo.errors import BadInputError
from crsdemo.memory import Memory
from crsdemo.mentions import PeopleLinker
from crsdemo.prior import ItemPrior
from crsdemo.prompt import PromptWriter
from crsdemo.query import named_people
from crsdemo.query_expert import QueryExpert
from crsdemo.ranker import FILE, Ranker, best
from crsdemo.reges import QUERY, RETRIEVER, documents_of
from crsdemo.retriever import (
    CANDIDATES,
    RETRIEVAL_SIGNALS,
    Documents,
    Floats,
    QueryReader,
    search_signals,
    talk_end,
)
from crsdemo.semantic_ids import SemanticIDs
from crsdemo.train.adapter import AdapterFlags, Apprentice
from crsdemo.train.affinity import Teacher
from crsdemo.train.choices import ChoiceWriter, Lesson, Rows
from crsdemo.train.example import Example
from crsdemo.train.fit_prior import (
    FOLDS,
    Case,
    PriorConfig,
    ReadBefore,
    TrainingTurn,
    blank_prior,
    dealt,
    fit,
    gather,
    read_before,
    training_turns,
    wishes,
)
from crsdemo.train.instances import Instance, InstanceWriter, Paths
from crsdemo.train.loop import mixture
from crsdemo.train.material import Material, neighbours
from crsdemo.train.query_pairs import search_pairs, talk_pairs, written_pairs
from crsdemo.train.stages import Ground, ear_of, lay_ground
from crsdemo.train.synthetic import Writer
from crsdemo.train.tune_retriever import RetrieverConfig as TuneConfig
from crsdemo.train.tune_retriever import query_map

SPARE = 20  # retrieved items beyond the candidates, for those that turn out right


@dataclass(frozen=True)
class RetrieverConfig(PriorConfig):
    """Fit the retriever of ReGeS: descriptions as vectors, and the ranker of its signals."""

    out: Path = flag(Path("checkpoints/reges"), "folder of the ReGeS checkpoint")
    retrieved: Path = flag(Path("runs/retrieved.json"), "what was found for the training turns")


@dataclass(frozen=True)
class ItemConfig(AdapterFlags, PriorConfig):
    """Train the item expert of ReGeS: a LoRA adapter on queries and values (sec. 2.4, 3.3)."""

    out: Path = flag(Path("checkpoints/reges/item"), "folder of the adapter")
    state: Path = flag(Path("runs/item.pt"), "file that lets an interrupted run go on")
    retrieved: Path = flag(Path("runs/retrieved.json"), "what fit-retriever left")
    batch: int = flag(20, "dialogues per batch")
    candidates: int = flag(CANDIDATES, "k: retrieved items beside the right one")
    hard: bool = flag(True, "candidates as they are retrieved, not drawn at random")
    thinking: float = flag(0.25, "share of the lessons in which the search is written first")
    talk: float = flag(0.35, "share of the batches that teach to talk")


def fit_main(argv: list[str]) -> None:
    fit_retriever(parse(RetrieverConfig, argv, "crsdemo fit-retriever"))


def train_main(argv: list[str]) -> None:
    train_item(parse(ItemConfig, argv, "crsdemo train-item"))


def fit_retriever(config: RetrieverConfig) -> None:
    """Documents and ranker into `out`, and the retrieved items of every case into a file."""
    ground = lay_ground(config)
    documents = documents_of(ground.catalog, TextEncoder(config.encoder), config.out)
    documents.save(ground.catalog, config.out / RETRIEVER)
    turns = list(islice(training_turns(ground, config.seed), config.turns))
    made_up = wishes(ground, config)
    prior = _knowing_prior(config, ground)
    turns = read_before(prior, turns)
    dialogues = [turn.history for turn in turns] + [wish.dialogue for wish in made_up]
    expert = QueryExpert.load(config.out / QUERY, Commons(ground.catalog, config.catalog))
    queries = expert.write_all(dialogues)
    readers = [*fold_readers(config, ground, documents), documents.reader]
    read_by = [readers[turn.fold] for turn in turns] + [readers[-1]] * len(made_up)
    texts = [(q.text, talk_end(prior.relevant(d))) for d, q in zip(dialogues, queries, strict=True)]
    searched = {
        dialogue: (text[0], *vectors)
        for dialogue, text, vectors in zip(dialogues, texts, read_each(read_by, texts), strict=True)
    }
    talks = np.stack([prior.remembered(turn.history) for turn in turns])
    cases = gather(
        config,
        ground,
        prior,
        turns,
        talks,
        made_up,
        lambda dialogue: search_signals(prior, documents, *searched[dialogue]),
    )
    ranker = fit(cases, RETRIEVAL_SIGNALS, config)
    ranker.save(config.out / FILE)
    for name, weight in zip(ranker.names, ranker.weights, strict=True):
        print(f"{weight:8.2f}  {name}")
    searches = [expert.speaker.writer.query_target(query)[:-1] for query in queries]
    _keep(config.retrieved, dialogues, [_found(case, ranker) for case in cases], searches)


def fold_readers(
    config: PriorConfig, ground: Ground, documents: Documents
) -> Iterator[QueryReader]:
    """For each fold a reader of queries that learned from the dialogues outside of it.

    So that the ranker sees of a training turn what a reader makes of a talk that is new to it.
    """
    tune = TuneConfig(dialogues=config.dialogues, seed=config.seed)
    deal = list(dealt(ground, config.seed))
    talks = [talk_pairs([one], ground.catalog) for _, one in deal]
    searches = search_pairs(ground.catalog)
    written = written_pairs(ground.catalog, seed=config.seed)
    pairs = [*chain.from_iterable(talks), *(pair for _, pair in searches), *written]
    encoder = ReadBefore(documents.reader.encoder, (pair.query for pair in pairs))
    for fold in range(FOLDS):
        own = {one.id for f, one in deal if f == fold}
        kept = [
            pair for (f, _), some in zip(deal, talks, strict=True) if f != fold for pair in some
        ]
        kept = kept * tune.talk + [pair for name, pair in searches if name not in own] + written
        queries = encoder.embed([pair.query for pair in kept])
        learned = query_map(queries, documents.vectors, kept, ground.catalog, tune)
        yield QueryReader(documents.reader.encoder, learned)


def read_each(
    readers: Sequence[QueryReader], texts: Sequence[tuple[str, str]]
) -> Iterator[tuple[Floats, Floats]]:
    """The vectors (d,) of the two texts of each case, by its own reader."""
    encoder = ReadBefore(readers[-1].encoder, chain.from_iterable(texts))
    for reader, two in zip(readers, texts, strict=True):
        first, second = replace(reader, encoder=encoder).embed(two)
        yield first, second


def _knowing_prior(config: PriorConfig, ground: Ground) -> ItemPrior:
    """As fit-prior left it."""
    prior = blank_prior(config, ground)
    prior.memory = Memory.read(config.catalog, len(ground.catalog))
    return prior


def _found(case: Case, ranker: Ranker) -> Rows:
    """The best items of a training case, as at run time; what is named is left out."""
    signals = case.full
    hidden = np.zeros(signals.shape[1], np.bool_)
    hidden[case.seen] = True
    total = ranker.parts(signals, case.dialogue, hidden).sum(0)
    return best(np.where(hidden, -np.inf, total), CANDIDATES + SPARE)


def _keep(
    path: Path, dialogues: Sequence[Dialogue], found: Sequence[Rows], searches: list[list[int]]
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    row = {
        "made_of": _made_of(dialogues),
        "found": [rows.tolist() for rows in found],
        "searches": searches,
    }
    path.write_text(json.dumps(row))


def _kept(path: Path, dialogues: Sequence[Dialogue]) -> tuple[list[Rows], list[list[int]]]:
    """Raises BadInputError if it is not there or of other dialogues."""
    remedy = "run `python -m crsdemo fit-retriever` with the same data, seed and --wishes first"
    if not path.is_file():
        raise BadInputError(f"nothing was retrieved yet at {path}; {remedy}")
    row = json.loads(path.read_text())
    if row["made_of"] != _made_of(dialogues):
        raise BadInputError(f"{path} was made of other dialogues; {remedy}")
    return [np.array(rows, np.int64) for rows in row["found"]], row["searches"]


def _made_of(dialogues: Sequence[Dialogue]) -> str:
    return hashlib.sha256(repr(dialogues).encode()).hexdigest()


def train_item(config: ItemConfig) -> None:
    """Adapter, listener and card into `out`."""
    ground = lay_ground(config)
    semantic_ids = SemanticIDs.load(config.catalog, ground.catalog)
    one = Apprentice.of(config, ground.catalog, semantic_ids)
    people = PeopleLinker(ground.catalog)
    ear = ear_of(config, ground.catalog, one.voice.listener, people)
    prompts = PromptWriter(one.tokenizer, one.control, ground.catalog, semantic_ids)
    instances = InstanceWriter(prompts, Paths(ground.catalog, semantic_ids), ear, config.seed)
    teacher = Teacher(ground.affinity, ground.texts.themes, ground.texts.facts)
    choices = ChoiceWriter(
        instances,
        teacher,
        config.candidates,
        hard=config.hard,
        thinking=config.thinking,
        seed=config.seed,
    )
    made_up = Writer(
        ground.catalog, neighbours(ground.catalog, teacher), config.seed, breadth=config.breadth
    )
    material = Material(
        instances,
        teacher,
        ground.dialogues,
        ground.likes,
        made_up,
        people,
        config.seed,
        real_words=config.real_words,
    )
    pool = _lessons(config, ground, prompts, people)
    rng = np.random.default_rng(config.seed)

    def choose() -> list[Instance]:
        return [choices.choice(pool[int(i)]) for i in rng.integers(len(pool), size=config.batch)]

    def talk() -> list[Instance]:
        return [choices.talk(e) for e in material.examples_to_say(config.batch, config.real)]

    draws = {"choice": (1 - config.talk, choose), "talk": (config.talk, talk)}
    card = one.card("reges", config.out, asdict(config))
    batches = mixture(draws, config.seed)
    one.learn(config, ear, batches, config.state, config.out, card, config.seed)


def _lessons(
    config: ItemConfig, ground: Ground, prompts: PromptWriter, people: PeopleLinker
) -> list[Lesson]:
    """One per right film of a training turn, one per wish."""
    turns = list(islice(training_turns(ground, config.seed), config.turns))
    turns = read_before(_knowing_prior(config, ground), turns)
    made_up = wishes(ground, config)
    dialogues = [turn.history for turn in turns] + [wish.dialogue for wish in made_up]
    found, searches = _kept(config.retrieved, dialogues)
    pool = []
    for number, (rows, search) in enumerate(zip(found, searches, strict=True)):
        dialogue = dialogues[number]
        asked = prompts.query_request(named_people(dialogue, people))
        examples = (
            _examples(turns[number], ground.catalog)
            if number < len(turns)
            else [made_up[number - len(turns)]]
        )
        pool += [Lesson(e, rows, (asked, search)) for e in examples if e.item or e.targets]
    return pool


def _examples(turn: TrainingTurn, catalog: Catalog) -> list[Example]:
    """One per film that was recommended; their words are learned elsewhere."""
    items = [catalog[row] for row in turn.gold]
    return [Example(turn.history, "REC", {item.id: 1.0}, item, ()) for item in items]

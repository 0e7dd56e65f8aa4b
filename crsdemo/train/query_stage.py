"""The student of the query expert: from a dialogue to what to search for (ReGeS, sec. 2.3).

python -m crsdemo train-query --dialogues train_data.jsonl,train.tsv --likes ratings.csv

It learns the teacher's queries: of turns of training dialogues that recommend something new, and
of synthetic conversations. Only the query is learned, not the history before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from crsdemo.catalog import Item
from crsdemo.config import flag, parse
from crsdemo.dialogue import Dialogue
from crsdemo.encoder import TextEncoder
from crsdemo.errors import BadInputError
from crsdemo.listener import Ear
from crsdemo.mentions import PeopleLinker
from crsdemo.prompt import PromptWriter
from crsdemo.query import PseudoQuery, named_people
from crsdemo.semantic_ids import SemanticIDs
from crsdemo.train.adapter import AdapterFlags, Apprentice
from crsdemo.train.affinity import Teacher
from crsdemo.train.instances import Instance
from crsdemo.train.loop import mixture
from crsdemo.train.material import FEW, neighbours
from crsdemo.train.pseudo_queries import QueryTeacher
from crsdemo.train.query_pairs import recommendations
from crsdemo.train.stages import Ground, Sources, ear_of, lay_ground
from crsdemo.train.synthetic import Writer

LIKE_LENGTH = 8  # batches from which one is drawn
FROM_TALKS = 0.4  # share of whole conversations among the synthetic; the rest are first wishes


@dataclass(frozen=True)
class QueryConfig(AdapterFlags, Sources):
    """Train the query expert of ReGeS: a LoRA adapter on queries and values (sec. 3.1)."""

    out: Path = flag(Path("checkpoints/reges/query"), "folder of the adapter")
    state: Path = flag(Path("runs/query.pt"), "file that lets an interrupted run go on")
    real: float = flag(0.5, "share of real dialogues")
    wishes: int = flag(5000, "made-up conversations")


def main(argv: list[str]) -> None:
    train_query(parse(QueryConfig, argv, "crsdemo train-query"))


def train_query(config: QueryConfig) -> None:
    """Leave adapter, listener and card in `config.out`.

    Raises BadInputError if no training dialogue recommends an item of the catalog.
    """
    ground = lay_ground(config)
    semantic_ids = SemanticIDs.load(config.catalog, ground.catalog)
    one = Apprentice.of(config, ground.catalog, semantic_ids)
    people = PeopleLinker(ground.catalog)
    ear = ear_of(config, ground.catalog, one.voice.listener, people)
    writer = PromptWriter(one.tokenizer, one.control, ground.catalog, semantic_ids)
    instances = QueryInstances(writer, ear, people)
    teacher, made_up, turns = _teachers(config, ground, people)
    real = Lessons(real_lessons(instances, teacher, turns), ear, config.seed)
    wishes = made_up_lessons(instances, teacher, made_up, config.wishes, config.seed)
    synthetic = Lessons(wishes, ear, config.seed)
    draws = {
        "real": (config.real, lambda: real.draw(config.batch)),
        "wish": (1 - config.real, lambda: synthetic.draw(config.batch)),
    }
    card = one.card("query", config.out, asdict(config))
    batches = mixture(draws, config.seed)
    one.learn(config, ear, batches, config.state, config.out, card, config.seed)


def _teachers(
    config: QueryConfig, ground: Ground, people: PeopleLinker
) -> tuple[QueryTeacher, Writer, list[tuple[Dialogue, Item]]]:
    """Who says what to search for, who makes conversations up, and the real ones."""
    encoder = TextEncoder(config.encoder, torch.bfloat16)
    teacher = QueryTeacher(ground.catalog, people, encoder, ground.texts.themes)
    likes = neighbours(
        ground.catalog, Teacher(ground.affinity, ground.texts.themes, ground.texts.facts)
    )
    made_up = Writer(ground.catalog, likes, config.seed, breadth=config.breadth)
    turns = list(recommendations((d for d in ground.dialogues), ground.catalog))
    if not turns:
        raise BadInputError(
            f"none of the {len(ground.dialogues)} training dialogues recommends an item of this "
            "catalog; give dialogues about its items"
        )
    return teacher, made_up, turns


@dataclass(frozen=True)
class QueryInstances:
    """Writes a dialogue and its query as one sequence."""

    writer: PromptWriter
    ear: Ear | None
    people: PeopleLinker

    def of(self, dialogue: Dialogue, query: PseudoQuery) -> Instance:
        """History, the people named, `<RESP>`, and what is learned: the query and its end."""
        named = named_people(dialogue, self.people)
        prompt = self.writer.history(dialogue) + self.writer.query_request(named)
        target = self.writer.query_target(query)
        learned = [False] * len(prompt) + [True] * len(target)
        heard = None if self.ear is None else self.ear.hear(dialogue)
        return Instance(prompt + target, learned, None, None, None, heard)


class Lessons:
    """Instances made and heard beforehand, drawn with others of like length."""

    def __init__(self, instances: Sequence[Instance], ear: Ear | None, seed: int) -> None:
        heard = [one.heard for one in instances if one.heard is not None]
        if ear is not None:
            kept = ear.keep_states(heard)
            instances = [
                one._replace(heard=said) for one, said in zip(instances, kept, strict=True)
            ]
        self.instances = sorted(instances, key=lambda one: len(one.ids))
        self.rng = np.random.default_rng(seed)

    def draw(self, n: int) -> list[Instance]:
        """Some of a window of the sorted instances, for little padding."""
        window = min(len(self.instances), LIKE_LENGTH * n)
        start = int(self.rng.integers(len(self.instances) - window + 1))
        return [self.instances[start + int(i)] for i in self.rng.integers(window, size=n)]


def real_lessons(
    instances: QueryInstances, teacher: QueryTeacher, turns: Sequence[tuple[Dialogue, Item]]
) -> list[Instance]:
    """Of training dialogues: what was said before a new film was recommended, and that film."""
    teacher.read(dialogue for dialogue, _ in turns)
    return [
        instances.of(dialogue, teacher.query(dialogue, gold))
        for dialogue, gold in tqdm(turns, desc="queries of dialogues")
    ]


def made_up_lessons(
    instances: QueryInstances, teacher: QueryTeacher, made_up: Writer, n: int, seed: int
) -> list[Instance]:
    """Of made-up conversations, each with all the items that would be right."""
    rng = np.random.default_rng(seed)
    found: list[Instance] = []
    with tqdm(total=n, desc="queries of wishes") as progress:
        while len(found) < n:
            examples = made_up.dialogue() if rng.random() < FROM_TALKS else [made_up.wish()]
            example = examples[int(rng.integers(len(examples)))]
            if len(example.targets) >= FEW:  # fewer: a question about a film, or hardly a wish
                query = teacher.query_for(example.dialogue, example.targets)
                found.append(instances.of(example.dialogue, query))
                progress.update()
    return found

"""What the generative recommender learns from, as instances drawn at random.

- wishes: synthetic, in words; the right items are all that fit, films drawn evenly
- real: turns of training dialogues; half the weight on the film that was recommended
- liked: sets of films that people mention or like together, without words
- talk: whole dialogues with their replies, synthetic and real
- prose: general English about films
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from crsdemo.catalog import Catalog, Item
from crsdemo.corpus import CorpusDialogue
from crsdemo.dialogue import Dialogue, Turn
from crsdemo.errors import BadInputError
from crsdemo.listener import BY_USER, Ear, Heard
from crsdemo.mentions import PeopleLinker
from crsdemo.query import untitled
from crsdemo.tokens import encode_text
from crsdemo.train.affinity import Teacher
from crsdemo.train.example import Example
from crsdemo.train.instances import Instance, InstanceWriter
from crsdemo.train.synthetic import Writer

Rows = NDArray[np.int64]
Weights = NDArray[np.float32]
GOLD_SHARE = 0.5  # weight of the recommended film against what the teacher says
MAX_REPLY_WORDS = 40
FEW = 4


@dataclass(frozen=True)
class Pool:
    """Something heard and the items that would be right."""

    heard: Heard
    rows: Rows
    weights: Weights


@dataclass(frozen=True)
class _RealTurn:
    """A turn of a training dialogue that recommends something new; rows of the catalog."""

    history: Dialogue
    seen: list[int]  # mentioned before, newest first
    gold: list[int]
    own: list[int]  # all that this dialogue mentions

    @property
    def said(self) -> str:
        """The user's words so far."""
        return " ".join(t.text for t in self.history.turns if t.speaker == "user")[-400:]


def mentioned_rows(turns: Sequence[Turn], catalog: Catalog) -> list[int]:
    """Rows of the items named so far, newest first, each once."""
    newest: dict[int, None] = {}
    for turn in reversed(turns):
        for item_id in reversed(turn.item_ids):
            if item_id in catalog.row:
                newest.setdefault(catalog.row[item_id])
    return list(newest)


def neighbours(
    catalog: Catalog, teacher: Teacher, k: int = 30
) -> dict[str, list[tuple[str, float]]]:
    """Item id -> the items most like it, with weights that sum to 1."""
    found = {}
    for row, item in enumerate(catalog):
        rows, weights = teacher.top([row], k)
        pairs = zip(rows.tolist(), weights.tolist(), strict=True)
        found[item.id] = [(catalog.items[other].id, weight) for other, weight in pairs]
    return found


def real_examples(
    dialogues: Iterable[CorpusDialogue],
    catalog: Catalog,
    people: PeopleLinker,
    *,
    words: bool = True,
) -> Iterator[Example]:
    """Every turn of the recommender after the first, once per item it names (GCRS, sec. 3.1).

    The `words`, if at all, are learned only where they are short and claim nothing that the card
    cannot hold.
    """
    for dialogue in dialogues:
        for position, turn in enumerate(dialogue.dialogue.turns):
            if turn.speaker == "user" or position == 0:
                continue
            history = dialogue.dialogue.before(position)
            known = [i for i in turn.item_ids if i in catalog.row]
            new = [i for i in known if i not in history.mentioned]
            reply = clean_words(turn, catalog, people) if words else ()
            for item_id in new:
                item = catalog.item(item_id)
                yield Example(history, "REC", {item_id: 1.0}, item, reply)
            if not turn.mentions:
                yield Example(history, "CHAT", {}, None, reply)


def clean_words(turn: Turn, catalog: Catalog, people: PeopleLinker) -> tuple[str | Item, ...]:
    """The pieces of a clean turn, empty for any other."""
    text = turn.text.lower()
    claims = any(genre in text for genre in catalog.genres) or any(
        c.isdigit() for c in untitled(turn)
    )
    linked = all(m.item_id in catalog.row and m.end > m.start for m in turn.mentions)
    if claims or not linked or len(text.split()) > MAX_REPLY_WORDS or people.link_people(turn.text):
        return ()
    pieces: list[str | Item] = []
    end = 0
    for mention in turn.mentions:
        pieces += [turn.text[end : mention.start].replace("\n", " "), catalog.item(mention.item_id)]
        end = mention.end
    pieces.append(turn.text[end:].replace("\n", " "))
    pieces = [p for p in pieces if p != ""]
    if pieces and isinstance(pieces[0], str):
        pieces[0] = pieces[0][:1].upper() + pieces[0][1:]
    return tuple(pieces)


def _of_one_film(example: Example) -> Example:
    """Without the words if they name another film than the card is about."""
    named = {piece.id for piece in example.reply if isinstance(piece, Item)}
    about = {example.item.id} if example.item else set()
    return example if named <= about else replace(example, reply=())


class Material:
    """Draws instances of every kind; deterministic by seed."""

    def __init__(
        self,
        instances: InstanceWriter,
        teacher: Teacher,
        dialogues: Sequence[CorpusDialogue],
        likes: Sequence[Sequence[str]],
        synthetic: Writer,
        people: PeopleLinker,
        seed: int = 0,
        *,
        real_words: bool = True,
    ) -> None:
        """`real_words`: whether replies of the dialogues are learned word by word."""
        self.instances = instances
        self.catalog = instances.writer.catalog
        self.teacher = teacher
        self.dialogues = dialogues
        self.people = people
        self.synthetic = synthetic
        self.rng = np.random.default_rng(seed)
        self.sets = [self._rows(d.dialogue.mentioned) for d in dialogues]
        self.sets = [rows for rows in self.sets if len(rows) > 1]
        self.likes = [self._rows(items) for items in likes]
        self.examples = list(real_examples(dialogues, self.catalog, people, words=real_words))
        if not any(example.mode == "REC" for example in self.examples):
            raise BadInputError(
                f"none of the {len(dialogues)} training dialogues recommends an item of this "
                "catalog; give dialogues about its items"
            )
        self._queue: list[Example] = []

    @property
    def ear(self) -> Ear:
        """Of a model with a listener; the batches without words need one."""
        if self.instances.ear is None:
            raise ValueError("a model without a listener learns from talk alone")
        return self.instances.ear

    @cached_property
    def real_pool(self) -> list[Pool]:
        return self._real(self.dialogues)

    @cached_property
    def silence(self) -> Heard:
        """What is heard when nothing was said."""
        return self.ear.keep_states([self.ear.hear(Dialogue())])[0]

    def _rows(self, item_ids: Iterable[str]) -> list[int]:
        return [self.catalog.row[i] for i in item_ids if i in self.catalog.row]

    def _real(self, dialogues: Sequence[CorpusDialogue]) -> list[Pool]:
        """Sorted by length, so that a slice of the pool makes a batch with little padding."""
        turns = [turn for dialogue in dialogues for turn in self._recommending(dialogue)]
        kept = self.ear.keep_states([self.ear.hear(turn.history) for turn in turns])
        said = self.ear.encoder.embed([turn.said for turn in turns])
        pool = [
            Pool(heard, *self._blend(turn, words))
            for heard, turn, words in zip(kept, turns, said, strict=True)
        ]
        return sorted(pool, key=lambda one: len(one.heard.pieces))

    def _recommending(self, dialogue: CorpusDialogue) -> Iterator[_RealTurn]:
        """The turns of the recommender that name something new."""
        turns = dialogue.dialogue.turns
        own = self._rows(dialogue.dialogue.mentioned)
        for position, turn in enumerate(turns):
            if turn.speaker == "user" or position == 0:
                continue
            seen = mentioned_rows(turns[:position], self.catalog)
            gold = [row for row in self._rows(turn.item_ids) if row not in seen]
            if gold:
                yield _RealTurn(dialogue.dialogue.before(position), seen, gold, own)

    def _blend(self, turn: _RealTurn, words: Weights) -> tuple[Rows, Weights]:
        """What was recommended, and what the teacher says without having seen this dialogue."""
        rows, weights = self.teacher.top(
            turn.seen, without=turn.own, bonus=self._bonus(turn.said, words)
        )
        rows = np.concatenate([rows, np.array(turn.gold, np.int64)])
        each = np.full(len(turn.gold), GOLD_SHARE / len(turn.gold), np.float32)
        return rows, np.concatenate([(1 - GOLD_SHARE) * weights, each]).astype(np.float32)

    def _bonus(self, said: str, words: Weights) -> Weights:
        """(n,) what the user's words add to each item: meaning, genres and people."""
        weights = self.teacher.weights
        bonus = weights.words * (self.teacher.facts @ words)
        for genre, rows in self._rows_of_genre.items():
            if genre[:5] in said.lower():  # "comed" for comedy and comedies
                bonus[rows] += weights.genre
        for person in self.people.link_people(said):
            bonus[self.ear.films_of.get(person, [])] += weights.person
        return bonus.astype(np.float32)

    @cached_property
    def _rows_of_genre(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {genre: [] for genre in self.catalog.genres}
        for row, item in enumerate(self.catalog):
            for genre in item.genres:
                rows[genre].append(row)
        return rows

    def real(self, n: int) -> list[Instance]:
        start = int(self.rng.integers(max(1, len(self.real_pool) - 4 * n)))
        chosen = self.rng.choice(min(4 * n, len(self.real_pool)), n)
        pool = [self.real_pool[start + int(i)] for i in chosen]
        return [self.instances.item_only(p.heard, p.rows, p.weights) for p in pool]

    def liked(self, n: int) -> list[Instance]:
        return [self._liked() for _ in range(n)]

    def _liked(self) -> Instance:
        kind, size = self.rng.random(), int(self.rng.integers(1, 6))
        if kind < 0.45 and self.sets:
            rows = self._some(self.sets, size)
        elif kind < 0.7 and self.likes:
            rows = self._some(self.likes, size)
        else:
            rows = [int(self.rng.integers(len(self.catalog)))]
        wanted, weights = self.teacher.top(rows)
        heard = self.silence._replace(
            items=self.ear.item_vectors[torch.tensor(rows)],
            kinds=[BY_USER] * len(rows),
            ages=list(range(len(rows))),
        )
        return self.instances.item_only(heard, wanted, weights)

    def _some(self, sets: Sequence[list[int]], size: int) -> list[int]:
        rows = sets[int(self.rng.integers(len(sets)))]
        return [int(row) for row in self.rng.permutation(rows)[:size]]

    def wishes(self, n: int) -> list[Instance]:
        """Of 2 n wishes the shorter or the longer half, for little padding."""
        drawn: list[tuple[Heard, Example]] = []
        while len(drawn) < 2 * n:
            example = self.synthetic.wish()
            if len(example.targets) < FEW and self.rng.random() < 0.7:
                continue  # to remember what only one film fits is not to listen
            drawn.append((self.ear.hear(example.dialogue), example))
        drawn.sort(key=lambda one: len(one[0].pieces))
        half = drawn[:n] if self.rng.random() < 0.5 else drawn[n:]
        return [self.instances.item_only(heard, *self._targets(example)) for heard, example in half]

    def _targets(self, example: Example) -> tuple[Rows, Weights]:
        rows = np.array([self.catalog.row[i] for i in example.targets], np.int64)
        return rows, np.array(list(example.targets.values()), np.float32)

    def talk(self, n: int, real: float) -> list[Instance]:
        """Whole instances, a share `real` of them from training dialogues."""
        return [self.instances.whole(example) for example in self.examples_to_say(n, real)]

    def examples_to_say(self, n: int, real: float) -> list[Example]:
        """Turns with their replies, a share `real` of them from training dialogues."""
        n_real = int(self.rng.binomial(n, real))
        chosen = self.rng.integers(len(self.examples), size=n_real)
        examples = [self.examples[int(i)] for i in chosen]
        examples += [self._next_synthetic() for _ in range(n - n_real)]
        return [_of_one_film(example) for example in examples]

    def prose(self, n: int, texts: Sequence[str], length: int = 128) -> list[Instance]:
        """General English, every token learned."""
        heard = self.silence if self.instances.ear else None
        found = []
        for i in self.rng.integers(len(texts), size=n):
            ids = encode_text(self.instances.writer.tokenizer, texts[int(i)])[:length]
            ids = [self.instances.control.eos, *ids]
            found.append(Instance(ids, [False] + [True] * (len(ids) - 1), None, None, None, heard))
        return found

    def _next_synthetic(self) -> Example:
        while not self._queue:
            if self.rng.random() < 0.3:
                example = self.synthetic.wish()
                self._queue += [example] if example.reply else []
            else:
                self._queue += self.synthetic.dialogue()
        return self._queue.pop(int(self.rng.integers(len(self._queue))))

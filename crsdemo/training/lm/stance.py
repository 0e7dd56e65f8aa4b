"""Teach an encoder who wants what they name and who does not (`model/stance.py`).

    python -m crsdemo train-stance --out my/stance

Learns from sentences written for it, in which each thing that is named is marked: `-[horror]` is
refused, `+[horror]` is not. What is to be learned is the words around: things of one kind change
places, and letters slip.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from tqdm import tqdm

from crsdemo.core.config import flag, parse
from crsdemo.core.errors import BadInputError
from crsdemo.core.traced import Stretch
from crsdemo.model.stance import FOLDER, PieceReader, Stance
from crsdemo.training.lm.typos import slipped
from crsdemo.training.written.data import WRITTEN, Stanced, read

log = logging.getLogger(__name__)

SWAPPED = 0.5  # of the things named, those that change places with others of their kind
CHANGED = 0.3  # of the sentences: small letters, no apostrophes, no punctuation, slips, each
_PERSON = re.compile(r"[A-Z][\w'.-]+(?: [A-Z][\w'.-]+)+")
_PLURAL = re.compile(r"[a-z -]{3,}(?<!s)s")
_MASS = re.compile(
    r"horror|romance|comedy|drama|action|crime|fantasy|animation|anime|sci-fi|science fiction|war|"
    r"violence|gore|nudity|politics|history|adventure|mystery|suspense|blood|swearing|sport"
)
_KINDS = (_PERSON, _MASS, _PLURAL)


@dataclass(frozen=True)
class StanceConfig:
    """Teach who wants what they name and who does not."""

    out: Path = flag(FOLDER, "folder of the weights")
    written: Path = flag(WRITTEN, "folder with stances*.jsonl")
    held_out: float = flag(0.1, "share of the sentences that are measured with and not learned")
    epochs: int = flag(12, "passes over all sentences")
    learning_rate: float = flag(1e-3, "of AdamW at its highest")
    batch: int = flag(32, "sentences per batch")
    rank: int = flag(16, "of the LoRA matrices")
    seed: int = flag(0, "of all randomness")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.out,)


class Marked(NamedTuple):
    """A text and the things that it names."""

    text: str
    named: tuple[tuple[Stretch, bool], ...]  # and whether each is refused


def main(argv: list[str]) -> None:
    """Flags in, one call, print."""
    config = parse(StanceConfig, argv, "crsdemo train-stance")
    print(json.dumps(train_stance(config), indent=2))


def train_stance(config: StanceConfig) -> dict[str, float]:
    """Write the weights to `out`; what was measured with the held out. Raises BadInputError."""
    if not 0 <= config.held_out < 1 or config.epochs < 1:
        raise BadInputError(
            f"--held-out is 0 or more and below 1, --epochs at least 1, got {config.held_out} and "
            f"{config.epochs}"
        )
    dice = np.random.default_rng(config.seed)
    sentences = read(Stanced, config.written)
    if not sentences:
        raise BadInputError(f"no sentences in {config.written}; it needs a file stances*.jsonl")
    order = dice.permutation(len(sentences))
    n_held = round(config.held_out * len(sentences))
    held, learned = ([sentences[i] for i in some] for some in (order[:n_held], order[n_held:]))
    reader = learn(learned, config, dice)
    config.out.mkdir(parents=True, exist_ok=True)
    reader.save(config.out)
    return measured(Stance.load(config.out), held)


def learn(
    sentences: Sequence[Stanced], config: StanceConfig, dice: np.random.Generator
) -> PieceReader:
    """An encoder with LoRA that has learned from the sentences."""
    torch.manual_seed(config.seed)
    reader = PieceReader.new()
    lora = LoraConfig(
        r=config.rank, lora_alpha=2 * config.rank, lora_dropout=0.1, target_modules="all-linear"
    )
    reader.encoder = get_peft_model(reader.encoder, lora)
    reader.train()
    learning = [weights for weights in reader.parameters() if weights.requires_grad]
    optimizer = torch.optim.AdamW(learning, config.learning_rate, weight_decay=0.01)
    n_steps = config.epochs * -(-len(sentences) // config.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=n_steps, pct_start=0.1
    )
    swap = Swap(sentences)
    for rows in tqdm(_batches(len(sentences), config, dice), total=n_steps, desc="learning"):
        loss = _loss(reader, [swap.changed(sentences[row], dice) for row in rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return reader


def measured(stance: Stance, held: Sequence[Stanced]) -> dict[str, float]:
    """Of the things named in sentences that were not learned: right, and of either kind."""
    found = {True: list[bool](), False: list[bool]()}
    for sentence in held:
        text, named = marked(sentence.pieces())
        odds = stance.log_odds(text, [stretch for stretch, _ in named])
        for (_, is_refused), value in zip(named, odds, strict=True):
            found[is_refused].append((value > 0) == is_refused)
    every = [*found[True], *found[False]]
    rates = {"right": every, "refused heard": found[True], "not refused let pass": found[False]}
    return {name: round(float(np.mean(some)), 4) for name, some in rates.items() if some}


def marked(pieces: Iterable[tuple[str, bool | None]]) -> Marked:
    """One text of its pieces, and where those lie that name something."""
    text, named = "", list[tuple[Stretch, bool]]()
    for words, is_refused in pieces:
        if is_refused is not None:
            named.append((Stretch(len(text), len(text) + len(words)), is_refused))
        text += words
    return Marked(text, tuple(named))


class Swap:
    """Puts other things of the same kind into sentences, and typing errors."""

    def __init__(self, sentences: Sequence[Stanced]) -> None:
        things = sorted({w for one in sentences for w, mark in one.pieces() if mark is not None})
        self._others = {kind: [t for t in things if kind.fullmatch(t)] for kind in _KINDS}

    def changed(self, sentence: Stanced, dice: np.random.Generator) -> Marked:
        small, bare, plain, slips = dice.random(4) < CHANGED
        pieces = list[tuple[str, bool | None]]()
        for words, mark in sentence.pieces():
            if mark is not None:
                words = self._another(words, dice)
            elif slips:
                words = slipped(words, dice)
            if bare:
                words = re.sub("['’]", "", words)
            if plain and mark is None:
                words = re.sub(r"[,.;!]", "", words)
            pieces.append((words.lower() if small else words, mark))
        return marked(pieces)

    def _another(self, thing: str, dice: np.random.Generator) -> str:
        kind = next((kind for kind in _KINDS if kind.fullmatch(thing)), None)
        return str(dice.choice(self._others[kind])) if kind and dice.random() < SWAPPED else thing


def _batches(n: int, config: StanceConfig, dice: np.random.Generator) -> Iterator[list[int]]:
    for _ in range(config.epochs):
        order: list[int] = dice.permutation(n).tolist()
        yield from (order[i : i + config.batch] for i in range(0, n, config.batch))


def _loss(reader: PieceReader, batch: Sequence[Marked]) -> Tensor:
    """Of the word pieces that name something, each thing as heavy as another."""
    scores, places = reader([one.text for one in batch])
    right = torch.zeros_like(scores)
    weights = torch.zeros_like(scores)
    for row, one in enumerate(batch):
        for stretch, is_refused in one.named:
            mine = (places[row, :, 0] < stretch.end) & (places[row, :, 1] > stretch.start)
            right[row, mine] = float(is_refused)
            weights[row, mine] = 1 / max(int(mine.sum()), 1)
    losses: Tensor = binary_cross_entropy_with_logits(scores, right, weights, reduction="sum")
    return losses / weights.sum()

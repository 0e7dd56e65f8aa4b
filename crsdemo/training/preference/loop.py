"""Learning what people prefer: probabilities at the start, then steps over whole batches.

The log-probabilities of the adapter that it starts from are computed once, before the first step,
and kept with the state of the run, which goes on after an interruption.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from crsdemo.core.config import flag
from crsdemo.core.errors import BadInputError
from crsdemo.export.preferences import Method
from crsdemo.training.lm.loop import MasterWeights, keep, other_run, restored
from crsdemo.training.preference.examples import Example, mismatched
from crsdemo.training.preference.losses import (
    Branches,
    balanced,
    dpo_loss,
    kto_loss,
    log_probabilities,
)
from crsdemo.training.preference.transcribe import Scored

# How strongly it is held to where it started. DPO: HF's recipe for SmolLM2 (alignment-handbook,
# recipes/smollm2/dpo/config.yaml). KTO: the paper's and TRL's default.
BETA: dict[Method, float] = {"dpo": 0.5, "kto": 0.1}
WARM_UP = 0.1  # of all steps, then a cosine to nothing; the same recipe
SAVE_STEPS = 20
RUNS = Path("runs")


@dataclass(frozen=True)
class PreferenceFlags:
    """How it learns."""

    beta: float | None = flag(
        None, "how strongly it is held to where it started; by default 0.5 for dpo, 0.1 for kto"
    )
    # The recipe's 1e-6 is for all weights; an adapter wants about ten times that (Schulman et al.
    # 2025, LoRA Without Regret)
    learning_rate: float = flag(1e-5, "at its height")
    epochs: int = flag(3, "times that every vote is seen")
    batch: int = flag(8, "votes per step")
    noise: float = flag(
        0.0, "dpo: the share of verdicts taken to be the wrong way round, for raters who slip"
    )
    tokens: int = flag(4000, "that go through the model at once; fewer need less memory")
    seed: int = flag(0, "of the order in which votes are seen")

    def check(self, method: Method) -> None:
        """Raises BadInputError for a flag out of range."""
        if not 0 <= self.noise < 0.5:
            raise BadInputError(f"--noise is a share from 0 to below 0.5, got {self.noise}")
        if self.noise and method != "dpo":
            raise BadInputError("--noise is for --method dpo, whose loss can allow for slips")
        for name in ("learning_rate", "epochs", "batch", "tokens"):
            if getattr(self, name) <= 0:
                raise BadInputError(
                    f"--{name.replace('_', '-')} is above 0, got {getattr(self, name)}"
                )
        if self.beta is not None and self.beta <= 0:
            raise BadInputError(f"--beta is above 0, got {self.beta}")


@dataclass(frozen=True)
class Preferring:
    """A model, what it reads batches with, and how it learns."""

    model: Any
    pad: int
    method: Method
    flags: PreferenceFlags
    start: str  # what it starts from: hash of the adapter, and which layers learn
    own_state: Path | None = None  # by default a file named by the run

    def learn(self, train: Sequence[Example], frozen: Sequence[Example]) -> tuple[Tensor, Tensor]:
        """Log-probabilities of the sides of the frozen votes before and after, (F, sides).

        Raises CheckpointError for the state of another run.
        """
        self.model.eval()  # without dropout, as the log-probabilities at the start
        others = mismatched(train) if self.method == "kto" else []
        masters = MasterWeights(self.model)
        optimizer = torch.optim.AdamW(masters.weights, self.flags.learning_rate, weight_decay=0.0)
        key, state = self.key(train, frozen), self.state(train, frozen)
        kept = restored(state, masters, optimizer)
        if kept and kept["key"] != key:
            raise other_run(state, "other votes, options or another start")
        if kept is None:
            kept = {"key": key, "step": 0}
            kept["start"] = self._probabilities(train, "where it starts")
            kept["others"] = self._of([(one,) for one in others], "where it starts, other prompts")
            kept["frozen"] = self._probabilities(frozen, "where it starts, frozen votes")
            keep(state, masters, optimizer, kept)
        self._steps(train, others, kept, masters, optimizer, state)
        after = self._probabilities(frozen, "frozen votes")
        return kept["frozen"], after

    def _steps(
        self,
        train: Sequence[Example],
        others: Sequence[Scored],
        kept: dict[str, Any],
        masters: MasterWeights,
        optimizer: torch.optim.Optimizer,
        state: Path,
    ) -> None:
        per_epoch = math.ceil(len(train) / self.flags.batch)
        n_steps = per_epoch * self.flags.epochs
        bar = tqdm(total=n_steps, initial=kept["step"], unit="step")
        mean: float | None = None
        for step in range(kept["step"], n_steps):
            epoch, place = divmod(step, per_epoch)
            order = np.random.default_rng((self.flags.seed, epoch)).permutation(len(train))
            rows = order[place * self.flags.batch : (place + 1) * self.flags.batch].tolist()
            loss = self._backward(train, others, kept, rows)
            masters.take_gradients()
            nn.utils.clip_grad_norm_(masters.weights, 1.0)
            for group in optimizer.param_groups:
                group["lr"] = self.flags.learning_rate * _height(step, n_steps)
            optimizer.step()
            masters.give_back()
            mean = loss if mean is None else 0.9 * mean + 0.1 * loss
            bar.set_description(f"loss {mean:.3f}")
            bar.update()
            kept["step"] = step + 1
            if (step + 1) % SAVE_STEPS == 0 or step + 1 == n_steps:
                keep(state, masters, optimizer, kept)
        bar.close()

    def _backward(
        self,
        train: Sequence[Example],
        others: Sequence[Scored],
        kept: dict[str, Any],
        rows: Sequence[int],
    ) -> float:
        """Gradients of the mean loss of a batch, in parts that fit into memory; the loss."""
        kl = torch.zeros(())
        if others:
            now = self._of([(others[row],) for row in rows])[:, 0]
            kl = (now - kept["others"][rows, 0]).mean()
        total = 0.0
        for some in self._parts([train[row].sides for row in rows]):
            part = [rows[n] for n in some]
            found = log_probabilities(self.model, [train[row].sides for row in part], self.pad)
            change = found - kept["start"][part].to(found.device)
            loss = self._loss(change, train, part, kl).sum() / len(rows)
            loss.backward()
            total += float(loss.detach())
        return total

    def _loss(
        self, change: Tensor, train: Sequence[Example], part: Sequence[int], kl: Tensor
    ) -> Tensor:
        beta = self.flags.beta or BETA[self.method]
        if self.method == "dpo":
            return dpo_loss(change[:, 0] - change[:, 1], beta, self.flags.noise)
        labels = [one.vote.good for one in train]
        good = torch.tensor([labels[row] for row in part], device=change.device)
        weights = balanced(sum(labels), len(labels) - sum(labels))
        return kto_loss(change[:, 0], good, kl.to(change.device), beta, weights)

    def _probabilities(self, examples: Sequence[Example], about: str) -> Tensor:
        """(E, sides)"""
        return self._of([one.sides for one in examples], about)

    @torch.no_grad()
    def _of(self, votes: Sequence[Sequence[Scored]], about: str = "") -> Tensor:
        """(V, sides) the log-probabilities; shows progress if `about` says what it is."""
        found = torch.zeros(len(votes), len(votes[0]) if votes else 1)
        # Those of one length together: little is filled up
        order = sorted(range(len(votes)), key=lambda n: len(Branches.of(votes[n]).ids))
        bar = tqdm(total=len(votes), desc=about, unit="vote", disable=not about)
        for part in self._parts([votes[n] for n in order]):
            some = [order[n] for n in part]
            batch = [votes[n] for n in some]
            found[some] = log_probabilities(self.model, batch, self.pad).cpu()
            bar.update(len(some))
        bar.close()
        return found

    def _parts(self, votes: Sequence[Sequence[Scored]]) -> Iterator[list[int]]:
        """Rows in parts of so many tokens, filled up to the longest."""
        part: list[int] = []
        longest = 0
        for row, sides in enumerate(votes):
            own = len(Branches.of(sides).ids)
            length = max(longest, own)
            if part and length * (len(part) + 1) > self.flags.tokens:
                yield part
                part, length = [], own
            part.append(row)
            longest = length
        if part:
            yield part

    def state(self, train: Sequence[Example], frozen: Sequence[Example]) -> Path:
        """The file with which an interrupted run goes on, wherever its adapter is to be written."""
        return self.own_state or RUNS / f"tune-{self.key(train, frozen)[:16]}.pt"

    def key(self, train: Sequence[Example], frozen: Sequence[Example]) -> str:
        """What makes a run that run: what it starts from, how it learns, and from what."""
        how = {one.name: getattr(self.flags, one.name) for one in fields(PreferenceFlags)}
        how.pop("tokens")  # what fits into memory changes nothing
        digest = hashlib.sha256(f"{self.start} {self.method} {how}".encode())
        for one in (*train, None, *frozen):
            digest.update(repr(one and (one.vote.good, one.sides)).encode())
        return digest.hexdigest()


def _height(step: int, n_steps: int) -> float:
    """Share of the learning rate: up over the first tenth, then a cosine to nothing."""
    warm = max(1, round(WARM_UP * n_steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, n_steps - warm)))

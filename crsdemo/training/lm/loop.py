"""The loop in which a recommender on a pretrained base learns from whole conversations.

Batches of one kind, filled up to a number of tokens; what is drawn moves from single facts to
conversations as the time goes by. Small steps learn more per minute than large ones.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from crsdemo.core.config import flag
from crsdemo.core.errors import CheckpointError
from crsdemo.model.choice import ChoiceHead
from crsdemo.training.lm.examples import ExampleSampler
from crsdemo.training.lm.processes import Processes
from crsdemo.training.lm.sequences import TrainingSequence, sequence_loss

SAVE_SECONDS = 300
Mixture = Mapping[str, tuple[float, float]]  # share of each kind at the beginning and at the end


@dataclass(frozen=True)
class LearnFlags:
    """How it learns."""

    state: Path | None = flag(
        None, "file that lets an interrupted run go on; by default beside the adapter"
    )
    minutes: float = flag(360.0, "how long to learn")
    tokens: int = flag(700, "per step")
    learning_rate: float = flag(1e-3, "of the adapter, at its height")
    rows_learning_rate: float = flag(3e-3, "of the rows of control tokens, and of a choosing head")

    @property
    def state_file(self) -> Path:
        return self.state or Path("runs/state.pt")


class MasterWeights:
    """Single-precision copies of what modules learn; of single-precision weights the weights.

    Steps of the size that fine-tuning takes are lost in the rounding of bfloat16; so the optimizer
    moves copies, and the model gets them rounded (Micikevicius et al. 2018).
    """

    def __init__(self, *modules: nn.Module) -> None:
        named = [pair for module in modules for pair in module.named_parameters()]
        learned = [(name, p) for name, p in named if p.requires_grad]
        self.names = [name for name, _ in learned]
        self._learned = [p for _, p in learned]
        self.weights: list[Tensor] = [
            p if p.dtype == torch.float32 else p.detach().float().requires_grad_()
            for p in self._learned
        ]

    def take_gradients(self) -> None:
        """From the model, which keeps none."""
        for master, p in zip(self.weights, self._learned, strict=True):
            if master is not p:
                master.grad = None if p.grad is None else p.grad.float()
                p.grad = None

    @torch.no_grad()
    def give_back(self) -> None:
        """The masters, rounded, to the model; gradients are dropped."""
        for master, p in zip(self.weights, self._learned, strict=True):
            if master is not p:
                p.copy_(master)
            master.grad = None


def learn(
    config: LearnFlags,
    model: Any,
    sampler: ExampleSampler,
    mixture: Mixture,
    save: Callable[[], None],
    head: ChoiceHead | None = None,
) -> None:
    """Until the time is spent. `save` is called every five minutes and at the end.

    Of several processes that were started together each calls this; the first one writes.
    Raises CheckpointError for the state of another run.
    """
    processes = Processes.joined()
    masters = MasterWeights(model) if head is None else MasterWeights(model, head)
    optimizer = _optimizer(config, masters)
    kept = restored(config.state_file, masters, optimizer) or {"step": 0, "seconds": 0.0}
    step, seconds = kept["step"], kept["seconds"]
    # a resumed run draws what is new, and each process what is its own
    sampler.rng = np.random.default_rng((sampler.seed + processes.number, step))
    means: dict[str, float] = {}
    total, hidden = round(60 * config.minutes), not processes.is_first
    bar = tqdm(total=total, initial=round(seconds), unit="s", disable=hidden)
    started = saved = time.monotonic()
    model.train()
    while seconds < 60 * config.minutes:
        share = seconds / (60 * config.minutes)
        kind, batch = _batch(sampler, mixture, config.tokens, share)
        _set_rates(optimizer, config, step, share)
        loss = sequence_loss(model, batch, sampler.talk.control.eos, head=head)
        loss.total.backward()
        masters.take_gradients()
        processes.average(masters.weights)
        nn.utils.clip_grad_norm_(masters.weights, 1.0)
        optimizer.step()
        masters.give_back()
        for name, value in loss.parts.items():
            mean = means.get(f"{kind} {name}", value)
            means[f"{kind} {name}"] = 0.97 * mean + 0.03 * value
        step += 1
        now = time.monotonic()
        seconds = processes.of_first(seconds + now - started)
        started = now
        bar.update(min(round(seconds), total) - bar.n)
        if step % 20 == 0:
            told = (f"{name} {value:.2f}" for name, value in sorted(means.items()))
            bar.set_description(f"step {step}: {', '.join(told)}")
        if processes.is_first and now - saved > SAVE_SECONDS:
            keep(config.state_file, masters, optimizer, {"step": step, "seconds": seconds})
            save()
            started = saved = time.monotonic()
    bar.close()
    if processes.is_first:
        keep(config.state_file, masters, optimizer, {"step": step, "seconds": seconds})
        save()


def _batch(
    sampler: ExampleSampler, mixture: Mixture, tokens: int, share: float
) -> tuple[str, list[TrainingSequence]]:
    """Sequences of one kind, together about so many tokens with what fills them up."""
    kinds = {kind: draw for kind, draw in sampler.kinds.items() if kind in mixture}
    weights = [mixture[kind][0] * (1 - share) + mixture[kind][1] * share for kind in kinds]
    shares = np.array(weights) / sum(weights)
    kind = str(sampler.rng.choice(list(kinds), p=shares))
    batch = [kinds[kind]()]
    while (len(batch) + 1) * max(len(one.ids) for one in batch) <= tokens:
        batch.append(kinds[kind]())
    return kind, batch


def _optimizer(config: LearnFlags, masters: MasterWeights) -> torch.optim.Optimizer:
    """The rows of control tokens and the head learn faster than the adapter."""
    named = list(zip(masters.names, masters.weights, strict=True))
    lora = [p for name, p in named if "lora" in name]
    rows = [p for name, p in named if "lora" not in name]
    groups = [
        {"params": lora, "height": config.learning_rate},
        {"params": rows, "height": config.rows_learning_rate},
    ]
    return torch.optim.AdamW(groups, config.learning_rate, betas=(0.9, 0.98), weight_decay=0.0)


def _set_rates(
    optimizer: torch.optim.Optimizer, config: LearnFlags, step: int, share: float
) -> None:
    """Forty steps of warm-up, then a cosine to a twentieth."""
    cosine = 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
    for group in optimizer.param_groups:
        group["lr"] = group["height"] * min(1.0, (step + 1) / 40) * cosine


def keep(
    state: Path, masters: MasterWeights, optimizer: torch.optim.Optimizer, run: Mapping[str, Any]
) -> None:
    """What a run needs to go on, and what it says of itself in `run`, which is fit for torch.

    In one step, so that an interruption leaves the old or the new state.
    """
    state.parent.mkdir(parents=True, exist_ok=True)
    partial = state.with_suffix(".partial")
    weights = [p.detach() for p in masters.weights]
    torch.save({**run, "weights": weights, "optimizer": optimizer.state_dict()}, partial)
    partial.replace(state)


def restored(
    state: Path, masters: MasterWeights, optimizer: torch.optim.Optimizer
) -> dict[str, Any] | None:
    """What `keep` was told of the run, whose weights are put back; None if nothing was kept.

    Raises CheckpointError for the state of another run, and for a damaged one.
    """
    if not state.is_file():
        return None
    try:
        kept: dict[str, Any] = torch.load(state, weights_only=True)
        with torch.no_grad():
            for parameter, value in zip(masters.weights, kept.pop("weights"), strict=True):
                parameter.copy_(value)
        masters.give_back()
        optimizer.load_state_dict(kept.pop("optimizer"))
        return kept
    except (RuntimeError, ValueError, KeyError, UnpicklingError, EOFError) as error:
        raise other_run(state, str(error)) from error


def other_run(state: Path, why: str) -> CheckpointError:
    """What is raised for a state that cannot be gone on from."""
    return CheckpointError(
        f"{state} does not continue this run ({why}); remove it to begin anew, or go on with the "
        "options of the run that wrote it"
    )

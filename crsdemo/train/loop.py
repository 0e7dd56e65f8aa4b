"""The training loop of every stage: bf16 on any device, progress, saved state, resume.

The budget is time, since machines differ: the learning rate follows the share of it that is spent,
and a resumed run goes on where it was.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from tqdm import tqdm

from crsdemo.errors import CheckpointError
from crsdemo.listener import Ear
from crsdemo.tokens import ControlTokens
from crsdemo.train.instances import Instance, Loss, Voice, loss_of


@dataclass(frozen=True)
class LoopConfig:
    """How long and how fast to learn."""

    minutes: float = 60.0
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    warmup_steps: int = 100
    clip: float = 1.0
    save_minutes: float = 5.0
    threads: int = 0  # 0 leaves torch's own choice
    seed: int = 0


@dataclass
class _Progress:
    step: int = 0
    seconds: float = 0.0


def train(
    voice: Voice,
    ear: Ear | None,
    control: ControlTokens,
    batches: Iterator[tuple[str, Sequence[Instance]]],
    config: LoopConfig,
    state: Path,
    save: Callable[[], None],
) -> int:
    """Learn from (kind, batch) pairs until the time is spent; return the steps taken.

    `state` is a file that lets the same call go on after an interruption; `save` writes weights.
    """
    torch.manual_seed(config.seed)
    if config.threads:
        torch.set_num_threads(config.threads)
    optimizer = _optimizer(voice, config)
    progress = _restore(state, voice, optimizer)
    averages: dict[str, float] = {}
    bar = tqdm(total=round(60 * config.minutes), initial=round(progress.seconds), unit="s")
    saved = started = time.monotonic()
    for kind, batch in batches:
        if progress.seconds >= 60 * config.minutes:
            break
        loss = _step(voice, ear, control, batch, optimizer, _rate(progress, config), config)
        _average(averages, kind, loss)
        progress.step += 1
        now = time.monotonic()
        progress.seconds += now - started
        bar.update(min(round(progress.seconds), bar.total) - bar.n)
        started = now
        if progress.step % 20 == 0:
            bar.set_description(f"step {progress.step}: {_shown(averages)}")
        if now - saved > 60 * config.save_minutes:
            _keep(state, voice, optimizer, progress)
            save()
            saved = started = time.monotonic()
    bar.close()
    _keep(state, voice, optimizer, progress)
    save()
    return progress.step


def _optimizer(voice: Voice, config: LoopConfig) -> torch.optim.Optimizer:
    """AdamW; no decay on norms and biases."""
    decayed = [p for p in voice.parameters() if p.ndim >= 2]
    other = [p for p in voice.parameters() if p.ndim < 2]
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": other, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, config.learning_rate, betas=(0.9, 0.98), fused=True)


def _rate(progress: _Progress, config: LoopConfig) -> float:
    """Linear warm-up, then cosine to a twentieth."""
    share = min(1.0, progress.seconds / (60 * config.minutes))
    cosine = 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * share))
    return config.learning_rate * min(1.0, (progress.step + 1) / config.warmup_steps) * cosine


def _step(
    voice: Voice,
    ear: Ear | None,
    control: ControlTokens,
    batch: Sequence[Instance],
    optimizer: torch.optim.Optimizer,
    rate: float,
    config: LoopConfig,
) -> Loss:
    for group in optimizer.param_groups:
        group["lr"] = rate
    device = next(iter(voice.parameters())).device
    with torch.autocast(device.type, torch.bfloat16):
        loss = loss_of(voice, ear, batch, control)
    loss.total.backward()
    torch.nn.utils.clip_grad_norm_(voice.parameters(), config.clip)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss


def _average(averages: dict[str, float], kind: str, loss: Loss) -> None:
    """Moving averages of what a batch of this kind learns from."""
    parts = {f"{kind}.{n}": value for n, value in enumerate(loss.levels, 1) if value}
    parts |= {f"{kind}.mode": loss.mode} if loss.mode else {}
    parts |= {f"{kind}.words": loss.words} if loss.words else {}
    for name, value in parts.items():
        averages[name] = 0.95 * averages.get(name, value) + 0.05 * value


def _shown(averages: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.2f}" for name, value in sorted(averages.items()))


def _keep(state: Path, voice: Voice, optimizer: torch.optim.Optimizer, progress: _Progress) -> None:
    """Write the state in one step, so that an interruption leaves the old or the new one."""
    state.parent.mkdir(parents=True, exist_ok=True)
    partial = state.with_suffix(".partial")
    torch.save(
        {
            "weights": [p.detach() for p in voice.parameters()],
            "optimizer": optimizer.state_dict(),
            "step": progress.step,
            "seconds": progress.seconds,
        },
        partial,
    )
    partial.replace(state)


def _restore(state: Path, voice: Voice, optimizer: torch.optim.Optimizer) -> _Progress:
    if not state.is_file():
        return _Progress()
    try:
        kept: dict[str, Any] = torch.load(state, weights_only=True)
        with torch.no_grad():
            for parameter, value in zip(voice.parameters(), kept["weights"], strict=True):
                parameter.copy_(value)
        optimizer.load_state_dict(kept["optimizer"])
        return _Progress(kept["step"], kept["seconds"])
    except (RuntimeError, ValueError, KeyError, UnpicklingError, EOFError) as error:
        raise CheckpointError(
            f"{state} does not continue this run ({error}); remove it to begin anew, or go on "
            "with the options of the run that wrote it"
        ) from error


def mixture(
    draws: Mapping[str, tuple[float, Callable[[], Sequence[Instance]]]], seed: int
) -> Iterator[tuple[str, Sequence[Instance]]]:
    """Endless batches; a kind comes up in proportion to its weight."""
    rng = random.Random(seed)
    kinds, weights = list(draws), [weight for weight, _ in draws.values()]
    while True:
        kind = rng.choices(kinds, weights)[0]
        yield kind, draws[kind][1]()

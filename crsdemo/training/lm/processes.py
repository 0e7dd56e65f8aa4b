"""Several processes that learn one model together, as `torchrun` starts them.

    torchrun --standalone --nproc-per-node 2 -m crsdemo train-gcrs --dialogues train.jsonl

Each draws its own examples, the gradients are averaged, and so all take the same steps. The first
one writes. What the launchers say in the environment is torch's own (`torch.distributed`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True)
class Processes:
    """This one among those that learn together."""

    number: int = 0  # of this one
    count: int = 1

    @classmethod
    def joined(cls) -> Processes:
        """Wait until all are there; alone, where none were started together."""
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return cls()
        if not dist.is_initialized():
            dist.init_process_group()  # by gloo, and what lies on a GPU by NCCL
        return cls(dist.get_rank(), dist.get_world_size())

    @property
    def is_first(self) -> bool:
        return self.number == 0

    def average(self, weights: Sequence[Tensor]) -> None:
        """The gradients of all processes, in each; one that a process has not counts as zero."""
        if self.count == 1:
            return
        for p in weights:
            p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        flat = torch.cat([p.grad.flatten() for p in weights if p.grad is not None])
        dist.all_reduce(flat)
        parts = (flat / self.count).split([p.numel() for p in weights])
        for p, part in zip(weights, parts, strict=True):
            p.grad = part.view_as(p)

    def of_first(self, seconds: float) -> float:
        """What the first one says of the time, so that all stop at the same step."""
        if self.count == 1:
            return seconds
        said = torch.tensor(seconds, dtype=torch.double)
        dist.broadcast(said, src=0)
        return float(said)

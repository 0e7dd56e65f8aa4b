"""Training in half precision where the CPU or GPU is fast at it, with single-precision masters.

Steps of the size that fine-tuning takes are lost in the rounding of bfloat16; so the optimizer
moves copies in single precision, and the model gets them rounded (Micikevicius et al. 2018).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Masters:
    """Single-precision copies of what modules learn; of single-precision weights the weights."""

    def __init__(self, *modules: Any) -> None:
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

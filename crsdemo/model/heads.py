"""A causal LM with another output head, which shares everything else with it.

Whatever a model does to its logits behind the head (Gemma caps them, Granite scales them) still
happens, and what the head is given is what the model itself would give it.
"""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor, nn


def head_name(model: Any) -> str | None:
    """Under which name the output head lies in `model`; None if it is inside another part."""
    head = model.get_output_embeddings()
    return next((name for name, child in model.named_children() if child is head), None)


def head_width(model: Any) -> int:
    """Features of the states that the output head reads, h."""
    return int(model.get_output_embeddings().weight.shape[1])


def with_head(model: Any, head: nn.Module) -> Any:
    """`model` with `head` for its output head. Raises ValueError if that is inside another part."""
    name = head_name(model)
    if name is None:
        raise ValueError(f"the output head of a {type(model).__name__} cannot be replaced")
    view = copy.copy(model)
    view._modules = {**model._modules, name: head}
    return view


class Places(nn.Module):
    """An output head at some places only; it keeps the states that it was given."""

    def __init__(self, head: nn.Module, rows: Tensor, places: Tensor) -> None:
        """Of N states, the one of `rows` (N,) of the batch at `places` (N,) of the sequence."""
        super().__init__()
        self.head, self.rows, self.places = head, rows, places
        self.states: Tensor | None = None  # (B, T, h)

    def forward(self, hidden: Tensor) -> Tensor:
        """(N, V) from (B, T, h)."""
        self.states = hidden
        out: Tensor = self.head(hidden[self.rows, self.places])
        return out


class Last(nn.Module):
    """Gives no logits; keeps the last states that it was given."""

    state: Tensor  # (B, h)

    def forward(self, hidden: Tensor) -> Tensor:
        """(B, T, 1) from (B, T, h)."""
        self.state = hidden[:, -1]
        return hidden[..., :1]

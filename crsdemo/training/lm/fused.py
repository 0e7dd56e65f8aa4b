"""LoRA in few operations, and layers that no longer learn: what makes a step on a CPU quick.

PEFT adds the low-rank part in operations of its own, each over all activations, and copies the
embeddings at every use of a row that learns; here they go into the result in place, and their
gradients are written by hand. Same numbers, to rounding.

Shapes: N tokens, I and O features in and out, R the rank, V tokens in the vocabulary, M of them
with rows that learn.
"""

from __future__ import annotations

from typing import Any

import torch
from peft.tuners.lora import Linear
from peft.tuners.trainable_tokens import TrainableTokensLayer
from torch import Tensor, nn

from crsdemo.core.errors import BadInputError

ADAPTER = "default"


class _LoraLinear(torch.autograd.Function):
    """x W^T + s (x A^T) B^T."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, a: Tensor, b: Tensor, scale: float) -> Tensor:
        """(..., O) from x (..., I), weight (O, I), a (R, I), b (O, R)."""
        flat = x.reshape(-1, x.shape[-1])
        low = flat @ a.T
        out = (flat @ weight.T).addmm_(low, b.T, alpha=scale)
        ctx.save_for_backward(flat, low, weight, a, b)
        ctx.scale = scale
        return out.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        flat, low, weight, a, b = ctx.saved_tensors
        out = gradient.reshape(-1, gradient.shape[-1])
        of_low = (out @ b).mul_(ctx.scale)
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = (out @ weight).addmm_(of_low, a).view(*gradient.shape[:-1], -1)
        return of_x, None, of_low.T @ flat, (out.T @ low).mul_(ctx.scale), None


class _Head(torch.autograd.Function):
    """x W^T, of which the columns of some tokens come from rows that learn."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, rows: Tensor, index: Tensor) -> Tensor:
        """(N, V) from x (N, I), weight (V, I), rows (M, I) of the tokens `index` (M,)."""
        ctx.save_for_backward(x, weight, rows, index)
        return (x @ weight.T).index_copy_(1, index, x @ rows.T)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        x, weight, rows, index = ctx.saved_tensors
        of_index = gradient[:, index]
        of_x = (gradient @ weight).addmm_(of_index, rows - weight[index])
        return of_x, None, of_index.T @ x, None


class _Rows:
    """The forward pass of embeddings or of an output head with rows that learn."""

    def __init__(self, layer: TrainableTokensLayer) -> None:
        assert isinstance(layer.base_layer, nn.Linear | nn.Embedding)  # see `_is_plain`
        self.base = layer.base_layer
        self.rows = layer.trainable_tokens_delta[ADAPTER]
        self.index = torch.tensor(layer.token_indices[ADAPTER], device=self.rows.device)
        self.place = torch.full((len(self.base.weight),), -1, device=self.rows.device)
        self.place[self.index] = torch.arange(len(self.index), device=self.rows.device)

    def __call__(self, x: Tensor) -> Tensor:
        if isinstance(self.base, nn.Embedding):
            place = self.place[x]
            learned = nn.functional.embedding(place.clamp_min(0), self.rows)
            read: Tensor = self.base(x)
            return torch.where((place >= 0)[..., None], learned, read)
        args = x, self.base.weight, self.rows, self.index
        out: Tensor = _Head.apply(*args)  # type: ignore[no-untyped-call]  # torch has no types
        return out


class _Fused:
    """The forward pass of one LoRA layer."""

    def __init__(self, layer: Linear) -> None:
        self.weight = layer.base_layer.weight
        self.a = layer.lora_A[ADAPTER].weight
        self.b = layer.lora_B[ADAPTER].weight
        self.scale = layer.scaling[ADAPTER]

    def __call__(self, x: Tensor, *_: Any, **__: Any) -> Tensor:
        args = x, self.weight, self.a, self.b, self.scale
        out: Tensor = _LoraLinear.apply(*args)  # type: ignore[no-untyped-call]  # as above
        return out


def fuse(model: Any) -> None:
    """Every LoRA layer without dropout and without a bias computes in place; in training only.

    One whose base computes more than a product or a look-up stays as it is.

    So does an output head, for states (N, I) and without a bias.
    """
    for layer in model.modules():
        if isinstance(layer, Linear) and _is_plain(layer):
            layer.forward = _Fused(layer)  # type: ignore[method-assign]  # of this layer alone
        elif isinstance(layer, TrainableTokensLayer) and _is_plain(layer):
            layer.forward = _Rows(layer)  # type: ignore[method-assign]  # of this layer alone


@torch.no_grad()
def freeze_below(model: Any, first: int) -> None:
    """The layers below `first` keep what they have learned, added to the weights of the base.

    Neither they nor the rows of the embeddings get a gradient through them; as output rows these
    still learn. Raises BadInputError if there are no such layers.
    """
    layers = _layers(model.get_base_model())
    if not 0 <= first < len(layers):
        raise BadInputError(
            f"--first-layer {first}: the base has {len(layers)} layers, 0 to {len(layers) - 1}"
        )
    if first == 0:
        return
    for layer in layers[:first]:
        layer.requires_grad_(False)
        for part in layer.modules():
            if isinstance(part, Linear):
                weight, delta = part.base_layer.weight, part.get_delta_weight(ADAPTER)
                assert isinstance(weight, nn.Parameter)
                weight.add_(delta.to(weight.dtype))
                part.forward = part.base_layer.forward  # type: ignore[method-assign]  # its own
    layers[first].register_forward_pre_hook(_detached)


def _layers(model: Any) -> nn.ModuleList:
    """The blocks of a causal LM, whatever it calls them."""
    n = model.config.get_text_config().num_hidden_layers
    lists = (one for one in model.modules() if isinstance(one, nn.ModuleList) and len(one) == n)
    return next(lists)


def _is_plain(layer: Linear | TrainableTokensLayer) -> bool:
    """Gemma's embeddings, which are scaled, are of a class of their own, as GPT-2's products."""
    if type(layer.base_layer) not in (nn.Linear, nn.Embedding):
        return False
    dropout = layer.lora_dropout[ADAPTER] if isinstance(layer, Linear) else None
    has_bias = getattr(layer.base_layer, "bias", None) is not None
    return not has_bias and not getattr(dropout, "p", 0.0)


def _detached(_: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
    hidden, *rest = given
    return hidden.detach(), *rest

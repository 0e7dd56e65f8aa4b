"""A twin of a language model that writes faster: the weights of its linear layers in 8 bits.

One token at a time a CPU spends its time fetching weights, so a quarter of the bytes counts. Only
bfloat16 has a fast kernel in PyTorch (of float32 it is ten times slower than no int8 at all), and
only for few rows: a prompt is read faster by the model itself, and its cache handed to the twin.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

BLOCK = 16  # inputs that the kernel reads at a time; of fewer it reads what is not its own


class Int8Linear(nn.Module):
    """(.., I) -> (.., O) like the `nn.Linear` it is made from; products are rounded to bfloat16."""

    weight: Tensor  # (O, I) int8
    scale: Tensor  # (O,) bfloat16
    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        exact = linear.weight.detach().float()
        scale = (exact.abs().amax(1) / 127).clamp(min=1e-30).bfloat16()
        steps = (exact / scale.float()[:, None]).round()  # of the rounded scale: no row is skewed
        self.register_buffer("weight", steps.clamp(-127, 127).to(torch.int8))
        self.register_buffer("scale", scale)
        self.bias = linear.bias

    def forward(self, x: Tensor) -> Tensor:
        """What comes is as precise as what goes, so that caches keep their type."""
        rows = x.reshape(-1, x.shape[-1]).bfloat16().contiguous()  # the kernel reads it as a block
        out = torch._weight_int8pack_mm(rows, self.weight, self.scale).to(x.dtype)
        if self.bias is not None:
            out = out + self.bias
        return out.view(*x.shape[:-1], -1)


def int8_linears(model: PreTrainedModel) -> PreTrainedModel:
    """The twin: `nn.Linear` in 8 bits, everything else shared with `model`, which stays.

    Each reads what the other wrote into a cache. Adapters must be merged first, and weights of
    linear layers that change later need a new twin. Embeddings that the output head may be tied to
    are left as they are. Logits are rounded to bfloat16, so some are equal.
    """
    shared = [*model.parameters(), *model.buffers(), model.config]
    made: dict[int, Any] = {id(one): one for one in shared}
    for module in model.modules():
        if type(module) is nn.Linear and module.in_features % BLOCK == 0:
            made[id(module)] = Int8Linear(module)
    twin: PreTrainedModel = copy.deepcopy(model, made)  # takes what is made already as it is
    twin.eval()
    return twin

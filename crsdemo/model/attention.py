"""Attention for training on CPUs: heads that share keys are one matrix, in single precision.

Small matrices in half precision are slow to multiply there; the large ones of the linear layers
are not. Same result as the implementations of transformers, to rounding.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface, eager_mask

GROUPED = "grouped"  # name of the implementation


def grouped_attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float = 1.0,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[Tensor, None]:
    """(B, T, H, D) from queries (B, H, T, D), keys and values (B, G, S, D), an additive mask."""
    batch, heads, length, width = query.shape
    groups = key.shape[1]
    rows = batch * groups, heads // groups * length
    q = (query * scaling).float().reshape(*rows, width)
    k, v = (one.float().reshape(rows[0], -1, width) for one in (key, value))
    scores = torch.bmm(q, k.transpose(1, 2)).view(batch, heads, length, -1)
    if attention_mask is not None:
        scores = scores + attention_mask.float()
    shares = torch.nn.functional.dropout(scores.softmax(-1), dropout, module.training)
    out = torch.bmm(shares.view(*rows, -1), v).view(batch, heads, length, width)
    return out.to(query.dtype).transpose(1, 2).contiguous(), None


AttentionInterface.register(GROUPED, grouped_attention)
AttentionMaskInterface.register(GROUPED, eager_mask)

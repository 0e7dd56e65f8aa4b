"""Blocks of a Llama that take few tokens at a time, in few operations.

A model of this size writes a token in a hundredth of a second, and half of that went into starting
hundreds of tiny operations and into copying the cache at every token. Here queries, keys and
values are one product, so are gate and input of the MLP, keys are rotated together with queries,
and the cache grows in place. Same numbers as `int8_linears`, to rounding.

Shapes: B prompts, T tokens read, S tokens seen, H heads, G of them with keys, D features of each.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import DynamicLayer
from transformers.models.llama.modeling_llama import LlamaDecoderLayer

from crsdemo.model.int8 import Int8Linear

ROOM = 64  # tokens by which a cache grows at once


class Packed(NamedTuple):
    """The caches of several requests whose tokens are read in one row, one request's behind the
    other's."""

    caches: tuple[DynamicCache, ...]
    lengths: tuple[int, ...]  # tokens of each that are read


class QuickBlock(nn.Module):
    """Computes what a `LlamaDecoderLayer` with `Int8Linear`s and without biases computes."""

    def __init__(self, block: LlamaDecoderLayer) -> None:
        super().__init__()
        attention, mlp = block.self_attn, block.mlp
        width, n_keys = attention.head_dim, attention.config.num_key_value_heads
        assert width is not None and n_keys is not None  # transformers fills them in
        self.layer_idx: int = attention.layer_idx
        self.width, self.n_keys = width, n_keys
        self.scaling: float = attention.scaling
        self.qkv = _together(attention.q_proj, attention.k_proj, attention.v_proj)
        self.out = attention.o_proj
        self.gate_up = _together(mlp.gate_proj, mlp.up_proj)
        self.down = mlp.down_proj
        self.norms = block.input_layernorm, block.post_attention_layernorm

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        position_embeddings: tuple[Tensor, Tensor] | None = None,
        past_key_values: DynamicCache | Packed | None = None,
        **_: Any,
    ) -> Tensor:
        """(B, T, h) from (B, T, h), a mask (B, 1, T, S) as attention takes it, or none.

        With `Packed` caches B is 1, there is no mask, and each request sees its own tokens.
        """
        assert position_embeddings is not None
        heads = self.qkv(normed(hidden_states, self.norms[0]))
        heads = heads.view(*hidden_states.shape[:2], -1, self.width).transpose(1, 2)
        rotated = _rotated(heads[:, : -self.n_keys], *position_embeddings)
        query, key = rotated[:, : -self.n_keys], rotated[:, -self.n_keys :]
        value = heads[:, -self.n_keys :]
        if isinstance(past_key_values, Packed):
            parts = (one.split(past_key_values.lengths, 2) for one in (query, key, value))
            each = zip(past_key_values.caches, *parts, strict=True)
            seen = torch.cat([self._seen(c, q, k, v, None) for c, q, k, v in each], 1)
        else:
            seen = self._seen(past_key_values, query, key, value, attention_mask)
        hidden = hidden_states + self.out(seen)
        gate, up = self.gate_up(normed(hidden, self.norms[1])).chunk(2, -1)
        out: Tensor = hidden + self.down(nn.functional.silu(gate).mul_(up))
        return out

    def _seen(
        self,
        cache: DynamicCache | None,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None,
    ) -> Tensor:
        """(B, T, H D); the cache grows by keys and values (B, G, T, D)."""
        if cache is not None:
            key, value = grow(cache, self.layer_idx, key, value)
        return self._attended(query, key, value, mask)

    def _attended(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        """(B, T, H D) from queries (B, H, T, D), keys and values (B, G, S, D)."""
        batch, heads, length, width = query.shape
        grouped = query.reshape(batch, self.n_keys, -1, width)  # heads with the same keys are rows
        if mask is None and length > 1:
            seen = torch.ones(length, key.shape[2], dtype=torch.bool, device=query.device)
            mask = seen.tril_(key.shape[2] - length)[None, None]
        if mask is not None:
            mask = mask.repeat(1, 1, heads // self.n_keys, 1)
        out = nn.functional.scaled_dot_product_attention(
            grouped, key, value, mask, scale=self.scaling
        )
        return out.view(batch, heads, length, width).transpose(1, 2).reshape(batch, length, -1)


def quick_blocks(twin: PreTrainedModel) -> PreTrainedModel:
    """Of a twin by `int8_linears`, whose Llama blocks are replaced; any other stays as it is."""
    layers = getattr(twin.base_model, "layers", [])
    for place, block in enumerate(layers):
        if type(block) is LlamaDecoderLayer and _is_plain(block):
            layers[place] = QuickBlock(block)
    return twin


def _is_plain(block: LlamaDecoderLayer) -> bool:
    linear = [one for one in block.modules() if isinstance(one, Int8Linear)]
    return len(linear) == 7 and all(one.bias is None for one in linear)


def _together(*linears: Any) -> Int8Linear:
    """One layer whose outputs are those of `linears`, one after the other."""
    joined = Int8Linear.__new__(Int8Linear)
    nn.Module.__init__(joined)
    joined.register_buffer("weight", torch.cat([one.weight for one in linears]))
    joined.register_buffer("scale", torch.cat([one.scale for one in linears]))
    joined.bias = None
    return joined


def normed(hidden: Tensor, norm: Any) -> Tensor:
    return nn.functional.rms_norm(hidden, norm.weight.shape, norm.weight, norm.variance_epsilon)


def _rotated(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions: heads (B, H, T, D), cosines and sines (B, T, D)."""
    left, right = heads.chunk(2, -1)
    return torch.addcmul(heads * cos[:, None], torch.cat((-right, left), -1), sin[:, None])


def grow(cache: DynamicCache, place: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Add keys and values (B, G, T, D) to layer `place`; all that it holds: (B, G, S, D) each.

    Nothing is copied where there is room in the memory behind what the layer holds, which is its
    own: what a crop has left there is written over.
    """
    layer = cache.layers[place] if place < len(cache.layers) else None
    if type(layer) is not DynamicLayer or layer.keys is None or layer.values is None:
        return cache.update(key, value, place)
    layer.keys, layer.values = _longer(layer.keys, key), _longer(layer.values, value)
    return layer.keys, layer.values


def _longer(held: Tensor, added: Tensor) -> Tensor:
    """(B, G, S + T, D)"""
    (batch, groups, start, width), end = held.shape, held.shape[2] + added.shape[2]
    stride = held.stride(1)
    whole = (groups * stride, stride, width, 1)
    if held.stride() == whole and stride >= end * width and held.storage_offset() == 0:
        longer = held.as_strided((batch, groups, end, width), whole)
    else:
        longer = held.new_empty(batch, groups, end + ROOM, width)[:, :, :end]
        longer[:, :, :start] = held
    longer[:, :, start:] = added
    return longer

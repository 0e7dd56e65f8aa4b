"""Blocks in few operations give what the blocks of transformers give, and caches stay right."""

from __future__ import annotations

import pytest
import torch
from tiny import cached, causal_lm
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel
from transformers.models.llama.modeling_llama import LlamaDecoderLayer

from crsdemo.model.int8 import int8_linears
from crsdemo.model.quick import ROOM, QuickBlock, quick_blocks

IDS = torch.randint(2, 100, (2, 30), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def twins() -> tuple[PreTrainedModel, PreTrainedModel]:
    """In 8 bits with the blocks of transformers, and with quick ones."""
    model = causal_lm("llama", 100)
    return int8_linears(model), quick_blocks(int8_linears(model))


@torch.inference_mode()
def read(
    model: PreTrainedModel, ids: Tensor, cache: DynamicCache, mask: Tensor | None = None
) -> Tensor:
    output = model(ids, attention_mask=mask, past_key_values=cache, use_cache=True)
    logits: Tensor = output.logits
    return logits


def close(one: Tensor, other: Tensor) -> bool:
    return bool(torch.allclose(one, other, atol=0.02))  # products are rounded to bfloat16


def test_every_block_of_a_llama_is_replaced_and_of_others_none(
    twins: tuple[PreTrainedModel, PreTrainedModel],
) -> None:
    plain, quick = twins
    assert all(type(one) is LlamaDecoderLayer for one in plain.model.layers)
    assert all(type(one) is QuickBlock for one in quick.model.layers)
    other = int8_linears(causal_lm("qwen3", 100))
    kinds = [type(one) for one in other.model.layers]
    assert [type(one) for one in quick_blocks(other).model.layers] == kinds
    unchanged = causal_lm("llama", 100)  # not in 8 bits
    assert type(quick_blocks(unchanged).model.layers[0]) is LlamaDecoderLayer


@pytest.mark.parametrize("pieces", [(30,), (20, 1, 1, 3, 1, 4), (1,) * 30])
def test_logits_and_caches_are_those_of_the_other_twin(
    twins: tuple[PreTrainedModel, PreTrainedModel], pieces: tuple[int, ...]
) -> None:
    caches = DynamicCache(), DynamicCache()
    for ids in IDS.split(list(pieces), 1):
        plain, quick = (read(one, ids, cache) for one, cache in zip(twins, caches, strict=True))
        assert close(plain, quick)
    for one, other in zip(cached(caches[0]), cached(caches[1]), strict=True):
        assert one.keys.shape == other.keys.shape
        assert close(one.keys, other.keys)
        assert close(one.values, other.values)


def test_padding_is_not_seen(twins: tuple[PreTrainedModel, PreTrainedModel]) -> None:
    mask = torch.ones(2, 30, dtype=torch.long)
    mask[0, :12] = 0
    found = []
    for twin in twins:
        cache = DynamicCache()
        read(twin, IDS[:, :25], cache, mask[:, :25])
        found.append(read(twin, IDS[:, 25:28], cache, mask[:, :28]))
    assert close(*found)


def test_a_cache_grows_in_place_and_after_a_crop_forgets_what_was_cut(
    twins: tuple[PreTrainedModel, PreTrainedModel],
) -> None:
    _, quick = twins
    cache = DynamicCache()
    read(quick, IDS[:, :20], cache)
    read(quick, IDS[:, 20:21], cache)
    place = cached(cache)[0].keys.data_ptr()
    first = read(quick, IDS[:, 21:24], cache)
    assert cached(cache)[0].keys.data_ptr() == place
    cache.crop(-3)
    other = read(quick, IDS[:, 24:27], cache)
    assert not close(first, other)
    cache.crop(-3)
    assert torch.equal(read(quick, IDS[:, 21:24], cache), first)
    assert cached(cache)[0].keys.data_ptr() == place
    for _ in range(ROOM):
        read(quick, IDS[:, :1], cache)
    assert cached(cache)[0].keys.data_ptr() != place
    assert cache.get_seq_length() == 24 + ROOM


def test_what_copies_a_cache_has_one_of_its_own(
    twins: tuple[PreTrainedModel, PreTrainedModel],
) -> None:
    _, quick = twins
    cache = DynamicCache()
    read(quick, IDS[:, :20], cache)
    read(quick, IDS[:, 20:21], cache)
    copy = DynamicCache(list(cached(cache)))
    kept = cached(copy)[0].keys.clone()
    read(quick, IDS[:, 21:24], cache)
    assert torch.equal(cached(copy)[0].keys, kept)
    read(quick, IDS[:, 24:26], copy)
    assert torch.equal(cached(copy)[0].keys[:, :, :21], kept)

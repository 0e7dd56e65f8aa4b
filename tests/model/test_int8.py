"""The int8 twin of a model: close to it, fed by its caches, and no change to it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import torch
from tiny import cached, causal_lm
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel

from crsdemo.model.int8 import Int8Linear, int8_linears

IDS = torch.randint(2, 100, (3, 20), generator=torch.Generator().manual_seed(1))


@pytest.fixture(params=["llama", "qwen3"])  # with an output head of its own, and a tied one
def model(request: pytest.FixtureRequest) -> PreTrainedModel:
    return causal_lm(request.param, 100)


@torch.inference_mode()
def logits(model: PreTrainedModel, ids: Tensor, cache: DynamicCache | None = None) -> Tensor:
    found: Tensor = model(ids, past_key_values=cache, use_cache=cache is not None).logits
    return found


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(576,), (1, 1, 576), (2, 5, 576)])
def test_a_linear_layer_gives_the_same_to_one_percent(
    dtype: torch.dtype, shape: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    linear = nn.Linear(576, 192)
    with torch.no_grad():
        linear.weight[3] *= 100  # a scale per row: no other row is rounded coarsely for it
        linear.weight[4] = 0
    x = torch.randn(shape)
    exact, found = linear(x), Int8Linear(linear.to(dtype))(x.to(dtype))
    assert found.dtype == dtype
    assert found.shape == exact.shape
    others = torch.arange(192) != 3
    error = (found.float() - exact)[..., others].norm() / exact[..., others].norm()
    assert 0 < error < 0.01


def test_every_linear_layer_is_in_8_bits_and_all_else_is_shared(model: PreTrainedModel) -> None:
    twin = int8_linears(model)
    linear = {name for name, one in model.named_modules() if type(one) is nn.Linear}
    assert len(linear) == 2 * 7 + 1
    assert {name for name, one in twin.named_modules() if type(one) is Int8Linear} == linear
    assert type(twin) is type(model)
    assert twin.config is model.config
    own = {name: tensor for name, tensor in model.state_dict(keep_vars=True).items()}
    for name, tensor in twin.state_dict(keep_vars=True).items():
        if name.rpartition(".")[0] in linear:
            assert tensor.dtype == (torch.int8 if name.endswith("weight") else torch.bfloat16)
        else:
            assert tensor is own[name]


def test_probabilities_are_close_and_most_first_choices_the_same(model: PreTrainedModel) -> None:
    exact, found = logits(model, IDS), logits(int8_linears(model), IDS)
    assert found.dtype == torch.float32
    p, q = exact.log_softmax(-1), found.log_softmax(-1)
    assert 0 < (p.exp() * (p - q)).sum(-1).mean() < 0.01
    assert (p.argmax(-1) == q.argmax(-1)).float().mean() > 0.9


def test_the_model_is_unchanged_and_may_be_trained_on(model: PreTrainedModel) -> None:
    before, exact = deepcopy(model.state_dict()), logits(model, IDS)
    model.train()
    twin = int8_linears(model)
    assert model.training
    assert not twin.training
    logits(twin, IDS)
    model.eval()
    assert torch.equal(logits(model, IDS), exact)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    model(IDS, labels=IDS).loss.backward()
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize("reads_in_8_bits", [False, True])
def test_what_one_wrote_into_the_cache_the_other_reads(
    model: PreTrainedModel, reads_in_8_bits: bool
) -> None:
    twin = int8_linears(model)
    reader, writer = (twin, model) if reads_in_8_bits else (model, twin)
    whole = logits(writer, IDS)[:, 12:]
    cache = DynamicCache(config=model.config)
    logits(reader, IDS[:, :12], cache)
    steps = [logits(writer, IDS[:, at : at + 1], cache) for at in range(12, 20)]
    assert {layer.keys.dtype for layer in cached(cache)} == {torch.float32}
    assert cache.get_seq_length() == 20
    p, q = whole.log_softmax(-1), torch.cat(steps, 1).log_softmax(-1)
    assert (p.exp() * (p - q)).sum(-1).mean() < 0.01
    without = logits(writer, IDS[:, 12:]).log_softmax(-1)  # the cache is not ignored
    assert (p.exp() * (p - without)).sum(-1).mean() > 0.1


def test_a_model_without_linear_layers_keeps_what_it_has() -> None:
    model = causal_lm("gpt2", 100)  # its blocks are of another kind; its head is linear
    twin = int8_linears(model)
    assert [type(one) for one in twin.modules()].count(Int8Linear) == 1
    error = (logits(twin, IDS) - logits(model, IDS)).norm() / logits(model, IDS).norm()
    assert 0 < error < 0.02


def test_a_part_of_a_wider_row_gives_the_same() -> None:
    """As DeepSeek reads the half of what its layer before gave; the kernel reads blocks."""
    whole = torch.randn(4, 96, generator=torch.Generator().manual_seed(0))
    half, linear = whole[:, :64], Int8Linear(nn.Linear(64, 32))
    assert not half.is_contiguous()
    torch.testing.assert_close(linear(half), linear(half.clone()), rtol=0, atol=0)


@pytest.mark.parametrize("n_inputs", [8, 12, 24, 40, 64])
def test_layers_that_the_kernel_cannot_read_in_blocks_stay_as_they_are(n_inputs: int) -> None:
    small = nn.Sequential(nn.Linear(n_inputs, 8), nn.Linear(8, 32))
    small.config = None  # type: ignore[assignment]  # all that is asked for of a model's
    twin: Any = int8_linears(small)  # type: ignore[arg-type]  # layers alone are enough
    assert [type(layer) is nn.Linear for layer in twin] == [n_inputs % 16 != 0, True]
    rows = torch.randn(2, n_inputs, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(twin(rows), small(rows), rtol=0.05, atol=0.05)

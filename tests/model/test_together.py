"""Requests that write at the same time are read by one pass, and each gets what it gets alone."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import torch
from tiny import causal_lm
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import DynamicLayer

from crsdemo.model import together
from crsdemo.model.int8 import int8_linears
from crsdemo.model.quick import quick_blocks
from crsdemo.model.together import Together, packed_logits

N = 8
RANDOM = torch.Generator().manual_seed(3)
PROMPTS = [torch.randint(2, 100, (1, n), generator=RANDOM) for n in (3, 9, 17, 30, 5, 1, 70, 40)]


@pytest.fixture(scope="module")
def model() -> PreTrainedModel:
    return quick_blocks(int8_linears(causal_lm("llama", 100)))


@torch.inference_mode()
def read(model: PreTrainedModel, ids: torch.Tensor) -> DynamicCache:
    cache = DynamicCache()
    model(ids, past_key_values=cache, use_cache=True)
    return cache


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many requests were in each pass."""
    made: list[int] = []

    def counted(model: Any, caches: Any, ids: Any, positions: Any) -> Any:
        made.append(len(caches))
        return packed_logits(model, caches, ids, positions)

    monkeypatch.setattr(together, "packed_logits", counted)
    yield made


def greedy(shared: Together, cache: DynamicCache, start: int, n: int = 12) -> list[int]:
    """Tokens one after the other; every fourth time two at once, as behind a title."""
    written, ids = [], [5]
    with shared.writing():
        for step in range(n):
            logits = shared.read(cache, ids, start)
            start += len(ids)
            written.append(int(logits.argmax()))
            ids = [written[-1]] if step % 4 else [written[-1], 7]
    return written


def test_packed_requests_get_the_numbers_that_they_get_alone(model: PreTrainedModel) -> None:
    """Each row of a layer in 8 bits is computed by itself, attention request by request."""
    alone, packed = ([read(model, ids) for ids in PROMPTS] for _ in range(2))
    tokens = [[n + 2] * (1 + n % 3) for n in range(N)]
    starts = [ids.shape[1] for ids in PROMPTS]
    found = packed_logits(model, packed, tokens, starts)
    for n in range(N):
        (own,) = packed_logits(model, [alone[n]], [tokens[n]], [starts[n]])
        torch.testing.assert_close(own, found[n], atol=1e-6, rtol=0)
        for one, other in zip(alone[n].layers, packed[n].layers, strict=True):
            assert isinstance(one, DynamicLayer) and isinstance(other, DynamicLayer)
            torch.testing.assert_close(one.keys, other.keys, atol=1e-6, rtol=0)


@torch.inference_mode()
def test_a_batch_of_one_is_what_the_model_itself_says(model: PreTrainedModel) -> None:
    cache, own = read(model, PROMPTS[3]), read(model, PROMPTS[3])
    (found,) = packed_logits(model, [cache], [[4, 5]], [30])
    expected = model(torch.tensor([[4, 5]]), past_key_values=own, use_cache=True).logits[0, -1]
    assert torch.allclose(found, expected, atol=0.02)
    assert cache.get_seq_length() == own.get_seq_length() == 32


def test_threads_write_the_same_words_as_alone_and_share_passes(
    model: PreTrainedModel, passes: list[int]
) -> None:
    caches = [read(model, ids) for ids in PROMPTS]
    starts = [ids.shape[1] for ids in PROMPTS]
    alone = [
        greedy(Together(model), copy.deepcopy(c), s) for c, s in zip(caches, starts, strict=True)
    ]
    n_alone = len(passes)
    shared, together_now = Together(model), Barrier(N)

    def write(n: int) -> list[int]:
        together_now.wait()
        return greedy(shared, caches[n], starts[n])

    with ThreadPoolExecutor(N) as pool:
        assert list(pool.map(write, range(N))) == alone
    assert sum(passes[n_alone:]) == n_alone == N * 12
    assert len(passes) - n_alone < n_alone / 2


def test_nobody_waits_for_one_who_does_not_come(model: PreTrainedModel) -> None:
    shared = Together(model)
    with shared.writing():  # and never reads
        began = time.monotonic()
        greedy(shared, read(model, PROMPTS[0]), 3)
        assert time.monotonic() - began < 12 * (together.LONGEST + 0.1)


def test_one_alone_waits_for_nobody(
    model: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "LONGEST", 30.0)
    monkeypatch.setattr(together, "PATIENCE", 1e6)
    began = time.monotonic()
    greedy(Together(model), read(model, PROMPTS[0]), 3)
    assert time.monotonic() - began < 20


def test_more_than_a_pass_takes_are_read_in_several(
    model: PreTrainedModel, passes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "MOST", 3)
    caches = [read(model, ids) for ids in PROMPTS]
    shared = Together(model)
    with ThreadPoolExecutor(N) as pool:
        found = list(pool.map(lambda n: greedy(shared, caches[n], PROMPTS[n].shape[1]), range(N)))
    assert all(len(one) == 12 for one in found) and max(passes) <= 3


def test_what_goes_wrong_is_raised_for_all_of_the_pass_and_the_next_one_is_read(
    model: PreTrainedModel,
) -> None:
    shared = Together(model)
    cache = read(model, PROMPTS[0])
    with pytest.raises(IndexError):
        shared.read(cache, [10_000], 3)  # no such token
    assert len(greedy(shared, read(model, PROMPTS[0]), 3)) == 12


def test_other_models_are_not_packed() -> None:
    assert not Together(int8_linears(causal_lm("qwen3", 100))).packs
    assert not Together(causal_lm("llama", 100)).packs

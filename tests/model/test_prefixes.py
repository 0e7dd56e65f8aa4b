"""What was read before is found again, whole or in part, and belongs to nobody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import cached, causal_lm
from torch import Tensor
from transformers import DynamicCache

from crsdemo.model.prefixes import Prefixes

MODEL = causal_lm("llama", 50)
TALKS = st.lists(st.integers(2, 4), min_size=1, max_size=7)  # few tokens, so that many are common


@torch.inference_mode()
def read(
    ids: list[int], cache: DynamicCache | None = None, n: int = 0
) -> tuple[Tensor, DynamicCache]:
    """Read what comes after the n first tokens: logits after the last, and the cache."""
    cache = DynamicCache(config=MODEL.config) if cache is None else cache
    output = MODEL(torch.tensor([ids[n:]]), past_key_values=cache, use_cache=True)
    return output.logits[0, -1], cache


def marked(ids: list[int]) -> DynamicCache:
    """A cache that holds the tokens themselves, so that one can see whose it is."""
    row = torch.tensor(ids, dtype=torch.float32)[None, None, :, None]
    return DynamicCache([(row.clone(), row + 100), (row + 200, row + 300)])


def held(cache: DynamicCache) -> list[float]:
    return [] if not cache.layers else list(cached(cache)[0].keys.flatten().tolist())


def same_in_all_layers(cache: DynamicCache) -> bool:
    first, second = cached(cache)
    return (
        torch.equal(first.keys + 100, first.values)
        and torch.equal(first.keys + 200, second.keys)
        and torch.equal(first.keys + 300, second.values)
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(TALKS, min_size=1, max_size=6))
def test_reading_on_from_what_is_found_is_reading_all(talks: list[list[int]]) -> None:
    prefixes = Prefixes(20)
    for ids in talks:
        cache, n = prefixes.find(ids)
        assert cache.get_seq_length() == n < len(ids)
        after, cache = read(ids, cache, n)
        exact, whole = read(ids)
        torch.testing.assert_close(after, exact, atol=1e-4, rtol=1e-4)
        for one, other in zip(cached(cache), cached(whole), strict=True):
            torch.testing.assert_close(one.keys, other.keys, atol=1e-4, rtol=1e-4)
        prefixes.keep(ids, cache)


@settings(max_examples=200, deadline=None)
@given(st.lists(TALKS, min_size=1, max_size=8), TALKS, st.integers(7, 30))
def test_the_longest_common_prefix_of_what_is_kept_is_found(
    talks: list[list[int]], ids: list[int], room: int
) -> None:
    prefixes = Prefixes(room)
    kept: list[list[int]] = []
    for talk in talks:
        prefixes.keep(talk, marked(talk))
        if longer := [one for one in kept if one[: len(talk)] == talk]:
            talk = longer[-1]
        kept = [one for one in kept if talk[: len(one)] != one] + [talk]
        while sum(map(len, kept)) > room:
            kept.pop(0)
    common = (n for one in kept for n in range(len(one) + 1) if one[:n] == ids[:n])
    cache, n = prefixes.find(ids)
    assert n == min(max(common), len(ids) - 1)
    assert held(cache) == ids[:n]
    assert n == 0 or same_in_all_layers(cache)


def test_nothing_is_found_where_nothing_is_common_or_nothing_is_asked() -> None:
    prefixes = Prefixes(10)
    assert prefixes.find([1, 2])[1] == 0
    prefixes.keep([1, 2], marked([1, 2]))
    for ids in ([2, 1], [1], []):
        cache, n = prefixes.find(ids)
        assert (n, cache.get_seq_length()) == (0, 0)


def test_the_one_used_longest_ago_goes_first() -> None:
    prefixes = Prefixes(6)
    for ids in ([1, 1], [2, 2], [3, 3]):
        prefixes.keep(ids, marked(ids))
    assert prefixes.find([1, 1, 9])[1] == 2
    prefixes.keep([4, 4], marked([4, 4]))
    assert [prefixes.find([t, t, 9])[1] for t in (1, 2, 3, 4)] == [2, 0, 2, 2]


def test_a_longer_one_takes_the_place_of_its_beginning_and_does_its_work() -> None:
    prefixes = Prefixes(6)
    prefixes.keep([5, 5], marked([5, 5]))
    prefixes.keep([1, 2], marked([1, 2]))
    prefixes.keep([1, 2, 3, 4], marked([1, 2, 3, 4]))  # with [1, 2] there would be 8
    assert prefixes.find([5, 5, 9])[1] == 2
    prefixes.keep([1, 2], marked([1, 2]))  # is held already, and is used now
    prefixes.keep([6, 6], marked([6, 6]))
    assert [prefixes.find(ids)[1] for ids in ([1, 2, 3, 4, 9], [5, 5, 9], [6, 6, 9])] == [4, 0, 2]


def test_what_is_too_long_is_not_kept_and_drives_nothing_out() -> None:
    prefixes = Prefixes(3)
    prefixes.keep([1, 2], marked([1, 2]))
    prefixes.keep([1, 2, 3, 4], marked([1, 2, 3, 4]))
    assert prefixes.find([1, 2, 3, 4, 5])[1] == 2
    none = Prefixes(0)
    none.keep([1], marked([1]))
    assert none.find([1, 2])[1] == 0


def test_what_follows_the_tokens_in_the_cache_is_left_out_and_takes_no_memory() -> None:
    prefixes = Prefixes(4)
    prefixes.keep([1, 2], marked([1, 2, 3, 4]))
    cache, n = prefixes.find([1, 2, 3, 4])
    assert (held(cache), n) == ([1, 2], 2)
    (kept,) = prefixes._kept.values()
    assert cached(kept)[0].keys.untyped_storage().nbytes() == 2 * 4


def test_nobody_can_change_what_is_kept() -> None:
    prefixes, given_in = Prefixes(4), marked([1, 2, 3])
    prefixes.keep([1, 2, 3], given_in)
    wreck(given_in)
    for _ in range(2):
        found, _ = prefixes.find([1, 2, 3, 4])
        assert held(found) == [1, 2, 3]
        assert same_in_all_layers(found)
        wreck(found)
    part, _ = prefixes.find([1, 2, 9])
    assert held(part) == [1, 2]
    wreck(part)
    assert held(prefixes.find([1, 2, 3, 4])[0]) == [1, 2, 3]


def wreck(cache: DynamicCache) -> None:
    for layer in cached(cache):
        layer.keys.fill_(-1)
        layer.values.fill_(-1)
    cache.crop(-1)
    cache.update(torch.zeros(1, 1, 5, 1), torch.zeros(1, 1, 5, 1), 0)


def test_a_cache_that_does_not_hold_the_tokens_is_refused() -> None:
    prefixes = Prefixes(10)
    several = DynamicCache([(torch.zeros(2, 1, 3, 1), torch.zeros(2, 1, 3, 1))])
    for cache in (marked([1, 2]), DynamicCache(), several):
        with pytest.raises(ValueError, match="begins with 3 tokens"):
            prefixes.keep([1, 2, 3], cache)


def test_a_cache_that_forgets_is_not_kept() -> None:
    config = MODEL.config.__class__(**MODEL.config.to_dict() | {"sliding_window": 4})
    forgets = DynamicCache(config=config)
    assert all(getattr(layer, "is_sliding", False) for layer in forgets.layers)
    prefixes = Prefixes(10)
    prefixes.keep([1, 2, 3], forgets)
    assert prefixes.find([1, 2, 3, 4])[1] == 0


def test_threads_get_their_own() -> None:
    prefixes = Prefixes(60)

    def talk(person: int) -> None:
        for length in [*range(2, 20)] * 10:
            ids = [person] * length
            cache, n = prefixes.find(ids)
            assert held(cache) == ids[:n]
            wreck(cache)
            prefixes.keep(ids, marked(ids))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(talk, range(6)))
    assert sum(map(len, prefixes._kept)) <= 60

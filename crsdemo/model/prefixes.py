"""What was read before: the cache of a conversation's last turn is the beginning of the next.

A conversation grows turn by turn (`talk`), so only what was said since must be read. A cache says
nothing that its tokens do not say, so conversations that begin alike may share one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Lock

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer


class Prefixes:
    """The caches last used, of at most `max_tokens` tokens together; 0 keeps none. Thread-safe.

    All must be of one model. What goes in or out is copied: 1,000 tokens of SmolLM2 are 46 MB.
    """

    def __init__(self, max_tokens: int) -> None:
        self.max_tokens = max_tokens
        self._kept: dict[tuple[int, ...], DynamicCache] = {}  # the last used last; never changed
        self._lock = Lock()

    def find(self, ids: Sequence[int]) -> tuple[DynamicCache, int]:
        """A cache of the first n of `ids`, the caller's own, and n: as many as are known.

        One token at least is left to read, whose logits say what follows; n may be 0.
        """
        with self._lock:
            best = max(reversed(self._kept), key=lambda kept: _common(kept, ids), default=())
            n = min(_common(best, ids), len(ids) - 1)
            if n <= 0:
                return DynamicCache(), 0
            cache = self._kept[best] = self._kept.pop(best)
        return _copy(cache, n), n

    def keep(self, ids: Sequence[int], cache: DynamicCache) -> None:
        """Keep what `cache` holds of its first tokens, `ids`; what they extend is dropped.

        The cache is of one prompt without padding. One that forgets (of a model with a sliding
        window) is not kept. Raises ValueError if it holds several prompts or fewer tokens.
        """
        if not 0 < len(ids) <= self.max_tokens:
            return
        if any(type(layer) is not DynamicLayer for layer in cache.layers):
            return
        if cache.get_seq_length() < len(ids) or len(next(_held(cache))[0]) != 1:
            raise ValueError(f"this is no cache of one prompt that begins with {len(ids)} tokens")
        key, copied = tuple(ids), _copy(cache, len(ids))
        with self._lock:
            if longer := [kept for kept in self._kept if kept[: len(key)] == key]:
                key = longer[-1]  # says it all
                copied = self._kept[key]
            for kept in [kept for kept in self._kept if key[: len(kept)] == kept]:
                del self._kept[kept]
            self._kept[key] = copied
            while sum(map(len, self._kept)) > self.max_tokens:
                del self._kept[next(iter(self._kept))]


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens are the same at the beginning of both."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


@torch.no_grad()
def _copy(cache: DynamicCache, n: int) -> DynamicCache:
    """The first n tokens; `DynamicCache` makes tensors of its own of what it is given."""
    return DynamicCache([(keys[..., :n, :], values[..., :n, :]) for keys, values in _held(cache)])


def _held(cache: DynamicCache) -> Iterator[tuple[Tensor, Tensor]]:
    """Keys and values (B, G, S, D) of each layer."""
    for layer in cache.layers:
        assert isinstance(layer, DynamicLayer)
        assert layer.keys is not None and layer.values is not None
        yield layer.keys, layer.values

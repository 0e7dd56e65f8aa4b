"""Several requests write at the same time, and their next tokens are read by one pass.

One token costs a CPU hardly less than several: the weights have to be fetched either way. So
whoever wants a token read waits a moment for the others that are writing, and one of them reads for
all. Linear layers see the tokens of all requests as rows, attention each request's cache alone:
nothing is padded or copied, and every request gets the numbers that it would get alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from crsdemo.model.quick import Packed, QuickBlock, normed

PATIENCE = 0.5  # of the time that the last pass took, others who are writing are waited for
LONGEST = 0.05  # seconds for which they are waited for at most
MOST = 16  # requests that are read together


@dataclass(eq=False)
class _Asked:
    """Tokens of one request, to be read after what its cache holds."""

    cache: DynamicCache
    ids: Sequence[int]
    position: int  # of the first of them
    logits: Tensor | None = None  # (V,) float32, after the last
    error: BaseException | None = None

    @property
    def is_done(self) -> bool:
        return self.logits is not None or self.error is not None


class Together:
    """A model that writes, read by many threads at once."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.model = model
        layers = getattr(model.base_model, "layers", [])
        # others are read request by request
        self.packs = bool(layers) and all(type(block) is QuickBlock for block in layers)
        self._changed = Condition()
        self._waiting: list[_Asked] = []
        self._n_writing = 0
        self._is_reading = False
        self._ended = 0.0  # the last pass, on the monotonic clock
        self._patience = 0.0  # seconds

    @contextmanager
    def writing(self) -> Iterator[None]:
        """While a request writes, the others wait a moment for its tokens."""
        with self._changed:
            self._n_writing += 1
        try:
            yield
        finally:
            with self._changed:
                self._n_writing -= 1
                self._changed.notify_all()

    def read(self, cache: DynamicCache, ids: Sequence[int], position: int) -> Tensor:
        """The logits (V,) after `ids`, which follow what `cache` holds; the cache grows by them.

        Raises what reading raises, and then for all that are read together.
        """
        asked = _Asked(cache, ids, position)
        batch: list[_Asked] = []
        with self._changed:
            self._waiting.append(asked)
            self._changed.notify_all()
            came = time.monotonic()
            while not (asked.is_done or batch):
                left = max(came, self._ended) + self._patience - time.monotonic()
                if self._is_reading:
                    self._changed.wait()
                elif left > 0 and len(self._waiting) < min(self._n_writing, MOST):
                    self._changed.wait(left)
                else:
                    batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                    self._is_reading = True
                    if asked not in batch:  # more than one pass takes came first
                        self._waiting.remove(asked)
                        batch[-1:], self._waiting = [asked], [batch[-1], *self._waiting]
        if batch:
            self._read(batch)
        if asked.error is not None:
            raise asked.error
        assert asked.logits is not None
        return asked.logits

    def _read(self, batch: Sequence[_Asked]) -> None:
        began = time.monotonic()
        try:
            caches, ids, positions = zip(
                *((a.cache, a.ids, a.position) for a in batch), strict=True
            )
            logits = packed_logits(self.model, caches, ids, positions)
            for one, row in zip(batch, logits, strict=True):
                one.logits = row
        except BaseException as error:
            for one in batch:
                one.error = error
        finally:
            with self._changed:
                self._ended = time.monotonic()
                self._patience = min(LONGEST, PATIENCE * (self._ended - began))
                self._is_reading = False
                self._changed.notify_all()


@torch.inference_mode()
def packed_logits(
    quick: PreTrainedModel,
    caches: Sequence[DynamicCache],
    ids: Sequence[Sequence[int]],
    positions: Sequence[int],
) -> Tensor:
    """The logits after the last of each request's tokens: (N, V) float32; its cache grows by them.

    `quick`: a Llama with `QuickBlock`s; `positions`: of the first of each request's `ids`.
    """
    base: Any = quick.base_model
    lengths = [len(some) for some in ids]
    rows = torch.tensor([[token for some in ids for token in some]], device=quick.device)
    places = [
        start + n for start, some in zip(positions, ids, strict=True) for n in range(len(some))
    ]
    hidden = base.embed_tokens(rows)
    rotations = base.rotary_emb(hidden, torch.tensor([places], device=quick.device))
    for block in base.layers:
        hidden = block(hidden, None, rotations, Packed(tuple(caches), tuple(lengths)))
    last = hidden[0, torch.tensor(lengths).cumsum(0) - 1]
    head: Any = quick.get_output_embeddings()
    logits: Tensor = head(normed(last, base.norm)).float()
    return logits

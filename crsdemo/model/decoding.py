"""One pass over any Hugging Face causal LM: a prompt is read once, and all goes on from its cache.

Nothing is ever computed twice: the cache of the prompt serves the choice of the mode, the ranking
of the catalog (`beam.py`) and the text of the reply. Nothing here knows about dialogues:
`recommenders/talker.py` writes the prompts.

Shapes: N prompts, P tokens read, T tokens to read, V tokens in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from crsdemo.model.grammar import Grammar
from crsdemo.model.heads import Last, with_head
from crsdemo.model.prefixes import Prefixes
from crsdemo.model.sampling import TokenSampler
from crsdemo.model.together import Together

FEW = 4  # tokens read together for which the quick model is quicker


@dataclass
class Context:
    """What the model has read. Grows as it reads; belongs to one request."""

    cache: DynamicCache
    mask: Tensor  # (N, P) bool, false on padding at the left
    logits: Tensor  # (N, V) float32, after the last token

    @property
    def position(self) -> Tensor:
        """(N, 1) the position of the next token."""
        return self.mask.sum(1, keepdim=True)


def left_pad(prompts: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor]:
    """Token ids (N, P) and mask (N, P) of prompts of different lengths."""
    length = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([[pad] * (length - len(p)) + list(p) for p in prompts])
    mask = torch.tensor([[False] * (length - len(p)) + [True] * len(p) for p in prompts])
    return ids, mask


class Decoder:
    """A causal LM under the grammar of a catalog. Safe to share: all state is in the `Context`.

    A PEFT adapter must be merged first (`merge_and_unload`).
    """

    def __init__(
        self,
        model: PreTrainedModel,
        grammar: Grammar,
        quick: Together | None = None,
        prefixes: Prefixes | None = None,
    ) -> None:
        """`quick`: the same model, faster at few tokens; `prefixes`: of one prompt, read before."""
        self.model = model.eval()
        self.quick = quick or Together(self.model)
        self.prefixes = prefixes or Prefixes(0)
        self.grammar = grammar
        self.control = grammar.control
        self.trie = grammar.trie
        self.device = model.device

    # reading

    @torch.inference_mode()
    def read(self, input_ids: Tensor, mask: Tensor | None = None) -> Context:
        """Read prompts (N, P). `mask` (N, P) is false on padding, which stands at the left."""
        mask = torch.ones_like(input_ids, dtype=torch.bool) if mask is None else mask
        mask = mask.to(self.device)
        cache = DynamicCache()  # all of it: one of a sliding window could not be cropped
        output = self.model(
            input_ids=input_ids.to(self.device),
            attention_mask=mask.long(),
            position_ids=(mask.cumsum(1) - 1).clamp(min=0),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return Context(cache, mask, output.logits[:, -1].float())

    @torch.inference_mode()
    def read_on(self, ids: Sequence[int]) -> Context:
        """Read one prompt; what is known of its beginning is not read again."""
        cache, known = self.prefixes.find(ids)
        mask = torch.ones(1, known, dtype=torch.bool, device=self.device)
        context = Context(cache, mask, torch.zeros(1, 0))
        self._feed(context, torch.tensor([ids[known:]]), keep=1)
        self.prefixes.keep(ids, context.cache)
        return context

    def feed(self, context: Context, tokens: Sequence[int], *, words: bool = False) -> None:
        """Let all prompts of `context` go on with the same tokens.

        Where `words` follow, the quick model may read them: what decides is read exactly.
        """
        self._feed(context, torch.tensor([list(tokens)] * len(context.mask)), 1, words=words)

    @torch.inference_mode()
    def state(self, context: Context, tokens: Sequence[int]) -> Tensor:
        """Let all prompts go on with the same tokens; the state after the last: (N, h) float32.

        What the output head would read. Tokens must follow before `context.logits` means anything.
        """
        ids = torch.tensor([list(tokens)] * len(context.mask))
        with_head(self.model, last := Last())(**self._next_input(context, ids))
        return last.state.float()

    @torch.inference_mode()
    def score(self, context: Context, tokens: Sequence[int]) -> Tensor:
        """The log-probability of each of `tokens`, one at least, among all tokens: (T,) float32.

        `context` (one prompt) grows by them.
        """
        ids = torch.tensor([list(tokens)], device=self.device)
        logits = self._logits_before(context, ids)
        return logits.log_softmax(1).gather(1, ids.T)[:, 0].cpu()

    def _logits_before(self, context: Context, ids: Tensor) -> Tensor:
        """Extend `context` (one prompt) by ids (1, T); the logits before each of them: (T, V)."""
        before = context.logits[:, None]
        after = self._feed(context, ids, keep=ids.shape[1])
        return torch.cat([before, after[:, :-1]], 1)[0]

    @torch.inference_mode()
    def _feed(self, context: Context, ids: Tensor, keep: int, *, words: bool = False) -> Tensor:
        """Extend `context` by ids (N, T); the logits of the last `keep` tokens: (N, keep, V)."""
        is_quick = words and ids.numel() <= FEW
        rows = self._next_input(context, ids)
        if is_quick and self.quick.packs and len(ids) == 1 and bool(context.mask.all()):
            start = int(rows["position_ids"][0, 0])
            logits = self.quick.read(context.cache, ids[0].tolist(), start)[None, None]
        else:
            model = self.quick.model if is_quick else self.model
            logits = model(**rows, logits_to_keep=keep).logits.float()
        context.logits = logits[:, -1]
        return logits

    def _next_input(self, context: Context, ids: Tensor) -> dict[str, Any]:
        """How a model reads ids (N, T) after `context`, whose mask grows by them."""
        ids = ids.to(self.device)
        positions = context.position + torch.arange(ids.shape[1], device=self.device)
        context.mask = torch.cat([context.mask, torch.ones_like(ids, dtype=torch.bool)], 1)
        return {
            "input_ids": ids,
            "attention_mask": context.mask.long(),
            "position_ids": positions,
            "past_key_values": context.cache,
            "use_cache": True,
        }

    # the text

    def write(self, context: Context, sampler: TokenSampler) -> Iterator[int]:
        """The tokens of a text as they are chosen, without the closing eos.

        `context` (one prompt) grows by what is written.
        """
        with self.quick.writing():
            while (token := sampler.next(context.logits[0].cpu())) is not None:
                yield token
                self.feed(context, [token], words=True)

    def write_all(self, context: Context, samplers: Sequence[TokenSampler]) -> list[list[int]]:
        """The tokens of one text per prompt of `context`, all written at once."""
        writing = [True] * len(samplers)
        with self.quick.writing():
            while True:
                tokens = [self.control.eos] * len(samplers)  # what follows an end is never read
                for row, logits in enumerate(context.logits.cpu()):
                    token = samplers[row].next(logits) if writing[row] else None
                    writing[row] = token is not None
                    tokens[row] = tokens[row] if token is None else token
                if not any(writing):
                    return [sampler.written for sampler in samplers]
                self._feed(context, torch.tensor(tokens)[:, None], keep=1, words=True)

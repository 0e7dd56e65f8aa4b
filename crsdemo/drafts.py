"""Words in drafts: of several drafts of a sentence the one that the model is surest of is kept.

A small model that has begun a sentence badly cannot end it well; of a few it mostly has one that
holds together. Drafts are written side by side, which costs little more than one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

import torch
from torch import Tensor

from crsdemo.decoding import Context, Decoder
from crsdemo.word_choice import Pen

LEAST = 1e-9  # probabilities below count as this


def write(
    decoder: Decoder, context: Context, pen: Pen, n_drafts: int, sentence_ends: Collection[int]
) -> Iterator[int]:
    """The tokens of a text, sentence by sentence, without the closing eos.

    `context` (one prompt) is used up; `sentence_ends`: tokens after which a sentence is over.
    """
    while not pen.is_done:
        begun = len(pen.written)
        pen, context = _sentence(decoder, context, pen, n_drafts, sentence_ends)
        yield from pen.written[begun:]


def _sentence(
    decoder: Decoder, context: Context, pen: Pen, n_drafts: int, sentence_ends: Collection[int]
) -> tuple[Pen, Context]:
    """The best draft of the next sentence, and what the model has read with it."""
    begun, n_read = len(pen.written), context.mask.shape[1]
    pens = [pen.fork(number) for number in range(n_drafts)]
    _repeat(context, n_drafts)
    after: dict[int, Tensor] = {}  # draft -> logits after its sentence
    while len(after) < n_drafts:
        tokens = [decoder.control.eos] * n_drafts  # what follows an end is never read
        for row in range(n_drafts):
            if row not in after:
                token = pens[row].next(context.logits[row].cpu())
                if token is None:
                    after[row] = context.logits[row]
                else:
                    tokens[row] = token
        if len(after) == n_drafts:
            break
        decoder.feed_each(context, tokens)
        for row in set(range(n_drafts)) - after.keys():
            if pens[row].written[-1] in sentence_ends and pens[row].place.may_end:
                after[row] = context.logits[row]
    best = max(range(n_drafts), key=lambda row: sureness(pens[row], begun))
    _select(context, best, n_read + len(pens[best].written) - begun, after[best])
    return pens[best], context


def sureness(pen: Pen, begun: int) -> float:
    """Mean log-probability of the tokens since `begun` that were a choice, and the worst of them.

    The mean forgives a single word that the model did not want, and that word is the mistake. The
    worst is seen against the token that the model wanted most, so that a text may begin in many
    ways.
    """
    sure = [one for one in pen.sure[begun:] if one < 1] + ([pen.ending] if pen.is_done else [])
    mean = sum(math.log(max(one, LEAST)) for one in sure) / max(1, len(sure))
    return mean + math.log(max(min(pen.wanted[begun:], default=1.0), LEAST))


def _repeat(context: Context, n: int) -> None:
    context.cache.batch_repeat_interleave(n)
    context.mask = context.mask.repeat(n, 1)
    context.logits = context.logits.repeat(n, 1)


def _select(context: Context, row: int, length: int, logits: Tensor) -> None:
    """Keep one row, as far as `length` tokens."""
    context.cache.batch_select_indices(torch.tensor([row], device=context.mask.device))
    if unread := context.mask.shape[1] - length:
        context.cache.crop(-unread)
    context.mask = context.mask[row : row + 1, :length]
    context.logits = logits[None]

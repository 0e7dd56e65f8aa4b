"""Words in drafts: of several drafts of a sentence the one that the model is surest of is kept.

A small model that has begun a sentence badly cannot end it well; of a few it mostly has one that
holds together. Drafts are written side by side, which costs little more than one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from crsdemo.decoding import Context, Decoder
from crsdemo.slots import Slot
from crsdemo.word_choice import Pen

LEAST = 1e-9  # probabilities below count as this


def write(
    decoder: Decoder, context: Context, pen: Pen, n_drafts: int, sentence_ends: Collection[int]
) -> Iterator[int]:
    """The tokens of a text, sentence by sentence, without the closing eos.

    `context` (one prompt) is used up; `sentence_ends`: tokens after which a sentence is over.
    """
    while not pen.is_done:
        begun, n_read = len(pen.written), context.mask.shape[1]
        pens, after = _drafted(decoder, context, pen, n_drafts, sentence_ends)
        best = max(range(n_drafts), key=lambda row: sureness(pens[row], begun))
        pen = pens[best]
        _select(context, best, n_read + len(pen.written) - begun, after[best])
        yield from pen.written[begun:]


def answer(
    decoder: Decoder, context: Context, informed: Context, pen: Pen, n_drafts: int
) -> list[int]:
    """The tokens of a text that says one fact, judged as a whole, without the closing eos.

    `context` (one prompt) has this fact before it alone, `informed` all facts: a model that could
    say any of them tells whether the words lead to this one. Both are used up.
    """
    pens, _ = _drafted(decoder, context, pen, n_drafts, ())
    _repeat(informed, n_drafts)
    seen = decoder.feed_texts(informed, [one.written for one in pens])
    fit = [_fitness(decoder, one.written, logits) for one, logits in zip(pens, seen, strict=True)]
    return pens[max(range(n_drafts), key=lambda row: sureness(pens[row], 0) + fit[row])].written


def _drafted(
    decoder: Decoder, context: Context, pen: Pen, n_drafts: int, sentence_ends: Collection[int]
) -> tuple[list[Pen], dict[int, Tensor]]:
    """Drafts of the next sentence, and the logits after each; `context` has read all of them."""
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
    return pens, after


def _fitness(decoder: Decoder, text: Sequence[int], logits: Tensor) -> float:
    """The least log-probability of the field of a slot in a text, if a slot must follow there.

    A text without a slot says no fact, and is no answer. `logits`: (T, V) before each token.
    """
    slot_of = decoder.control.slot_of
    slots = list(slot_of)
    said = [place for place, token in enumerate(text) if token in slot_of]
    likely = [
        float(logits[place, slots].softmax(0)[_of_field(slot_of, text[place])].sum())
        for place in said
    ]
    return math.log(max(min(likely, default=0.0), LEAST))


def _of_field(slot_of: Mapping[int, Slot], token: int) -> list[int]:
    """The places, among all slots, of those of the same field."""
    field = slot_of[token].field
    return [place for place, slot in enumerate(slot_of.values()) if slot.field == field]


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

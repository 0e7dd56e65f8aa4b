"""What a model writes where an item belongs if no trie says what may follow.

Shapes: n tokens that may be written, L levels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from crsdemo.decoding import Context, Decoder

Codes = tuple[int, ...]


def free_beam(
    decoder: Decoder, context: Context, width: int, codes_only: bool = False
) -> list[Codes | None]:
    """What a beam writes in L tokens, most probable first: of any kind, or of codes of its level.

    None for what is no ID. `context` (one prompt) is used up.
    """
    written: list[tuple[int, ...]] = [()]
    joint = context.logits.new_zeros(1)
    for level in range(decoder.control.n_levels):
        if level:
            decoder.feed_each(context, [tokens[-1] for tokens in written])
        allowed = _allowed(decoder, context, level, codes_only)
        scores = (joint[:, None] + context.logits[:, allowed].log_softmax(1)).flatten()
        joint, place = scores.topk(min(width, len(scores)))
        parents, tokens = place // len(allowed), allowed[place % len(allowed)]
        pairs = zip(parents.tolist(), tokens.tolist(), strict=True)
        written = [(*written[parent], token) for parent, token in pairs]
        context.cache.batch_select_indices(parents)
        context.mask = context.mask[parents]
    return [_codes(decoder, tokens) for tokens in written]


def _allowed(decoder: Decoder, context: Context, level: int, codes_only: bool) -> Tensor:
    """(n,) the tokens that may be written at a level, from 0."""
    if codes_only:
        return torch.tensor(decoder.control.item_token[level], device=context.logits.device)
    return torch.arange(context.logits.shape[1], device=context.logits.device)


def _codes(decoder: Decoder, tokens: Sequence[int]) -> Codes | None:
    """The semantic ID that these tokens spell, whether or not an item has it."""
    places = [decoder.control.code.get(token, (-1, -1)) for token in tokens]
    is_id = [level for level, _ in places] == list(range(decoder.control.n_levels))
    return tuple(code for _, code in places) if is_id else None

"""Losses over what people preferred: DPO, also for noisy raters, and KTO.

Our own and not TRL's trainers, which learn whole replies and know no grammar: here a tag or a code
is scored among what the catalog allows, as it is decoded and as it was trained, and a vote for a
film leaves words alone. Of whole replies over the whole vocabulary the values are TRL's
(`tests/training/test_preference_losses.py` compares them).

Shapes: B sequences, T tokens, N places that are learned, O options at most, V tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from crsdemo.model.heads import Places, with_head
from crsdemo.training.lm.sequences import TrainingSequence, ids_of, padded
from crsdemo.training.preference.transcribe import Scored


def log_probabilities(model: Any, batch: Sequence[Scored], pad: int) -> Tensor:
    """(B,) the log-probability of what is learned of each sequence."""
    plain = model.get_base_model() if hasattr(model, "peft_config") else model
    rows = [row for row, one in enumerate(batch) for _ in one.places]
    places = [place for one in batch for place in one.places]
    device = next(plain.parameters()).device
    of = torch.tensor(rows, device=device)
    before = torch.tensor([place.at - 1 for place in places], device=device)
    head = Places(plain.get_output_embeddings(), of, before)  # nowhere else: it is 49,152 wide
    ids, mask = ids_of([TrainingSequence(list(one.ids)) for one in batch], pad, device)
    logits = with_head(plain, head)(input_ids=ids, attention_mask=mask, use_cache=False).logits
    tokens = [batch[row].ids[place.at] for row, place in zip(rows, places, strict=True)]
    each = _of_tokens(logits.float(), tokens, [place.options for place in places])
    found = torch.zeros(len(batch), device=device)
    return found.index_add(0, of, each)


def _of_tokens(logits: Tensor, tokens: Sequence[int], options: Sequence[tuple[int, ...]]) -> Tensor:
    """(N,) log-probability of each token among its options, or among all if it has none."""
    chosen = logits.gather(1, torch.tensor(tokens, device=logits.device)[:, None])[:, 0]
    whole = logits.logsumexp(1)
    few = [n for n, one in enumerate(options) if one]
    if few:
        among, shut = padded([torch.tensor(options[n]) for n in few], logits.device)
        scores = logits[few].gather(1, among).masked_fill(shut, -torch.inf)
        whole = whole.index_copy(0, torch.tensor(few, device=whole.device), scores.logsumexp(1))
    return chosen - whole


def dpo_loss(margin: Tensor, beta: float, noise: float = 0.0) -> Tensor:
    """(B,) the loss of each pair (Rafailov et al. 2023, eq. 7).

    `margin`: how much more than at the start the winner is preferred, in nats. `noise`: the share
    of verdicts that are taken to be the wrong way round, below 0.5; the loss is then unbiased
    under such flips (rDPO, Chowdhury et al. 2024, arXiv 2403.00409).
    """
    right, wrong = -logsigmoid(beta * margin), -logsigmoid(-beta * margin)
    return ((1 - noise) * right - noise * wrong) / (1 - 2 * noise)


def kto_loss(
    change: Tensor, good: Tensor, kl: Tensor, beta: float, weights: tuple[float, float]
) -> Tensor:
    """(B,) the loss of each reply (Ethayarajh et al. 2024, eq. 7).

    `change`: how much more probable it is than at the start, in nats; `good`: (B,) bool; `kl`:
    the same of replies to other prompts, their mean, which gets no gradient; `weights`: of good
    and of bad ones.
    """
    base = kl.detach().clamp(min=0)
    of_good = weights[0] * (1 - torch.sigmoid(beta * (change - base)))
    of_bad = weights[1] * (1 - torch.sigmoid(beta * (base - change)))
    return torch.where(good, of_good, of_bad)


def balanced(n_good: int, n_bad: int) -> tuple[float, float]:
    """Weights of good and bad replies, the rarer kind weighing more, so that both weigh alike.

    KTO, sec. 4.2, has the ratio of the two totals between 1 and 3/2.
    """
    if not n_good or not n_bad:
        return 1.0, 1.0
    return max(1.0, n_bad / n_good), max(1.0, n_good / n_bad)

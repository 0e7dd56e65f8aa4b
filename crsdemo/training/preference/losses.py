"""Losses over what people preferred: DPO, also for noisy raters, and KTO.

Our own and not TRL's trainers, which learn whole replies and know no grammar: here a tag or a code
is scored among what the catalog allows, as it is decoded and as it was trained, and a vote for a
film leaves words alone. Of whole replies over the whole vocabulary the values are TRL's
(`tests/training/test_preference_losses.py` compares them).

Shapes: B votes with the same number of sides, T tokens, N places that are learned, O options at
most, V tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from crsdemo.model.heads import Places, with_head
from crsdemo.training.lm.sequences import TrainingSequence, ids_of, padded
from crsdemo.training.preference.transcribe import Scored


class Branches(NamedTuple):
    """Replies to the same as one sequence: the first whole, of the others what differs.

    What two replies begin with (what was heard, often film and card too) is read once; they do not
    see each other, so each is as probable as alone.
    """

    ids: tuple[int, ...]
    forks: tuple[int, ...]  # of each reply, the place from which it differs from the first
    starts: tuple[int, ...]  # and where that stands in `ids`

    @classmethod
    def of(cls, sides: Sequence[Scored]) -> Branches:
        ids, forks, starts = sides[0].ids, [0], [0]
        for side in sides[1:]:
            both = zip(sides[0].ids, side.ids, strict=False)
            fork = next((n for n, (one, other) in enumerate(both) if one != other), None)
            forks.append(min(len(sides[0].ids), len(side.ids)) if fork is None else fork)
            starts.append(len(ids))
            ids = (*ids, *side.ids[forks[-1] :])
        return cls(ids, tuple(forks), tuple(starts))

    def at(self, side: int, place: int) -> int:
        """Where the token at `place` of a reply stands in `ids`."""
        later = place - self.forks[side]
        return place if later < 0 else self.starts[side] + later

    def read(self, mask: Tensor, positions: Tensor) -> None:
        """Shut in `mask` (T, T), causal, what others do not see; `positions` (T,) of the tokens."""
        shut = torch.finfo(mask.dtype).min
        ends = (*self.starts[1:], len(self.ids))
        for fork, start, end in zip(self.forks[1:], self.starts[1:], ends[1:], strict=True):
            mask[start:end, fork:start] = shut
            positions[start:end] = torch.arange(fork, fork + end - start)


def log_probabilities(model: Any, batch: Sequence[Sequence[Scored]], pad: int) -> Tensor:
    """(B, sides) the log-probability of what is learned of each reply; of all as many sides."""
    plain = model.get_base_model() if hasattr(model, "peft_config") else model
    device = next(plain.parameters()).device
    read = [Branches.of(sides) for sides in batch]
    places = [
        (row, branches.at(n, place.at - 1), row * len(sides) + n, side.ids[place.at], place.options)
        for row, (sides, branches) in enumerate(zip(batch, read, strict=True))
        for n, side in enumerate(sides)
        for place in side.places
    ]
    rows, before, of, tokens, options = zip(*places, strict=True)
    # The output head nowhere else: it is 49,152 wide
    head = Places(
        plain.get_output_embeddings(),
        torch.tensor(rows, device=device),
        torch.tensor(before, device=device),
    )
    ids, seen = ids_of([TrainingSequence(list(one.ids)) for one in read], pad, device)
    how = {"attention_mask": seen}
    if len(batch[0]) > 1:
        how = _apart(read, ids.shape[1], plain.dtype, device)
    logits = with_head(plain, head)(input_ids=ids, use_cache=False, **how).logits
    each = _of_tokens(logits.float(), tokens, options)
    found = torch.zeros(len(batch) * len(batch[0]), device=device)
    found = found.index_add(0, torch.tensor(of, device=device), each)
    return found.view(len(batch), -1)


def _apart(
    read: Sequence[Branches], length: int, dtype: torch.dtype, device: torch.device
) -> dict[str, Tensor]:
    """What each token sees, (B, 1, T, T), and its position, (B, T)."""
    shut = torch.finfo(dtype).min
    mask = torch.full((length, length), shut, dtype=dtype).triu(1).repeat(len(read), 1, 1, 1)
    positions = torch.arange(length).repeat(len(read), 1)
    for row, branches in enumerate(read):
        branches.read(mask[row, 0], positions[row])
    return {"attention_mask": mask.to(device), "position_ids": positions.to(device)}


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

"""What a causal LM learns from: token sequences with decisions and words in them, and their loss.

A whole conversation is one sequence with something to learn at every turn of the assistant. A
decision is a place where few tokens are possible: the tag, whether a film follows, each code of a
semantic ID. It is learned as a distribution over these, among what the catalog allows: one right
item gives the loss of GCRS (sec. 3.3) under the trie, many give distillation. Words are learned by
next-token cross-entropy.

Shapes: B sequences, T tokens, W words, D decisions, O options at most, V tokens in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from crsdemo.core.catalog import Catalog
from crsdemo.model.choice import ChoiceHead
from crsdemo.model.heads import Places, with_head
from crsdemo.model.tokens import ControlTokens

ROUND = 16  # tokens
WORDS = 4.0  # weight of the mean loss of words against that of each kind of decision


class Decision(NamedTuple):
    """Which of few tokens stands at a place, and how right each of them would be."""

    at: int  # place of the token in the sequence
    options: tuple[int, ...]  # tokens
    wanted: tuple[float, ...]  # sums to 1
    kind: str  # for the progress bar: mode, film, level 1 ...


class Choice(NamedTuple):
    """A place at which one of some candidates is to be chosen, and how right each would be."""

    at: int  # place of the token whose state chooses
    rows: NDArray[np.int64]  # (k,) of the catalog
    wanted: NDArray[np.float64]  # (k,) sums to 1


@dataclass
class TrainingSequence:
    """Tokens and what is to be learned from them. Grows while it is written."""

    ids: list[int] = field(default_factory=list)
    are_words: list[bool] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)

    def add(self, ids: Sequence[int], are_words: Sequence[bool] | None = None) -> None:
        self.ids += ids
        self.are_words += are_words if are_words is not None else [False] * len(ids)

    def decide(
        self, options: Sequence[int], wanted: Sequence[float], chosen: int, kind: str
    ) -> None:
        """Add the token `chosen` as a decision."""
        self.decisions.append(Decision(len(self.ids), tuple(options), tuple(wanted), kind))
        self.add([chosen])

    def decide_for(self, chosen: int, options: Sequence[int], kind: str) -> None:
        """Add the token `chosen`, which alone is right."""
        self.decide(options, [float(chosen == one) for one in options], chosen, kind)

    def choose(self, rows: NDArray[np.int64], wanted: NDArray[np.float64]) -> None:
        """The token added last chooses among the items at `rows`."""
        self.choices.append(Choice(len(self.ids) - 1, rows, wanted))


class IdPaths:
    """Ways down the ID trie, with the distribution over the allowed codes of each level."""

    def __init__(
        self, catalog: Catalog, semantic_ids: Mapping[str, tuple[int, ...]], control: ControlTokens
    ) -> None:
        self.codes = np.array([semantic_ids[item.id] for item in catalog], np.int64)  # (n, L)
        self.control = control
        self._allowed: dict[tuple[int, ...], list[int]] = {}
        for codes in np.unique(self.codes, axis=0).tolist():
            for level, code in enumerate(codes):
                below = self._allowed.setdefault(tuple(codes[:level]), [])
                if code not in below:
                    below.append(code)

    def write(
        self, sequence: TrainingSequence, row: int, rows: NDArray[np.int64], weights: NDArray[Any]
    ) -> None:
        """The codes of the item at `row`, each with what `rows` of these `weights` want there."""
        left = np.ones(len(rows), np.bool_)
        prefix: tuple[int, ...] = ()
        for level, code in enumerate(self.codes[row].tolist()):
            allowed = self._allowed[prefix]
            mass = np.bincount(self.codes[rows[left], level], weights[left], max(allowed) + 1)
            tokens = self.control.item_token[level]
            wanted = mass[allowed] / mass[allowed].sum()
            options = [tokens[c] for c in allowed]
            sequence.decide(options, wanted.tolist(), tokens[code], f"level {level + 1}")
            left &= self.codes[rows, level] == code
            prefix = (*prefix, code)


class SequenceLoss(NamedTuple):
    """The sum is what is minimised; the rest is for the progress bar, in nats."""

    total: Tensor
    parts: dict[str, float]


def sequence_loss(
    model: Any,
    batch: Sequence[TrainingSequence],
    pad: int,
    head: ChoiceHead | None = None,
) -> SequenceLoss:
    """Mean loss of a word, and of each kind of decision above the entropy of what was wanted.

    Means, for a sum over the few decisions of a conversation drowns its many words. The output
    head is computed only where something is learned. `head` makes the choices.
    """
    plain = model.get_base_model() if hasattr(model, "peft_config") else model
    device = next(plain.parameters()).device
    words, decisions = _words(batch), _decisions(batch)
    found = words + [(row, one.at) for row, one in decisions]
    rows, at = torch.tensor(found, dtype=torch.long, device=device).reshape(-1, 2).T
    places = Places(plain.get_output_embeddings(), rows, at - 1)  # each from the state before it
    ids, mask = ids_of(batch, pad, device)
    logits = with_head(plain, places)(input_ids=ids, attention_mask=mask, use_cache=False).logits
    assert places.states is not None
    of_words, of_decisions = logits.float().split([len(words), len(decisions)])
    losses: dict[str, Tensor] = {}
    if words:
        wanted = torch.tensor([batch[row].ids[at] for row, at in words], device=device)
        losses["words"] = nn.functional.cross_entropy(of_words, wanted)
    losses |= _decision_losses(of_decisions, [one for _, one in decisions])
    if head is not None:
        losses |= _choice_losses(head, places.states, batch)
    total = places.states.sum() * 0
    for kind, loss in losses.items():
        total = total + (WORDS * loss if kind == "words" else loss)
    return SequenceLoss(total, {kind: float(loss.detach()) for kind, loss in losses.items()})


def ids_of(
    batch: Sequence[TrainingSequence], pad: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """(B, T) tokens and mask."""
    longest = max(len(one.ids) for one in batch)
    length = -(-longest // ROUND) * ROUND  # few shapes: each is planned for and kept by oneDNN
    ids = torch.full((len(batch), length), pad, device=device)
    mask = torch.zeros(len(batch), length, dtype=torch.long, device=device)
    for row, one in enumerate(batch):
        ids[row, : len(one.ids)] = torch.tensor(one.ids, device=device)
        mask[row, : len(one.ids)] = 1
    return ids, mask


def _words(batch: Sequence[TrainingSequence]) -> list[tuple[int, int]]:
    """Row and place of every word that is learned."""
    return [
        (row, at)
        for row, one in enumerate(batch)
        for at, is_word in enumerate(one.are_words)
        if is_word and at
    ]


def _decisions(batch: Sequence[TrainingSequence]) -> list[tuple[int, Decision]]:
    return [(row, one) for row, sequence in enumerate(batch) for one in sequence.decisions]


def _decision_losses(logits: Tensor, decisions: Sequence[Decision]) -> dict[str, Tensor]:
    """Mean divergence of the decisions of each kind. `logits`: (D, V)"""
    if not decisions:
        return {}
    device = logits.device
    options, shut = padded([torch.tensor(one.options) for one in decisions], device)
    wanted, _ = padded([torch.tensor(one.wanted) for one in decisions], device)
    losses = _divergence(logits.gather(1, options), wanted, shut)
    of_kind: dict[str, list[int]] = {}
    for n, one in enumerate(decisions):
        of_kind.setdefault(one.kind, []).append(n)
    return {kind: losses[places].mean() for kind, places in sorted(of_kind.items())}


def _choice_losses(
    head: ChoiceHead, hidden: Tensor, batch: Sequence[TrainingSequence]
) -> dict[str, Tensor]:
    """Mean divergence of the choices. `hidden`: (B, T, h)"""
    found = [(row, one) for row, sequence in enumerate(batch) for one in sequence.choices]
    if not found:
        return {}
    places = torch.tensor([(row, one.at) for row, one in found], device=hidden.device).T
    rows, shut = padded([torch.from_numpy(one.rows) for _, one in found], hidden.device)
    wanted, _ = padded([torch.from_numpy(one.wanted) for _, one in found], hidden.device)
    scores = head(hidden[places[0], places[1]], rows)
    return {"choice": _divergence(scores, wanted.float(), shut).mean()}


def padded(rows: Sequence[Tensor], device: torch.device) -> tuple[Tensor, Tensor]:
    """(D, O) the rows filled up with zeros, and where they were."""
    sizes = torch.tensor([len(row) for row in rows], device=device)
    filled = nn.utils.rnn.pad_sequence(list(rows), batch_first=True).to(device)
    return filled, torch.arange(filled.shape[1], device=device) >= sizes[:, None]


def _divergence(scores: Tensor, wanted: Tensor, shut: Tensor) -> Tensor:
    """(D,) KL divergence of a softmax over the options that are not shut from what is wanted."""
    log_p: Tensor = scores.masked_fill(shut, -torch.inf).log_softmax(1).masked_fill(shut, 0.0)
    entropy: Tensor = -torch.special.xlogy(wanted, wanted).sum(1)
    return -(wanted * log_p).sum(1) - entropy

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
    device = next(model.parameters()).device
    longest = max(len(one.ids) for one in batch)
    length = -(-longest // ROUND) * ROUND  # few shapes: each is planned for and kept by oneDNN
    ids = torch.full((len(batch), length), pad, device=device)
    mask = torch.zeros(len(batch), length, dtype=torch.long, device=device)
    for row, one in enumerate(batch):
        ids[row, : len(one.ids)] = torch.tensor(one.ids, device=device)
        mask[row, : len(one.ids)] = 1
    plain = model.get_base_model() if hasattr(model, "peft_config") else model
    hidden = plain.model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
    before, words = _words(batch, device)
    total = hidden.sum() * 0
    parts: dict[str, float] = {}
    if len(words):
        logits = plain.lm_head(hidden[before]).float()
        loss = nn.functional.cross_entropy(logits, words)
        parts["words"] = float(loss.detach())
        total = total + WORDS * loss
    decided = _decisions(plain, hidden, batch)
    if decided is not None:
        losses, kinds = decided
        for kind in sorted(set(kinds)):
            loss = losses[[n for n, other in enumerate(kinds) if other == kind]].mean()
            parts[kind] = float(loss.detach())
            total = total + loss
    chosen = None if head is None else _choices(head, hidden, batch)
    if chosen is not None:
        parts["choice"] = float(chosen.detach().mean())
        total = total + chosen.mean()
    return SequenceLoss(total, parts)


def _choices(head: ChoiceHead, hidden: Tensor, batch: Sequence[TrainingSequence]) -> Tensor | None:
    """(C,) KL divergence of each choice, or None if there is none."""
    found = [(row, one) for row, sequence in enumerate(batch) for one in sequence.choices]
    if not found:
        return None
    device = hidden.device
    most = max(len(one.rows) for _, one in found)
    rows = torch.zeros(len(found), most, dtype=torch.long, device=device)
    wanted = torch.zeros(len(found), most, device=device)
    shut = torch.ones(len(found), most, dtype=torch.bool, device=device)
    for n, (_, one) in enumerate(found):
        rows[n, : len(one.rows)] = torch.from_numpy(one.rows)
        wanted[n, : len(one.rows)] = torch.from_numpy(one.wanted)
        shut[n, : len(one.rows)] = False
    places = torch.tensor([(row, one.at) for row, one in found], device=device).T
    scores = head(hidden[places[0], places[1]], rows)
    log_p = scores.masked_fill(shut, -torch.inf).log_softmax(1).masked_fill(shut, 0.0)
    entropy = -torch.special.xlogy(wanted, wanted).sum(1)
    return -(wanted * log_p).sum(1) - entropy


def _words(batch: Sequence[TrainingSequence], device: Any) -> tuple[tuple[Tensor, Tensor], Tensor]:
    """Where the token before each word stands, (W,) twice, and the words (W,)."""
    places = [
        (row, at - 1, one.ids[at])
        for row, one in enumerate(batch)
        for at, is_word in enumerate(one.are_words)
        if is_word and at
    ]
    rows, before, words = torch.tensor(places, device=device).reshape(-1, 3).T
    return (rows, before), words


def _decisions(
    plain: Any, hidden: Tensor, batch: Sequence[TrainingSequence]
) -> tuple[Tensor, list[str]] | None:
    """(D,) KL divergence of each decision, and its kind."""
    found = [(row, one) for row, sequence in enumerate(batch) for one in sequence.decisions]
    if not found:
        return None
    rows = torch.tensor([row for row, _ in found], device=hidden.device)
    before = torch.tensor([one.at - 1 for _, one in found], device=hidden.device)
    most = max(len(one.options) for _, one in found)
    options = torch.zeros(len(found), most, dtype=torch.long, device=hidden.device)
    wanted = torch.zeros(len(found), most, device=hidden.device)
    shut = torch.ones(len(found), most, dtype=torch.bool, device=hidden.device)
    for n, (_, one) in enumerate(found):
        options[n, : len(one.options)] = torch.tensor(one.options, device=hidden.device)
        wanted[n, : len(one.wanted)] = torch.tensor(one.wanted, device=hidden.device)
        shut[n, : len(one.options)] = False
    logits = plain.lm_head(hidden[rows, before]).float().gather(1, options)
    log_p = logits.masked_fill(shut, -torch.inf).log_softmax(1).masked_fill(shut, 0.0)
    entropy = -torch.special.xlogy(wanted, wanted).sum(1)
    return -(wanted * log_p).sum(1) - entropy, [one.kind for _, one in found]

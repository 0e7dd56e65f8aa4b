"""Training instances: token sequences with what is to be learned from each, and their loss.

An instance is a history, `<ASSISTANT>` and what follows. Mode and words are learned by next-token
cross-entropy, as in GCRS sec. 3.3. For the semantic ID the model is shown the whole distribution
over the codes of each level, given the codes before, among the codes that the catalog allows:
with one right item that is the paper's loss under the trie; with many it is distillation.

Shapes: B instances, T tokens, L levels, C codes per level, D width of the decoder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from crsdemo.catalog import Catalog
from crsdemo.listener import Ear, Heard, Listener, ListenerInput
from crsdemo.prompt import PromptWriter
from crsdemo.tokens import ControlTokens
from crsdemo.train.example import Example

MODE_WEIGHT = 0.5


class Levels(NamedTuple):
    """One way down the ID trie and what each level should have said there."""

    path: NDArray[np.int64]  # (L,)
    wanted: NDArray[np.float32]  # (L, C) sums to 1 per level
    allowed: NDArray[np.bool_]  # (L, C)


class Instance(NamedTuple):
    """One sequence. `mode_at`, `item_at` are places of `<ASSISTANT>` and `<BOI>` in `ids`."""

    ids: list[int]
    learned: list[bool]  # words to be predicted; mode and item tokens are not among them
    mode_at: int | None
    item_at: int | None
    levels: Levels | None
    heard: Heard | None


class Loss(NamedTuple):
    """The sum is what is minimised; the rest is for the progress bar."""

    total: Tensor
    mode: float
    words: float
    levels: tuple[float, ...]  # KL divergence per level of the ID, in nats


@dataclass(frozen=True)
class Voice:
    """What is trained: a causal LM and its ear."""

    model: Any  # a Hugging Face causal LM, perhaps wrapped by PEFT
    listener: Listener | None

    @property
    def plain(self) -> Any:
        """The causal LM itself; adapters injected into it stay."""
        return self.model.get_base_model() if hasattr(self.model, "peft_config") else self.model

    def parameters(self) -> list[nn.Parameter]:
        listener = [] if self.listener is None else list(self.listener.parameters())
        return [p for p in (*self.model.parameters(), *listener) if p.requires_grad]


class Paths:
    """Draws ways down the ID trie for distributions over items."""

    def __init__(self, catalog: Catalog, semantic_ids: Mapping[str, tuple[int, ...]]) -> None:
        self.codes = np.array([semantic_ids[item.id] for item in catalog], np.int64)  # (n, L)
        self.codebook_size = int(self.codes.max()) + 1
        self._allowed: dict[tuple[int, ...], NDArray[np.bool_]] = {}
        for codes in self.codes.tolist():
            for level, code in enumerate(codes):
                self._children(tuple(codes[:level]))[code] = True

    def _children(self, prefix: tuple[int, ...]) -> NDArray[np.bool_]:
        return self._allowed.setdefault(prefix, np.zeros(self.codebook_size, np.bool_))

    def draw(
        self, rows: NDArray[np.int64], weights: NDArray[np.float32], rng: np.random.Generator
    ) -> Levels:
        """Down to an item drawn by its weight."""
        cumulative = np.cumsum(weights)
        chosen = int(np.searchsorted(cumulative, rng.random() * cumulative[-1]))
        return self.along(int(rows[min(chosen, len(rows) - 1)]), rows, weights)

    def along(self, row: int, rows: NDArray[np.int64], weights: NDArray[np.float32]) -> Levels:
        """Down to the item at `row`; at each level the distribution of what is left there."""
        path, codes = self.codes[row], self.codes[rows]
        below = np.ones(len(rows), np.bool_)
        wanted = np.zeros((len(path), self.codebook_size), np.float32)
        for level, code in enumerate(path):
            wanted[level] = np.bincount(codes[below, level], weights[below], self.codebook_size)
            below &= codes[:, level] == code
        wanted /= wanted.sum(1, keepdims=True)
        allowed = [self._children(tuple(path[:level].tolist())) for level in range(len(path))]
        return Levels(path, wanted, np.stack(allowed))


class InstanceWriter:
    """Examples -> instances."""

    def __init__(
        self,
        writer: PromptWriter,
        paths: Paths,
        ear: Ear | None,
        seed: int = 0,
        *,
        hears_words: bool = True,
    ) -> None:
        """`hears_words`: whether whole instances hold the words of a history or its items alone."""
        self.hears_words = hears_words
        self.writer = writer
        self.paths = paths
        self.ear = ear
        self.rng = np.random.default_rng(seed)

    @property
    def control(self) -> ControlTokens:
        return self.writer.control

    def item_only(
        self, heard: Heard, rows: NDArray[np.int64], weights: NDArray[np.float32]
    ) -> Instance:
        """No history but what the listener hears: a short sequence that teaches the item."""
        levels = self.paths.draw(rows, weights, self.rng)
        ids = [self.control.assistant, self.control.rec, self.control.boi]
        ids += self.control.item(levels.path.tolist())[:-1]
        return Instance(ids, [False] * len(ids), None, 2, levels, heard)

    def whole(self, example: Example) -> Instance:
        """History, mode, item, card and words, or those of them that the factorisation has.

        Where no item stands before the words, the first item in the words is learned as it would be
        there. Words that are not learned then are the item alone.
        """
        parts = self.writer.factorisation
        dialogue = example.dialogue if self.hears_words else example.dialogue.wordless
        history = self.writer.history(dialogue)
        heard = None if self.ear is None else self.ear.hear(dialogue)
        reply = example.reply
        if not reply and example.item is not None and not parts.has_item:
            reply = (example.item,)
        target = self.writer.target(example.mode, example.item, reply, example.fields)
        learned = [False] * len(history) + [w and bool(example.reply) for w in target.learned]
        mode_at = None
        if parts.has_mode:
            mode_at = len(history) - 1
            learned[len(history)] = False  # the mode has a loss of its own
        ids = history + target.ids
        levels, item_at = self._levels(example), None
        if levels is not None and self.control.boi in target.ids:
            item_at = ids.index(self.control.boi, len(history))
            begun = (
                item_at if parts.has_item else item_at + 1
            )  # in words, that it begins is learned
            end = item_at + len(levels.path) + 2
            learned[begun:end] = [False] * (end - begun)
        return Instance(ids, learned, mode_at, item_at, levels, heard)

    def _levels(self, example: Example) -> Levels | None:
        """The path of the item which the reply speaks of, one of the targets."""
        if example.item is None:
            return None
        row = self.writer.catalog.row
        rows = np.array([row[item_id] for item_id in example.targets], np.int64)
        weights = np.array(list(example.targets.values()), np.float32)
        return self.paths.along(row[example.item.id], rows, weights)


def loss_of(
    voice: Voice, ear: Ear | None, batch: Sequence[Instance], control: ControlTokens
) -> Loss:
    """Forward pass and loss of a batch."""
    hidden, offset = _hidden(voice, ear, batch, control.eos)
    head = voice.plain.get_output_embeddings()
    words = _cross_entropy(hidden, head, list(_words(batch, offset)))
    mode = _cross_entropy(hidden, head, list(_modes(batch, offset)))
    levels = _item_loss(hidden, head, batch, offset, control)
    return Loss(
        words + MODE_WEIGHT * mode + levels.sum(),
        mode.item(),
        words.item(),
        tuple(levels.detach().tolist()),
    )


def _hidden(
    voice: Voice, ear: Ear | None, batch: Sequence[Instance], pad: int
) -> tuple[Tensor, int]:
    """Last hidden states (B, n_prefix + T, D), padding at the right, and n_prefix."""
    device = voice.plain.get_input_embeddings().weight.device
    length = max(len(i.ids) for i in batch)
    ids = torch.tensor([i.ids + [pad] * (length - len(i.ids)) for i in batch], device=device)
    mask = torch.tensor(
        [[1] * len(i.ids) + [0] * (length - len(i.ids)) for i in batch], device=device
    )
    model = voice.plain
    embeds = model.get_input_embeddings()(ids)
    offset = 0
    if voice.listener is not None and ear is not None:
        heard = ear.batch([i.heard for i in batch if i.heard is not None])
        prefix = voice.listener(ListenerInput(*(part.to(device) for part in heard)))
        embeds = torch.cat([prefix.to(embeds.dtype), embeds], 1)
        offset = prefix.shape[1]
        mask = torch.cat([mask.new_ones(len(batch), offset), mask], 1)
    output = model.base_model(inputs_embeds=embeds, attention_mask=mask, use_cache=False)
    return output.last_hidden_state, offset


def _words(batch: Sequence[Instance], offset: int) -> Iterator[tuple[int, int, int]]:
    """(row, column of the state that predicts it, token) of every word to be learned."""
    for row, instance in enumerate(batch):
        for place, learned in enumerate(instance.learned):
            if learned:
                yield row, offset + place - 1, instance.ids[place]


def _modes(batch: Sequence[Instance], offset: int) -> Iterator[tuple[int, int, int]]:
    """The same of every mode to be learned."""
    for row, instance in enumerate(batch):
        if instance.mode_at is not None:
            yield row, offset + instance.mode_at, instance.ids[instance.mode_at + 1]


def _cross_entropy(hidden: Tensor, head: Any, places: list[tuple[int, int, int]]) -> Tensor:
    """Mean over `places`; 0 if there are none."""
    if not places:
        return hidden.sum() * 0
    rows, columns, wanted = torch.tensor(places, device=hidden.device).unbind(1)
    return nn.functional.cross_entropy(head(hidden[rows, columns]).float(), wanted)


def _item_loss(
    hidden: Tensor, head: Any, batch: Sequence[Instance], offset: int, control: ControlTokens
) -> Tensor:
    """(L,) divergence between the wanted codes of each level and the model's, in nats."""
    tokens = torch.tensor(control.item_token, device=hidden.device)  # (L, C)
    chosen = [
        (row, offset + i.item_at, i.levels)
        for row, i in enumerate(batch)
        if i.item_at is not None and i.levels is not None
    ]
    if not chosen:
        return hidden.new_zeros(len(tokens), dtype=torch.float32)
    rows = torch.tensor([row for row, _, _ in chosen], device=hidden.device)
    starts = torch.tensor([start for _, start, _ in chosen], device=hidden.device)
    columns = starts[:, None] + torch.arange(len(tokens), device=hidden.device)
    logits = head(hidden[rows[:, None], columns]).float()  # (n, L, V)
    logits = logits.gather(2, tokens.expand(len(chosen), -1, -1))
    allowed = torch.tensor(np.stack([levels.allowed for _, _, levels in chosen]))
    wanted = torch.tensor(np.stack([levels.wanted for _, _, levels in chosen])).to(hidden.device)
    log_p = logits.masked_fill(~allowed.to(hidden.device), -1e4).log_softmax(-1)
    divergence = wanted * (wanted.clamp(min=1e-9).log() - log_p)
    return divergence.sum(-1).mean(0)

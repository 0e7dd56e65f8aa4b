"""One pass over any Hugging Face causal LM: the mode, the ranking of the catalog, then the text.

The prompt is read once. Its cache serves the choice of the mode, a beam over the item trie that
ranks the catalog, and the text of the reply; nothing is ever computed twice. What may follow comes
from the grammar, so that an item outside the catalog is impossible. Nothing here knows about
dialogues: `recommenders/talker.py` writes the prompts.

Shapes: N prompts, P tokens read, K beams, C codes per level, L levels, V tokens in the vocabulary.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel

from crsdemo.core.recommender import Mode
from crsdemo.core.slots import Slot
from crsdemo.items.trie import Trie
from crsdemo.model.grammar import Grammar
from crsdemo.model.prefixes import Prefixes
from crsdemo.model.sampling import Sampling as Sampling  # part of this module's interface
from crsdemo.model.sampling import TextConstraint, TokenSampler

NOTHING: frozenset[str] = frozenset()
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


@dataclass(frozen=True)
class Node:
    """A node of the trie as the model sees it."""

    probability: float  # among the allowed children of its parent
    joint: float  # product of the probabilities from the root


@dataclass(frozen=True)
class Ranking:
    """Items by their probability under the model, given that one of the allowed items follows."""

    item_ids: tuple[str, ...]  # most probable first
    log_probabilities: tuple[float, ...]
    beams: tuple[_Beams, ...]  # one per level: the nodes that were kept
    trie: Trie

    @cached_property
    def tree(self) -> dict[tuple[int, ...], Node]:
        """Prefix of codes -> every node that was kept, level by level, most probable first."""
        return {
            prefix: Node(probability, joint)
            for depth, beams in enumerate(self.beams, 1)
            for prefix, probability, joint in zip(
                self._prefixes(depth, beams.node),
                beams.conditional.exp().tolist(),
                beams.joint.exp().tolist(),
                strict=True,
            )
        }

    def _prefixes(self, depth: int, node: Tensor) -> list[tuple[int, ...]]:
        leaf = self.trie.first_leaf[depth][node.cpu().numpy()]
        return [tuple(codes) for codes in self.trie.semantic_ids[leaf, :depth].tolist()]


@dataclass(frozen=True)
class Choice:
    """One level of the semantic ID of an item: all codes that the catalog allowed there."""

    code: int  # of the item
    probability: dict[int, float]  # code -> probability among the allowed codes, best first
    allowed_mass: float  # probability that the unconstrained model gave to the allowed codes


@dataclass(frozen=True)
class _Beams:
    """The K best prefixes of one depth. (N, K) each, or (K,) for one prompt in a `Ranking`."""

    node: Tensor  # in the trie at this depth
    parent: Tensor  # place of the parent among the beams of the depth before
    conditional: Tensor  # log-probability among the allowed siblings
    joint: Tensor  # log-probability of the prefix; -inf where there are fewer than K

    def of(self, row: int) -> _Beams:
        """The beams of one prompt that hold a prefix: (K,) each."""
        held = self.joint[row].isfinite()
        return _Beams(
            self.node[row, held],
            self.parent[row, held],
            self.conditional[row, held],
            self.joint[row, held],
        )


@dataclass(frozen=True)
class Prior:
    """What is known of the items beside the model, for N prompts.

    The trie carries it: the log of the mass under a node is added to the model's log-probability.
    """

    log_scores: Tensor  # (N, n_items) in the order of the trie's leaves


@dataclass(frozen=True)
class _Below:
    """What lies under the nodes of one depth of the trie, for N prompts."""

    count: Tensor  # (N, n_nodes) items that are not excluded
    log_mass: Tensor | None = None  # (N, n_nodes) of the prior, if there is one


def left_pad(prompts: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor]:
    """Token ids (N, P) and mask (N, P) of prompts of different lengths."""
    length = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([[pad] * (length - len(p)) + list(p) for p in prompts])
    mask = torch.tensor([[False] * (length - len(p)) + [True] * len(p) for p in prompts])
    return ids, mask


class Decoder:
    """A causal LM under the grammar of a catalog. Safe to share: all state is in the `Context`.

    A PEFT adapter must be merged first (`merge_and_unload`). Weights changed later, by training,
    need a new Decoder: it keeps its own rows of the output head.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        grammar: Grammar,
        quick: PreTrainedModel | None = None,
        prefixes: Prefixes | None = None,
    ) -> None:
        """`quick`: the same model, faster at few tokens; `prefixes`: of one prompt, read before."""
        self.model = model.eval()
        self.quick = quick or self.model
        self.prefixes = prefixes or Prefixes(0)
        self.grammar = grammar
        self.control = grammar.control
        self.trie = grammar.trie
        self.device = model.device
        self._item_tokens = torch.tensor(self.control.item_token, device=self.device)  # (L, C)
        self._item_model, self._columns = _with_item_head(self.model, self._item_tokens)
        self._first_child = [
            torch.tensor(first, device=self.device) for first in self.trie.first_child
        ]
        self._code = [torch.tensor(code, device=self.device) for code in self.trie.code]

    # reading

    @torch.inference_mode()
    def read(self, input_ids: Tensor, mask: Tensor | None = None) -> Context:
        """Read prompts (N, P). `mask` (N, P) is false on padding, which stands at the left."""
        mask = torch.ones_like(input_ids, dtype=torch.bool) if mask is None else mask
        mask = mask.to(self.device)
        cache = DynamicCache(config=self.model.config)
        output = self.model(
            input_ids=input_ids.to(self.device),
            attention_mask=mask.long(),
            position_ids=(mask.cumsum(1) - 1).clamp(min=0),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return Context(cache, mask, output.logits[:, -1].float())

    def feed(self, context: Context, tokens: Sequence[int], *, words: bool = False) -> None:
        """Let all prompts of `context` go on with the same tokens.

        Where `words` follow, the quick model may read them: what decides is read exactly.
        """
        self._feed(context, torch.tensor([list(tokens)] * len(context.mask)), 1, words=words)

    def feed_each(self, context: Context, tokens: Sequence[int]) -> None:
        """Let each prompt of `context` go on with a token of its own, in its words."""
        self._feed(context, torch.tensor(tokens)[:, None], keep=1, words=True)

    @torch.inference_mode()
    def state(self, context: Context, tokens: Sequence[int]) -> Tensor:
        """Let all prompts go on with the same tokens; the state after the last: (N, h) float32.

        What the output head would read. Tokens must follow before `context.logits` means anything.
        """
        ids = torch.tensor([list(tokens)] * len(context.mask), device=self.device)
        positions = context.position + torch.arange(ids.shape[1], device=self.device)
        context.mask = torch.cat([context.mask, torch.ones_like(ids, dtype=torch.bool)], 1)
        output = self.model.base_model(
            input_ids=ids,
            attention_mask=context.mask.long(),
            position_ids=positions,
            past_key_values=context.cache,
            use_cache=True,
        )
        hidden: Tensor = output.last_hidden_state[:, -1].float()
        return hidden

    @torch.inference_mode()
    def _feed(self, context: Context, ids: Tensor, keep: int, *, words: bool = False) -> Tensor:
        """Extend `context` by ids (N, T); the logits of the last `keep` tokens: (N, keep, V)."""
        ids = ids.to(self.device)
        positions = context.position + torch.arange(ids.shape[1], device=self.device)
        context.mask = torch.cat([context.mask, torch.ones_like(ids, dtype=torch.bool)], 1)
        model = self.quick if words and ids.numel() <= FEW else self.model
        output = model(
            input_ids=ids,
            attention_mask=context.mask.long(),
            position_ids=positions,
            past_key_values=context.cache,
            use_cache=True,
            logits_to_keep=keep,
        )
        logits: Tensor = output.logits.float()
        context.logits = logits[:, -1]
        return logits

    @torch.inference_mode()
    def read_on(self, ids: Sequence[int]) -> Context:
        """Read one prompt; what is known of its beginning is not read again."""
        cache, known = self.prefixes.find(ids)
        mask = torch.ones(1, known, dtype=torch.bool, device=self.device)
        context = Context(cache, mask, torch.zeros(1, 0))
        self._feed(context, torch.tensor([ids[known:]]), keep=1)
        self.prefixes.keep(ids, context.cache)
        return context

    # the item

    @torch.inference_mode()
    def beam(
        self,
        context: Context,
        width: int,
        exclude: Sequence[Collection[str]] = (),
        prior: Prior | None = None,
    ) -> list[Ranking]:
        """Rank the catalog after `<BOI>`: at most `width` items per prompt, best first.

        `exclude`: for each prompt the item ids that must not appear; probabilities are renormalised
        over what is left, with the `prior` if there is one. The beams of a level are query
        positions of one row which see the prompt and their own ancestors only, so the prompt's
        cache is shared, never copied; afterwards `context` is as before. Exact when `width`
        reaches the number of nodes of every level.
        """
        n = len(context.mask)
        below = self._below(exclude, n, prior)
        levels: list[_Beams] = []
        beams = _root(n, self.device)
        logits = context.logits[:, None, self._item_tokens[0]]  # (N, 1, C)
        seen = torch.zeros(n, 1, 0, dtype=torch.bool, device=self.device)
        for depth in range(1, self.trie.n_levels + 1):
            beams = self._expand(beams, depth, logits, below[depth], width)
            levels.append(beams)
            unsure = (below[depth].count.gather(1, beams.node) > 1) & beams.joint.isfinite()
            logits, seen = self._look_ahead(context, depth, beams, seen, unsure)
        if seen.shape[2]:
            context.cache.crop(-seen.shape[2])
        return [self._ranking(levels, row) for row in range(n)]

    def _below(
        self, exclude: Sequence[Collection[str]], n: int, prior: Prior | None
    ) -> list[_Below]:
        """What lies under the nodes of each depth, root first."""
        if exclude and len(exclude) != n:
            raise ValueError(f"{len(exclude)} sets of excluded items for {n} prompts")
        allowed = np.stack([~self.trie.leaves(e) for e in exclude or [NOTHING] * n])
        counts = [self.trie.count(row) for row in allowed]
        masses: list[Tensor | None] = [None] * (self.trie.n_levels + 1)
        if prior is not None:
            masses = self._masses(prior.log_scores, torch.tensor(allowed))
        return [
            _Below(
                torch.tensor(np.stack([row[depth] for row in counts]), device=self.device),
                masses[depth],
            )
            for depth in range(self.trie.n_levels + 1)
        ]

    def _masses(self, log_scores: Tensor, allowed: Tensor) -> list[Tensor | None]:
        """Per depth (N, n_nodes): the log of the prior mass of the allowed items under a node."""
        scores = log_scores.double().masked_fill(~allowed, -torch.inf)
        mass = (scores - scores.amax(1, keepdim=True)).exp()
        before = nn.functional.pad(mass.cumsum(1), (1, 0))
        # a difference of two sums loses what is very small beside them
        return [
            (before[:, first[1:]] - before[:, first[:-1]]).clamp(min=1e-12).log().to(self.device)
            for first in map(torch.tensor, self.trie.first_leaf)
        ]

    def _expand(
        self, beams: _Beams, depth: int, logits: Tensor, below: _Below, width: int
    ) -> _Beams:
        """The best children at `depth` of the beams above. `logits`: (N, K, C)"""
        n_codes = logits.shape[2]
        child = self._children(depth, beams.node)
        conditional = _conditional(logits, child, below).flatten(1)
        joint = conditional + beams.joint.repeat_interleave(n_codes, 1)
        best, place = joint.topk(min(width, int(joint.isfinite().sum(1).max())))
        return _Beams(
            node=child.flatten(1).gather(1, place).clamp(min=0),
            parent=place // n_codes,
            conditional=conditional.gather(1, place),
            joint=best,
        )

    def _children(self, depth: int, parents: Tensor) -> Tensor:
        """The nodes at `depth` behind each code of `parents` (N, K), -1 for none: (N, K, C)."""
        first, parent = self._first_child[depth - 1], parents.flatten()
        start, count = first[parent], first[parent + 1] - first[parent]
        owner = torch.arange(len(parent), device=self.device).repeat_interleave(count)
        within = torch.arange(len(owner), device=self.device) - (count.cumsum(0) - count)[owner]
        child = start[owner] + within
        n_codes = self.control.codebook_size
        table = torch.full((len(parent), n_codes), -1, device=self.device)
        table[owner, self._code[depth][child]] = child
        return table.view(*parents.shape, n_codes)

    def _look_ahead(
        self, context: Context, depth: int, beams: _Beams, seen: Tensor, unsure: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The logits of the codes below each beam (N, K, C), and what the beams now see.

        Only `unsure` (N, K) beams are computed, those with more than one item left: below the
        others every probability is 1, whatever the logits. `seen` (N, K above, T) says which of
        the T positions that follow the prompt in the cache a beam of the depth above attends to.
        """
        n, k = beams.node.shape
        seen = seen.gather(1, beams.parent[:, :, None].expand(-1, -1, seen.shape[2]))
        logits = torch.zeros(n, k, self.control.codebook_size, device=self.device)
        if not unsure.any():
            return logits, seen
        # unsure beams first; a prompt with fewer of them computes some that need not be
        place = unsure.int().argsort(dim=1, descending=True, stable=True)[:, : unsure.sum(1).max()]
        seen = torch.cat([seen, nn.functional.one_hot(place, k).mT.bool()], 2)
        rows = place[:, :, None]
        seen_there = seen.gather(1, rows.expand(-1, -1, seen.shape[2]))
        found = self._item_logits(context, depth, beams.node.gather(1, place), seen_there)
        return logits.scatter(1, rows.expand_as(found), found), seen

    def _item_logits(self, context: Context, depth: int, node: Tensor, seen: Tensor) -> Tensor:
        """Read the last codes of `node` (N, K) under `seen` (N, K, T); logits (N, K, C)."""
        ids = self._item_tokens[depth - 1][self._code[depth][node]]
        prompt = context.mask[:, None].expand(-1, ids.shape[1], -1)
        unseen = ~torch.cat([prompt, seen], 2)[:, None]  # (N, 1, K, P + T)
        mask = torch.zeros(unseen.shape, dtype=self.model.dtype, device=self.device)
        output = self._item_model(
            input_ids=ids,
            attention_mask=mask.masked_fill(unseen, torch.finfo(mask.dtype).min),
            position_ids=(context.position + depth - 1).expand(ids.shape),
            past_key_values=context.cache,
            use_cache=True,
        )
        logits: Tensor = output.logits[..., self._columns[depth]].float()
        return logits

    def _ranking(self, levels: Sequence[_Beams], row: int) -> Ranking:
        """What the beams of one prompt found, without the places that hold nothing."""
        kept = tuple(beams.of(row) for beams in levels)
        items = tuple(self.trie.item_ids[leaf] for leaf in kept[-1].node.tolist())
        return Ranking(items, tuple(kept[-1].joint.tolist()), kept, self.trie)

    @torch.inference_mode()
    def exhaustive(
        self, context: Context, exclude: Collection[str] = NOTHING, batch: int = 256
    ) -> Ranking:
        """Score every item after `<BOI>`, without beam or tree attention; `tree` stays empty.

        For checking `beam` on one prompt: 8,000 items take minutes on a CPU.
        """
        below = self._below([exclude], 1, None)
        leaves = torch.tensor(np.flatnonzero(below[-1].count[0].cpu().numpy()))
        scores = [self._score(context, some, below) for some in leaves.split(batch) if len(some)]
        joint, order = torch.cat([torch.zeros(0), *scores]).sort(descending=True, stable=True)
        items = tuple(self.trie.item_ids[leaf] for leaf in leaves[order].tolist())
        return Ranking(items, tuple(joint.tolist()), (), self.trie)

    @torch.inference_mode()
    def log_probabilities(
        self, context: Context, item_ids: Sequence[str], exclude: Collection[str] = NOTHING
    ) -> list[float]:
        """Of some items after `<BOI>`, by the model without a prior, given that none of `exclude`
        follows. `context` (one prompt) is as before."""
        leaves = torch.tensor([self.trie.leaf[item_id] for item_id in item_ids])
        scores: list[float] = self._score(context, leaves, self._below([exclude], 1, None)).tolist()
        return scores

    def _score(self, context: Context, leaves: Tensor, below: Sequence[_Below]) -> Tensor:
        """The log-probabilities of some items, each with a copy of the prompt's cache: (B,)"""
        codes = torch.tensor(self.trie.semantic_ids[leaves.numpy()], device=self.device)
        rows = Context(copy.deepcopy(context.cache), context.mask, context.logits)
        rows.cache.batch_repeat_interleave(len(leaves))
        rows.mask = rows.mask.expand(len(leaves), -1)
        ids = self._item_tokens[torch.arange(self.trie.n_levels, device=self.device), codes]
        logits = [context.logits.expand(len(leaves), -1)]
        if self.trie.n_levels > 1:
            logits += self._feed(rows, ids[:, :-1], keep=self.trie.n_levels - 1).unbind(1)
        total = torch.zeros(len(leaves), dtype=torch.double, device=self.device)
        for depth in range(1, self.trie.n_levels + 1):
            node = self._ancestors(leaves, depth - 1)
            level = logits[depth - 1][:, self._item_tokens[depth - 1]]
            child = self._children(depth, node[None])
            conditional = _conditional(level[None], child, below[depth])
            total += conditional[0].gather(1, codes[:, depth - 1 : depth])[:, 0]
        return total.cpu()

    def _ancestors(self, leaves: Tensor, depth: int) -> Tensor:
        """The node at `depth` above each leaf."""
        first = torch.tensor(self.trie.first_leaf[depth])
        return (torch.searchsorted(first, leaves, right=True) - 1).to(self.device)

    def follow(
        self,
        context: Context,
        item_id: str,
        exclude: Collection[str] = NOTHING,
        prior: Prior | None = None,
    ) -> tuple[Choice, ...]:
        """Say the semantic ID of an item after `<BOI>` and tell how it was chosen, per level.

        `context` (one prompt) grows by the item tokens. Raises CatalogError for an unknown item.
        """
        codes = self.trie.codes(item_id)
        below = self._below([set(exclude) - {item_id}], 1, prior)
        before = context.logits[:, None]
        ids = torch.tensor([self.control.item(codes)])
        after = self._feed(context, ids, keep=len(codes))
        logits = torch.cat([before, after[:, :-1]], 1)[0]  # (L, V)
        return tuple(
            self._choice(logits[level], codes[: level + 1], below[level + 1])
            for level in range(len(codes))
        )

    def _choice(self, logits: Tensor, prefix: tuple[int, ...], below: _Below) -> Choice:
        """`logits`: (V,) before the last code of `prefix`."""
        depth = len(prefix)
        level = logits[self._item_tokens[depth - 1]]
        parent = torch.tensor([[self.trie.node(prefix[:-1])]], device=self.device)
        child = self._children(depth, parent)
        conditional = _conditional(level[None, None], child, below)[0, 0]
        probability, code = conditional.exp().sort(descending=True, stable=True)
        pairs = zip(code.tolist(), probability.tolist(), strict=True)
        mass = logits.softmax(0)[self._item_tokens[depth - 1]][conditional.isfinite()].sum()
        return Choice(prefix[-1], {c: p for c, p in pairs if p > 0}, float(mass))

    # the text

    @torch.inference_mode()
    def score(self, context: Context, tokens: Sequence[int]) -> Tensor:
        """The log-probability of each of `tokens`, one at least, among all tokens: (T,) float32.

        `context` (one prompt) grows by them.
        """
        before = context.logits[:, None]
        ids = torch.tensor([list(tokens)], device=self.device)
        after = self._feed(context, ids, keep=len(tokens))
        logits = torch.cat([before, after[:, :-1]], 1)[0]  # (T, V)
        return logits.log_softmax(1).gather(1, ids.T)[:, 0].cpu()

    def write(
        self,
        context: Context,
        mode: Mode,
        sampling: Sampling = Sampling(),
        slots: Collection[Slot] = (),
        sayable: Collection[str] | None = None,
    ) -> Iterator[int]:
        """The tokens of the text after `<RESP>` as they are chosen, without the closing eos.

        `slots`: the facts that may be said, none in mode CHAT; `sayable`: the items that may be
        named, by default the whole catalog. An item once begun is always completed, if need be
        beyond `max_tokens`. `context` (one prompt) grows by what is written.
        """
        sampler = TokenSampler(TextConstraint(self.grammar, mode, slots, sayable), sampling)
        while (token := sampler.next(context.logits[0].cpu())) is not None:
            yield token
            self.feed(context, [token], words=True)

    def write_all(self, context: Context, samplers: Sequence[TokenSampler]) -> list[list[int]]:
        """The tokens of one text per prompt of `context`, all written at once."""
        writing = [True] * len(samplers)
        while True:
            tokens = [self.control.eos] * len(samplers)  # what follows an end is never read
            for row, logits in enumerate(context.logits.cpu()):
                token = samplers[row].next(logits) if writing[row] else None
                writing[row] = token is not None
                tokens[row] = tokens[row] if token is None else token
            if not any(writing):
                return [sampler.written for sampler in samplers]
            self.feed_each(context, tokens)


def _root(n: int, device: torch.device) -> _Beams:
    """One beam per prompt, at the root of the trie."""
    zeros = torch.zeros(n, 1, dtype=torch.long, device=device)
    return _Beams(node=zeros, parent=zeros, conditional=zeros.double(), joint=zeros.double())


def _conditional(logits: Tensor, child: Tensor, below: _Below) -> Tensor:
    """Log-probability of each code among the allowed ones of its parent; -inf for the others.

    All (N, K, C); `below` is of the depth of `child`. A parent with no allowed code gets -inf
    throughout.
    """
    node = child.flatten(1).clamp(min=0)
    allowed = (below.count.gather(1, node).view_as(child) > 0) & (child >= 0)
    scores = logits.double()
    if below.log_mass is not None:
        scores = scores + below.log_mass.gather(1, node).view_as(child)
    return (
        scores.masked_fill(~allowed, -torch.inf).log_softmax(-1).masked_fill(~allowed, -torch.inf)
    )


class _ItemHead(nn.Module):
    """The rows of an output head that score item tokens, in float32: bf16 would make ties."""

    def __init__(self, head: nn.Linear, tokens: Tensor) -> None:
        super().__init__()
        self.weight = head.weight.detach()[tokens].float()
        self.bias = None if head.bias is None else head.bias.detach()[tokens].float()

    def forward(self, hidden: Tensor) -> Tensor:
        return nn.functional.linear(hidden.float(), self.weight, self.bias)


def _with_item_head(model: PreTrainedModel, item_tokens: Tensor) -> tuple[PreTrainedModel, Tensor]:
    """The model with an output head for item tokens only, and their columns (L, C) in its logits.

    It shares everything else with `model`, so what a model does to its logits still happens. A head
    of an unusual kind (quantized, say) is kept whole.
    """
    head = model.get_output_embeddings()
    name = next((name for name, child in model.named_children() if child is head), None)
    if name is None or type(head) is not nn.Linear:
        return model, item_tokens
    view = copy.copy(model)
    view._modules = {**model._modules, name: _ItemHead(head, item_tokens.flatten())}
    return view, torch.arange(item_tokens.numel(), device=item_tokens.device).view_as(item_tokens)

"""The item: a beam over the ID trie that ranks the catalog, and the path to one of its items.

What may follow comes from the trie, so that an item outside the catalog is impossible.

Shapes: N prompts, P tokens read, K beams, C codes per level, L levels, V tokens in the vocabulary.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from crsdemo.model.decoding import Context, Decoder
from crsdemo.model.grammar import Grammar
from crsdemo.model.heads import head_name, with_head
from crsdemo.model.prefixes import Prefixes
from crsdemo.model.together import Together
from crsdemo.model.trie_tensors import NOTHING, Below, TrieTensors, conditional


@dataclass(frozen=True)
class Ranking:
    """Items by their probability under the model, given that one of the allowed items follows."""

    item_ids: tuple[str, ...]  # most probable first
    log_probabilities: tuple[float, ...]
    tree: frozenset[tuple[int, ...]]  # every prefix of codes that was kept


@dataclass(frozen=True)
class Choice:
    """One level of the semantic ID of an item: all codes that the catalog allowed there."""

    code: int  # of the item
    probability: dict[int, float]  # code -> probability among the allowed codes, best first
    allowed_mass: float  # probability that the unconstrained model gave to the allowed codes


class _Beams(NamedTuple):
    """The K best prefixes of one depth, (N, K) each."""

    node: Tensor  # in the trie at this depth
    parent: Tensor  # place of the parent among the beams of the depth before
    joint: Tensor  # log-probability of the prefix; -inf where there are fewer than K


class ItemDecoder(Decoder):
    """A decoder that also ranks and says items.

    A prior may speak for items beside the model: `log_prior` (N, n_items), log-scores in the order
    of the trie's leaves. The trie carries it: the log of the mass under a node is added to the
    model's log-probability.

    Weights changed later, by training, need a new one: it keeps its own rows of the output head.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        grammar: Grammar,
        quick: Together | None = None,
        prefixes: Prefixes | None = None,
    ) -> None:
        super().__init__(model, grammar, quick, prefixes)
        self._item_tokens = torch.tensor(self.control.item_token, device=self.device)  # (L, C)
        self._item_model, self._columns = _with_item_head(self.model, self._item_tokens)
        self._tree = TrieTensors(self.trie, self.control.codebook_size, self.device)

    @torch.inference_mode()
    def beam(
        self,
        context: Context,
        width: int,
        exclude: Sequence[Collection[str]] = (),
        log_prior: Tensor | None = None,
    ) -> list[Ranking]:
        """Rank the catalog after `<BOI>`: at most `width` items per prompt, best first.

        `exclude`: for each prompt the item ids that must not appear; probabilities are renormalised
        over what is left, with the prior if there is one. The beams of a level are query
        positions of one row which see the prompt and their own ancestors only, so the prompt's
        cache is shared, never copied; afterwards `context` is as before. Exact when `width`
        reaches the number of nodes of every level.
        """
        n = len(context.mask)
        below = self._tree.below(exclude, n, log_prior)
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

    @torch.inference_mode()
    def log_probabilities(
        self, context: Context, item_ids: Sequence[str], exclude: Collection[str] = NOTHING
    ) -> list[float]:
        """Of some items after `<BOI>`, by the model without a prior, given that none of `exclude`
        follows. `context` (one prompt) is as before: each item is read with a copy of its cache."""
        leaves = torch.tensor([self.trie.leaf[item_id] for item_id in item_ids])
        below = self._tree.below([exclude], 1, None)
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
            level = logits[depth - 1][:, self._item_tokens[depth - 1]]
            child = self._tree.children(depth, self._tree.ancestors(leaves, depth - 1)[None])
            shares = conditional(level[None], child, below[depth])
            total += shares[0].gather(1, codes[:, depth - 1 : depth])[:, 0]
        scores: list[float] = total.tolist()
        return scores

    def follow(
        self,
        context: Context,
        item_id: str,
        exclude: Collection[str] = NOTHING,
        log_prior: Tensor | None = None,
    ) -> tuple[Choice, ...]:
        """Say the semantic ID of an item after `<BOI>` and tell how it was chosen, per level.

        `context` (one prompt) grows by the item tokens. Raises CatalogError for an unknown item.
        """
        codes = self.trie.codes(item_id)
        below = self._tree.below([set(exclude) - {item_id}], 1, log_prior)
        logits = self._logits_before(context, torch.tensor([self.control.item(codes)]))
        return tuple(
            self._choice(logits[level], codes[: level + 1], below[level + 1])
            for level in range(len(codes))
        )

    def _choice(self, logits: Tensor, prefix: tuple[int, ...], below: Below) -> Choice:
        """`logits`: (V,) before the last code of `prefix`."""
        depth = len(prefix)
        level = logits[self._item_tokens[depth - 1]]
        parent = torch.tensor([[self.trie.node(prefix[:-1])]], device=self.device)
        child = self._tree.children(depth, parent)
        shares = conditional(level[None, None], child, below)[0, 0]
        probability, code = shares.exp().sort(descending=True, stable=True)
        pairs = zip(code.tolist(), probability.tolist(), strict=True)
        mass = logits.softmax(0)[self._item_tokens[depth - 1]][shares.isfinite()].sum()
        return Choice(prefix[-1], {c: p for c, p in pairs if p > 0}, float(mass))

    def _expand(
        self, beams: _Beams, depth: int, logits: Tensor, below: Below, width: int
    ) -> _Beams:
        """The best children at `depth` of the beams above. `logits`: (N, K, C)"""
        child = self._tree.children(depth, beams.node)
        joint = (conditional(logits, child, below) + beams.joint[:, :, None]).flatten(1)
        best, place = joint.topk(min(width, int(joint.isfinite().sum(1).max())))
        node = child.flatten(1).gather(1, place).clamp(min=0)
        return _Beams(node, place // logits.shape[2], best)

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
        ids = self._item_tokens[depth - 1][self._tree.code[depth][node]]
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
        held = [beams.joint[row].isfinite() for beams in levels]
        nodes = [b.node[row, h].cpu().numpy() for b, h in zip(levels, held, strict=True)]
        prefixes = (self.trie.prefixes(depth, some) for depth, some in enumerate(nodes, 1))
        return Ranking(
            tuple(self.trie.item_ids[leaf] for leaf in nodes[-1]),
            tuple(levels[-1].joint[row, held[-1]].tolist()),
            frozenset(codes for some in prefixes for codes in some),
        )


def _root(n: int, device: torch.device) -> _Beams:
    """One beam per prompt, at the root of the trie."""
    zeros = torch.zeros(n, 1, dtype=torch.long, device=device)
    return _Beams(node=zeros, parent=zeros, joint=zeros.double())


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

    A head of an unusual kind (quantized, say) is kept whole.
    """
    head = model.get_output_embeddings()
    if head_name(model) is None or type(head) is not nn.Linear:
        return model, item_tokens
    view = with_head(model, _ItemHead(head, item_tokens.flatten()))
    return view, torch.arange(item_tokens.numel(), device=item_tokens.device).view_as(item_tokens)

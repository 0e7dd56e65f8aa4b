"""The ID trie of a catalog as tensors: what lies under its nodes, and what may follow.

Shapes: N prompts, K nodes per prompt, C codes per level.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from crsdemo.items.trie import Trie

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Below:
    """What lies under the nodes of one depth of the trie, for N prompts."""

    count: Tensor  # (N, n_nodes) items that are not excluded
    log_mass: Tensor | None  # (N, n_nodes) of the prior, if there is one


class TrieTensors:
    """Depth by depth, on the device of a model. Immutable."""

    def __init__(self, trie: Trie, codebook_size: int, device: torch.device) -> None:
        self.trie = trie
        self.codebook_size = codebook_size
        self.device = device
        self.first_child = [torch.tensor(first, device=device) for first in trie.first_child]
        self.code = [torch.tensor(code, device=device) for code in trie.code]

    def below(
        self, exclude: Sequence[Collection[str]], n: int, log_prior: Tensor | None
    ) -> list[Below]:
        """What lies under the nodes of each depth, root first.

        `exclude`: for each of `n` prompts the items that must not follow, or none for all.
        """
        if exclude and len(exclude) != n:
            raise ValueError(f"{len(exclude)} sets of excluded items for {n} prompts")
        allowed = np.stack([~self.trie.leaves(e) for e in exclude or [NOTHING] * n])
        counts = zip(*(self.trie.count(row) for row in allowed), strict=True)  # per depth
        masses: list[Tensor | None] = [None] * (self.trie.n_levels + 1)
        if log_prior is not None:
            masses = self._masses(log_prior, torch.tensor(allowed))
        return [
            Below(torch.tensor(np.stack(count), device=self.device), mass)
            for count, mass in zip(counts, masses, strict=True)
        ]

    def _masses(self, log_prior: Tensor, allowed: Tensor) -> list[Tensor | None]:
        """Per depth (N, n_nodes): the log of the prior mass of the allowed items under a node."""
        scores = log_prior.double().masked_fill(~allowed, -torch.inf)
        mass = (scores - scores.amax(1, keepdim=True)).exp()
        before = nn.functional.pad(mass.cumsum(1), (1, 0))
        # a difference of two sums loses what is very small beside them
        return [
            (before[:, first[1:]] - before[:, first[:-1]]).clamp(min=1e-12).log().to(self.device)
            for first in map(torch.tensor, self.trie.first_leaf)
        ]

    def children(self, depth: int, parents: Tensor) -> Tensor:
        """The nodes at `depth` behind each code of `parents` (N, K), -1 for none: (N, K, C)."""
        first, parent = self.first_child[depth - 1], parents.flatten()
        start, count = first[parent], first[parent + 1] - first[parent]
        owner = torch.arange(len(parent), device=self.device).repeat_interleave(count)
        within = torch.arange(len(owner), device=self.device) - (count.cumsum(0) - count)[owner]
        child = start[owner] + within
        n_codes = self.codebook_size
        table = torch.full((len(parent), n_codes), -1, device=self.device)
        table[owner, self.code[depth][child]] = child
        return table.view(*parents.shape, n_codes)

    def ancestors(self, leaves: Tensor, depth: int) -> Tensor:
        """The node at `depth` above each leaf."""
        first = torch.tensor(self.trie.first_leaf[depth])
        return (torch.searchsorted(first, leaves, right=True) - 1).to(self.device)


def conditional(logits: Tensor, child: Tensor, below: Below) -> Tensor:
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

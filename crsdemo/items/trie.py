"""The semantic IDs of a catalog as a prefix tree in arrays: which codes may follow which?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

import numpy as np

from crsdemo.core.errors import CatalogError
from crsdemo.items.arrays import Bools, Ints


class Trie:
    """Prefix tree over semantic IDs, as arrays per depth; nodes are in the order of their codes.

    Depth 0 is the root, depth `n_levels` holds one leaf per item. The leaves under a node, and its
    children, stand side by side: `first_*[depth][node] : first_*[depth][node + 1]`.
    """

    def __init__(self, semantic_ids: Mapping[str, Sequence[int]], n_levels: int) -> None:
        ids = sorted(semantic_ids, key=lambda item_id: tuple(semantic_ids[item_id]))
        self.item_ids: tuple[str, ...] = tuple(ids)  # by leaf
        self.n_levels = n_levels
        self.semantic_ids: Ints = np.array([semantic_ids[i] for i in ids], np.int64)  # (n, levels)
        starts = [self._starts(depth) for depth in range(n_levels + 1)]
        self.first_leaf: list[Ints] = [np.append(s, len(ids)) for s in starts]
        self.first_child: list[Ints] = [
            np.searchsorted(starts[depth + 1], self.first_leaf[depth]) for depth in range(n_levels)
        ]
        # code[depth][node] leads from its parent to the node; the root has none
        self.code: list[Ints] = [np.zeros(1, np.int64)] + [
            self.semantic_ids[starts[depth], depth - 1] for depth in range(1, n_levels + 1)
        ]

    def _starts(self, depth: int) -> Ints:
        """The first leaf of each node of a depth."""
        prefixes = self.semantic_ids[:, :depth]
        new = np.any(prefixes[1:] != prefixes[:-1], axis=1)
        return np.flatnonzero(np.append(True, new))

    @cached_property
    def leaf(self) -> dict[str, int]:
        """Item id -> its leaf."""
        return {item_id: leaf for leaf, item_id in enumerate(self.item_ids)}

    def node(self, prefix: Sequence[int]) -> int | None:
        """The node that a prefix of codes leads to, or None if no item starts so."""
        node = 0
        for depth, code in enumerate(prefix, 1):
            start, end = self.first_child[depth - 1][node : node + 2]
            node = int(start + np.searchsorted(self.code[depth][start:end], code))
            if node == end or self.code[depth][node] != code:
                return None
        return node

    def children(self, prefix: Sequence[int]) -> tuple[int, ...]:
        """The codes that may follow a prefix, ascending; none after a whole semantic ID."""
        node = self.node(prefix)
        if node is None or len(prefix) == self.n_levels:
            return ()
        start, end = self.first_child[len(prefix)][node : node + 2]
        return tuple(self.code[len(prefix) + 1][start:end].tolist())

    def items(self, prefix: Sequence[int]) -> tuple[str, ...]:
        """The ids of the items whose semantic ID starts with `prefix`."""
        node = self.node(prefix)
        if node is None:
            return ()
        start, end = self.first_leaf[len(prefix)][node : node + 2]
        return self.item_ids[start:end]

    def prefixes(self, depth: int, nodes: Ints) -> list[tuple[int, ...]]:
        """The codes that lead to each of some nodes of a depth."""
        leaves = self.first_leaf[depth][nodes]
        return [tuple(codes) for codes in self.semantic_ids[leaves, :depth].tolist()]

    def codes(self, item_id: str) -> tuple[int, ...]:
        """The semantic ID of an item. Raises CatalogError for an unknown one."""
        if item_id not in self.leaf:
            raise CatalogError(
                f"item {item_id!r} has no semantic ID among the {len(self.item_ids):,} here; "
                "assign semantic IDs to this catalog"
            )
        return tuple(self.semantic_ids[self.leaf[item_id]].tolist())

    def leaves(self, item_ids: Collection[str]) -> Bools:
        """(n_items,) true at the leaves of `item_ids`; ids without a semantic ID count as none."""
        chosen = np.zeros(len(self.item_ids), np.bool_)
        chosen[[self.leaf[i] for i in item_ids if i in self.leaf]] = True
        return chosen

    def count(self, allowed: Bools) -> list[Ints]:
        """Per depth (n_nodes,): the allowed leaves under each node. `allowed`: (n_items,)"""
        before = np.append(0, np.cumsum(allowed))
        return [before[first[1:]] - before[first[:-1]] for first in self.first_leaf]

"""Instances of the item expert: candidates, dialogue, and the right one among them (ReGeS, 2.4).

The candidates stand before the dialogue in random order. The loss of the semantic ID is over the
codes that lead to candidates and to nothing else, so that its sum over the levels is a softmax
over the candidates: the right one must become more probable than each of the others.

Shapes: k + 1 candidates, L levels, C codes per level.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crsdemo.train.affinity import Teacher
from crsdemo.train.example import Example
from crsdemo.train.instances import Instance, InstanceWriter, Levels
from crsdemo.train.material import mentioned_rows

Rows = NDArray[np.int64]
POPULAR = 400  # items from which random candidates of made-up talk are drawn


@dataclass(frozen=True)
class Lesson:
    """A dialogue with what was right, what was retrieved, and what was searched for."""

    example: Example
    retrieved: Rows  # best first
    thought: tuple[list[int], list[int]]  # tokens: what precedes the search, the search


class ChoiceWriter:
    """Lessons -> instances; deterministic by seed."""

    def __init__(
        self,
        instances: InstanceWriter,
        teacher: Teacher,
        k: int,
        *,
        hard: bool = True,
        thinking: float = 0.0,
        seed: int = 0,
    ) -> None:
        """`k` candidates beside the right one: retrieved ones if `hard`, else drawn at random.

        `thinking`: share of the lessons in which the search is written before the choice.
        """
        self.instances = instances
        self.teacher = teacher
        self.k = k
        self.hard = hard
        self.thinking = thinking
        self.rng = np.random.default_rng(seed)
        self.row = instances.writer.catalog.row

    def choice(self, lesson: Lesson) -> Instance:
        """The item is learned, the search where it is written first, the words where there are any.

        The mode only after a search: to lessons that all recommend, it is no choice.
        """
        retrieved = lesson.retrieved if self.hard else self._random()
        example = self._of_one_item(lesson.example)
        thinks = self.rng.random() < self.thinking
        candidates = self._candidates(example, retrieved)
        if thinks:
            return self._instance(example, candidates, lesson.thought)
        return self._instance(example, candidates, ([], []))._replace(mode_at=None)

    def talk(self, example: Example) -> Instance:
        """A turn for which nothing was retrieved: what goes with the films named stands in."""
        seen = mentioned_rows(example.dialogue.turns, self.instances.writer.catalog)
        likely, _ = self.teacher.top(seen, POPULAR)
        candidates = self._candidates(example, self.rng.permutation(likely)[: self.k + 1])
        return self._instance(example, candidates, ([], []))

    def _of_one_item(self, example: Example) -> Example:
        """A wish has many right items: one of them is gone after, and not spoken of."""
        ids, weights = list(example.targets), np.array(list(example.targets.values()))
        chosen = str(self.rng.choice(ids, p=weights / weights.sum()))
        if example.item is not None and chosen == example.item.id:
            return example
        return replace(example, item=self.instances.writer.catalog.item(chosen), reply=())

    def _random(self) -> Rows:
        return self.rng.choice(len(self.row), self.k + 1, replace=False)

    def _candidates(self, example: Example, retrieved: Rows) -> Rows:
        """The item, if there is one, and `k` others, in random order."""
        if example.item is None:
            return self.rng.permutation(retrieved[: self.k])
        item = self.row[example.item.id]
        others = retrieved[retrieved != item][: self.k]
        return self.rng.permutation(np.append(others, item))

    def _instance(
        self, example: Example, candidates: Rows, thought: tuple[list[int], list[int]]
    ) -> Instance:
        writer = self.instances.writer
        before = writer.shortlist([writer.catalog[int(row)].id for row in candidates])
        whole = self.instances.whole(example)
        assert whole.mode_at is not None
        asked, search = thought
        after = whole.mode_at + 1
        shift = len(before) + len(asked) + len(search)
        heard, said = whole.ids[:after], whole.ids[after:]
        learned = [False] * (len(before) + len(heard) + len(asked)) + [True] * len(search)
        return whole._replace(
            ids=before + heard + asked + search + said,
            learned=learned + whole.learned[after:],
            mode_at=whole.mode_at + shift,
            item_at=None if whole.item_at is None else whole.item_at + shift,
            levels=self._levels(example, candidates),
        )

    def _levels(self, example: Example, candidates: Rows) -> Levels | None:
        """The right ones among the candidates share the weight."""
        if example.item is None:
            return None
        rows = [self.row[i] for i in example.targets if self.row[i] in candidates]
        weights = [example.targets[self.instances.writer.catalog[row].id] for row in rows]
        paths = self.instances.paths
        levels = paths.along(
            self.row[example.item.id], np.array(rows, np.int64), np.array(weights, np.float32)
        )
        return levels._replace(allowed=_ways(paths.codes[candidates], levels.path, levels.allowed))


def _ways(
    codes: NDArray[np.int64], path: NDArray[np.int64], allowed: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(L, C) the codes along `path` (L,) that lead to one of `codes` (k + 1, L)."""
    ways, below = np.zeros_like(allowed), np.ones(len(codes), np.bool_)
    for level, code in enumerate(path):
        ways[level, codes[below, level]] = True
        below &= codes[:, level] == code
    return ways

"""What the item expert of ReGeS adds to the retriever: table 4 of the paper (sec. 3.7.1).

*Overall success* is recall on new items end to end, beside that of either order alone; *item
generation success* is the same with the right item put among the candidates, so that only the
choice is measured. All of it with as many candidates as the retriever finds, and with fewer.

Candidates are rows of the catalog.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.protocol import Case, cases
from crsdemo.evaluation.rankings import batches
from crsdemo.evaluation.statistics import Hit, recalls
from crsdemo.items.arrays import Ints
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.recommenders.reges import Choice, Reges
from crsdemo.recommenders.retriever import CANDIDATES
from crsdemo.studies.statistics.shares import rank_of

CUTOFFS = (1, 10, 50)


@dataclass(frozen=True)
class Turn:
    """A turn that recommends something new, and what ReGeS makes of it."""

    dialogue: int
    gold: tuple[int | None, ...]  # the new items; None for one that the catalog does not hold
    choice: Choice  # among what the retriever found
    with_gold: Choice  # the same with all of `gold` among the candidates


def evaluate_item_expert(
    recommender: Reges, dialogues: Sequence[CorpusDialogue], sizes: Sequence[int] = (CANDIDATES, 10)
) -> dict[str, Any]:
    """For each number of candidates the figures of this module, ready for JSON.

    Nothing that was named before is among the candidates. Shows progress on stderr. Raises
    BadInputError if no turn recommends something new.
    """
    turns = list(_turns(recommender, [case for case in cases(dialogues) if case.new_targets]))
    if not turns:
        raise BadInputError(f"none of the {len(dialogues)} dialogues recommends something new")
    return {
        "recommender": recommender.name,
        "dialogues": len(dialogues),
        "turns": len(turns),
        "candidates": {str(k): _figures(turns, k) for k in sizes},
    }


def _turns(recommender: Reges, wanted: Sequence[Case]) -> Iterator[Turn]:
    row = recommender.catalog.row
    for some in batches(wanted, f"{recommender.name} chooses"):
        contexts = [case.context for case in some]
        named = [frozenset(case.context.mentioned) for case in some]
        known = [[item for item in case.new_targets if item in row] for case in some]
        found = recommender.choices(contexts, named)
        with_gold = recommender.choices(contexts, named, known)
        for case, one, other in zip(some, found, with_gold, strict=True):
            yield Turn(case.dialogue, tuple(map(row.get, case.new_targets)), one, other)


def by_retriever(choice: Choice, k: int) -> list[int]:
    """The `k` candidates that the retriever has first, in its order."""
    return list(choice.rows[_first(choice, k)].tolist())


def by_expert(choice: Choice, k: int) -> list[int]:
    """The same in the order of the item expert."""
    first = _first(choice, k)
    return list(choice.rows[first[np.argsort(-choice.expert[first], kind="stable")]].tolist())


def by_both(choice: Choice, k: int) -> list[int]:
    """The same in the order that decides."""
    return list(choice.rows[np.sort(_first(choice, k))].tolist())


def with_forced(choice: Choice, with_gold: Choice, gold: int, k: int) -> list[int]:
    """The same with `gold` in the place of the last of the `k`, unless it is one of them."""
    kept = by_retriever(choice, k)
    if gold not in kept:
        kept[-1] = gold
    return [row for row in with_gold.rows.tolist() if row in kept]


def _first(choice: Choice, k: int) -> Ints:
    """The places in `choice` of those that the retriever has first."""
    return np.argsort(-choice.retriever, kind="stable")[:k]


def _figures(turns: Sequence[Turn], k: int) -> dict[str, Any]:
    """Of `turns` with `k` candidates each."""

    orders = {"retriever_alone": by_retriever, "expert_alone": by_expert, "overall": by_both}
    cutoffs = [cutoff for cutoff in CUTOFFS if cutoff <= k]  # beyond there is nothing to be found
    found = {}
    for name, order in orders.items():
        lists = [(turn, order(turn.choice, k)) for turn in turns]
        hits = [Hit(t.dialogue, rank_of(gold, rows)) for t, rows in lists for gold in t.gold]
        found[name] = recalls(hits, cutoffs)
    forced = [
        Hit(turn.dialogue, rank_of(gold, with_forced(turn.choice, turn.with_gold, gold, k)))
        for turn in turns
        for gold in turn.gold
        if gold is not None
    ]
    return found | {"item_generation": recalls(forced, cutoffs)}

"""What a beam over the ID trie found: as evidence, and as a choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.recommender import Branch, Decider, PathStep, Plan, Recommendation, Signal
from crsdemo.items.trie_labels import TrieLabels
from crsdemo.model.beam import Choice, Ranking

MODEL, PRIOR = "the language model", "who likes what together"  # who decides
EXPERT, RETRIEVER = "the item expert", "the retriever"
TOLD = 10  # candidates of which is told what speaks for them
SHOWN_BRANCHES = 5  # alternatives kept as evidence, per level
DRAWN_FROM = 20  # of the best items, where chance has a say


def path_of(
    labels: TrieLabels, codes: tuple[int, ...], choices: Sequence[Choice]
) -> tuple[PathStep, ...]:
    """The way to the item with these codes, one step per level (L,)."""
    return tuple(_step(labels, codes[:level], choice) for level, choice in enumerate(choices))


def _step(labels: TrieLabels, prefix: tuple[int, ...], choice: Choice) -> PathStep:
    others = [code for code in choice.probability if code != choice.code][:SHOWN_BRANCHES]
    return PathStep(
        level=len(prefix),
        chosen=_branch(labels, prefix, choice.code, choice),
        alternatives=tuple(_branch(labels, prefix, code, choice) for code in others),
        n_allowed=len(choice.probability),
        allowed_mass=choice.allowed_mass,
    )


def _branch(labels: TrieLabels, prefix: tuple[int, ...], code: int, choice: Choice) -> Branch:
    label, n_items, examples = labels.branch((*prefix, code))
    return Branch(code, choice.probability.get(code, 0.0), label, n_items, examples)


def recommendations(catalog: Catalog, ranking: Ranking) -> list[Recommendation]:
    """The ranked items with their probabilities, best first."""
    return [
        Recommendation(catalog.item(item_id), float(torch.tensor(score).exp()))
        for item_id, score in zip(ranking.item_ids, ranking.log_probabilities, strict=True)
    ]


class Order(NamedTuple):
    """What one decider makes of some items: its name, and a log-score of each, (k,)."""

    name: str
    scores: NDArray[np.float64]


def decided(
    candidates: Sequence[Recommendation], orders: Sequence[Order], chosen: str
) -> tuple[tuple[Recommendation, ...], tuple[Decider, ...]]:
    """The candidates with what each order gives to them, and its place for the item `chosen`.

    A signal is what an order gives to a candidate beyond the least of the first `TOLD`, in nats.
    All scores (k,) are in the order of the first k candidates. No deciders for an item that is not
    among them.
    """
    n = min(TOLD, len(candidates))
    least = [order.scores[:n].min() for order in orders]
    told = [
        replace(
            candidate,
            signals=tuple(
                Signal(order.name, float(order.scores[place] - low))
                for order, low in zip(orders, least, strict=True)
            ),
        )
        for place, candidate in enumerate(candidates[:n])
    ]
    k = min((len(order.scores) for order in orders), default=0)
    places = [i for i, candidate in enumerate(candidates[:k]) if candidate.item.id == chosen]
    deciders = [
        Decider(
            order.name,
            int((order.scores > order.scores[place]).sum()) + 1,
            k,
            float(np.exp(order.scores[place] - np.logaddexp.reduce(order.scores))),
        )
        for place in places
        for order in orders
    ]
    return (*told, *candidates[n:]), tuple(deciders)


def pick(ranking: Ranking, plan: Plan) -> str:
    """The most probable item, or with a temperature one of the best."""
    if plan.temperature == 0:
        return ranking.item_ids[0]
    scores = torch.tensor(ranking.log_probabilities[:DRAWN_FROM]) / plan.temperature
    generator = torch.Generator().manual_seed(plan.seed)
    return ranking.item_ids[int(torch.multinomial(scores.softmax(0), 1, generator=generator))]


def drawn(candidates: Sequence[Recommendation], plan: Plan) -> Recommendation:
    """The best, or with a temperature one of the best by their shares."""
    if plan.temperature == 0:
        return candidates[0]
    shares = torch.tensor([one.score for one in candidates[:DRAWN_FROM]], dtype=torch.double)
    generator = torch.Generator().manual_seed(plan.seed)
    weights = shares.pow(1 / plan.temperature)
    return candidates[int(torch.multinomial(weights, 1, generator=generator))]


def trimmed(pieces: tuple[str | Item, ...]) -> tuple[str | Item, ...]:
    """Without white space at either end."""
    if pieces and isinstance(pieces[0], str):
        pieces = (pieces[0].lstrip(), *pieces[1:])
    if pieces and isinstance(pieces[-1], str):
        pieces = (*pieces[:-1], pieces[-1].rstrip())
    return pieces

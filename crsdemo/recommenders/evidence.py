"""What a beam over the ID trie found: as evidence, and as a choice."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from crsdemo.catalog import Catalog, Item
from crsdemo.decoding import Choice, Ranking
from crsdemo.recommender import Branch, PathStep, Plan, Recommendation
from crsdemo.trie_labels import TrieLabels

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

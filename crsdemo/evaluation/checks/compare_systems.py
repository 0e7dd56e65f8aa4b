"""Are two systems really two, and does the language model of each decide?

    python -m crsdemo compare-systems --first gcrs --second reges --dialogues dev_data.jsonl

On the turns of dialogues that recommend something new, and on the shipped wishes: how often both
give the same film first and reply in the same words, and how often each gives another film once
its language model says nothing: the prior alone then ranks for the generative recommender, the
retriever alone for ReGeS.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag, parse
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import Plan, Recommender, reply
from crsdemo.evaluation.checks.check_wishes import load_wishes
from crsdemo.evaluation.protocol import cases
from crsdemo.language.corpus import load_aliases, load_all
from crsdemo.language.mentions import MentionLinker
from crsdemo.model.choice import ChoiceHead
from crsdemo.recommenders.gcrs import Gcrs
from crsdemo.recommenders.loading import CATALOG, CHECKPOINTS, Shelf
from crsdemo.recommenders.reges import Reges
from crsdemo.recommenders.signal_baselines import SignalSum
from crsdemo.studies.statistics.shares import percent, share_of, table


@dataclass(frozen=True)
class CompareConfig:
    """Whether two systems are two, and whether their models decide."""

    first: str = flag("gcrs", "a system")
    second: str = flag("reges", "another")
    dialogues: str = flag("", "files of development dialogues, by commas, beside the wishes")
    turns: int = flag(220, "turns of the dialogues")
    replies: int = flag(60, "of the turns of each kind for which whole replies are compared")
    catalog: Path = flag(CATALOG, "folder of the catalog")
    checkpoints: Path = flag(CHECKPOINTS, "folder of the checkpoints")
    seed: int = flag(0, "of the choice of turns")


def main(argv: list[str]) -> None:
    """Print a table."""
    config = parse(CompareConfig, argv, "crsdemo compare-systems")
    catalog = Catalog.load(config.catalog)
    shelf = Shelf(catalog, config.catalog, config.checkpoints)
    pair = shelf.get(config.first), shelf.get(config.second)
    linker = MentionLinker(catalog)
    asked = {"wishes": [wish.dialogue(linker) for wish in load_wishes()]}
    if config.dialogues:
        talks = load_all(config.dialogues, catalog, load_aliases(config.catalog))
        known = catalog.row.keys()
        turns = [c.context for c in cases(talks) if not known.isdisjoint(c.new_targets)]
        order = np.random.default_rng(config.seed).permutation(len(turns))[: config.turns]
        asked["dialogues"] = [turns[place] for place in order]
    rows = [
        (kind, *(percent(one) for one in figures(pair, dialogues, config.replies).values()))
        for kind, dialogues in asked.items()
    ]
    head = ("asked", "same film", "same words")
    alone = tuple(f"{system.name}: other film without its model" for system in pair)
    print(table((*head, *alone), rows))


def figures(
    pair: tuple[Recommender, Recommender], dialogues: Sequence[Dialogue], n_replies: int
) -> dict[str, Any]:
    """Shares with intervals: same film, same words, other film without the model (twice)."""
    firsts = [[first(one, dialogue) for dialogue in tqdm(dialogues)] for one in pair]
    plan = Plan(mode="REC")
    said = [[reply(one, d, plan).text for d in tqdm(dialogues[:n_replies])] for one in pair]
    shares = {"same film": _same(*firsts), "same words": _same(*said)}
    for place, one, own in zip(("first", "second"), pair, firsts, strict=True):
        bare = without_model(one)
        changed = [first(bare, d) != item for d, item in zip(dialogues, own, strict=True)]
        shares[f"{place} {one.name}"] = share_of(changed)
    return shares


def _same(ours: Sequence[str], theirs: Sequence[str]) -> dict[str, Any]:
    return share_of([a == b for a, b in zip(ours, theirs, strict=True)])


def first(recommender: Recommender, dialogue: Dialogue) -> str:
    """The id of the film that comes first; none that was named."""
    hidden = frozenset(dialogue.mentioned)
    return recommender.recommend(dialogue, 1, exclude=hidden)[0].item.id


def without_model(recommender: Recommender) -> Recommender:
    """The same system with a language model to which all films are alike; else it itself."""
    if isinstance(recommender, Gcrs):
        known = recommender.knowledge
        if known is not None and known.ranker is not None:
            return SignalSum(replace(known, weight=1.0), recommender.name)
    if isinstance(recommender, Reges):
        bare = copy.copy(recommender)
        head = recommender.head
        bare.head = ChoiceHead(head.map.in_features, head.vectors)  # has learned nothing
        return bare
    return recommender

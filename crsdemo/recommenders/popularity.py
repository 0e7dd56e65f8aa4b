"""Two baselines that hear no word: what is popular, and what was named last."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import (
    Evidence,
    Plan,
    Provenance,
    Quote,
    Recommendation,
    Reply,
    Signal,
    Timing,
)

SHOWN = 10  # candidates in the evidence
# In the words of a domain
CHAT_REPLY = "I can only name {items}, so I have nothing to say here."
NOTHING_LEFT = "I can only name {items}, and nothing is left that I may recommend."


class Baseline(ABC):
    """Ranks the catalog. Its replies name no system, for they are shown blind too. Immutable."""

    catalog: Catalog
    name: str
    opening: str  # of a reply, up to the item
    repeats = False  # whether a reply may recommend what was named already

    @abstractmethod
    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        """The `k` best items, best first."""

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        """One reply at once: no item in the mode CHAT, the plan's own item, else the best one."""
        start = time.perf_counter()
        named = frozenset[str]() if self.repeats else frozenset(dialogue.mentioned)
        candidates = self.recommend(dialogue, SHOWN, exclude=plan.avoid | named)
        timing = Timing("rank everything", 1000 * (time.perf_counter() - start))
        evidence = Evidence(candidates=tuple(candidates), timings=(timing,))
        worded = self.catalog.domain.worded
        provenance = Provenance(self.name, catalog_sha256=self.catalog.fingerprint)
        if plan.mode == "CHAT":
            yield Reply((worded(CHAT_REPLY),), "CHAT", None, evidence, provenance)
        elif plan.item_id is None and not candidates:
            yield Reply((worded(NOTHING_LEFT),), "CHAT", None, evidence, provenance)
        else:
            item = self.catalog.item(plan.item_id) if plan.item_id else candidates[0].item
            evidence = replace(
                evidence,
                is_given=plan.item_id is not None,
                quotes=() if plan.item_id else self.quotes(dialogue, item),
            )
            yield Reply((self.opening, item, "."), "REC", item, evidence, provenance)

    def quotes(self, dialogue: Dialogue, item: Item) -> tuple[Quote, ...]:
        """The words that speak for an item; none where no word is heard."""
        return ()


@dataclass(frozen=True)
class Popularity(Baseline):
    """Recommends the items most mentioned in training dialogues, whatever is asked for."""

    catalog: Catalog
    name = "popularity"
    opening = "People often talk about "

    @cached_property
    def ranking(self) -> tuple[Item, ...]:
        """All items, most popular first; ties in catalog order."""
        return tuple(sorted(self.catalog, key=lambda item: -item.popularity))

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        items = islice((item for item in self.ranking if item.id not in exclude), k)
        return [
            Recommendation(
                item, item.popularity, (Signal("mentions in training dialogues", item.popularity),)
            )
            for item in items
        ]


@dataclass(frozen=True)
class RepeatLast(Baseline):
    """Recommends the items named so far, last first, then the popular ones.

    Shows how much of a recall that counts mentioned items comes from repeating them.
    """

    catalog: Catalog
    name = "repeat-last"
    opening = "What about this one: "
    repeats = True

    @cached_property
    def popularity(self) -> Popularity:
        return Popularity(self.catalog)

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        """Scores fall with the rank: positions and counts of mentions share no scale."""
        named = [item_id for turn in dialogue.turns for item_id in turn.item_ids]
        latest = [
            i for i in dict.fromkeys(reversed(named)) if i in self.catalog.row and i not in exclude
        ]
        popular = (item.id for item in self.popularity.ranking if item.id not in exclude)
        ranked = islice(dict.fromkeys(chain(latest, popular)), k)
        signals = ("named in this conversation", "mentions in training dialogues")
        return [
            Recommendation(
                self.catalog.item(item_id),
                1 / rank,
                (Signal(signals[rank > len(latest)], 1 / rank),),
            )
            for rank, item_id in enumerate(ranked, 1)
        ]

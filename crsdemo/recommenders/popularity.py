"""Two baselines that hear no word: what is popular, and what was named last."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import Protocol

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import (
    Evidence,
    Plan,
    Provenance,
    Recommendation,
    Reply,
    Signal,
    Timing,
)

SHOWN = 10  # candidates in the evidence
CHAT_REPLY = "I am a baseline that only ranks, so I have nothing to say here."
NOTHING_LEFT = "I am a baseline that only ranks, and nothing is left that I may recommend."


@dataclass(frozen=True)
class Popularity:
    """Recommends the items most mentioned in training dialogues, whatever is asked for."""

    catalog: Catalog

    @property
    def name(self) -> str:
        return "popularity"

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

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        """One reply at once. Recommends nothing that was named or is to be avoided."""
        start = time.perf_counter()
        candidates = self.recommend(dialogue, SHOWN, exclude=plan.avoid.union(dialogue.mentioned))
        yield baseline_reply(
            self,
            "I am the popularity baseline and did not read your wish. People often talk about ",
            candidates,
            plan,
            time.perf_counter() - start,
        )


@dataclass(frozen=True)
class RepeatLast:
    """Recommends the items named so far, last first, then the popular ones.

    Shows how much of a recall that counts mentioned items comes from repeating them.
    """

    catalog: Catalog

    @property
    def name(self) -> str:
        return "repeat-last"

    @cached_property
    def popularity(self) -> Popularity:
        return Popularity(self.catalog)

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        named = [item_id for turn in dialogue.turns for item_id in turn.item_ids]
        latest = [
            i for i in dict.fromkeys(reversed(named)) if i in self.catalog.row and i not in exclude
        ]
        popular = (item.id for item in self.popularity.ranking if item.id not in exclude)
        return self._scored(islice(dict.fromkeys(chain(latest, popular)), k), len(latest))

    def _scored(self, item_ids: Iterable[str], n_named: int) -> list[Recommendation]:
        """Scores fall with the rank: positions and counts of mentions share no scale."""
        signals = ("named in this conversation", "mentions in training dialogues")
        return [
            Recommendation(
                self.catalog.item(item_id), 1 / rank, (Signal(signals[rank > n_named], 1 / rank),)
            )
            for rank, item_id in enumerate(item_ids, 1)
        ]

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        """One reply at once. It repeats what was named: that is all it does."""
        start = time.perf_counter()
        candidates = self.recommend(dialogue, SHOWN, exclude=plan.avoid)
        yield baseline_reply(
            self,
            "I am the repeat-last baseline: I name again what was named last, or something "
            "popular if nothing was. Here it is: ",
            candidates,
            plan,
            time.perf_counter() - start,
        )


class Baseline(Protocol):
    """What of a baseline a reply needs."""

    @property
    def name(self) -> str: ...

    @property
    def catalog(self) -> Catalog: ...


def baseline_reply(
    baseline: Baseline,
    opening: str,
    candidates: list[Recommendation],
    plan: Plan,
    seconds: float,
) -> Reply:
    """What a plan asks for: no item in the mode CHAT, the plan's own item, else the best one."""
    evidence = Evidence(
        candidates=tuple(candidates), timings=(Timing("rank everything", seconds * 1000),)
    )
    provenance = Provenance(baseline.name, catalog_sha256=baseline.catalog.fingerprint)
    if plan.mode == "CHAT":
        return Reply((CHAT_REPLY,), "CHAT", None, evidence, provenance)
    if plan.item_id is None and not candidates:
        return Reply((NOTHING_LEFT,), "CHAT", None, evidence, provenance)
    item = baseline.catalog.item(plan.item_id) if plan.item_id else candidates[0].item
    return Reply((opening, item, "."), "REC", item, evidence, provenance)

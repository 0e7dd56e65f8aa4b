"""What is known before the model chooses an item: what to leave out, and what speaks for each.

A guide looks at the dialogue; the model then chooses under its guidance. The generative
recommender is guided by a prior over the whole catalog, ReGeS by a retrieved shortlist.

Shapes: n items of the catalog, S signals.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from crsdemo.catalog import Catalog
from crsdemo.dialogue import Dialogue
from crsdemo.prior import ItemPrior
from crsdemo.query import PseudoQuery
from crsdemo.ranker import Ranker
from crsdemo.recommender import Recommendation, Signal, Timing

Floats = NDArray[np.float32]
TOLD = 4  # signals named for a candidate
LEAST = 0.05  # log-score below which a signal says nothing


@dataclass(frozen=True)
class Guidance:
    """What one look at a dialogue found."""

    heard: Dialogue | None = None  # what of the dialogue bears on the choice; None: all
    is_wish: bool = False  # whether the newest words name a film, a genre, a person, years ...
    hidden: frozenset[str] = frozenset()  # items not to be recommended
    parts: Floats | None = None  # (S, n) what each signal adds to the log-score of each item
    names: tuple[str, ...] = ()  # of the signals
    shortlist: tuple[str, ...] = ()  # the only items to choose from; empty: the whole catalog
    query: PseudoQuery | None = None  # what was searched for
    thought: tuple[int, ...] = ()  # tokens that follow the dialogue: preferences before a choice
    timings: tuple[Timing, ...] = ()

    @property
    def scores(self) -> Floats | None:
        """(n,) log-scores, or None if nothing is known."""
        return None if self.parts is None else np.asarray(self.parts.sum(0), np.float32)

    def with_signals(
        self, catalog: Catalog, candidates: Sequence[Recommendation]
    ) -> Iterator[Recommendation]:
        """The candidates with what spoke for or against each, most telling first."""
        if self.parts is None:
            yield from candidates
            return
        for candidate in candidates:
            mine = self.parts[:, catalog.row[candidate.item.id]]
            told = [Signal(self.names[i], float(mine[i])) for i in np.argsort(-np.abs(mine))]
            yield replace(candidate, signals=tuple(s for s in told[:TOLD] if abs(s.value) > LEAST))


class Guide(Protocol):
    """Looks at dialogues. Safe to call from several threads."""

    @property
    def is_read(self) -> bool:
        """Whether the model reads what is found, so that it bears on the mode as well."""
        ...

    def look(self, dialogue: Dialogue, exclude: Collection[str] = frozenset()) -> Guidance:
        """`exclude`: items that are not wanted in a shortlist."""
        ...

    def look_all(
        self, dialogues: Sequence[Dialogue], excludes: Sequence[Collection[str]]
    ) -> list[Guidance]:
        """The same of many dialogues, faster and without what only a page needs."""
        ...

    def describe(self) -> dict[str, Any]:
        """What shapes the guidance, ready for JSON."""
        ...


@dataclass(frozen=True)
class PriorGuide:
    """Every item has a prior; what the user refuses is hidden."""

    prior: ItemPrior
    ranker: Ranker
    is_read: ClassVar[bool] = False

    def look(self, dialogue: Dialogue, exclude: Collection[str] = frozenset()) -> Guidance:
        started = time.perf_counter()
        catalog = self.prior.catalog
        hidden = hideable(self.prior.refused(dialogue), len(catalog))
        left_out = flags(catalog, hidden | set(exclude))
        heard = self.prior.relevant(dialogue)
        parts = self.ranker.parts(self.prior.signals(heard), heard, left_out)
        spent = 1000 * (time.perf_counter() - started)
        timings = (Timing("remembering what goes together", spent),)
        named = self.prior.is_wish(dialogue)
        return Guidance(heard, named, hidden, parts, self.ranker.part_names, timings=timings)

    def look_all(
        self, dialogues: Sequence[Dialogue], excludes: Sequence[Collection[str]]
    ) -> list[Guidance]:
        return [self.look(d, e) for d, e in zip(dialogues, excludes, strict=True)]

    def describe(self) -> dict[str, Any]:
        return {"signals": self.ranker.names, "weights": self.ranker.weights.tolist()}


def flags(catalog: Catalog, item_ids: Collection[str]) -> NDArray[np.bool_]:
    """(n,) which items are among `item_ids`."""
    found = np.zeros(len(catalog), np.bool_)
    found[[catalog.row[i] for i in item_ids if i in catalog.row]] = True
    return found


def hideable(refused: frozenset[str], n_items: int) -> frozenset[str]:
    """What is refused cannot be said, as long as most items are left to say."""
    return refused if len(refused) < n_items // 2 else frozenset()

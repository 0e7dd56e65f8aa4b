"""What is known before a model chooses an item: what to leave out, and what speaks for each.

Shapes: n items of the catalog, S signals.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Recommendation, Signal
from crsdemo.items.arrays import Bools, Floats
from crsdemo.language.refused_facts import Fact
from crsdemo.recommenders.facts_named import FactsNamed
from crsdemo.recommenders.prior import THEME, ItemPrior
from crsdemo.recommenders.ranker import Ranker
from crsdemo.recommenders.stories import SIGNAL, Stories

TOLD = 4  # signals named for a candidate
# Kinds of tags that say what an item is about, not how it is; of some catalogs no kinds are known
SUBJECTS = ("theme", "setting", "")
SUBJECT = 4.0  # nats by which items about it are likelier than all others
SHORT = 15  # words of a message that is a wish and no story
LEAST = 0.05  # log-score below which a signal says nothing


@dataclass(frozen=True)
class CandidateScores:
    """What one look at a dialogue found."""

    hidden: frozenset[str] = frozenset()  # items not to be recommended
    parts: Floats | None = None  # (S, n) what each signal adds to the log-score of each item
    names: tuple[str, ...] = ()  # of the signals
    shortlist: tuple[str, ...] = ()  # the only items to choose from; empty: the whole catalog
    n_heard: int = 0  # newest turns that bear on the choice; 0: all

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
        names = [catalog.domain.own_words(name) for name in self.names]
        for candidate in candidates:
            mine = self.parts[:, catalog.row[candidate.item.id]]
            told = [Signal(names[i], float(mine[i])) for i in np.argsort(-np.abs(mine))]
            yield replace(candidate, signals=tuple(s for s in told[:TOLD] if abs(s.value) > LEAST))


@dataclass(frozen=True)
class ItemKnowledge:
    """What the user refused, and a prior over all items. Immutable: share it between threads."""

    prior: ItemPrior
    ranker: Ranker | None = None  # None: only what was refused is known
    weight: float = 1.0  # of the log-scores
    stories: Stories | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 1:
            raise BadInputError(f"the prior weighs 0 to 1 beside a model, got {self.weight}")

    def look(self, dialogue: Dialogue, exclude: Collection[str] = frozenset()) -> CandidateScores:
        """`exclude`: items that are not to be chosen; the ranker leaves them out of its order."""
        catalog = self.prior.catalog
        dialogue = self.prior.named.as_meant(dialogue)
        heard = self.prior.relevant(dialogue)
        hidden = unwanted(self.prior.named, dialogue, heard)
        if self.ranker is None:
            return CandidateScores(hidden, n_heard=len(heard.turns))
        left_out = flags(catalog, hidden | set(exclude))
        parts = self.ranker.parts(self.prior.signals(heard), heard, left_out)
        parts, names = self.weight * parts, self.ranker.part_names
        if self.stories is not None:
            told = self.stories.scores(self.prior.texts(heard)[1])
            parts, names = np.concatenate([parts, told[None]]), (*names, SIGNAL)
        parts = with_subject(parts, names, self.prior.named, heard)
        return CandidateScores(hidden, parts, names, n_heard=len(heard.turns))


def flags(catalog: Catalog, item_ids: Collection[str]) -> Bools:
    """(n,) which items are among `item_ids`."""
    found = np.zeros(len(catalog), np.bool_)
    found[[catalog.row[i] for i in item_ids if i in catalog.row]] = True
    return found


def unwanted(named: FactsNamed, dialogue: Dialogue, heard: Dialogue) -> frozenset[str]:
    """What cannot be said: what was refused, and what is not of the years and people asked for.

    Each as long as a new item is left. `heard`: what of the dialogue bears on what to recommend
    next.
    """
    catalog, seen = named.catalog, flags(named.catalog, dialogue.mentioned)
    hidden = np.zeros(len(catalog), np.bool_)
    refused = flags(catalog, named.refused(dialogue))
    for unwelcome in (refused, *_others(named, heard)):
        if not (hidden | unwelcome | seen).all():
            hidden |= unwelcome
    return frozenset(catalog.items[row].id for row in np.flatnonzero(hidden))


def _others(named: FactsNamed, heard: Dialogue) -> Iterator[Bools]:
    """(n,) each: the items that are not of the years set, with the people, within the limits."""
    for asked_for in (named.of_years_set(heard), named.with_people_asked_for(heard)):
        if asked_for is not None:
            yield ~asked_for
    yield from (~kept for kept in _within_limits(named, heard))


def _within_limits(named: FactsNamed, heard: Dialogue) -> Iterable[Bools]:
    """(n,) each: the items that keep the limit of a kind that the user set last."""
    found = dict[str, Bools]()
    for turn in heard.turns:
        if turn.speaker == "user":
            refused = named.stances.refusals(turn.untitled)
            limits = named.known_limits.set_in(turn.untitled, refused)
            found |= {one.limit.kind: one.items for one in limits}
    return found.values()


def with_subject(parts: Floats, names: Sequence[str], named: FactsNamed, heard: Dialogue) -> Floats:
    """(S, n) with SUBJECT nats more for what the newest wish asks for: a heist, the sea.

    For items about any of the subjects and places named, and again for those about all.
    """
    said = [turn for turn in heard.turns if turn.speaker == "user"]
    # "seen it" asks for the same again; "like Jaws, but in space" for what is alike as well, and
    # stories name what is not asked for
    wanted = named.stances.wanted
    tells = (turn for turn in reversed(said) if named.names_something(wanted(turn.untitled)))
    newest = next(tells, None)
    is_wish = newest and not newest.mentions and len(newest.text.split()) <= SHORT
    if newest is None or not is_wish or THEME not in names:
        return parts
    subjects = {tag.name for tag in named.catalog.tags if tag.kind in SUBJECTS}
    asked = named.themes_named(wanted(newest.untitled)) & subjects
    of_each = [set(named.rows_of_fact(Fact("theme", theme))) for theme in asked]
    raised, row = parts.copy(), names.index(THEME)
    for rows in (set.union(*of_each), set.intersection(*of_each)) if of_each else ():
        raised[row, sorted(rows)] += SUBJECT
    return raised

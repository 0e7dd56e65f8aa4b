"""What was understood of each message: the films, people, wishes, years and dislikes that count.

Found by the very functions that decide what is recommended (`facts_named.py`), with the words that
it was found in, so that a person can see it and take it back (`Turn.unheard`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Literal, NamedTuple

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.traced import Stretch, Traced
from crsdemo.language.audience import children_at
from crsdemo.language.people import PeopleLinker
from crsdemo.language.refusals import Refusal
from crsdemo.language.refused_facts import Refused
from crsdemo.language.stances import Judge
from crsdemo.language.wish_words import (
    FIRST,
    LAST,
    VIOLENT,
    Years,
    decades_in,
    years_in,
    years_limit,
)
from crsdemo.recommenders.facts_named import FactsNamed

REMEMBERED = 64  # dialogues
UNFIT_LABEL = "what is not for children"
Kind = Literal["film", "person", "wish", "years", "limit", "avoid"]


@dataclass(frozen=True)
class Heard:
    """One thing that was understood, and the words of the turn that say it."""

    kind: Kind
    label: str
    at: tuple[Stretch, ...]  # by start
    refused: frozenset[Refused] = frozenset()
    counts: bool = True  # it was not taken back


class Understood(NamedTuple):
    """What was understood of one turn of the user."""

    heard: tuple[Heard, ...] = ()  # by the place of the words; what was taken back is among it
    unknown: tuple[str, ...] = ()  # that the catalog cannot tell: limits, names

    def find(self, kind: str, start: int, *, counts: bool) -> Heard | None:
        """The one of this kind whose words begin there."""
        some = (one for one in self.heard if (one.kind, one.counts) == (kind, counts))
        return next((one for one in some if one.at[0].start == start), None)


class Avoided(NamedTuple):
    """A refusal that holds, and the position of the turn that said it."""

    position: int
    heard: Heard


class _Read(NamedTuple):
    """What was understood of each turn of the user, and what is refused after the last one."""

    turns: Mapping[int, Understood]
    refused: frozenset[Refused]


class Hearing:
    """Tells what is understood of dialogues about a catalog. Share it between threads."""

    def __init__(self, catalog: Catalog, judge: Judge | None = None) -> None:
        """`judge`: the one of the recommenders (`FactsNamed`)."""
        self.catalog = catalog
        self._judge = judge
        self._read = lru_cache(REMEMBERED)(self._read_anew)  # a page asks with each click

    @cached_property
    def named(self) -> FactsNamed:
        return FactsNamed(self.catalog, PeopleLinker(self.catalog), self._judge)

    def understood(self, dialogue: Dialogue) -> Mapping[int, Understood]:
        """By the position of each turn of the user."""
        now = self._read(dialogue).turns
        if not any(turn.unheard for turn in dialogue.turns):
            return now
        bare = Dialogue(tuple(replace(turn, unheard=()) for turn in dialogue.turns))
        before = self._read(bare).turns
        return {
            position: Understood(
                (*_taken_back(dialogue.turns[position], before[position].heard), *one.heard),
                one.unknown,
            )
            for position, one in now.items()
        }

    def avoided(self, dialogue: Dialogue) -> tuple[Avoided, ...]:
        """The refusals that hold after all that was said, the first one first."""
        read = self._read(dialogue)
        return tuple(
            Avoided(position, one)
            for position, understood in read.turns.items()
            for one in understood.heard
            if one.refused & read.refused
        )

    def _read_anew(self, dialogue: Dialogue) -> _Read:
        meant = self.named.as_meant(dialogue.heard)
        refused = self.named.refused_facts(meant)
        holds, found = frozenset[Refused](), {}
        for position, (said, as_meant) in enumerate(zip(dialogue.turns, meant.turns, strict=True)):
            if said.speaker == "user":
                text = as_meant.without_titles(said.kept.reworded(as_meant.text))
                holds = next(refused)
                dislikes = self._dislikes(text, holds)
                heard = _as_one((*self._films(said), *self._wishes(text), *dislikes))
                unknown = map(str, self.named.not_known.limits(said.untitled))
                found[position] = Understood(heard, tuple(unknown))
        return _Read(MappingProxyType(found), holds)

    def _films(self, said: Turn) -> Iterator[Heard]:
        for mention in said.mentions:
            gone = any(one.holds(mention.stretch) for one in said.unheard)
            if mention.item_id in self.catalog.row and not gone:
                yield Heard("film", self.catalog.item(mention.item_id).name, (mention.stretch,))

    def _wishes(self, text: Traced) -> Iterator[Heard]:
        wish = self.named.stances.without_refusals(text)
        for start, end, fact in self.named.facts_at(wish.text):
            kind: Kind = "person" if fact.kind == "person" else "wish"
            yield Heard(kind, fact.name, (wish.origin(start, end),))
        limit = years_limit(text.text, self.named.newest)
        if limit:
            yield _years(text, limit)
        refused = self.named.stances.refusals(text.text)
        for kept in self.named.known_limits.set_in(text.text, refused):
            yield Heard("limit", kept.label, (text.origin(*kept.limit.at),))
        for years in (*decades_in(wish.text), *years_in(wish.text)):
            one = _years(wish, years)
            if not (limit and one.at[0].meets(text.origin(limit.start, limit.end))):
                yield one

    @cached_property
    def _unfit(self) -> frozenset[Refused]:
        return frozenset(frozenset([fact]) for fact in self.named.audience.unfit)

    def _dislikes(self, text: Traced, holds: frozenset[Refused]) -> Iterator[Heard]:
        """Of what a turn refuses that what is still refused at its end."""
        violent = frozenset(frozenset([fact]) for fact in self.named.violent)
        for refusal in self.named.stances.refusals(text.text):
            what = text.part(refusal.at, refusal.what)
            named_in = self.named.refused_in(what, text.text[: refusal.at])
            found = [(place, frozenset([one])) for place, one in named_in]
            violence = [what.origin(*match.span()) for match in VIOLENT.finditer(what.text)]
            named = [
                Heard(
                    "avoid", "violence" if refused is violent else _all_of(refused), (place,), still
                )
                for place, refused in (*found, *((place, violent) for place in violence))
                if (still := refused & holds)
            ]
            heard = _as_one(named)
            yield from [_with_no(heard[0], text, refusal)] if len(heard) == 1 else heard
        wish = self.named.stances.without_refusals(text)
        if (place := children_at(wish.text)) and (still := holds & self._unfit):
            yield Heard("avoid", UNFIT_LABEL, (wish.origin(place.start, place.end),), still)


def _with_no(heard: Heard, text: Traced, refusal: Refusal) -> Heard:
    """All that a refusal refuses, with the words that do so: a "no" alone might refuse others."""
    whole = text.origin(refusal.start, refusal.end)
    is_before = refusal.at > refusal.start
    return replace(heard, at=(Stretch(whole.start, heard.at[-1].end) if is_before else whole,))


def _all_of(refused: frozenset[Refused]) -> str:
    """What an item has that is refused: "comedy and romance" are refused together."""
    return " and ".join(sorted(fact.name for one in refused for fact in one))


def _years(text: Traced, years: Years) -> Heard:
    first, last = years.first, years.last
    if first <= FIRST:
        label = f"until {last}"
    elif last >= LAST:
        label = f"since {first}"
    elif first == last:
        label = str(first)
    else:
        label = f"{first}s" if first % 10 == 0 and last == first + 9 else f"{first}–{last}"
    return Heard("years", label, (text.origin(years.start, years.end),))


def _taken_back(turn: Turn, heard: Iterable[Heard]) -> Iterator[Heard]:
    for one in heard:
        if all(any(gone.holds(at) for gone in turn.unheard) for at in one.at):
            yield replace(one, counts=False)


def _as_one(heard: Iterable[Heard]) -> tuple[Heard, ...]:
    """With one for all that the same words say, and one for what several words say alike."""
    by_words: list[Heard] = []
    for one in sorted(heard, key=lambda one: (one.at, one.kind == "wish")):
        last = by_words[-1] if by_words else None
        if last and last.at[-1].meets(one.at[0]) and {last.kind, one.kind} <= _FACTS[last.kind]:
            label = last.label if one.label in last.label else f"{last.label}, {one.label}"
            place, refused = last.at[0].to(one.at[0]), last.refused | one.refused
            by_words[-1] = replace(last, label=label, at=(place,), refused=refused)
        else:
            by_words.append(one)
    alike: dict[tuple[Kind, str], Heard] = {}
    for one in by_words:
        name = one.kind, one.label
        alike[name] = replace(one, at=(*alike[name].at, *one.at)) if name in alike else one
    return tuple(alike.values())


_WISHES: frozenset[Kind] = frozenset(["person", "wish"])
_FACTS: dict[Kind, frozenset[Kind]] = {
    "film": frozenset(), "person": _WISHES, "wish": _WISHES, "years": frozenset(["years"]),
    "limit": frozenset(), "avoid": frozenset(["avoid"]),
}  # fmt: skip

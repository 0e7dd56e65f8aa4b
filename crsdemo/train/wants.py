"""What a wish means: which items fit it, how well, and which fact of an item shows it."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crsdemo.catalog import Catalog, Item
from crsdemo.slots import MAX_VALUES, Slot
from crsdemo.train import phrases_themes as themes
from crsdemo.train import phrases_wishes as say
from crsdemo.train.phrases import Talk, Theme
from crsdemo.train.phrases_genres import GENRES
from crsdemo.train.phrases_moods import LESS, MOODS

Kind = Literal["genre", "mood", "theme", "keyword", "person", "era", "like", "less"]
Fit = NDArray[np.float32]  # (n_items,), 0 where an item does not fit

PLACES = (1.0, 0.85, 0.7)  # fit of a genre by its place among the genres of an item
MIN_ITEMS = 4  # of a keyword, a mood or a theme to be asked for


@dataclass(frozen=True, eq=False)
class Want:
    """One constraint, and how it is said.

    `named` binds the holes of `talk`: names of people and items.
    """

    kind: Kind
    value: str  # a genre, theme, keyword, person, "1980-1989", or item ids parted by "+"
    fit: Fit
    talk: Talk
    named: Mapping[str, str | Item] = field(default_factory=dict)
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)  # field -> what shows it

    def evidence(self, item: Item) -> Slot | None:
        """The slot of `item` that shows that it fits, if there is one."""
        if self.kind == "era":
            return Slot("year") if item.year else None
        for name, wanted in self.facts.items():
            for place, value in enumerate(item.facts.get(name, ())[:MAX_VALUES], 1):
                if value in wanted:
                    return Slot(name, place)
        return None


@dataclass(frozen=True)
class Targets:
    """Items that fit, best first, with weights that sum to 1."""

    rows: NDArray[np.int64]
    weights: NDArray[np.float64]


class Index:
    """Everything that can be wanted from a catalog."""

    def __init__(
        self,
        catalog: Catalog,
        neighbours: Mapping[str, Sequence[tuple[str, float]]],
        flatness: float = 0.5,
        limit: int = 300,
    ) -> None:
        self.catalog, self.limit = catalog, limit
        self.base = np.array([(item.popularity + 1.0) ** flatness for item in catalog])
        self.year = np.array([item.year or 0 for item in catalog])
        self._rows = _rows_by_fact(catalog)
        self.neighbours = {
            item: [(catalog.row[other], weight) for other, weight in near if other in catalog.row]
            for item, near in neighbours.items()
            if item in catalog.row and near
        }
        self.genres = self._themes("genre", GENRES, 1)
        self.moods = self._themes("mood", MOODS, MIN_ITEMS)
        self.themes = self._themes("theme", themes.THEMES, MIN_ITEMS)
        self.keywords = self._keywords()
        self.less = self._themes("less", LESS, 1)
        self.people = {
            name: count for name, count in self._people().items() if count > 1 or len(catalog) < 500
        }
        self._surnames = _surnames(self.people)
        self._people_drawn = (
            list(self.people),
            list(accumulate(count**1.2 for count in self.people.values())),
        )
        self.wants_of = self._wants_of()
        self.admirers = _reversed(self.neighbours, len(catalog))

    def targets(
        self, wants: Iterable[Want], nots: Iterable[Want], avoid: Iterable[str]
    ) -> Targets | None:
        """The items that fit all `wants` and no `nots`, or None if there are none."""
        weights = self.base.copy()
        for want in wants:
            weights *= want.fit
        for refused in nots:
            weights[refused.fit > 0] = 0
        weights[[self.catalog.row[item] for item in avoid]] = 0
        rows = np.flatnonzero(weights)
        if len(rows) > self.limit:
            rows = rows[np.argpartition(-weights[rows], self.limit)[: self.limit]]
        rows = rows[np.argsort(-weights[rows], kind="stable")]
        return Targets(rows, weights[rows] / weights[rows].sum()) if len(rows) else None

    def draw_person(self, rng: random.Random) -> str:
        names, cumulated = self._people_drawn
        return rng.choices(names, cum_weights=cumulated)[0]

    def person(self, name: str, rng: random.Random) -> Want:
        """Films of `name`: as actor, as director or as either."""
        roles = [role for role in ("cast", "directors") if (role, name) in self._rows]
        if len(roles) == 2 and rng.random() < 0.7:
            roles = [rng.choice(roles)]
        rows = [row for role in roles for row in self._rows[role, name]]
        called = self._called(name, rng)
        talk = PERSON if len(roles) == 2 else CAST if roles == ["cast"] else DIRECTOR
        facts = {role: frozenset((name,)) for role in roles}
        named = {hole: called for hole in ("person", "cast", "director")}
        return Want("person", name, self._fit(rows), talk, named, facts)

    def pair(self, item: Item, rng: random.Random) -> Want | None:
        """Two who play together in `item`."""
        cast = item.facts.get("cast", ())
        if len(cast) < 2:
            return None
        first, second = rng.sample(cast[:MAX_VALUES], 2)
        rows = set(self._rows["cast", first]) & set(self._rows["cast", second])
        talk = Talk(
            clauses=say.PAIR, sentences=tuple(f"[anything|films|something] {t}" for t in say.PAIR)
        )
        named = {"person": first, "partner": second}
        facts = {"cast": frozenset((first, second))}
        return Want("person", f"{first}+{second}", self._fit(rows), talk, named, facts)

    def era(self, first: int, last: int, talk: Talk) -> Want:
        """Items from the years `first` to `last`, both included."""
        fit = ((self.year >= first) & (self.year <= last)).astype(np.float32)
        return Want("era", f"{first}-{last}", fit, talk)

    def like(self, items: Sequence[Item]) -> Want | None:
        """Items near all of `items`; the sum of what the neighbours weigh, the best being 1."""
        fit = np.zeros(len(self.catalog), dtype=np.float32)
        for item in items:
            for row, weight in self.neighbours.get(item.id, ()):
                fit[row] += weight
        fit[[self.catalog.row[item.id] for item in items]] = 0
        if not fit.any():
            return None
        talk = LIKE if len(items) == 1 else LIKE_TWO
        named = dict(zip(("film", "second"), items, strict=False))
        return Want("like", "+".join(item.id for item in items), fit / fit.max(), talk, named)

    def near(self, item: Item, n: int = 15) -> Want:
        """`item` and its closest neighbours: what is refused with it."""
        near = sorted(self.neighbours.get(item.id, ()), key=lambda pair: -pair[1])[:n]
        rows = [self.catalog.row[item.id], *(row for row, _ in near)]
        return Want("like", item.id, self._fit(rows), LIKE, {"film": item})

    def only(self, item: Item) -> Want:
        """`item` alone."""
        return Want("like", item.id, self._fit([self.catalog.row[item.id]]), LIKE, {"film": item})

    def _fit(self, rows: Iterable[int]) -> Fit:
        fit = np.zeros(len(self.catalog), dtype=np.float32)
        fit[list(rows)] = 1
        return fit

    def _theme(self, kind: Kind, theme: Theme) -> Want:
        fit = np.zeros(len(self.catalog), dtype=np.float32)
        for row in self._candidates(theme):
            fit[row] = _fit_of(theme, self.catalog[row])
        genres = frozenset(genre for group in theme.genres for genre in group.split("+"))
        keywords = frozenset(theme.keywords) if theme.keywords else frozenset(theme.boost)
        facts = (
            {"genres": genres, "keywords": keywords}
            if kind == "genre"
            else {"keywords": keywords, "genres": genres}
        )
        facts = {name: values for name, values in facts.items() if values}
        return Want(kind, theme.name, fit, theme.talk, facts=facts)

    def _candidates(self, theme: Theme) -> set[int]:
        """Rows with a first genre of one of its groups or one of its keywords."""
        facts = [("genres", group.split("+")[0]) for group in theme.genres]
        facts += [("keywords", word) for word in theme.keywords]
        return {row for fact in facts for row in self._rows.get(fact, ())}

    def _themes(self, kind: Kind, known: Iterable[Theme], least: int) -> list[Want]:
        wants = [self._theme(kind, theme) for theme in known]
        return [want for want in wants if np.count_nonzero(want.fit) >= least]

    def _keywords(self) -> list[Want]:
        counts = {value: rows for (name, value), rows in self._rows.items() if name == "keywords"}
        return [
            Want(
                "keyword",
                word,
                self._fit(rows),
                _talk_of(word),
                facts={"keywords": frozenset((word,))},
            )
            for word, rows in counts.items()
            if len(rows) >= MIN_ITEMS and word not in themes.UNASKED
        ]

    def _people(self) -> dict[str, int]:
        counts: dict[str, set[int]] = defaultdict(set)
        for (name, value), rows in self._rows.items():
            if name in ("cast", "directors"):
                counts[value].update(rows)
        return {name: len(rows) for name, rows in counts.items()}

    def _called(self, name: str, rng: random.Random) -> str:
        surname = name.split()[-1]
        if rng.random() < 0.15 and self._surnames.get(surname) == name:
            return surname
        return name

    def _wants_of(self) -> list[list[Want]]:
        """Per row, the genres, moods, themes and keywords that it fits."""
        found: list[list[Want]] = [[] for _ in self.catalog]
        for group in (self.genres, self.moods, self.themes, self.keywords):
            for want in group:
                for row in np.flatnonzero(want.fit):
                    found[row].append(want)
        return found


def _fit_of(theme: Theme, item: Item) -> float:
    genres, keywords = item.genres, set(item.facts.get("keywords", ()))
    if any(word in keywords or word in genres for word in theme.without):
        return 0.0
    fit = max((_genre_fit(group.split("+"), genres) for group in theme.genres), default=0.0)
    if not fit and keywords.isdisjoint(theme.keywords):
        return 0.0
    bonus = 0.3 * (not keywords.isdisjoint(theme.keywords)) + 0.5 * (
        not keywords.isdisjoint(theme.boost)
    )
    return (fit or 0.7) + bonus


def _genre_fit(wanted: Sequence[str], genres: Sequence[str]) -> float:
    if any(genre not in genres for genre in wanted):
        return 0.0
    place = min(genres.index(genre) for genre in wanted)
    return PLACES[min(place, len(PLACES) - 1)]


def _talk_of(word: str) -> Talk:
    """How to ask for a keyword without a theme of its own."""
    if word in themes.AFTER:
        return Talk(
            clauses=(word, f"that is {word}"), sentences=(f"something {word}",), acks=themes.ACKS
        )
    if word in themes.KINDS:
        return Talk(
            modifiers=(word,), sentences=(f"I'm in the mood for {word}", word), acks=themes.ACKS
        )
    if word in themes.ADJECTIVES:
        return Talk(adjectives=(word,), sentences=(f"I like it {word}",), acks=themes.ACKS)
    said = themes.AS_SAID.get(word, word)
    return Talk(
        clauses=(
            f"about {said}",
            f"about {said}",
            f"[with|involving|dealing with|that has to do with] {said}",
        ),
        sentences=(
            f"[anything|something|films|a film|got anything|what's good] about {said}",
            f"{said}",
            f"I'm interested in {said}",
            f"theme: {word}",
            f"[anything|something|movies] with {said} in it",
            f"I can't get enough of {said}",
        ),
        acks=themes.ACKS,
    )


def _rows_by_fact(catalog: Catalog) -> dict[tuple[str, str], list[int]]:
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, item in enumerate(catalog):
        for name, values in item.facts.items():
            for value in dict.fromkeys(values):
                rows[name, value].append(row)
    return dict(rows)


def _surnames(people: Mapping[str, int]) -> dict[str, str]:
    """Surname -> the person it means: who has most of the films of all so called."""
    named: dict[str, list[str]] = defaultdict(list)
    for name in people:
        if " " in name and "Jr" not in name:
            named[name.split()[-1]].append(name)
    best = {surname: max(names, key=lambda n: people[n]) for surname, names in named.items()}
    return {
        surname: name
        for surname, name in best.items()
        if people[name] >= 0.7 * sum(people[other] for other in named[surname])
    }


def _reversed(
    neighbours: Mapping[str, Sequence[tuple[int, float]]], n_items: int
) -> list[list[str]]:
    """Per row, the items that have it among their neighbours."""
    admirers: list[list[str]] = [[] for _ in range(n_items)]
    for item, near in neighbours.items():
        for row, _ in near:
            admirers[row].append(item)
    return admirers


CAST = Talk(
    modifiers=say.PERSON_BEFORE,
    clauses=say.CAST_AFTER,
    sentences=tuple(s for s in say.PERSON_SENTENCES if "{director}" not in s),
)
DIRECTOR = Talk(
    modifiers=say.PERSON_BEFORE,
    clauses=say.DIRECTOR_AFTER,
    sentences=tuple(s for s in say.PERSON_SENTENCES if "{cast}" not in s),
)
PERSON = Talk(
    modifiers=say.PERSON_BEFORE,
    sentences=tuple(s for s in say.PERSON_SENTENCES if "{person}" in s),
)
LIKE = Talk(clauses=say.LIKE_AFTER, sentences=say.LIKE_SENTENCES)
LIKE_TWO = Talk(
    clauses=("like {film} [and|or] {second}", "similar to {film} and {second}"),
    sentences=say.LIKE_TWO,
)
OLD = Talk(adjectives=say.OLD_BEFORE, clauses=say.OLD_AFTER, sentences=say.OLD_SENTENCES)
NEW = Talk(adjectives=say.NEW_BEFORE, clauses=say.NEW_AFTER, sentences=say.NEW_SENTENCES)

_WORDS = {
    1920: "twenties", 1930: "thirties", 1940: "forties", 1950: "fifties", 1960: "sixties",
    1970: "seventies", 1980: "eighties", 1990: "nineties", 2000: "noughties", 2010: "twenty-tens",
}  # fmt: skip


@lru_cache
def decade(first: int) -> Talk:
    """How to ask for the ten years from `first`."""
    names = [f"{first}s"]
    if first < 2000:
        names += [
            f"{first % 100}s",
            f"{first % 100}s",
            f"'{first % 100}s",
            _WORDS.get(first, f"{first}s"),
        ]
    elif first in _WORDS:
        names += [_WORDS[first]]
    era = f"[{'|'.join(names)}]"
    return _with_era(
        Talk(modifiers=say.ERA_BEFORE, clauses=say.ERA_AFTER, sentences=say.ERA_SENTENCES), era
    )


@lru_cache
def years(relation: Literal["in", "before", "since"], year: int) -> Talk:
    """How to ask for a year, or for all before it or since."""
    after = {"in": say.YEAR_AFTER, "before": say.BEFORE_AFTER, "since": say.SINCE_AFTER}[relation]
    return _with_era(
        Talk(
            clauses=after, sentences=tuple(f"[films|movies|something|anything] {t}" for t in after)
        ),
        str(year),
    )


def _with_era(talk: Talk, era: str) -> Talk:
    fill = lambda texts: tuple(text.replace("{era}", era) for text in texts)  # noqa: E731
    return Talk(
        modifiers=fill(talk.modifiers), clauses=fill(talk.clauses), sentences=fill(talk.sentences)
    )

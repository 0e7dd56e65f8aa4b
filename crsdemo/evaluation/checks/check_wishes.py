"""Is the wish heard? 80 wishes in visitors' own words, judged by facts of the catalog.

Recall does not see a model that repeats what is popular; a visitor does. `data/wishes.jsonl` was
written by hand, apart from the training data and in other words. `data/openings.jsonl` has talks
about something else: a wish that comes after one of them should be heard as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Protocol

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.errors import BadInputError, CatalogError
from crsdemo.core.recommender import Recommender

DATA = files(__package__)
TOP = 10  # recommendations that are judged; missing ones count as unfit


class Linker(Protocol):
    """Finds the items that a text names, said after a dialogue."""

    def link(self, text: str, dialogue: Dialogue = Dialogue()) -> tuple[Mention, ...]: ...


@dataclass(frozen=True)
class Avoid:
    """What is disliked: an item that has any of it."""

    genres: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()

    def applies_to(self, item: Item) -> bool:
        return (
            item.id in self.ids
            or not self.genres.isdisjoint(item.genres)
            or not self.people.isdisjoint(item.people)
            or not self.tags.isdisjoint(item.tags)
        )


@dataclass(frozen=True)
class Expectation:
    """What a fitting item is like: everything named here holds, of a set any member.

    `tags` are several sets. An item of `ids` fits whatever its facts are, unless it is to avoid.
    """

    genres: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    keywords: frozenset[str] = frozenset()
    tags: tuple[frozenset[str], ...] = ()
    ids: frozenset[str] = frozenset()
    year_from: int | None = None
    year_to: int | None = None
    similar_to: str | None = None  # title and year
    avoid: Avoid = field(default_factory=Avoid)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Expectation:
        """Raises TypeError for a key that is unknown."""
        given = dict(row)
        if (decade := given.pop("decade", None)) is not None:
            given |= {"year_from": decade, "year_to": decade + 9}
        avoid = Avoid(**{key: frozenset(value) for key, value in given.pop("avoid", {}).items()})
        tags = tuple(frozenset(several) for several in given.pop("tags", ()))
        sets = {k: frozenset(v) for k, v in given.items() if isinstance(v, list)}
        return cls(**given | sets, tags=tags, avoid=avoid)

    def example(self, catalog: Catalog) -> Item | None:
        """The film of `similar_to`. Raises CatalogError if the catalog lacks it."""
        if self.similar_to is None:
            return None
        found = next((item for item in catalog if item.name == self.similar_to), None)
        if found is None:
            raise CatalogError(
                f"a wish compares with {self.similar_to!r}, which is not in the catalog of "
                f"{len(catalog):,} items; check wishes that were written for this catalog"
            )
        return found

    def is_met_by(self, item: Item, example: Item | None = None) -> bool:
        """Whether an item fits; `example` is what `example()` found."""
        if self.avoid.applies_to(item):
            return False
        if item.id in self.ids:
            return True
        wanted = [
            (self.genres, item.genres),
            (self.people, item.people),
            (self.keywords, item.facts.get("keywords", ())),
            *((several, item.tags) for several in self.tags),
        ]
        asked = [(names, facts) for names, facts in wanted if names]
        return (
            (not self.ids or bool(asked))  # of a wish that has ids alone, nothing else fits
            and all(not names.isdisjoint(facts) for names, facts in asked)
            and self._is_of_its_time(item)
            and (example is None or are_similar(item, example))
        )

    def _is_of_its_time(self, item: Item) -> bool:
        if self.year_from is None and self.year_to is None:
            return True
        year = item.year
        return year is not None and (self.year_from or 0) <= year <= (self.year_to or year)


def are_similar(item: Item, other: Item) -> bool:
    """Two items that share a genre and beyond it a person, a keyword or another genre."""
    genres = set(item.genres) & set(other.genres)
    people = set(item.people) & set(other.people)
    keywords = set(item.facts.get("keywords", ())) & set(other.facts.get("keywords", ()))
    return item.id != other.id and bool(genres) and len(genres | people | keywords) > 1


@dataclass(frozen=True)
class Wish:
    """What a visitor types: texts of user and assistant in turn, the user's first and last."""

    kind: str
    turns: tuple[str, ...]
    expect: Expectation

    def after(self, opening: Sequence[str]) -> Wish:
        """The same at the end of a talk, which the assistant closes."""
        return replace(self, turns=(*opening, *self.turns))

    def dialogue(self, linker: Linker) -> Dialogue:
        dialogue = Dialogue()
        for position, text in enumerate(self.turns):
            mentions = linker.link(text, dialogue)
            dialogue = dialogue.say(Turn("assistant" if position % 2 else "user", text, mentions))
        return dialogue


@dataclass(frozen=True)
class Outcome:
    """A wish and what was recommended for it, best first."""

    wish: Wish
    items: tuple[Item, ...]
    fits: tuple[bool, ...]

    @property
    def fit(self) -> float:
        """Share of the top ten that fits."""
        return sum(self.fits) / TOP

    @property
    def disliked(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if self.wish.expect.avoid.applies_to(item))


@dataclass(frozen=True)
class Report:
    """What a recommender made of all wishes."""

    recommender: str
    outcomes: tuple[Outcome, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(outcome.wish.kind for outcome in self.outcomes))

    def of_kind(self, kind: str) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.wish.kind == kind)

    @property
    def with_dislikes(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes if o.wish.expect.avoid != Avoid())

    @property
    def disliked(self) -> float:
        """Share of disliked items in the top tens of the wishes that name a dislike."""
        outcomes = self.with_dislikes
        return sum(len(o.disliked) for o in outcomes) / max(1, TOP * len(outcomes))

    def as_json(self) -> dict[str, Any]:
        """Shares from 0 to 1, and every wish with what was recommended for it."""
        return {
            "recommender": self.recommender,
            "wishes": len(self.outcomes),
            "fit": _mean_fit(self.outcomes),
            "kinds": {
                kind: {"n": len(self.of_kind(kind)), "fit": _mean_fit(self.of_kind(kind))}
                for kind in self.kinds
            },
            "disliked": self.disliked,
            "outcomes": [_outcome_row(outcome) for outcome in self.outcomes],
        }


def nuances() -> tuple[Wish, ...]:
    """Wishes for what no genre and no keyword says; the tags of the catalog know who fits."""
    return load_wishes(DATA / "nuances.jsonl")


def late_wishes(wishes: Sequence[Wish] | None = None) -> tuple[Wish, ...]:
    """Each wish after a talk about something else."""
    lines = (DATA / "openings.jsonl").read_text(encoding="utf-8").splitlines()
    openings = [json.loads(line)["turns"] for line in lines]
    known = load_wishes() if wishes is None else wishes
    return tuple(wish.after(openings[i % len(openings)]) for i, wish in enumerate(known))


def load_wishes(path: Traversable | None = None) -> tuple[Wish, ...]:
    """The wishes of a JSONL file, by default those that ship. Raises BadInputError."""
    source = path or DATA / "wishes.jsonl"
    try:
        lines = source.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadInputError(f"cannot read the wishes at {source}: {error.strerror}") from error
    wishes = tuple(_parse_wish(source, number, line) for number, line in enumerate(lines, 1))
    if not wishes:
        raise BadInputError(f"{source} holds no wish; give one JSON object per line")
    return wishes


def check(
    recommender: Recommender,
    catalog: Catalog,
    linker: Linker,
    wishes: Sequence[Wish] | None = None,
) -> Report:
    """Ask for ten items for each wish, without those named in it, as in a reply.

    Raises CatalogError if a wish names a film that the catalog lacks.
    """
    asked = load_wishes() if wishes is None else wishes
    return Report(recommender.name, tuple(_ask(recommender, catalog, linker, w) for w in asked))


def _ask(recommender: Recommender, catalog: Catalog, linker: Linker, wish: Wish) -> Outcome:
    dialogue = wish.dialogue(linker)
    found = recommender.recommend(dialogue, TOP, exclude=frozenset(dialogue.mentioned))
    items = tuple(recommendation.item for recommendation in found)
    example = wish.expect.example(catalog)
    return Outcome(wish, items, tuple(wish.expect.is_met_by(item, example) for item in items))


def _parse_wish(source: object, number: int, line: str) -> Wish:
    try:
        row = json.loads(line)
        turns = tuple(row["turns"])
        expect = Expectation.from_row(row["expect"])
        kind = row["kind"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError(
            f"{source}, line {number}: not a wish ({error!r}); expected kind, turns and expect"
        ) from error
    if len(turns) % 2 == 0:
        raise BadInputError(
            f"{source}, line {number}: {len(turns)} turns; the user speaks first and last, so "
            "their number must be odd"
        )
    return Wish(kind, turns, expect)


def _mean_fit(outcomes: Sequence[Outcome]) -> float:
    return sum(outcome.fit for outcome in outcomes) / max(1, len(outcomes))


def _outcome_row(outcome: Outcome) -> dict[str, Any]:
    return {
        "kind": outcome.wish.kind,
        "turns": list(outcome.wish.turns),
        "fit": outcome.fit,
        "items": [
            {"id": item.id, "name": item.name, "fits": fits, "disliked": item in outcome.disliked}
            for item, fits in zip(outcome.items, outcome.fits, strict=True)
        ],
    }

"""Is the wish heard? 80 wishes in visitors' own words, judged by facts of the catalog.

    python -m crsdemo check-wishes --recommender gcrs

Recall does not see a model that repeats what is popular; a visitor does. `wishes.jsonl` was
written by hand, apart from the training data and in other words. `openings.jsonl` has talks about
something else: a wish that comes after one of them should be heard as well.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import cycle
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, field_validator
from pydantic.dataclasses import dataclass

from crsdemo.chat.exchange import Linker
from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.config import flag, parse
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import CatalogError
from crsdemo.core.recommender import Recommender
from crsdemo.evaluation.config import RecommenderConfig
from crsdemo.evaluation.files import read_lines, write_json
from crsdemo.language.mentions import MentionLinker
from crsdemo.studies.statistics.shares import table

DATA = files(__package__)
TOP = 10  # recommendations that are judged; missing ones count as unfit
WHOLE = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=WHOLE)
class Avoid:
    """What is disliked: an item that has any of it."""

    genres: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()

    def applies_to(self, item: Item) -> bool:
        return item.id in self.ids or not (
            self.genres.isdisjoint(item.genres)
            and self.people.isdisjoint(item.people)
            and self.tags.isdisjoint(item.tags)
        )


@dataclass(frozen=True, config=WHOLE)
class Expectation:
    """What a fitting item is like: everything named here holds, of a set any member.

    `tags` are several sets. An item of `ids` fits whatever its facts are, unless it is to avoid.
    """

    genres: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    keywords: frozenset[str] = frozenset()
    tags: tuple[frozenset[str], ...] = ()
    ids: frozenset[str] = frozenset()
    decade: int | None = None  # its first year
    year_from: int | None = None
    year_to: int | None = None
    similar_to: str | None = None  # title and year
    avoid: Avoid = Avoid()

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
            and self._is_of_its_time(item.year)
            and (example is None or are_similar(item, example))
        )

    def _is_of_its_time(self, year: int | None) -> bool:
        first, last = self.year_from, self.year_to
        if self.decade is not None:
            first, last = self.decade, self.decade + 9
        if first is None and last is None:
            return True
        return year is not None and (first or 0) <= year <= (last or year)


def are_similar(item: Item, other: Item) -> bool:
    """Two items that share a genre and beyond it a person, a keyword or another genre."""
    genres = set(item.genres) & set(other.genres)
    people = set(item.people) & set(other.people)
    keywords = set(item.facts.get("keywords", ())) & set(other.facts.get("keywords", ()))
    return item.id != other.id and bool(genres) and len(genres | people | keywords) > 1


@dataclass(frozen=True, config=WHOLE)
class Wish:
    """What a visitor types: texts of user and assistant in turn, the user's first and last."""

    kind: str
    turns: tuple[str, ...]
    expect: Expectation

    @field_validator("turns")
    @classmethod
    def _the_user_is_last(cls, turns: tuple[str, ...]) -> tuple[str, ...]:
        if len(turns) % 2 == 0:
            raise ValueError("the user speaks first and last, so their number must be odd")
        return turns

    def dialogue(self, linker: Linker) -> Dialogue:
        dialogue = Dialogue()
        for position, text in enumerate(self.turns):
            mentions = linker.link(text, dialogue)
            dialogue = dialogue.say(Turn("assistant" if position % 2 else "user", text, mentions))
        return dialogue


@dataclasses.dataclass(frozen=True)
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

    def as_json(self) -> dict[str, Any]:
        items = [
            {"id": item.id, "name": item.name, "fits": fits, "disliked": item in self.disliked}
            for item, fits in zip(self.items, self.fits, strict=True)
        ]
        turns = list(self.wish.turns)
        return {"kind": self.wish.kind, "turns": turns, "fit": self.fit, "items": items}

    def __str__(self) -> str:
        lines = [f"\n[{self.wish.kind}] {' / '.join(self.wish.turns)}  {self.fit:.0%}"]
        for item, fits in zip(self.items, self.fits, strict=True):
            mark = "disliked" if item in self.disliked else "fits" if fits else "-"
            lines.append(f"  {mark:<9}{item.name} | {', '.join(item.genres)}")
        return "\n".join(lines)


@dataclasses.dataclass(frozen=True)
class Report:
    """What a recommender made of all wishes."""

    recommender: str
    outcomes: tuple[Outcome, ...]

    @property
    def disliked(self) -> float:
        """Share of disliked items in the top tens of the wishes that name a dislike."""
        some = [o for o in self.outcomes if o.wish.expect.avoid != Avoid()]
        return sum(len(o.disliked) for o in some) / max(1, TOP * len(some))

    def as_json(self) -> dict[str, Any]:
        """Shares from 0 to 1, and every wish with what was recommended for it."""
        kinds: dict[str, list[Outcome]] = {}
        for one in self.outcomes:
            kinds.setdefault(one.wish.kind, []).append(one)
        return {
            "recommender": self.recommender,
            "wishes": len(self.outcomes),
            "fit": _mean_fit(self.outcomes),
            "kinds": {
                kind: {"n": len(some), "fit": _mean_fit(some)} for kind, some in kinds.items()
            },
            "disliked": self.disliked,
            "outcomes": [one.as_json() for one in self.outcomes],
        }


def _mean_fit(outcomes: Sequence[Outcome]) -> float:
    return sum(outcome.fit for outcome in outcomes) / max(1, len(outcomes))


def load_wishes(path: Traversable | None = None) -> tuple[Wish, ...]:
    """The wishes of a JSONL file, by default those that ship. Raises BadInputError."""
    return read_lines(path or DATA / "wishes.jsonl", Wish)


def nuances() -> tuple[Wish, ...]:
    """Wishes for what no genre and no keyword says; the tags of the catalog know who fits."""
    return load_wishes(DATA / "nuances.jsonl")


def late_wishes(wishes: Sequence[Wish]) -> tuple[Wish, ...]:
    """Each wish after a talk about something else."""
    lines = (DATA / "openings.jsonl").read_text(encoding="utf-8").splitlines()
    openings = [json.loads(line)["turns"] for line in lines]
    pairs = zip(cycle(openings), wishes, strict=False)
    return tuple(dataclasses.replace(w, turns=(*opening, *w.turns)) for opening, w in pairs)


def check(
    recommender: Recommender, catalog: Catalog, linker: Linker, wishes: Sequence[Wish]
) -> Report:
    """Ask for ten items for each wish, without those named in it, as in a reply.

    Raises CatalogError if a wish names a film that the catalog lacks.
    """
    return Report(recommender.name, tuple(_ask(recommender, catalog, linker, w) for w in wishes))


def _ask(recommender: Recommender, catalog: Catalog, linker: Linker, wish: Wish) -> Outcome:
    dialogue = wish.dialogue(linker)
    found = recommender.recommend(dialogue, TOP, exclude=frozenset(dialogue.mentioned))
    items = tuple(recommendation.item for recommendation in found)
    example = wish.expect.example(catalog)
    return Outcome(wish, items, tuple(wish.expect.is_met_by(item, example) for item in items))


def render(rows: Sequence[Mapping[str, Any]]) -> str:
    """What `Report.as_json` makes of recommenders that were asked the same: one row for each."""
    first = rows[0]
    kinds = [f"{kind} ({one['n']})" for kind, one in first["kinds"].items()]
    head = ("recommender", *kinds, f"all ({first['wishes']})", "disliked items")
    about = (
        f"Share of the top {TOP} that fits the wish, in percent, by kind of wish (how many), and "
        "share of disliked items in the top tens of those who named a dislike."
    )
    cells = []
    for one in rows:
        shares = [*(kind["fit"] for kind in one["kinds"].values()), one["fit"], one["disliked"]]
        cells.append([one["recommender"], *(f"{100 * share:.1f}" for share in shares)])
    return f"{about}\n\n{table(head, cells)}"


@dataclasses.dataclass(frozen=True)
class WishesConfig(RecommenderConfig):
    """Ask 80 hand-written wishes and see how many of the top ten fit."""

    verbose: bool = flag(False, "show every wish with its top ten")
    late: bool = flag(False, "ask each after a talk about something else")
    nuance: bool = flag(False, "ask for what no keyword says: 200 wishes of another hand")
    json: Path | None = flag(None, "write the report there")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.json,) if self.json else ()


def main(argv: Sequence[str]) -> None:
    config = parse(WishesConfig, argv, "crsdemo check-wishes")
    recommender, catalog = config.load()
    asked = nuances() if config.nuance else load_wishes()
    asked = late_wishes(asked) if config.late else asked
    report = check(recommender, catalog, MentionLinker(catalog), asked)
    if config.json:
        write_json(config.json, report.as_json())
    print(render([report.as_json()]))
    if config.verbose:
        print(*report.outcomes, sep="\n")

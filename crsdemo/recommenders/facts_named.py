"""What words say of items by their facts: genres, people, themes and years that they name.

Shapes: n items of the catalog, g genres.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, partial

import numpy as np

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.traced import Stretch, Traced
from crsdemo.items.arrays import Bools, Floats
from crsdemo.language.audience import Audience
from crsdemo.language.catalog_limits import KnownLimits, NotKnown
from crsdemo.language.people import PeopleLinker
from crsdemo.language.pronouns import Meant, with_names
from crsdemo.language.refused_facts import Fact, Refused, decade, refused_at
from crsdemo.language.stances import Judge, Stances
from crsdemo.language.themes import Themes
from crsdemo.language.typed_words import Speller, rate, words_of
from crsdemo.language.wish_words import (
    VIOLENT,
    VIOLENT_GENRES,
    decades_named,
    genre_pattern,
    genres_named,
    genres_refused,
    not_needed,
    years_named,
    years_set,
)
from crsdemo.recommenders.item_similarity import genre_matrix

NEAR = 2  # years from one that was named
FADING = 0.4  # of people and genres, per turn of the user


class FactsNamed:
    """Finds the items that have what a text names. Immutable: share it between threads."""

    def __init__(self, catalog: Catalog, people: PeopleLinker, judge: Judge | None = None) -> None:
        """`judge`: what has learned to tell what is refused; without one patterns tell it."""
        self.catalog = catalog
        self.genres_of = genre_matrix(catalog)  # (n, g)
        self.year_of = np.array([item.year or 0 for item in catalog])  # (n,)
        self._people = people
        self._judge = judge
        self._rows_of: dict[str, list[int]] = {}
        for row, item in enumerate(catalog):
            for person in item.people:
                self._rows_of.setdefault(person, []).append(row)

    def as_meant(self, dialogue: Dialogue) -> Dialogue:
        """With typos mended in the user's words for genres, themes and people, and pronouns."""
        turns, about = list[Turn](), Meant()
        for turn in dialogue.turns:
            if turn.speaker == "user":
                turn = turn.reworded(self.mended)
                turn = turn.reworded(partial(with_names, meant=about))
                named = self._people.link_people(turn.untitled)
                about = about._replace(named=named[-1] if named else about.named)
            turns.append(turn)
            items = [self.catalog.item(i) for i in turn.item_ids if i in self.catalog.row]
            if items:
                about = about.spoken_of(items[-1], self.catalog.domain)
        return Dialogue(tuple(turns))

    def mended(self, text: str) -> str:
        """A text without titles, with typos mended in genres, themes and people."""
        names = [(start, end) for start, end, _ in self._people.named_at(text)]
        return self._speller.mended(text, names)

    def themes_named(self, text: str) -> frozenset[str]:
        """The themes that a text names and that some item has."""
        return self._themes.named(text)

    def themes_of(self, item: Item) -> frozenset[str]:
        """The themes that an item has."""
        return self._themes.of(item)

    def people_named(self, text: str) -> tuple[str, ...]:
        """The people whom a text names, as the catalog spells them."""
        return self._people.link_people(text)

    @cached_property
    def stances(self) -> Stances:
        """What tells what a text refuses from what it wants."""
        return Stances(self.catalog.genres, self._themes, self._people, self._judge)

    @cached_property
    def _speller(self) -> Speller:
        said = [*self.catalog.genres, *(p for tag in self.catalog.tags for p in tag.phrases)]
        themes = {word: rate(word) for phrase in said for word in words_of(phrase)}
        return Speller(themes, self._people.vocabulary)

    @cached_property
    def _themes(self) -> Themes:
        return Themes(self.catalog)

    def names_something(self, text: str) -> bool:
        """Whether a text without titles names a genre, a theme or a person."""
        return bool(
            self._genres_in(text).any() or self.themes(text).any() or self._people.link_people(text)
        )

    def genres(self, text: str) -> Floats:
        """(n,) how many of its genres were named."""
        return np.asarray(self.genres_of @ self._genres_in(text), np.float32)

    def people(self, wanted: Sequence[str]) -> Floats:
        """(n,) how many of the people named are in it; people of earlier turns count less.

        `wanted`: the texts of turns, newest first.
        """
        found = np.zeros(len(self.catalog), np.float32)
        for age, text in enumerate(wanted):
            for person in self._people.link_people(text):
                found[self._rows_of.get(person, [])] += FADING**age
        return found

    def themes(self, text: str) -> Floats:
        """(n,) how telling the themes are that were named and that an item has, in nats."""
        found = np.zeros(len(self.catalog), np.float32)
        for theme in self._themes.named(text):
            rows = self._themes.rows[theme]
            found[rows] += np.float32(np.log(len(self.catalog) / len(rows)))
        return found

    def years(self, text: str) -> Floats:
        """(n,) 1 for an item of a decade or near a year that was said."""
        found = np.zeros(len(self.catalog), np.float32)
        for first, last in spans_named(text):
            found[(self.year_of >= first) & (self.year_of <= last)] = 1
        return found

    def refused(self, dialogue: Dialogue) -> frozenset[str]:
        """The items of a genre or theme or with a person that the user said not to want.

        What is asked for later counts as wanted again. A theme refuses the items that have it,
        not all of the genre that it belongs to.
        """
        *_, refused = (frozenset[Refused](), *self.refused_facts(dialogue))
        rows = {row for one in refused for row in self._rows_with(one)}
        return frozenset(self.catalog.items[row].id for row in rows)

    def refused_facts(self, dialogue: Dialogue) -> Iterator[frozenset[Refused]]:
        """What is not wanted after each turn of the user."""
        kept, wished, there = frozenset[Refused](), frozenset[Fact](), False
        for text in _said(dialogue):
            wish = self.stances.wanted(text)
            asked = self._asked_in(wish)
            again = self._asked_in(self.stances.wanted_again(text))
            wished |= {fact for fact in asked if fact.kind == "genre"}
            kept = frozenset(one for one in kept if not one <= again)
            for refusal in self.stances.refusals(text):
                what = Traced.of(refusal.what)
                found = {one for _, one in self.refused_in(what, text[: refusal.at])}
                kept |= {one for one in found if not (refusal.is_mild and one & asked)}
                if VIOLENT.search(refusal.what):
                    kept |= {frozenset([fact]) for fact in self.violent - wished}
            kept, there = self.audience.refused(wish, kept, asked, were_there=there)
            yield kept

    def _asked_in(self, wish: str) -> frozenset[Fact]:
        """What a wish names in full, after which it is not refused any more."""
        genres = frozenset().union(*genres_refused(wish, self.catalog.genres))
        return frozenset(
            (
                *(Fact("genre", genre) for genre in genres),
                *(Fact("person", person) for person in self._people.link_people(wish)),
                *(Fact("theme", theme) for theme in self._themes.named(wish)),
                *(decade(first) for first in decades_named(wish)),
            )
        )

    def refused_in(self, what: Traced, before: str = "") -> Iterator[tuple[Stretch, Refused]]:
        """What the words of a refusal name, and where they came from.

        `before`: the text before them.
        """
        for start, end, one in refused_at(
            what.text, before, self.catalog.genres, self._themes, self._people
        ):
            yield what.origin(start, end), one

    def facts_at(self, text: str) -> Iterator[tuple[int, int, Fact]]:
        """(start, end, fact) of whatever a wish without titles names."""
        for genre in self.catalog.genres:
            for found in genre_pattern(genre).finditer(text):
                yield *found.span(), Fact("genre", genre)
        people = list(self._people.named_at(text))
        yield from ((start, end, Fact("person", person)) for start, end, person in people)
        for start, end, theme in self._themes.spans(text):
            if not any(first <= start and end <= last for first, last, _ in people):
                yield start, end, Fact("theme", theme)

    def of_years_set(self, dialogue: Dialogue) -> Bools | None:
        """(n,) the items of the years that the user set last; None if they set none.

        "Recent" is what the newest item of the catalog makes it.
        An item of no known year is of none.
        """
        for text in reversed(_said(dialogue)):
            if span := self.years_set(text):
                return np.asarray((self.year_of >= span[0]) & (self.year_of <= span[1]))
            if spans_named(not_needed(text)):
                break
        return None

    def years_set(self, text: str) -> tuple[int, int] | None:
        """The first and the last year that a text without titles sets, if it sets any."""
        return years_set(text, self.newest)

    @cached_property
    def newest(self) -> int | None:
        """The newest year of the catalog; None if no year is known."""
        return int(self.year_of.max(initial=0)) or None

    @cached_property
    def not_known(self) -> NotKnown:
        """What finds that which the catalog cannot tell."""
        kinds = self.known_limits.kinds
        return NotKnown(self.catalog, self._people, self._themes, self.stances, kinds)

    @cached_property
    def known_limits(self) -> KnownLimits:
        """What finds the limits that the catalog has a field for."""
        return KnownLimits(self.catalog)

    def sets_limits(self, text: str) -> bool:
        """Whether years are set, or another limit, be it known to the catalog or not."""
        known, unknown = self.known_limits.set_in(text), self.not_known.limits(text)
        return bool(self.years_set(text) or any(known) or unknown)

    def with_people_asked_for(self, dialogue: Dialogue) -> Bools | None:
        """(n,) the items with the people whom the user asked for last; None if for nobody.

        With all of them, or where no item has all with some of them; "or" asks for any of them.
        Those who were refused since, or need not be in it, are asked for no more.
        """
        gone = set[str]()
        for text in reversed(_said(dialogue)):
            asked = self._people.asked_for(self.stances.wanted(text))
            rows = [set(self._rows_of.get(one, [])) for one in asked.people if one not in gone]
            if rows:
                found = np.zeros(len(self.catalog), np.bool_)
                both = set() if asked.either else set.intersection(*rows)
                found[sorted(both or set.union(*rows))] = True
                return found
            if asked.people:
                break
            refused = (refusal.what for refusal in self.stances.refusals(text))
            for what in (*refused, not_needed(text)):
                gone |= {person for _, _, person in self._people.named_at(what, refused=True)}
        return None

    def _rows_with(self, facts: Refused) -> set[int]:
        """Rows of the items that have all of these facts."""
        return set.intersection(*(set(self.rows_of_fact(fact)) for fact in facts))

    def rows_of_fact(self, fact: Fact) -> Sequence[int]:
        if fact.kind == "person":
            return self._rows_of.get(fact.name, [])
        if fact.kind == "theme":
            return self._themes.rows[fact.name]
        if fact.kind == "decade":
            first = int(fact.name.removesuffix("s"))
            decade: list[int] = np.flatnonzero(self.year_of // 10 * 10 == first).tolist()
            return decade
        column = self.genres_of[:, self.catalog.genres.index(fact.name)]
        rows: list[int] = np.flatnonzero(column).tolist()
        return rows

    @cached_property
    def violent(self) -> frozenset[Fact]:
        """Genres that who wants no violence will not want either."""
        some = VIOLENT_GENRES.intersection(self.catalog.genres)
        return frozenset(Fact("genre", genre) for genre in some)

    @cached_property
    def audience(self) -> Audience:
        return Audience.of(self.catalog.genres, self._themes.rows)

    def _genres_in(self, text: str) -> Floats:
        return np.array(genres_named(text, self.catalog.genres), np.float32)


def spans_named(text: str) -> list[tuple[int, int]]:
    """First and last year of each decade, and about each year, that a text names."""
    decades = [(first, first + 9) for first in decades_named(text)]
    return decades + [(year - NEAR, year + NEAR) for year in years_named(text)]


def _said(dialogue: Dialogue) -> list[str]:
    """What the user said in each turn, without titles."""
    return [turn.untitled for turn in dialogue.turns if turn.speaker == "user"]

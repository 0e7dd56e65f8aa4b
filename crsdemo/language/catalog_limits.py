"""Limits that people set, beside what a catalog has: kept where it has a field, else told.

"A French film under 90 minutes" leaves out all others where the items have countries and lengths;
an item of which they are not known is left out, too. Where there is no such field, and where
"anything by Yasujiro Ozu" asks for somebody whom nobody knows here, people must be told so, and not
be given just anything.

Shapes: n items of the catalog.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.traced import Stretch
from crsdemo.language.limits import NAME, Limit, limits_set, origin
from crsdemo.language.people import PeopleLinker
from crsdemo.language.refusals import Refusal
from crsdemo.language.stances import Stances
from crsdemo.language.themes import Themes
from crsdemo.language.typed_words import is_known, is_ordinary, words_of

Bools = NDArray[np.bool_]

FIELDS = {  # kind of limit -> what its field may be called
    "country": ("country", "countries", "origin"),
    "language": ("language", "languages"),
    "length": ("length", "runtime", "running_time", "duration", "minutes"),
}
ABOUT = 0.1  # by which a length may differ that is meant "around"
FEW, MOST = 25, 75  # percentiles of the lengths that are short, and not long
_HOURS = re.compile(r"(?P<n>\d+(?:[.,]\d+)?|an?|one|two|three|four|half an?) ?-?h(?:ou)?r?s?\b")
_MINUTES = re.compile(r"(?P<n>\d+) ?-?(?:m|min|mins|minutes?)\b|^(?P<bare>\d+)$")
_AND_A_HALF = re.compile(r"\band a half\b")
_OR_TWO = re.compile(r"\bor two\b")
_NUMBERS = {"a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0}
_NUMBERS |= {"half a": 0.5, "half an": 0.5}
_NEGATED = re.compile(r"\b(?:no|not|nothing|isn['’]?t)\b")
_LESS = re.compile(r"\b(?:under|less|shorter|below|at most|max\w*|within|up to|only|tops|or so)\b")
_MORE = re.compile(r"\b(?:over|above|more|longer|at least)\b")
_LINK = r"(?:de|del|di|da|du|la|le|van|von|der|ben|al|bin|el)"
_WORD = r"[^\W\d_](?:[\w'’-]*\w)?\.?"
_CAPITAL = r"(?-i:[A-ZÀ-ÖØ-Þ])(?:[\w'’-]*\w)?\.?"
_MADE = (
    r"(?:directed by|written by|made by|starring|featuring|(?:something|anything|ones?|films?|"
    r"movies?|flicks?|books?|novels?|songs?|albums?|games?|more|stuff|works?|comed(?:y|ies)|"
    r"thrillers?|dramas?|westerns?) by)"
)
_ENDS = r"(?=\s*(?:$|[.,;!?\n]|(?:please|pls|or|and|but|tonight|if)\b))"
_NAMES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # with capitals two words or more, or a single one where nothing but a name can follow
        rf"\b(?:by|with|starring) (?P<name>{_CAPITAL}(?: (?:{_LINK} )?{_CAPITAL}){{1,3}})",
        rf"\b{_MADE} (?P<name>{_WORD} (?:{_LINK} )?{_WORD}){_ENDS}",
        rf"\b{_MADE} (?P<name>{_WORD}){_ENDS}",
    )
]


class Kept(NamedTuple):
    """A limit, and the items that keep it."""

    limit: Limit
    items: Bools  # (n,)
    is_refused: bool  # "nothing French"

    @property
    def label(self) -> str:
        return f"not {self.limit.what}" if self.is_refused else self.limit.what


class KnownLimits:
    """Finds in texts what the catalog has a field for. Immutable: share it between threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._origins = {kind: _origins(catalog, FIELDS[kind]) for kind in ("country", "language")}
        self._minutes = np.array([_length(item) for item in catalog])  # (n,) nan: not known
        has = {kind: any(values) for kind, values in self._origins.items()}
        has["length"] = bool(np.isfinite(self._minutes).any())
        self.kinds = frozenset(kind for kind, known in has.items() if known)

    def set_in(self, text: str, refused: Sequence[Refusal] = ()) -> Iterator[Kept]:
        """Limits of a text without titles; a country within what is `refused` is not wanted."""
        for limit in limits_set(text):
            items = self._kept(limit)
            if items is not None:
                is_out = any(Stretch(one.start, one.end).holds(limit.at) for one in refused)
                is_refused = is_out and limit.kind != "length"
                yield Kept(limit, ~items if is_refused else items, is_refused)

    def _kept(self, limit: Limit) -> Bools | None:
        """None for a limit that nothing is known of, or that sets nothing."""
        if limit.kind not in self.kinds:
            return None
        if limit.kind == "length":
            return self._of_length(limit.what)
        wanted = origin(limit.what)
        return np.array([wanted in values for values in self._origins[limit.kind]])

    def _of_length(self, said: str) -> Bools | None:
        """None for what is no length."""
        lengths, is_not = self._minutes, bool(_NEGATED.search(said))
        limit = minutes(said)
        if limit is None:
            known = lengths[np.isfinite(lengths)]
            few, most = np.percentile(known, (FEW, MOST))
            if re.search(r"\blong", said):
                return np.asarray(lengths <= most if is_not else lengths >= most)
            return np.asarray(lengths <= few) if "short" in said else None
        if _LESS.search(said) or (is_not and _MORE.search(said)):
            return np.asarray(lengths <= limit)
        if _MORE.search(said):
            return np.asarray(lengths >= limit)
        return np.asarray(np.abs(lengths - limit) <= ABOUT * limit)


def minutes(text: str) -> float | None:
    """ "an hour and a half", "1h 30 min", "95": 90, 90, 95; None if it is no length."""
    text = text.lower()
    hours, rest = _HOURS.search(text), _MINUTES.search(text)
    if not hours and not rest:
        return None
    number = hours["n"].replace(",", ".") if hours else "0"
    n = _NUMBERS.get(number) if number in _NUMBERS else float(number)
    n = (n or 0.0) + (0.5 if _AND_A_HALF.search(text) else 0) + (1 if _OR_TWO.search(text) else 0)
    return 60 * n + (float(rest["n"] or rest["bare"]) if rest else 0)


def _origins(catalog: Catalog, fields: Sequence[str]) -> list[frozenset[str]]:
    """Of each item the countries or languages, however the catalog spells them."""
    return [
        frozenset(origin(value) for field in fields for value in _values(item, field))
        for item in catalog
    ]


def _length(item: Item) -> float:
    found = (minutes(value) for field in FIELDS["length"] for value in _values(item, field))
    return next((length for length in found if length), float("nan"))


def _values(item: Item, field: str) -> tuple[str, ...]:
    return next((v for name, v in item.facts.items() if name.lower() == field), ())


class NotKnown:
    """Finds in texts what the catalog cannot tell. Immutable: share it between threads."""

    def __init__(
        self,
        catalog: Catalog,
        people: PeopleLinker,
        themes: Themes,
        stances: Stances,
        kept: Collection[str] = (),
    ) -> None:
        """`kept`: kinds of limits that are known and heeded."""
        self._people = people
        self._themes = themes
        self._stances = stances
        self._settings = {tag.name for tag in catalog.tags if tag.kind == "setting"}
        fields = {field.replace("_", " ") for item in catalog for field in item.facts}
        singular = {re.sub(r"ies$", "y", field) for field in fields}
        # kinds of facts that it does know, "country" of "countries"
        self._fields = fields | singular | {field.removesuffix("s") for field in fields} | {*kept}
        told = (" ".join((item.title, item.logline, *item.people)) for item in catalog)
        tags = (" ".join(tag.phrases) for tag in catalog.tags)
        # characters and places are known by what is told of items
        self._told = f" {' '.join(word for text in (*told, *tags) for word in words_of(text))} "

    def limits(self, text: str) -> tuple[Limit, ...]:
        """What a text without titles asks for and the catalog cannot tell; each once.

        A limit that a theme of the catalog covers ("oscar winner") is known, and one that is a part
        of somebody's name ("oscar isaac") is none. Where something comes from no theme tells but
        one of where it is set: "foreign" covers no French film.
        """
        people = [Stretch(start, end) for start, end, _ in self._people.named_at(text)]
        limits = [
            one
            for one in limits_set(text, self._fields)
            if not self._is_covered(one) and not any(one.at.meets(who) for who in people)
        ]
        refused = (Stretch(one.start, one.end) for one in self._stances.refusals(text))
        names = self._names(text, [*people, *refused, *(one.at for one in limits)])
        return tuple({str(one): one for one in (*limits, *names)}.values())

    def _is_covered(self, limit: Limit) -> bool:
        named = self._themes.named(limit.what)
        return bool(named & self._settings if limit.is_of_origin else named)

    def _names(self, text: str, known: Collection[Stretch]) -> Iterator[Limit]:
        """Names that are asked for. `known`: what of the text was understood."""
        taken = list(known)
        for pattern in _NAMES:
            for found in pattern.finditer(text):
                at = Stretch(*found.span("name"))
                if self._is_unknown(found["name"]) and not any(at.meets(one) for one in taken):
                    taken.append(at)
                    yield Limit(NAME, found["name"], found["name"], at.start)

    def _is_unknown(self, name: str) -> bool:
        """Whether it is hardly anything but a name, and nothing of the catalog is called so."""
        words = words_of(name)
        if not words or f" {' '.join(words)} " in self._told:
            return False
        is_typed_small = len(words) == 1 or name.islower()
        return not all(map(is_known if is_typed_small else is_ordinary, words))

"""Limits for which a catalog has a field: which of its items keep them.

"A French film under 90 minutes" leaves out all others where the items have countries and lengths;
an item of which they are not known is left out, too.

Shapes: n items of the catalog.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.traced import Stretch
from crsdemo.language.limits import Limit, limits_set, origin
from crsdemo.language.refusals import Refusal

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


class Kept(NamedTuple):
    """A limit, and the items that keep it."""

    limit: Limit
    items: Bools  # (n,)
    is_refused: bool  # "nothing French"

    @property
    def label(self) -> str:
        return f"not {self.limit.what}" if self.is_refused else self.limit.what


class KnownLimits:
    """Immutable: share it between threads."""

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

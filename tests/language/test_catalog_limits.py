"""Limits for which a catalog has a field are kept, however the catalog and people spell them."""

from __future__ import annotations

import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.language.catalog_limits import KnownLimits, minutes
from crsdemo.language.people import PeopleLinker
from crsdemo.recommenders.candidate_scores import unwanted
from crsdemo.recommenders.facts_named import FactsNamed
from crsdemo.recommenders.hearing import Hearing

CATALOG = Catalog(
    (
        Item("fr", "Un", 2000, {"countries": ("France",), "runtime": ("84 min",)}),
        Item("ko", "Du", 2000, {"countries": ("South Korea", "USA"), "runtime": ("132",)}),
        Item("dk", "Tri", 2000, {"countries": ("Danish",), "runtime": ("1h 45m",)}),
        Item("no", "Nil", 2000),
    )
)
NAMED = FactsNamed(CATALOG, PeopleLinker(CATALOG))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a french film", {"fr"}),
        ("something from Korea", {"ko"}),
        ("an American film", {"ko"}),
        ("a movie made in Denmark", {"dk"}),
        ("nothing french: no French films please", {"ko", "dk", "no"}),
        ("under 90 minutes", {"fr"}),
        ("at most two hours", {"fr", "dk"}),
        ("no longer than an hour and a half", {"fr"}),
        ("nothing over 2 hours", {"fr", "dk"}),
        ("more than 100 minutes", {"ko", "dk"}),
        ("a film of around 130 minutes", {"ko"}),
        ("a short film", {"fr"}),
        ("not too long", {"fr", "dk"}),
        ("a french film under 2 hours", {"fr"}),
        ("a comedy", {"fr", "ko", "dk", "no"}),
        ("a film in Danish", {"fr", "ko", "dk", "no"}),  # of languages it knows nothing
    ],
)
def test_what_keeps_a_limit_is_left(said: str, kept: set[str]) -> None:
    talk = Dialogue((Turn("user", said),))
    assert set(CATALOG.row) - unwanted(NAMED, talk, talk) == kept


def test_the_newest_limit_of_a_kind_counts() -> None:
    talk = Dialogue((Turn("user", "a french film"), Turn("user", "or rather a korean film")))
    assert set(CATALOG.row) - unwanted(NAMED, talk, talk) == {"ko"}


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("95", 95), ("1h 30 min", 90), ("an hour and a half", 90), ("two hours", 120),
        ("1.5 hours", 90), ("half an hour", 30), ("an hour or two", 120), ("short", None),
        ("pg-13", None),
    ],
)  # fmt: skip
def test_lengths_are_read(text: str, length: float | None) -> None:
    assert minutes(text) == length


def test_only_what_has_a_field_is_known_and_it_is_shown_as_heard() -> None:
    assert KnownLimits(CATALOG).kinds == {"country", "length"}
    assert KnownLimits(Catalog((Item("a", "A"),))).kinds == frozenset()
    said = Turn("user", "a danish film under 2 hours in English, no French ones")
    (understood,) = Hearing(CATALOG).understood(Dialogue((said,))).values()
    assert understood.unknown == ("language: English",)
    heard = {(one.kind, one.label) for one in understood.heard}
    assert {("limit", "Denmark"), ("limit", "under 2 hours"), ("limit", "not France")} <= heard

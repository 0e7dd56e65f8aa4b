"""Whom a wish is about."""

from __future__ import annotations

import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.language.people import MIN_FILMS, PeopleLinker

CAST = {"Ann Leeward": MIN_FILMS, "Bo Leeward": MIN_FILMS, "Cy Windham": MIN_FILMS,
        "Di Windham": MIN_FILMS - 1, "Eve Foxglove": MIN_FILMS - 1,
        "Flo Oh": MIN_FILMS}  # fmt: skip


@pytest.fixture(scope="module")
def people() -> PeopleLinker:
    films = [(person, n) for person, count in CAST.items() for n in range(count)]
    items = (Item(f"{p} {n}", f"{p} {n}", 2000, {"cast": (p,)}) for p, n in films)
    return PeopleLinker(Catalog(tuple(items)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a film with Windham", ["Cy Windham"]),  # the other one is not known well enough
        ("a film with Leeward", []),  # two are
        ("a film with Bo Leeward", ["Bo Leeward"]),
        ("a film with Foxglove", []),
        ("a film with Eve Foxglove", ["Eve Foxglove"]),
    ],
)
def test_a_surname_names_somebody_if_only_one_well_filmed_person_has_it(
    people: PeopleLinker, text: str, found: list[str]
) -> None:
    assert list(people.link_people(text)) == found


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("something with Ann Leeward", ["Ann Leeward"]),
        ("by Cy Windham, Bo Leeward and Ann Leeward", ["Cy Windham", "Bo Leeward", "Ann Leeward"]),
        ("Bo Leeward movies", ["Bo Leeward"]),
        ("with Bo Leeward. Yesterday I met Ann Leeward", ["Bo Leeward"]),
        ("my aunt looks like Ann Leeward", []),
        ("Ann Leeward", ["Ann Leeward"]),
        ("ann leeward on a horse please", ["Ann Leeward"]),
        ("Ann Leeward is pretty good. What else?", []),
        ("Is that the one with Ann Leeward?", []),
        ("I liked one with Ann Leeward", []),
        ("Yes with Ann Leeward, a great film", []),
        ("I liked it. Now something with Ann Leeward", ["Ann Leeward"]),
        ("Oh yes, a classic", []),
        ("a film with Oh", []),  # too short to be known by
    ],
)
def test_a_film_is_wished_of_those_who_are_named_for_it(
    people: PeopleLinker, text: str, asked: list[str]
) -> None:
    assert list(people.asked_for(text)) == asked

"""Whom a wish is about."""

from __future__ import annotations

import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.language.people import MIN_FILMS, PeopleLinker

CAST = {"Ann Leeward": MIN_FILMS, "Bo Leeward": MIN_FILMS, "Cy Windham": MIN_FILMS,
        "Di Windham": MIN_FILMS - 1, "Eve Foxglove": MIN_FILMS - 1,
        "Flo Oh": MIN_FILMS, "Guy Falks": MIN_FILMS, "Hal Van Oost": MIN_FILMS,
        "Ida Snow": MIN_FILMS, "Kim Jude": MIN_FILMS, "Jude One": 1, "Jude Two": 1}  # fmt: skip


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
        ("a film with Kim Windham", []),  # somebody else, who is not known
        ("Kim Windam, perhaps", []),
        ("old Windham films", ["Cy Windham"]),
        ("a film with Bo Leeward", ["Bo Leeward"]),
        ("a film with Foxglove", []),
        ("a film with Eve Foxglove", ["Eve Foxglove"]),
        ("ida sno", ["Ida Snow"]),
        ("flo oj", []),  # too short to tell
        ("ida show me the way", []),  # a verb
        ("with cy windam", ["Cy Windham"]),
        ("something with guy falke", ["Guy Falks"]),
        ("guy fall", []),  # two slips
    ],
)
def test_a_surname_names_somebody_if_only_one_well_filmed_person_has_it(
    people: PeopleLinker, text: str, found: list[str]
) -> None:
    assert list(people.link_people(text)) == found


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("how about Bo Leeward", ["Bo Leeward"]),
        ("i want Bo Leeward", ["Bo Leeward"]),
        ("i'd rather have bo leeward", ["Bo Leeward"]),
        ("i would prefer Bo Leeward", ["Bo Leeward"]),
        ("maybe Bo Leeward?", ["Bo Leeward"]),
        ("action film, Bo Leeward", ["Bo Leeward"]),
        ("something funny w/ Bo Leeward", ["Bo Leeward"]),
        ("one that has Bo Leeward in it", ["Bo Leeward"]),
        ("early Bo Leeward", ["Bo Leeward"]),
        ("that has Bo Leeward in it", []),
        ("i like Bo Leeward", []),
        ("i really like Bo Leeward", []),
        ("we'd love Bo Leeward", ["Bo Leeward"]),
        ("a great film, Bo Leeward", []),
        ("a film, Bo Leeward is in it", []),
        ("too late, Bo Leeward", []),
        ("anything with windham", ["Cy Windham"]),  # needs no capital there
        ("falks films", ["Guy Falks"]),
        ("something with falks", ["Guy Falks"]),
        ("with van oost", ["Hal Van Oost"]),
        ("van oost", ["Hal Van Oost"]),
        ("a film with snow", []),  # more often that than somebody
        ("to watch with jude", []),  # a friend
        ("with Jude", ["Kim Jude"]),
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
    assert list(people.asked_for(text).people) == asked


@pytest.mark.parametrize(
    ("text", "either"),
    [
        ("Bo Leeward or Ann Leeward", True),
        ("with Cy Windham, Bo Leeward or Ann Leeward", True),
        ("either Bo Leeward or Ann Leeward films", True),
        ("with Bo Leeward and Ann Leeward", False),
        ("with Bo Leeward, Ann Leeward", False),
        ("with Bo Leeward or not", False),
    ],
)
def test_or_asks_for_any_of_them(people: PeopleLinker, text: str, either: bool) -> None:
    assert people.asked_for(text).either == either


def test_a_surname_in_small_letters_names_somebody_where_one_is_meant(people: PeopleLinker) -> None:
    for text in ("falks", "the falks of it", "i saw falks", "with flks", "with oh"):
        assert people.link_people(text) == (), text
    assert [who for *_, who in people.named_at("falks", refused=True)] == ["Guy Falks"]

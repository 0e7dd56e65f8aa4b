"""What rules read in the words of a wish."""

import pytest

from crsdemo.language.wish_words import (
    decades_named,
    decades_refused,
    genres_named,
    genres_refused,
    years_named,
)

GENRES = ("animation", "comedy", "family", "fantasy", "horror", "romance", "science fiction", "war")


@pytest.mark.parametrize(
    ("text", "genres"),
    [
        ("any good comedies?", {"comedy"}),
        ("Horror please", {"horror"}),
        ("some sci-fi", {"science fiction"}),
        ("a romcom", {"romance", "comedy"}),
        ("an animated film", {"animation"}),
        ("like that but funnier", {"comedy"}),
        ("nothing scary", {"horror"}),
        ("long films, a warm and fantastic one", set()),
        ("something quiet", set()),
        ("for the kids", {"family"}),
        ("a kids movie", {"family"}),
        ("with my child", {"family"}),
        ("children's films", {"family"}),
        ("kid-friendly please", {"family"}),
        ("the kids are here, something funny", {"comedy", "family"}),
        ("i loved it as a kid", set()),
        ("when i was a child", set()),
        ("kids are asleep finally, something scary", {"horror"}),
        ("the kids are finally in bed", set()),
        ("kids asleep, something scary", {"horror"}),
        ("after the kids went to bed", set()),
        ("the children are away", set()),
        ("gory", set()),  # a theme: who refuses it does not refuse all horror
    ],
)
def test_a_genre_is_known_by_its_names(text: str, genres: set[str]) -> None:
    found = {g for g, named in zip(GENRES, genres_named(text, GENRES), strict=True) if named}
    assert found == genres


def test_a_decade_is_no_single_year() -> None:
    assert decades_named("from the 1990s or the eighties") == [1990, 1980]
    assert years_named("from the 1990s, or 2004") == [2004]


@pytest.mark.parametrize(
    ("what", "refused"),
    [
        ("scare the kids", {"horror"}),
        ("my children cry", set()),
        ("kids films", {"family"}),
        ("kids", {"family"}),
        ("children's films", {"family"}),
    ],
)
def test_somebodys_kids_are_no_genre(what: str, refused: set[str]) -> None:
    assert frozenset().union(*genres_refused(what, GENRES)) == refused


@pytest.mark.parametrize("text", ["i'm in my 50s", "they are in their 70s", "in his late sixties"])
def test_an_age_is_no_decade(text: str) -> None:
    assert decades_named(text) == []


@pytest.mark.parametrize(
    ("what", "before", "decades"),
    [
        ("from the 80s", "nothing ", [1980]),
        ("80s films", "i hate ", [1980]),
        ("made in the 80s or 90s", "nothing ", [1980, 1990]),
        ("older than the 80s", "nothing ", []),
        ("80s", "nothing older than the ", []),
        ("80s", "nothing about the ", []),
        ("set in the late 80s", "nothing ", []),
    ],
)
def test_a_decade_is_refused(what: str, before: str, decades: list[int]) -> None:
    assert [one.first for one in decades_refused(what, before)] == decades

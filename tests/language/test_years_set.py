"""Which years of films a wish sets."""

from __future__ import annotations

import pytest

from crsdemo.language.wish_words import FIRST, LAST, years_set

SET = {
    "a western from the 60s": (1960, 1969),
    "90s romcom": (1990, 1999),
    "teen comedy from the 80s please": (1980, 1989),
    "some nineties thriller": (1990, 1999),
    "a 1970s movie": (1970, 1979),
    "a drama made in the early 2000s": (2000, 2009),
    "courtroom drama, made before 1965 if possible": (FIRST, 1964),
    "so long as it is funny and from before 1970.": (FIRST, 1969),
    "something pre-1990": (FIRST, 1989),
    "older than the 80s": (FIRST, 1979),
    "newer than 2015 pls": (2016, LAST),
    "i mean SET in the 60s but made after 2000": (2001, LAST),
    "after the 90s": (2000, LAST),
    "like jaws but newer, 2000 or later": (2000, LAST),
    "from 2010 on": (2010, LAST),
    "not older than 1990": (1990, LAST),
    "nothing older than 1990": (1990, LAST),
    "no films from before 1980": (1980, LAST),
    "since 2018": (2018, LAST),
    "1980 or older": (FIRST, 1980),
    "not newer than 1999": (FIRST, 1999),
    "between 1970 and 1985": (1970, 1985),
    "a film from 1994": (1994, 1994),
}  # fmt: skip
SET |= {
    "90s or older": (FIRST, 1999),
    "i'd rather see films older than the 90s": (FIRST, 1989),
    "before i was born in 88": (FIRST, 1987),
    "made before my mum was born in 1961": (FIRST, 1960),
    "from the 70s to the 90s": (1970, 1999),
    "between the 80s and the 90s": (1980, 1999),
}
SET |= dict.fromkeys(
    (
        "no i meant the 90s", "90s instead", "make it 90s", "the 90s", "sorry 90s", "90s",
        "how about the 90s?", "horror, 90s please", "actually, the nineties", "mid 90s",
        "now 90s please",
        "90s sci fi", "90s teen horror", "90s british comedy", "90s rom com", "1990s war film",
        "90s dark crime drama", "i grew up in the 80s but want 90s comedies",
        "i've seen all the 80s films, something from the 90s", "i love films from the 90s",
    ),
    (1990, 1999),
)  # fmt: skip
SET |= {
    "2015-2020": (2015, 2020),
    "a drama, 2015 – 2020": (2015, 2020),
    "2015 to 2020 please": (2015, 2020),
    "nothing pre 2000": (2000, LAST),
    "nothing prior to 1990": (1990, LAST),
    "no pre-1980 films": (1980, LAST),
    "i haven't seen much, films since 2010": (2010, LAST),
    "i was hoping for something from the 90s": (1990, 1999),
}
RELATIVE = {
    "sci-fi of the last years": (2018, LAST),
    "from the last decade": (2013, LAST),
    "a thriller from the last ten years": (2013, LAST),
    "movies in the past 3 years": (2020, LAST),
    "from the last two decades": (2003, LAST),
    "something recent": (2018, LAST),
    "any recent horror films?": (2018, LAST),
    "the latest comedies": (2018, LAST),
    "not older than 20 years": (2003, LAST),
    "i prefer films over 30 years old": (FIRST, 1993),
    "at least 30 years old": (FIRST, 1993),
    "films from this year": (2023, 2023),
    "only of this century": (2000, LAST),
    "newer than 2015": (2016, LAST),
    "a comedy": None,
    "less than 10 years old": (2013, LAST),
    "for a kid who is less than 10 years old": None,
    "we are married for over 20 years": None,
    "i have not slept in the last days": None,
    "i did not see many in the last years": None,
    "i was sad last year": None,
    "no recent films please": None,
}
UNSET = (
    "a film set in the 60s", "something about the 1980s", "i was born in 1990", "a war film",
    "it takes place in the 1940s", "in the nineties i watched a lot", "2012 was great",
    "nothing from the 80s", "no 90s movies", "he is in his 60s",
    "the best of the best", "a heist of 50 men", "the 80s when i loved horror",
    "in the 90s teen comedies were great", "something about the 80s",
    "havent seen anything since 2010", "i haven't been to the cinema since 2019",
    "we've been together since 2015", "i grew up with 80s movies", "i've seen all the 80s films",
    "i've seen all the 80s and 90s films", "my dad watched 60s westerns",
    "i liked films from the 90s as a kid but now want something new",
    "it doesn't have to be from the 80s", "needn't be made after 2010",
)  # fmt: skip


@pytest.mark.parametrize("text", SET)
def test_a_wish_for_years_sets_them(text: str) -> None:
    assert years_set(text) == SET[text]


@pytest.mark.parametrize("text", RELATIVE)
def test_years_are_counted_from_the_newest_of_the_catalog(text: str) -> None:
    assert years_set(text, newest=2023) == RELATIVE[text]


@pytest.mark.parametrize("text", UNSET)
def test_what_is_no_wish_for_years_sets_none(text: str) -> None:
    assert years_set(text) is None

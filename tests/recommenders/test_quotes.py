# ruff: noqa: E501 - a case reads best on one line
"""What a person typed is quoted to the letter where it speaks for the film, and nothing else is."""

import numpy as np
import pytest
from films import CATALOG

from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.recommender import Quote
from crsdemo.language.people import PeopleLinker
from crsdemo.recommenders.candidate_scores import CandidateScores
from crsdemo.recommenders.facts_named import FactsNamed
from crsdemo.recommenders.quotes import quotes

NAMED = FactsNamed(CATALOG, PeopleLinker(CATALOG))
FILM = {item.title: item for item in CATALOG}


def quoted(text: str, title: str) -> set[Quote]:
    return {*quotes(NAMED, Dialogue((Turn("user", text),)), CandidateScores(), FILM[title])}


@pytest.mark.parametrize(
    ("text", "title", "quote"),
    [
        ("ghosts please!", "The Shining", Quote("ghosts", "a theme you named", "ghosts")),
        ("Something with Monsters.", "Jaws", Quote("Monsters", "a theme you named", "monsters")),
        ("one monster is enough", "Jaws", Quote("monster", "a theme you named", "monsters")),
        ("i like scorsese's films", "Taxi Driver", None),  # he has too few here for a surname
        ("by Martin Scorsese, or so", "Taxi Driver", Quote("Martin Scorsese", "a person you named", "Martin Scorsese")),
        ("something funny", "Ghostbusters", Quote("funny", "a genre you named or meant", "comedy")),
        ("from the eighties", "Ghostbusters", Quote("eighties", "the years you named", "1984")),
        ("nothing older than 2010", "Get Out", Quote("nothing older than 2010", "the years you named", "2017")),
        ("something recent please", "Get Out", Quote("something recent", "the years you named", "2017")),
        ("a film of the last ten years", "Get Out", Quote("of the last ten years", "the years you named", "2017")),
        ("something recent", "Jaws", None),
        ("like those of 1982", "Ghostbusters", Quote("1982", "the years you named", "1984")),
        ("a heist please", "Jaws", None),
        ("no horror", "Alien", None),
        ("no horror, and a hotel", "The Shining", Quote("hotel", "a theme you named", "hotel")),
        ("hello", "Heat", None),
    ],
)  # fmt: skip
def test_the_fewest_words_that_say_it(text: str, title: str, quote: Quote | None) -> None:
    assert quoted(text, title) == ({quote} if quote else set())
    assert all(one.words in text for one in quoted(text, title))


def test_the_newest_words_count_and_only_those_that_bear_on_the_choice() -> None:
    said = (Turn("user", "a heist"), Turn("assistant", "Heat."), Turn("user", "heists, police"))
    of = {q.words for q in quotes(NAMED, Dialogue(said), CandidateScores(), FILM["Heat"])}
    assert of == {"heists", "police"}
    later = Dialogue((*said, Turn("user", "a crime film")))
    look = CandidateScores(n_heard=1)
    assert {q.words for q in quotes(NAMED, later, look, FILM["Heat"])} == {"crime"}


def test_a_film_that_was_named_is_quoted_where_it_counted() -> None:
    text = "I loved the godfather"
    turn = Turn("user", text, (Mention(8, 21, FILM["Goodfellas"].id),))
    names = ("liked by the same people", "about the same as a film you named")
    parts = np.zeros((2, len(CATALOG)), np.float32)
    parts[1, CATALOG.row[FILM["Heat"].id]] = 0.8
    look = CandidateScores(parts=parts, names=names)
    assert quotes(NAMED, Dialogue((turn,)), look, FILM["Heat"]) == (
        Quote("the godfather", "about the same as a film you named", ""),
    )
    assert quotes(NAMED, Dialogue((turn,)), look, FILM["Jaws"]) == ()

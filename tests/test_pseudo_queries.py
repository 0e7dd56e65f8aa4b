"""What the dialogue and the right film share is said, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from films import BY_TITLE, CATALOG
from hypothesis import given, settings
from hypothesis import strategies as st

from crsdemo.catalog import Item
from crsdemo.dialogue import Dialogue, Mention, Turn
from crsdemo.encoder import TextEncoder, item_text
from crsdemo.errors import BadInputError, CatalogError
from crsdemo.mentions import PeopleLinker
from crsdemo.query import Person, PseudoQuery, named_people
from crsdemo.train import query_words
from crsdemo.train.pseudo_queries import QueryTeacher
from crsdemo.train.synthetic import Writer


@pytest.fixture(scope="module")
def teacher() -> QueryTeacher:
    encoder = TextEncoder()
    themes = encoder.embed([item_text(item) for item in CATALOG])
    return QueryTeacher(CATALOG, PeopleLinker(CATALOG), encoder, themes)


def talk(*texts: str) -> Dialogue:
    """A dialogue that the user begins; films stand in braces."""
    return Dialogue(tuple(turn(text, place % 2) for place, text in enumerate(texts)))


def turn(text: str, by_assistant: int = 0) -> Turn:
    mentions = []
    for title, item in BY_TITLE.items():
        if "{" + title + "}" in text:
            text = text.replace("{" + title + "}", title)
            start = text.index(title)
            mentions.append(Mention(start, start + len(title), item.id))
    mentions.sort(key=lambda mention: mention.start)
    return Turn("assistant" if by_assistant else "user", text, tuple(mentions))


def even(titles: Sequence[str]) -> dict[str, float]:
    """The same weight for each."""
    return {BY_TITLE[title].id: 1 / len(titles) for title in titles}


def test_the_text_of_a_query_names_its_films_and_people() -> None:
    pieces = ("film with ", Person(1, "Bill Murray"), ", like ", BY_TITLE["Alien"])
    assert PseudoQuery(pieces).text == "film with Bill Murray, like Alien (1979)"


def test_people_come_newest_first_and_those_of_the_user_before_those_of_the_assistant() -> None:
    said = talk("I like Tom Hanks", "Or Bill Murray?", "Robert De Niro and Matt Damon's films")
    named = named_people(said, PeopleLinker(CATALOG))
    assert named == ("Robert De Niro", "Matt Damon", "Tom Hanks", "Bill Murray")


def test_at_most_four_people_are_named() -> None:
    said = talk("Tom Hanks, Bill Murray, Robert De Niro, Matt Damon and Jodie Foster")
    assert len(named_people(said, PeopleLinker(CATALOG))) == 4


def test_a_mood_becomes_a_genre(teacher: QueryTeacher) -> None:
    query = teacher.query(talk("scare me tonight, please"), BY_TITLE["Scream"])
    assert query.text == "scary horror film"
    assert query.sources == ("scare",)


def test_words_near_a_genre_are_enough(teacher: QueryTeacher) -> None:
    query = teacher.query(talk("Something set on a distant planet"), BY_TITLE["Interstellar"])
    assert "science fiction" in query.text


def test_only_what_the_film_has_is_said(teacher: QueryTeacher) -> None:
    query = teacher.query(talk("a western or a comedy with ghosts"), BY_TITLE["Ghostbusters"])
    assert "comedy" in query.text
    assert "ghosts" in query.text
    assert "western" not in query.text


def test_a_person_is_named_by_place(teacher: QueryTeacher) -> None:
    query = teacher.query(talk("Tom Hanks?", "Sure.", "or Bill Murray"), BY_TITLE["Toy Story"])
    assert Person(2, "Tom Hanks") in query.pieces
    assert "Murray" not in query.text


def test_who_directs_is_joined_otherwise_than_who_plays(teacher: QueryTeacher) -> None:
    wish = talk("something by Ridley Scott with Russell Crowe")
    text = teacher.query(wish, BY_TITLE["Gladiator"]).text
    assert "by Ridley Scott and with Russell Crowe" in text


def test_a_title_is_not_read_as_words() -> None:
    """A film that is called like a genre says nothing of that genre."""
    western = Item("w", "Western", 2017, {"genres": ("drama",)})
    gold = BY_TITLE["Unforgiven"]
    catalog = type(CATALOG)((*CATALOG, western))
    encoder = TextEncoder()
    themes = encoder.embed([item_text(item) for item in catalog])
    teacher = QueryTeacher(catalog, PeopleLinker(catalog), encoder, themes)
    said = Dialogue((Turn("user", "Western was on TV", (Mention(0, 7, "w"),)),))
    assert teacher.query(said, gold).text == "drama film, like Western (2017)"


@pytest.mark.parametrize(
    "refusal",
    ["no horror please", "I don't like scary films", "anything but horror", "nothing scary"],
)
def test_what_is_refused_stays_out(teacher: QueryTeacher, refusal: str) -> None:
    text = teacher.query(talk(f"science fiction, {refusal}"), BY_TITLE["Alien"]).text
    assert "science fiction" in text
    assert "horror" not in text
    assert "scary" not in text


def test_what_is_asked_for_after_a_refusal_is_wanted_again(teacher: QueryTeacher) -> None:
    said = talk("no horror please", "All right.", "on second thoughts horror is fine")
    assert "horror" in teacher.query(said, BY_TITLE["Get Out"]).text


@pytest.mark.parametrize(
    "texts",
    [
        ("a crime film, but I hated {Heat}",),
        ("a crime film. {Heat} was boring",),
        ("a crime film", "{Heat}?", "I didn't like it, another one"),
    ],
)
def test_a_film_that_was_disliked_is_no_example(
    teacher: QueryTeacher, texts: tuple[str, ...]
) -> None:
    query = teacher.query(talk(*texts), BY_TITLE["Goodfellas"])
    assert BY_TITLE["Heat"] not in query.pieces
    assert "crime" in query.text


def test_a_refused_person_stays_out(teacher: QueryTeacher) -> None:
    said = talk("a crime film without Robert De Niro but with Al Pacino")
    text = teacher.query(said, BY_TITLE["Heat"]).text
    assert "Pacino" in text
    assert "De Niro" not in text


@pytest.mark.parametrize(
    ("said", "gold", "expected"),
    [
        ("from the 80s", "Alien", ""),
        ("from the 80s", "Blade Runner", "from the 1980s"),
        ("from the seventies", "Alien", "from the 1970s"),
        ("something from 1979", "Alien", "from 1979"),
        ("made before 1980", "Alien", "from before 1980"),
        ("newer than 1999", "Inception", "from 1999 or later"),
        ("something older", "Taxi Driver", "from the old days"),
        ("a recent one", "Get Out", "from recent years"),
    ],
)
def test_years_are_said_if_they_were_named_and_fit(
    teacher: QueryTeacher, said: str, gold: str, expected: str
) -> None:
    text = teacher.query(talk(f"I want a film, {said}"), BY_TITLE[gold]).text
    assert expected in text
    assert expected or "from" not in text


def test_the_film_most_like_the_right_one_is_named(teacher: QueryTeacher) -> None:
    query = teacher.query(talk("I loved {La La Land} and {Alien}"), BY_TITLE["The Terminator"])
    assert [piece for piece in query.pieces if isinstance(piece, Item)][0] == BY_TITLE["Alien"]
    assert "Alien" in query.sources


def test_genres_that_the_films_spoken_of_share_are_said(teacher: QueryTeacher) -> None:
    said = talk("I loved {Goodfellas}, {The Departed} and {Taxi Driver}")
    assert "crime" in teacher.query(said, BY_TITLE["Heat"]).text


def test_the_right_film_is_never_named(teacher: QueryTeacher) -> None:
    query = teacher.query(talk("I heard of {Alien}"), BY_TITLE["Alien"])
    assert BY_TITLE["Alien"] not in query.pieces


def test_a_pick_out_of_the_blue_has_the_main_genre(teacher: QueryTeacher) -> None:
    assert teacher.query(talk("hello there"), BY_TITLE["Scream"]).text == "horror film"


def test_reading_ahead_changes_nothing(teacher: QueryTeacher) -> None:
    said = talk("Something with a gunslinger who wants vengeance")
    before = teacher.query(said, BY_TITLE["Unforgiven"])
    teacher.read([said])
    assert teacher.query(said, BY_TITLE["Unforgiven"]) == before


def test_an_unknown_film_is_refused(teacher: QueryTeacher) -> None:
    with pytest.raises(CatalogError, match="no item 'x'"):
        teacher.query(talk("hi"), Item("x", "Nowhere"))


def test_what_many_targets_share_needs_no_words(teacher: QueryTeacher) -> None:
    science_fiction = [i.title for i in CATALOG if "science fiction" in i.genres]
    text = teacher.query_for(talk("you know my taste"), even(science_fiction)).text
    assert text == "science fiction film"


def test_what_two_targets_share_by_chance_is_not_said(teacher: QueryTeacher) -> None:
    text = teacher.query_for(
        talk("something by Christopher Nolan"), even(["Inception", "The Dark Knight"])
    ).text
    assert text == "film by Christopher Nolan"


def test_alternatives_that_cover_the_targets_are_listed(teacher: QueryTeacher) -> None:
    titles = ["Toy Story", "Up", "Forrest Gump", "When Harry Met Sally", "Groundhog Day"]
    titles += ["Interstellar", "Back to the Future", "The Terminator"]
    text = teacher.query_for(talk("surprise me"), even(titles)).text
    assert "about" in text
    assert "friendship" in text
    assert "time" in text


def test_a_film_of_the_last_turn_is_an_example(teacher: QueryTeacher) -> None:
    query = teacher.query_for(talk("more like {Heat}"), even(["Goodfellas", "Up", "Titanic"]))
    assert query.text == "film like Heat (1995)"


def test_a_query_needs_a_target(teacher: QueryTeacher) -> None:
    with pytest.raises(BadInputError, match="at least one item"):
        teacher.query_for(talk("hi"), {})


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_query_names_only_what_was_said(teacher: QueryTeacher, seed: int) -> None:
    """A property of every synthetic wish: the student can point at each film and person."""
    example = Writer(CATALOG, {item.id: [] for item in CATALOG}, seed).wish()
    query = teacher.query_for(example.dialogue, example.targets)
    named = named_people(example.dialogue, teacher.people)
    for piece in query.pieces:
        if isinstance(piece, Person):
            assert named[piece.place - 1] == piece.name
        elif isinstance(piece, Item):
            assert piece.id in example.dialogue.mentioned
    assert "film" in query.text
    assert "  " not in query.text


def test_every_keyword_pattern_finds_its_own_words() -> None:
    keywords = {k for item in CATALOG for k in item.facts["keywords"]} | set(query_words.KEYWORDS)
    assert [k for k in keywords if not query_words.keyword_pattern(k).search(f"about {k}.")] == []


def test_queries_come_nearer_to_the_film_than_the_words_said(teacher: QueryTeacher) -> None:
    said = talk("Hi! We have pizza, my sister visits. A heist would be nice, and a tense one.")
    gold = teacher.catalog.row[BY_TITLE["Heat"].id]
    vectors = teacher.encoder.embed(
        [teacher.query(said, BY_TITLE["Heat"]).text, said.turns[0].text]
    )
    near, far = vectors @ teacher.themes[gold]
    assert near > far + 0.05

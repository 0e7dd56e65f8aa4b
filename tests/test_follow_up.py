"""Which film a question is about."""

import pytest

from crsdemo.dialogue import Dialogue, Mention, Turn
from crsdemo.follow_up import asked_about

TALK = Dialogue(
    (
        Turn("user", "something like Heat", (Mention(15, 19, "heat"),)),
        Turn("assistant", "Try Ronin.", (Mention(4, 9, "ronin"),)),
    )
)


@pytest.mark.parametrize(
    "question",
    ["who is in it?", "Who directed it", "when was it made?", "what year", "tell me more",
     "what's it about?", "is it scary?", "what kind of film is it?", "cast?"],
)  # fmt: skip
def test_a_question_is_about_the_film_that_was_recommended(question: str) -> None:
    asked = asked_about(TALK.say(Turn("user", question)))
    assert asked and asked.item_id == "ronin"


@pytest.mark.parametrize(
    ("question", "fields"),
    [
        ("who is in it?", {"cast"}),
        ("Who directed it", {"directors"}),
        ("who is the director, and who stars in it?", {"cast", "directors"}),
        ("when did it come out?", {"year"}),
        ("what year is it from?", {"year"}),
        ("is it new?", {"year"}),
        ("what genre?", {"genres"}),
        ("what kind of film is it?", {"genres"}),
        ("what is it about?", set()),
        ("tell me more", set()),
        ("is it scary?", set()),
    ],
)
def test_a_question_says_which_facts_answer_it(question: str, fields: set[str]) -> None:
    asked = asked_about(TALK.say(Turn("user", question)))
    assert asked and asked.fields == fields


@pytest.mark.parametrize(
    "wish",
    ["something older please", "a film with Tom Hanks", "seen it, another one", "thanks!",
     "no war movies though", "cowboys and gunfights", "I liked it", "what next?"],
)  # fmt: skip
def test_a_wish_is_about_no_film_yet(wish: str) -> None:
    assert asked_about(TALK.say(Turn("user", wish))) is None


def test_a_film_that_the_question_names_comes_first() -> None:
    turn = Turn("user", "tell me about Jaws", (Mention(14, 18, "jaws"),))
    asked = asked_about(TALK.say(turn))
    assert asked and asked.item_id == "jaws"


def test_a_film_that_was_loved_is_no_question() -> None:
    turn = Turn("user", "I loved Jaws. what next?", (Mention(8, 12, "jaws"),))
    assert asked_about(TALK.say(turn)) is None


def test_before_any_recommendation_there_is_nothing_to_ask_about() -> None:
    assert asked_about(Dialogue((Turn("user", "who is in it?"),))) is None


@pytest.mark.parametrize(
    "said",
    ["why that one?", "but why", "why did you pick it", "why him?", "where can I see it?",
     "how long is it", "what's it rated?", "huh?", "what??", "I don't get it", "hmm"],
)  # fmt: skip
def test_who_asks_why_or_does_not_follow_still_speaks_of_that_film(said: str) -> None:
    asked = asked_about(TALK.say(Turn("user", said)))
    assert asked and asked.item_id == "ronin"


@pytest.mark.parametrize(
    "said", ["why not a comedy?", "why is everything so sad, a comedy please", "what else?",
             "where I live it rains, so something cosy", "how long have westerns been made"],
)  # fmt: skip
def test_a_wish_that_begins_like_a_question_is_a_wish(said: str) -> None:
    assert asked_about(TALK.say(Turn("user", said))) is None

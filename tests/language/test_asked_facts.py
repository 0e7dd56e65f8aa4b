"""A fact that is asked for in so many words is heard."""

from __future__ import annotations

import pytest

from crsdemo.core.domain import domain_file, read_domain
from crsdemo.language.asked_facts import asked_facts, asks_plot, asks_story

FILM = read_domain(domain_file("film"))


@pytest.mark.parametrize(
    ("said", "facts"),
    [
        ("who directed it?", ("directors",)),
        ("director??", ("directors",)),
        ("who made this one", ("directors",)),
        ("who is in it", ("cast",)),
        ("whos in that?", ("cast",)),
        ("cast?", ("cast",)),
        ("who plays the mum", ("cast",)),
        ("who played the cop", ("cast",)),
        ("and who played the cop?", ("cast",)),
        ("who starred in it", ("cast",)),
        ("Who acted in that?", ("cast",)),
        ("who was in it", ("cast",)),
        ("who were in it?", ("cast",)),
        ("who's the villain", ("cast",)),
        ("who was the main guy?", ("cast",)),
        ("who was it by?", ("directors",)),
        ("a man who played chess with death", ()),
        ("a girl who starred in nothing", ()),
        ("somebody who was in love", ()),
        ("what year is it", ("year",)),
        ("when was it made?", ("year",)),
        ("when did this come out", ("year",)),
        ("how old is this one?", ("year",)),
        ("which genre", ("genres",)),
        ("is it more of a drama or a comedy", ("genres",)),
        ("director and year pls", ("directors", "year")),
        ("Who directed it, and is it recent?", ("directors",)),
        ("what is it about", ()),
        ("is it on netflix", ()),
        ("how long is it", ()),
        ("when is it on tv tonight, do you know?", ("year",)),  # answered with what is known
        ("a film about an old man", ()),
        ("how old is your system", ()),
        ("thanks", ()),
    ],
)
def test_a_fact_is_asked_for(said: str, facts: tuple[str, ...]) -> None:
    assert asked_facts(said, FILM) == facts


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        ("what is it about?", True),
        ("whats it about", True),
        ("never heard of it. plot?", True),
        ("why that one?", True),
        ("how come", True),
        ("tell me more", True),
        ("huh?", True),
        ("why not a comedy?", False),
        ("where can I see it?", False),
        ("a film about the sea", False),
        ("thanks", False),
    ],
)
def test_a_story_or_a_reason_is_asked_for(said: str, asks: bool) -> None:
    assert asks_story(said) == asks


@pytest.mark.parametrize(
    "said",
    [
        "what is it about?", "what's that one about", "whats it about pls", "What is  about?",
        "what was it about again", "tell me what it's about", "so what are these about?", "plot?",
        "Plot please", "story?", "synopsis", "the plot please", "what's the story",
        "tell me its story", "got a synopsis?", "a short plot summary", "what kind of story is it",
        "never heard of it. plot?", "what happens in it?", "what can you tell me about it",
    ],
)  # fmt: skip
def test_a_story_is_asked_for(said: str) -> None:
    assert asks_plot(said) and asks_plot(said.upper())


@pytest.mark.parametrize(
    "said",
    [
        "what about a western", "what about tom hanks", "what about you", "What about?",
        "a love story please", "a true story", "based on a true story", "plot twist please",
        "something with a plot twist", "the plot twist kind", "what films are there about chess",
        "what comedies are there about chess?", "what else is about chess",
        "what do you have about chess", "forget what i said about horror",
        "what are you talking about", "ghost story, not too long", "more plot, less action",
        "toy story", "a story of four friends", "what i like about it",
        "something with a good story",
    ],
)  # fmt: skip
def test_what_only_speaks_of_a_story_asks_for_none(said: str) -> None:
    assert not asks_plot(said)

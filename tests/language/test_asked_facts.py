"""A fact that is asked for in so many words is heard."""

from __future__ import annotations

import pytest

from crsdemo.core.domain import domain_file, read_domain
from crsdemo.language.asked_facts import asked_facts, asks_story

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

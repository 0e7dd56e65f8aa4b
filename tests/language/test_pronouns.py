"""Pronouns stand for whom the user named last, or for who made the film spoken of."""

from __future__ import annotations

import pytest

from crsdemo.core.catalog import Item
from crsdemo.core.domain import domain_file, read_domain
from crsdemo.language.pronouns import Meant, with_names

ITEM = Item("f", "F", facts={"directors": ("Nora Ephron",), "cast": ("Tom Hanks", "Meg Ryan")})
UNNAMED = Meant().spoken_of(ITEM, read_domain(domain_file("film")))
NAMED = UNNAMED._replace(named="Meryl Streep")


@pytest.mark.parametrize(
    ("said", "named", "unnamed"),
    [
        ("i cant stand him, other comedy", "i cant stand {}, other comedy", "Tom Hanks"),
        ("don't like her", "don't like {}", "Tom Hanks"),
        ("what else did he make", "what else by {}", "Nora Ephron"),
        ("more that she directed", "more that by {}", "Nora Ephron"),
        ("anything else he was in?", "anything else with {}?", "Tom Hanks"),
        ("what other films has he starred in", "what other films with {}", "Tom Hanks"),
        ("his other films", "{}'s other films", "Nora Ephron"),
    ],
)
def test_somebody_is_meant(said: str, named: str, unnamed: str) -> None:
    assert with_names(said, NAMED) == named.format("Meryl Streep")
    assert with_names(said, UNNAMED) == named.format(unnamed)
    assert with_names(said, Meant()) == said


@pytest.mark.parametrize("said", ["what else have you got with {}", "more by {} please"])
def test_company_is_no_actor(said: str) -> None:
    assert with_names(said.format("her"), NAMED) == said.format("Meryl Streep")
    assert with_names(said.format("her"), UNNAMED) == said.format("her")


def test_the_same_one_is_that_of_the_film() -> None:
    assert with_names("by the same director", NAMED) == "by Nora Ephron"
    assert with_names("one with the same actor", NAMED) == "one with Tom Hanks"
    assert with_names("the same director", Meant()) == "the same director"
    assert with_names("something by that director", NAMED) == "something by Nora Ephron"
    assert with_names("can't stand that director", NAMED) == "can't stand Nora Ephron"
    assert with_names("one with that actor", UNNAMED) == "one with Tom Hanks"
    assert with_names("with that actor", Meant("Meryl Streep")) == "with Meryl Streep"


def test_the_same_actress_is_who_was_named_and_plays_in_it() -> None:
    ryan = UNNAMED._replace(named="Meg Ryan")
    assert with_names("the same actress", ryan) == "Meg Ryan"
    assert with_names("with that actress", ryan) == "with Meg Ryan"
    assert with_names("the same director", ryan) == "Nora Ephron"
    assert with_names("the same actor", NAMED) == "Tom Hanks"


def test_who_made_a_film_is_meant_after_that_was_asked() -> None:
    assert with_names("who directed it? more by them", NAMED).endswith("more by Nora Ephron")
    assert with_names("who made that, anything by her?", NAMED).endswith("by Nora Ephron?")
    assert with_names("who is in it? more by her", NAMED).endswith("more by Meryl Streep")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("more with him", "more with Tom Hanks"),
        ("anything else with her?", "anything else with Tom Hanks?"),
        ("another one with him please", "another one with Tom Hanks please"),
        ("not him again", "not Tom Hanks again"),
        ("not her thing", "not her thing"),
        ("not them", "not them"),
        ("something to watch with him", "something to watch with him"),
    ],
)
def test_who_plays_the_lead_is_meant_though_nobody_was_named(said: str, meant: str) -> None:
    assert with_names(said, UNNAMED) == meant
    assert with_names(said, Meant()) == said


@pytest.mark.parametrize(
    "said",
    [
        "with her mother",
        "something to watch with him",
        "i go out with her, and she likes war",
        "a film about him",
        "i saw it with her mum",
        "he is my brother",
        "what is he like",
        "is he in it",
        "who is she",
        "the same mood",
        "her eyes",
    ],
)
def test_others_are_left_alone(said: str) -> None:
    assert with_names(said, NAMED) == said

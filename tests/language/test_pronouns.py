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

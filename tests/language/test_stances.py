"""Patterns and a learned judge tell together what a text refuses, and the surer one decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.tags import Tag
from crsdemo.core.traced import Stretch, Traced
from crsdemo.language.people import PeopleLinker
from crsdemo.language.stances import Stances
from crsdemo.language.themes import Themes

CATALOG = Catalog(
    (
        Item("a", "A", 2000, {"genres": ("western", "comedy"), "cast": ("Rosa Lind",)}),
        Item("b", "B", 2000, {"genres": ("horror",)}, tags=("zombies",)),
    ),
    (Tag("zombies", "theme", "", ("zombie",)),),
)


def stances(odds: Mapping[str, float]) -> Stances:
    """With a judge that has an opinion of some words."""

    def judge(text: str, words: Sequence[Stretch]) -> Sequence[float]:
        return [odds.get(text[at.start : at.end], 0.0) for at in words]

    return Stances(CATALOG.genres, Themes(CATALOG), PeopleLinker(CATALOG), judge)


def refused(text: str, **odds: float) -> list[str]:
    return [one.what.strip() for one in stances(odds).refusals(text)]


def test_a_judge_that_is_sure_hears_what_no_pattern_does() -> None:
    text = "westerns are a waste of popcorn"
    assert refused(text) == []
    assert refused(text, westerns=9) == ["westerns"]
    assert stances({"westerns": 9}).wanted(text).strip() == "are a waste of popcorn"
    assert refused("rosa lind yet again", **{"rosa lind": 9}) == ["rosa lind"]


def test_a_judge_that_is_sure_spares_what_a_pattern_refuses() -> None:
    text = "a party without zombies is no party, and no horror"
    assert "zombies" in refused(text)[0] and refused(text)[-1] == "horror"
    assert refused(text, zombies=-5) == ["horror"]
    assert "zombies" in stances({"zombies": -5}).wanted(text)


@pytest.mark.parametrize("unsure", [-1.0, 0.0, 1.0])
def test_patterns_decide_where_the_judge_is_not_sure(unsure: float) -> None:
    assert refused("no horror, but a comedy", horror=unsure, comedy=unsure) == ["horror"]


def test_of_what_is_refused_together_one_thing_may_be_spared() -> None:
    text = "no horror or zombies"
    assert refused(text, zombies=-9) == ["horror"]
    assert refused(text, zombies=9, horror=9) == ["horror or zombies"]
    left = stances({"zombies": -9}).without_refusals(Traced.of(text))
    assert "zombies" in left.text and "horror" not in left.text
    at = left.text.index("zombies")
    assert text[left.origin(at, at + 7).start :].startswith("zombies")


def test_without_a_judge_and_of_what_the_catalog_lacks_patterns_decide() -> None:
    plain = Stances(CATALOG.genres, Themes(CATALOG), PeopleLinker(CATALOG))
    assert [one.what.strip() for one in plain.refusals("no horror")] == ["horror"]
    assert refused("no subtitles") == ["subtitles"]

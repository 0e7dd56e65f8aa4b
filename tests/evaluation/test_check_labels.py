"""The check of the labels on a path finds what is false, and what says nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from crsdemo.__main__ import main
from crsdemo.core.catalog import Catalog, Item
from crsdemo.evaluation.checks.check_labels import (
    Judged,
    are_true,
    check_labels,
    is_true,
    read,
    render,
)
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.items.trie_labels import NodeLabel, TrieLabels

ALIEN = Item("a", "Alien", 1979, {"genres": ("horror",), "directors": ("Ridley Scott",)})
THING = Item("t", "The Thing", 1982, {"genres": ("horror",)}, tags=("snow and ice",))
BEN = Item("b", "Bonnie and Clyde", 1967, {"genres": ("crime",)})
CATALOG = Catalog((ALIEN, THING, BEN))
IDS = SemanticIDs.assign(CATALOG, [(0, 0), (0, 1), (1, 0)], 2)


class Scripted(TrieLabels):
    """Says what it is told to, and nothing false of other nodes."""

    def __init__(self, words: Mapping[tuple[int, ...], str]) -> None:
        super().__init__(CATALOG, IDS)
        self.words = words

    def branch(self, prefix: Sequence[int]) -> NodeLabel:
        node = super().branch(prefix)
        return node._replace(label=self.words.get(tuple(prefix), "films such as Alien"))


def judged(*first: str) -> list[Judged]:
    """What is found at the first level, whose two nodes have these labels."""
    found = check_labels(CATALOG, IDS, Scripted({(n,): label for n, label in enumerate(first)}))
    return [one for one in found if one.level == 1]


@pytest.mark.parametrize(
    ("fact", "true"),
    [
        ("horror", True),
        ("crime", False),
        ("crime or horror", True),
        ("crime or war", False),
        ("Ridley Scott", True),
        ("Scott", False),
        ("1979", True),
        ("1978", False),
        ("1970s", True),
        ("1980s", False),
        ("1975 to 1979", True),
        ("1980 to 1989", False),
    ],
)
def test_a_fact_is_true_if_the_catalog_says_so_of_the_film(fact: str, true: bool) -> None:
    assert is_true(fact, ALIEN) is true


def test_tags_are_facts_and_no_year_is_true_of_a_film_without_one() -> None:
    assert is_true("snow and ice", THING)
    assert not is_true("1900 to 2100", Item("x", "X"))


@pytest.mark.parametrize(
    ("label", "facts", "titles"),
    [
        ("horror, 1970s", ("horror", "1970s"), ""),
        ("horror, 1970s, such as A, B and C", ("horror", "1970s"), "A, B and C"),
        ("films such as Alien and The Thing", (), "Alien and The Thing"),
    ],
)
def test_a_label_is_read_as_facts_and_titles(
    label: str, facts: tuple[str, ...], titles: str
) -> None:
    assert read(label) == (facts, titles)


def test_each_film_under_a_node_is_held_against_its_label() -> None:
    assert [one.facts for one in judged("horror, 1970s", "crime")] == [
        (True, True),
        (True, False),
        (True,),
    ]
    assert [one.is_true for one in judged("horror, 1970s", "crime")] == [True, False, True]
    assert [one.is_alone for one in judged("horror", "crime")] == [False, False, True]


@pytest.mark.parametrize(
    ("label", "true"),
    [
        ("films such as Alien and The Thing", True),
        ("horror, such as Alien", True),
        ("films such as Bonnie and Clyde", False),
        ("films such as Alien and Bonnie and Clyde", False),
        ("crime, such as Alien", False),
    ],
)
def test_examples_must_be_films_of_the_node(label: str, true: bool) -> None:
    assert judged(label, "crime")[0].is_true is true


def test_titles_with_and_in_them_are_read() -> None:
    assert judged("horror", "films such as Bonnie and Clyde")[2].is_true


def test_what_says_nothing_is_told_from_what_tells_apart() -> None:
    assert [one.fits_others for one in judged("horror", "1960 to 1980")] == [0, 0, 0.5]
    assert judged("films such as Alien", "crime")[0].fits_others is None
    assert [one.is_doubled for one in judged("horror", "horror")] == [True] * 3
    assert [one.is_doubled for one in judged("horror", "crime")] == [False] * 3


def test_the_table_has_a_row_for_every_level() -> None:
    rows = render(list(check_labels(CATALOG, IDS, TrieLabels(CATALOG, IDS)))).splitlines()[-2:]
    assert [row.split("|")[1].strip() for row in rows] == ["1", "2"]
    assert "66.7" in render(judged("horror, 1970s", "crime"))


def test_one_false_label_in_three_is_too_many() -> None:
    assert are_true(judged("horror", "crime"))
    assert not are_true(judged("horror, 1970s", "crime"))


def test_the_command_prints_the_table_and_its_status_tells_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    CATALOG.save(tmp_path)
    IDS.save(tmp_path)
    assert main(["check-labels", "--catalog", str(tmp_path), "--verbose"]) == 0
    out = capsys.readouterr().out
    assert "all true" in out and "horror" in out

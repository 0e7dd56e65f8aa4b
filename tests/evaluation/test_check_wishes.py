"""The wishes that ship, and their judge."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from crsdemo.__main__ import main
from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError, CatalogError
from crsdemo.core.recommender import Recommendation
from crsdemo.evaluation.checks.check_wishes import (
    Avoid,
    Expectation,
    Report,
    Wish,
    are_similar,
    check,
    late_wishes,
    load_wishes,
    nuances,
    render,
)
from crsdemo.evaluation.stages.tables import wishes
from crsdemo.language.mentions import MentionLinker
from crsdemo.recommenders.popularity import Popularity

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load(ROOT / "catalog")


@pytest.fixture(scope="module")
def linker(catalog: Catalog) -> MentionLinker:
    return MentionLinker(catalog)


def film(number: int, year: int = 2000, **facts: tuple[str, ...]) -> Item:
    return Item(f"f{number}", f"Film {number}", year, facts)


@dataclass(frozen=True)
class Fixed(Popularity):
    """Recommends the same items to everybody, first to last, but those excluded."""

    items: tuple[Item, ...] = ()

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        return [Recommendation(item, 1) for item in self.items if item.id not in exclude][:k]


def test_there_are_80_wishes_of_all_kinds_and_none_twice() -> None:
    wishes = load_wishes()
    assert len({wish.turns for wish in wishes}) == 80
    kinds = Counter(wish.kind for wish in wishes)
    assert kinds == dict(genre=30, person=16, decade=8, theme=10, similar=8, dislike=8)
    assert sum(len(wish.turns) > 1 for wish in wishes) >= 6


def test_every_wish_can_be_fulfilled_ten_times(catalog: Catalog) -> None:
    for wish in load_wishes():
        example = wish.expect.example(catalog)
        n_fitting = sum(wish.expect.is_met_by(item, example) for item in catalog)
        assert n_fitting >= 10, wish


def test_a_wished_person_has_five_films_in_the_catalog(catalog: Catalog) -> None:
    n_films = Counter(person for item in catalog for person in item.people)
    people = {p for wish in load_wishes() for p in wish.expect.people}
    assert min(n_films[person] for person in people) >= 5


def test_the_films_named_in_wishes_are_found_and_no_others(
    catalog: Catalog, linker: MentionLinker
) -> None:
    for wish in load_wishes():
        named = {catalog.item(i).name for i in wish.dialogue(linker).mentioned}
        unwanted = {catalog.item(i).name for i in wish.expect.avoid.ids}
        assert named == unwanted | ({wish.expect.similar_to} - {None}), wish


def test_a_late_wish_is_the_same_wish_after_a_talk_about_films(
    catalog: Catalog, linker: MentionLinker
) -> None:
    for late, wish in zip(late_wishes(load_wishes()), load_wishes(), strict=True):
        opening = late.turns[: -len(wish.turns)]
        assert late.turns[len(opening) :] == wish.turns and late.expect == wish.expect
        named = Wish(wish.kind, opening[:-1], wish.expect).dialogue(linker)
        assert len(opening) % 2 == 0 and any(turn.mentions for turn in named.turns[1::2])


def test_every_named_thing_must_hold_and_of_a_set_any_member() -> None:
    expect = Expectation(genres=frozenset(["war", "western"]), decade=1980)
    catalog = Catalog(
        (
            film(0, 1985, genres=("western", "drama")),
            film(1, 1990, genres=("western",)),
            film(2, 1985, genres=("drama",)),
            film(3, 1989, genres=("war",)),
        )
    )
    assert [expect.is_met_by(item) for item in catalog] == [True, False, False, True]


def test_years_are_inclusive_and_an_unknown_year_never_fits() -> None:
    expect = Expectation(year_from=2020)
    items = (film(0, 2020), film(1, 2019), Item("f2", "Undated"))
    assert [expect.is_met_by(item) for item in items] == [True, False, False]


def test_similar_films_share_a_genre_and_something_more() -> None:
    one = film(0, genres=("drama", "war"), cast=("Ann",), keywords=("rain",))
    assert are_similar(one, film(1, genres=("drama", "war")))
    assert are_similar(one, film(2, genres=("drama",), directors=("Ann",)))
    assert are_similar(one, film(3, genres=("war",), keywords=("rain",)))
    assert not are_similar(one, film(4, genres=("drama",)))
    assert not are_similar(one, film(5, cast=("Ann",), keywords=("rain",)))
    assert not are_similar(one, one)


def test_what_is_disliked_does_not_fit_and_is_counted(linker: MentionLinker) -> None:
    funny = tuple(film(n, genres=("comedy",)) for n in range(6))
    scary = tuple(film(n, genres=("comedy", "horror")) for n in range(6, 10))
    catalog = Catalog((*funny, *scary))
    wish = Wish(
        "dislike",
        ("laughs without frights",),
        Expectation(genres=frozenset({"comedy"}), avoid=Avoid(genres=frozenset({"horror"}))),
    )
    report = check(Fixed(catalog, catalog.items), catalog, linker, [wish])
    assert report.outcomes[0].fit == pytest.approx(0.6)
    assert report.disliked == pytest.approx(0.4)


def test_missing_recommendations_count_as_unfit(linker: MentionLinker) -> None:
    catalog = Catalog((film(0, genres=("war",)),))
    wish = Wish("genre", ("trenches",), Expectation(genres=frozenset({"war"})))
    report = check(Fixed(catalog, catalog.items), catalog, linker, [wish])
    assert report.outcomes[0].fit == pytest.approx(0.1)


def test_the_report_reads_well_and_becomes_json(catalog: Catalog, linker: MentionLinker) -> None:
    report: Report = check(Popularity(catalog), catalog, linker, load_wishes())
    row = json.loads(json.dumps(report.as_json()))
    assert row["recommender"] == "popularity"
    assert row["kinds"]["genre"]["n"] == 30
    assert 0 < row["kinds"]["genre"]["fit"] < 0.8  # it hears nothing, so it must fail
    assert row["kinds"]["person"]["fit"] < 0.3
    text = render([row, row | {"recommender": "another"}])
    assert "genre (30)" in text and "all (80)" in text and "disliked items" in text
    assert [line.split()[1] for line in text.splitlines()[-2:]] == ["popularity", "another"]
    assert sum(len(str(one).splitlines()) for one in report.outcomes) > 80 * 10


def test_wishes_are_asked_from_the_command_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "wishes.json"
    flags = ["--recommender", "popularity", "--verbose", "--json", str(path)]
    assert main(["check-wishes", *flags]) == 0
    told = capsys.readouterr().out
    assert "| popularity" in told and "[genre]" in told
    (row,) = wishes([("popularity", "at once", json.loads(path.read_text()))]).rows
    assert row[:3] == ["popularity", "at once", "80"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "not a wish"),
        ('{"kind": "genre", "turns": ["a"]}', "expect"),
        ('{"kind": "genre", "turns": ["a"], "expect": {"mood": ["sad"]}}', "mood"),
        ('{"kind": "genre", "turns": ["a", "b"], "expect": {}}', "odd"),
        ("", "holds no wish"),
    ],
)
def test_a_bad_file_of_wishes_is_refused_with_its_line(
    tmp_path: Path, line: str, complaint: str
) -> None:
    path = tmp_path / "wishes.jsonl"
    path.write_text(line)
    with pytest.raises(BadInputError, match=complaint):
        load_wishes(path)


def test_a_film_that_the_catalog_lacks_is_named(linker: MentionLinker) -> None:
    catalog = Catalog((film(0),))
    wish = Wish("similar", ("more",), Expectation(similar_to="Film 7 (2000)"))
    with pytest.raises(CatalogError, match="Film 7"):
        check(Fixed(catalog, catalog.items), catalog, linker, [wish])


def test_tags_judge_by_groups_and_ids_fit_whatever_they_are() -> None:
    expect = Expectation(
        tags=(frozenset(["cosy", "silly"]), frozenset(["dogs"])),
        ids=frozenset(["f9"]),
        avoid=Avoid(tags=frozenset(["gore"])),
    )
    fits = Item("f1", "One", tags=("silly", "dogs", "dance"))
    assert expect.is_met_by(fits)
    assert not expect.is_met_by(Item("f2", "Two", tags=("silly",)))
    assert not expect.is_met_by(Item("f3", "Three", tags=("silly", "dogs", "gore")))
    assert expect.is_met_by(Item("f9", "Nine"))
    assert not expect.is_met_by(Item("f9", "Nine", tags=("gore",)))


def test_of_a_wish_that_has_ids_alone_nothing_else_fits() -> None:
    expect = Expectation(ids=frozenset(["f1"]))
    assert expect.is_met_by(film(1)) and not expect.is_met_by(film(2))


def test_the_nuances_that_ship_can_be_met_and_are_not_those_of_the_first_list(
    catalog: Catalog,
) -> None:
    asked = nuances()
    assert len(asked) == 200
    known = {tag.name for tag in catalog.vocabulary}
    for wish in asked:
        used = {tag for group in wish.expect.tags for tag in group} | wish.expect.avoid.tags
        assert used <= known, wish.turns
        fitting = sum(wish.expect.is_met_by(item) for item in catalog)
        assert 10 <= fitting <= len(catalog) / 8, (wish.turns, fitting)
    texts = {wish.turns[-1].lower() for wish in asked}
    assert len(texts) == 200 and texts.isdisjoint(w.turns[-1].lower() for w in load_wishes())

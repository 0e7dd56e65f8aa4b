"""The catalog class, and the shipped film catalog."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.errors import CatalogError
from crsdemo.core.tags import Tag

SHIPPED = Path(__file__).parents[2] / "catalog"
ANT = Item("a", "Ant", 1990, {"genres": ("drama",), "directors": ("Jo",), "cast": ("Al", "Jo")})


@pytest.fixture(scope="module")
def films() -> Catalog:
    return Catalog.load(SHIPPED)


def test_a_saved_catalog_loads_again(tmp_path: Path) -> None:
    catalog = Catalog((ANT, Item("b", "Bée", links={"IMDb": "https://x.org"}, popularity=3)))
    catalog.save(tmp_path / "folder")
    loaded = Catalog.load(tmp_path / "folder")
    assert [item.to_json() for item in loaded] == [item.to_json() for item in catalog]
    assert loaded.fingerprint == catalog.fingerprint


def test_items_are_found_by_id_and_row() -> None:
    catalog = Catalog((ANT, Item("b", "Bee")))
    assert catalog.item("b") is catalog[1] and catalog.row["b"] == 1
    assert "a" in catalog  # type: ignore[comparison-overlap]  # by its id
    assert "c" not in catalog  # type: ignore[comparison-overlap]  # by its id
    with pytest.raises(CatalogError, match="no item 'c' among the 2"):
        catalog.item("c")


def test_a_name_has_the_year_and_people_are_named_once() -> None:
    assert ANT.name == "Ant (1990)" and Item("b", "Bee").name == "Bee"
    assert ANT.people == ("Jo", "Al")


def test_an_empty_catalog_and_double_ids_are_refused() -> None:
    with pytest.raises(CatalogError, match="no items"):
        Catalog(())
    with pytest.raises(CatalogError, match="two items have the id 'a'"):
        Catalog((ANT, ANT))


def test_a_missing_or_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="python -m crsdemo build-catalog"):
        Catalog.load(tmp_path)
    for line in ("{", '{"id": "a"}', "[]"):
        (tmp_path / "items.jsonl").write_text(ANT.to_json() + "\n" + line + "\n")
        with pytest.raises(CatalogError, match="line 2: not an item"):
            Catalog.load(tmp_path)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("id", 7, "id is 7"),
        ("id", " ", "id is ' '"),
        ("title", None, "title is None"),
        ("title", "x" * 501, "at most 500"),
        ("year", "1999", "year is '1999'"),
        ("year", 1999.5, "year is 1999.5"),
        ("year", True, "year is True"),
        ("year", 10**6, "year is 1000000"),
        ("facts", ["drama"], "facts is"),
        ("facts", {"genres": "drama"}, "facts.genres is 'drama', input should be a valid list"),
        ("facts", {"genres": ["drama", 3]}, "facts.genres.1 is 3"),
        ("facts", {"pages": 300}, "facts.pages is 300"),
        ("facts", {"cast": [None]}, "facts.cast.0 is None"),
        ("facts", {"cast": [""]}, "facts.cast.0 is ''"),
        ("facts", None, "facts is None"),
        ("links", {"x": "javascript:1"}, "links.x is 'javascript:1'"),
        ("links", [], "links is"),
        ("popularity", "many", "popularity is 'many'"),
        ("popularity", -1, "popularity is -1"),
        ("genres", ["drama"], "genres is no field of an item; facts go into facts"),
        ("title", "half \ud83d", "half of a character"),
    ],
)
def test_a_value_of_a_wrong_type_is_named_with_its_line(
    tmp_path: Path, field: str, value: object, message: str
) -> None:
    row = json.loads(ANT.to_json()) | {"id": "b", field: value}
    text = "\n" + ANT.to_json() + "\n" + json.dumps(row) + "\n"
    (tmp_path / "items.jsonl").write_text(text, encoding="utf-8-sig")
    with pytest.raises(CatalogError, match="items.jsonl, line 3: not an item: ") as raised:
        Catalog.load(tmp_path)
    assert message in str(raised.value)


def test_an_item_added_by_hand_needs_an_id_and_a_title_and_its_genres_no_small_letters(
    tmp_path: Path,
) -> None:
    lines = ['{"id": "b", "title": "Bee"}']
    lines += ['{"id": "c", "title": "Cat", "facts": {"genres": ["Drama", "drama", "Sci-Fi"]}}']
    (tmp_path / "items.jsonl").write_text("\r\n\r\n".join([ANT.to_json(), *lines]))
    _, bee, cat = catalog = Catalog.load(tmp_path)
    assert bee == Item("b", "Bee")
    assert cat.genres == ("drama", "sci-fi")
    assert catalog.genres == ("drama", "sci-fi")


def test_the_fingerprint_follows_titles_and_facts_but_not_popularity() -> None:
    def fingerprint(**changes: object) -> str:
        fields: dict[str, Any] = {
            "id": "a",
            "title": "Ant",
            "facts": {"genres": ("drama",)},
        } | changes
        return Catalog((Item(**fields),)).fingerprint

    assert fingerprint() == fingerprint(popularity=9, links={"x": "y"})
    different: list[dict[str, object]] = [
        {"title": "Ants"},
        {"year": 1990},
        {"facts": {"genres": ("war",)}},
        {"id": "b"},
    ]
    assert len({fingerprint(), *(fingerprint(**change) for change in different)}) == 5


def test_the_shipped_films_are_many_and_have_facts(films: Catalog) -> None:
    assert 7500 < len(films) < 8500
    assert all(film.genres or film.people for film in films)
    assert sum(bool(film.genres) for film in films) > 0.99 * len(films)
    assert sum(bool(film.people) for film in films) > 0.98 * len(films)
    assert {field for film in films for field in film.facts} == {
        "genres",
        "directors",
        "cast",
        "keywords",
    }


def test_genres_and_keywords_are_one_lower_case_vocabulary(films: Catalog) -> None:
    genres = Counter(genre for film in films for genre in film.genres)
    keywords = Counter(word for film in films for word in film.facts.get("keywords", ()))
    assert len(genres) == 22 and not {"sci-fi", "animated", "romantic"} & genres.keys()
    assert all(word == word.lower().strip() for word in keywords)
    assert not {"imdb top 250", "great acting", "seen more than once"} & keywords.keys()
    assert max(len(film.facts.get("keywords", ())) for film in films) <= 8


def test_titles_are_clean_and_no_film_is_there_twice(films: Catalog) -> None:
    assert all(film.title == " ".join(film.title.split()) for film in films)
    assert not [film.title for film in films if "&amp;" in film.title or ", The" in film.title[-5:]]
    assert max(Counter((film.title, film.year) for film in films).values()) == 1
    assert all(film.year is None or 1890 < film.year < 2030 for film in films)


@pytest.mark.parametrize(
    ("title", "year", "genre", "person"),
    [
        ("It", 2017, "horror", "Bill Skarsgård"),
        ("It", 1990, "horror", "Tim Curry"),
        ("Titanic", 1997, "romance", "James Cameron"),
        ("The Matrix", 1999, "science fiction", "Keanu Reeves"),
        ("Goodfellas", 1990, "crime", "Martin Scorsese"),
    ],
)
def test_well_known_films_have_their_own_facts(
    films: Catalog, title: str, year: int, genre: str, person: str
) -> None:
    (film,) = [film for film in films if (film.title, film.year) == (title, year)]
    assert genre in film.genres and person in film.people and film.popularity > 5


def test_links_lead_to_imdb_and_wikipedia(films: Catalog) -> None:
    hosts = {
        "IMDb": "https://www.imdb.com/title/tt",
        "Wikipedia": "https://en.wikipedia.org/wiki/",
    }
    assert all(url.startswith(hosts[site]) for film in films for site, url in film.links.items())


def test_every_redial_id_leads_to_a_film(films: Catalog) -> None:
    redial_ids = json.loads((SHIPPED / "redial_ids.json").read_text())
    assert len(redial_ids) > 6000 and all(item_id in films for item_id in redial_ids.values())


KNOWN = Item("a", "Ant", 1990, logline="Small, on a large hill, it digs.", tags=("slow burn",))


def test_what_was_written_about_items_is_kept_beside_them(tmp_path: Path) -> None:
    catalog = Catalog((KNOWN, Item("b", "Bee")), (Tag("slow burn", "style", "", ("slow",)),))
    catalog.save(tmp_path)
    loaded = Catalog.load(tmp_path)
    assert loaded == catalog and loaded.tags == catalog.vocabulary
    assert "logline" not in (tmp_path / "items.jsonl").read_text()
    assert (tmp_path / "knowledge.jsonl").read_text().count("\n") == 1


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"id": "a"}',
        '{"id": "a", "logline": 3, "tags": []}',
        '{"id": "a", "logline": "", "tags": "slow"}',
        '{"id": "a", "logline": "", "tags": [1]}',
    ],
)
def test_a_damaged_line_of_knowledge_is_named(tmp_path: Path, line: str) -> None:
    Catalog((KNOWN,)).save(tmp_path)
    with (tmp_path / "knowledge.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(CatalogError, match="knowledge.jsonl, line 2"):
        Catalog.load(tmp_path)


def test_knowledge_of_an_item_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    Catalog((KNOWN, Item("b", "Bee"))).save(tmp_path)
    lines = (tmp_path / "items.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "items.jsonl").write_text(lines[1])
    assert [item.id for item in Catalog.load(tmp_path)] == ["b"]


def test_the_shipped_films_are_known(films: Catalog) -> None:
    known = [item for item in films if item.logline]
    assert len(known) >= 3000
    assert all(item.tags for item in known)
    assert len(films.vocabulary) == len(films.tags), "an item has a tag that the vocabulary lacks"
    assert all(tag.definition and tag.says for tag in films.vocabulary)

"""How the film catalog is made from a list of films, on lists small enough to see through."""

import json
from pathlib import Path
from typing import Any

import pytest

from crsdemo.core.catalog import Catalog
from crsdemo.training.items.film_catalog import (
    article_about,
    genres_of,
    keywords_of,
    main,
    with_article,
)
from crsdemo.training.items.film_rows import (
    Film,
    clean_people,
    clean_title,
    drop_mistaken,
    merge_namesakes,
    settle_shared_ids,
    title_key,
)


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("Kettle, The", "The Kettle"),
        (" Salt &amp; Sand ", "Salt & Sand"),
        ("Long  Night (Noche larga)", "Long Night"),
    ],
)
def test_titles_are_cleaned(written: str, clean: str) -> None:
    assert clean_title(written) == clean


def test_spellings_of_one_title_have_one_key() -> None:
    assert title_key("The Café & Bar!") == title_key("cafe and bar") == "cafe and bar"
    assert title_key("The") == "the"


def test_names_lose_the_notes_of_the_sources() -> None:
    names = ["Ann Lee (story)", "(voices)", "story)", "Bo Ray, Jr.", "Ann Lee", "and"]
    assert clean_people(names) == ("Ann Lee", "Bo Ray Jr.")


def test_two_rows_of_one_film_become_one() -> None:
    films = [
        Film("m1", "Kettle", None, imdb_id="tt0000005", redial_ids=("11",)),
        Film("m2", "Kettle: The Beginning", 1990, imdb_id="tt0000005", redial_ids=("12",)),
    ]
    (film,) = settle_shared_ids(films)
    assert (film.id, film.year, film.redial_ids) == ("m2", 1990, ("11", "12"))


def test_a_remake_does_not_keep_the_facts_of_the_original() -> None:
    others = [Film(f"x{n}", f"X {n}", 1960, imdb_id=f"tt{2 * n:07}") for n in range(30)]
    old = Film("m1", "Kettle", 1960, ("drama",), cast=("Ann Lee",), imdb_id="tt0000031")
    new = Film("m2", "Kettle", 2005, ("drama",), cast=("Ann Lee",), imdb_id="tt0000031")
    settled = {film.id: film for film in settle_shared_ids([*others, new, old])}
    assert settled["m1"] == old
    assert settled["m2"].cast == () and settled["m2"].imdb_id == ""


def test_facts_of_another_time_are_dropped_and_late_debuts_kept() -> None:
    others = [Film(f"x{n}", f"X {n}", 2015, imdb_id=f"tt{n:07}") for n in range(30)]
    known = Film("k", "Known", 2016, cast=("Ann Lee",), imdb_id="tt0000029")
    mistaken = Film("m", "Kettle", 1975, cast=("Ann Lee",), imdb_id="tt0000015")
    late = Film("l", "Late", 1975, cast=("Bo Ray",), imdb_id="tt0000016")
    kept = {film.id: film for film in drop_mistaken([*others, known, mistaken, late])}
    assert kept["m"].cast == () and kept["l"].cast == ("Bo Ray",) and kept["k"] == known


def test_a_bare_title_means_the_well_known_film() -> None:
    known = Film("m1", "Kettle", 1990, cast=("Ann Lee",), wikipedia="Kettle", redial_ids=("1",))
    bare = Film("m2", "The Kettle", None, redial_ids=("2",))
    (film,) = merge_namesakes([known, bare])
    assert film.id == "m1" and film.redial_ids == ("1", "2")


ARTICLE = {
    "title": "Kettle (2021 film)",
    "year": 2021,
    "genres": ["Drama"],
    "extract": "Kettle is a 2021 drama film directed by Ann van Lee and J. J. Ray. It stars "
    "Cy Dole, Di O'Hara and Ed Foe Jr. The film was shown in Rome.",
}


def test_an_article_fills_what_is_missing() -> None:
    film = with_article(Film("m", "Kettle", 2021), ARTICLE)
    assert film.directors == ("Ann van Lee", "J. J. Ray")
    assert film.cast == ("Cy Dole", "Di O'Hara", "Ed Foe Jr.")
    assert film.genres == ("drama",)
    known = Film("m", "Kettle", 2021, ("war", "crime"), directors=("Fay Gee",), cast=("Hal Ick",))
    filled = with_article(known, ARTICLE)
    assert (filled.genres, filled.directors, filled.cast) == (
        known.genres,
        known.directors,
        known.cast,
    )


def test_an_article_is_known_by_its_year_or_a_person() -> None:
    articles = {"kettle": [ARTICLE]}
    assert article_about(Film("m", "Kettle", 2020), articles) == ARTICLE
    assert article_about(Film("m", "Kettle", 1999), articles) == {}
    assert article_about(Film("m", "Kettle", None, cast=("Cy Dole",)), articles) == ARTICLE
    assert article_about(Film("m", "Kettle", None, cast=("Hal Ick",)), articles) == {}


def test_genres_become_one_vocabulary_and_tags_add_to_it() -> None:
    film = Film("m", "Kettle", 1990, ("sci-fi", "news"), keywords=("western", "family", "spoof"))
    assert genres_of(film) == ("science fiction", "western", "comedy")


def test_keywords_are_themes_without_praise_people_and_genres() -> None:
    tags = ("Caper", "great acting", "ann lee", "horror", "1980s", "bank robbery", "robots")
    film = Film("m", "Kettle", 1990, ("superhero",), keywords=tags)
    assert keywords_of(film, frozenset({"ann lee"})) == ("superhero", "heist", "robots")


def test_plots_give_themes_only_where_tags_are_few() -> None:
    film = Film("m", "Kettle", 1990, plot="Two orphans run from a haunted house to Paris.")
    assert {"orphans", "haunted house", "paris"} <= set(keywords_of(film, frozenset()))
    tagged = Film(
        "m", "Kettle", 1990, keywords=("space", "robots", "magic", "dogs"), plot=film.plot
    )
    assert keywords_of(tagged, frozenset()) == ("space", "robots", "magic", "dogs")


def test_the_command_writes_films_with_facts_ids_and_popularity(tmp_path: Path) -> None:
    movies = [
        {"id": "m1", "title": "Kettle", "year": 1990, "genres": ["drama"], "redial_ids": ["77"]},
        {"id": "m2", "title": "Nothing Known", "year": 1991},
        {
            "id": "m3",
            "title": "Moose",
            "year": 2001,
            "genres": ["war"],
            "wikipedia": "Moose_(film)",
        },
    ]
    redial = [{"messages": [{"text": "@77 and @77 and @5"}]}, {"messages": [{"text": "@77"}]}]
    tsv = "dialog_id\ttext\tmovies\nd\thi\tMoose (2001);Kettle (1990)\nd\tyes\tMoose (2001)\n"
    lines: dict[str, list[Any]] = {"movies": movies, "extracts": [ARTICLE], "redial": redial}
    for name, rows in lines.items():
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "inspired").write_text(tsv)
    main([f"--{name}={tmp_path / name}" for name in (*lines, "inspired", "out")])
    kettle, moose = Catalog.load(tmp_path / "out")
    assert (kettle.id, kettle.popularity, moose.popularity) == ("m1", 3, 1)
    assert moose.links == {"Wikipedia": "https://en.wikipedia.org/wiki/Moose_(film)"}
    assert json.loads((tmp_path / "out" / "redial_ids.json").read_text()) == {"77": "m1"}

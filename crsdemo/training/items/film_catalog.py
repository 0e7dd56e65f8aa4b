"""The shipped film catalog, made from a list of films with facts and from training dialogues.

python -m crsdemo.training.items.film_catalog --movies movies.jsonl \\
    --extracts film_extracts.jsonl --redial train_data.jsonl --inspired train.tsv --out catalog
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.config import flag, parse
from crsdemo.core.text_files import write_whole
from crsdemo.training.items.film_rows import (
    MAX_CAST,
    NO_WAR,
    Film,
    drop_mistaken,
    merge_namesakes,
    read_films,
    read_table,
    settle_shared_ids,
    title_key,
)

MAX_KEYWORDS = 8
FEW_KEYWORDS = 4  # with fewer than this, the plot is searched for themes

WORDS = read_table("film_words.toml")
GENRE_OF = {name: genre for genre, others in WORDS["genres"].items() for name in (genre, *others)}
GENRE_OF_KIND = {kind: genre for genre, kinds in WORDS["kinds"].items() for kind in kinds}
THEMES_OF_GENRE: dict[str, str] = WORDS["themes_of_genre"]
SAME_THEME = {one: theme for theme, others in WORDS["same_theme"].items() for one in others}
IN_PLOTS = {
    theme: re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)
    for theme, pattern in WORDS["in_plots"].items()
}
JUNK = frozenset(WORDS["junk"])
JUNK_PATTERN = re.compile(r"^(oscar|nudity|saturn award|so bad)|^\d{2,4}s?$|^\d{4}$")

Article = Mapping[str, Any]  # title, year, genres, extract


@dataclass(frozen=True)
class FilmCatalogConfig:
    """Make the shipped film catalog."""

    movies: Path = flag(help="JSONL of films and what the sources say of each")
    extracts: Path = flag(help="JSONL of the openings of encyclopedia articles")
    redial: Path = flag(help="training dialogues of ReDial")
    inspired: Path = flag(help="training dialogues of INSPIRED")
    out: Path = flag(help="folder of the catalog")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.out,)


# What the openings of encyclopedia articles add: a missing year, director, cast

_CAPITAL = r"(?:[A-ZÀ-Þ]\.(?:[A-Z]\.)*|Jr\.|[A-ZÀ-Þ][\w'’-]+)"
_NAME = rf"{_CAPITAL}(?: (?:{_CAPITAL}|de|la|von|van|der|del|di|da|le))+"
_NAMES = rf"{_NAME}(?:, {_NAME})*(?:,? and {_NAME})?"
_DIRECTED = re.compile(rf"[Dd]irected by ({_NAMES})")
_STARRING = re.compile(rf"(?:[Ss]tars|[Ss]tarring) ({_NAMES})")


def _names_after(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    """The people listed after the first match, e.g. ("Ann Lee", "Bo Ray") for "stars Ann Lee and
    Bo Ray"."""
    found = pattern.search(text)
    names = re.split(r",? and |, ", found[1]) if found else []
    names = [re.sub(r"['’]s$| (The|It|He|She|In)$", "", name) for name in names]
    return tuple(name for name in names if " " in name and not name.endswith((" de", " le")))


def read_extracts(path: Path) -> dict[str, list[Article]]:
    """Title key -> articles about films of that title."""
    articles: dict[str, list[Article]] = defaultdict(list)
    for article in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        articles[title_key(re.sub(r"\s*\([^)]*film\)$", "", article["title"]))].append(article)
    return articles


def article_about(film: Film, articles: Mapping[str, Sequence[Article]]) -> Article:
    """The article on this very film, told by its year or a person; empty if there is none."""
    for article in articles.get(film.key, ()):
        if film.year is None:
            if any(person in article["extract"] for person in film.people):
                return article
        elif article["year"] and abs(film.year - article["year"]) <= 1:
            return article
    return {}


def with_article(film: Film, article: Article) -> Film:
    """Fill what is missing; nothing that is known is taken away."""
    if not article:
        return film
    text = article["extract"]
    more_genres = map(str.lower, article["genres"]) if len(film.genres) < 2 else ()
    return replace(
        film,
        year=film.year or article["year"],
        genres=(*film.genres, *more_genres),
        directors=film.directors or _names_after(_DIRECTED, text),
        cast=film.cast or _names_after(_STARRING, text)[:MAX_CAST],
        plot=f"{film.plot} {text[:300]}",  # what follows is of prizes and takings
    )


# Facts


def genres_of(film: Film) -> tuple[str, ...]:
    """Genres in the one vocabulary: those of the source, then those its viewers' tags add."""
    named = [GENRE_OF[name] for name in film.genres if name in GENRE_OF]
    tagged = [GENRE_OF[tag] for tag in film.keywords if tag in GENRE_OF]
    added = [genre for genre in tagged if not named or genre in WORDS["genres_by_tag"]]
    added += [GENRE_OF_KIND[tag] for tag in film.keywords if tag in GENRE_OF_KIND]
    wrong = {"war"} if film.name in NO_WAR else set()
    return tuple(g for g in dict.fromkeys((*named, *added)) if g not in wrong)


def keywords_of(film: Film, people: frozenset[str]) -> tuple[str, ...]:
    """Themes from tags and genre-like words; if these are few, from the plot as well."""
    tags = [THEMES_OF_GENRE[name] for name in film.genres if name in THEMES_OF_GENRE]
    tags += [SAME_THEME.get(tag.lower(), tag.lower()) for tag in film.keywords]
    themes = list(dict.fromkeys(tag for tag in tags if _is_theme(tag) and tag not in people))
    if len(themes) < FEW_KEYWORDS:
        themes += [theme for theme, found in IN_PLOTS.items() if found.search(film.plot)]
    return tuple(dict.fromkeys(SAME_THEME.get(t, t) for t in themes))[:MAX_KEYWORDS]


def _is_theme(tag: str) -> bool:
    is_genre = tag in GENRE_OF and tag not in THEMES_OF_GENRE.values()
    return not (is_genre or tag in JUNK or JUNK_PATTERN.search(tag))


def to_item(film: Film, people: frozenset[str], popularity: int) -> Item:
    """`people`: all of the catalog, in small letters."""
    facts = {
        "genres": genres_of(film),
        "directors": film.directors,
        "cast": film.cast,
        "keywords": keywords_of(film, people),
    }
    links = {}
    if film.imdb_id:
        links["IMDb"] = f"https://www.imdb.com/title/{film.imdb_id}/"
    if film.wikipedia and "series)" not in film.wikipedia and "serial)" not in film.wikipedia:
        links["Wikipedia"] = f"https://en.wikipedia.org/wiki/{film.wikipedia}"
    return Item(film.id, film.title, film.year, facts, links, popularity)


# Popularity in training dialogues


def redial_mentions(path: Path, item_of: Mapping[str, str]) -> Iterator[set[str]]:
    """The items named in each dialogue of a ReDial `.jsonl`."""
    for line in path.read_text(encoding="utf-8").splitlines():
        texts = " ".join(message["text"] for message in json.loads(line)["messages"])
        yield {item_of[number] for number in re.findall(r"@(\d+)", texts) if number in item_of}


def inspired_mentions(path: Path, films: Iterable[Film]) -> Iterator[set[str]]:
    """The items named in each dialogue of an INSPIRED `.tsv`."""
    item_of = {(film.key, film.year): film.id for film in films}
    named: dict[str, set[str]] = defaultdict(set)
    with path.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            for title, year in re.findall(r"\s*([^;]+?) \((\d{4})\)", row["movies"] or ""):
                item = item_of.get((title_key(title), int(year)))
                named[row["dialog_id"]] |= {item} if item else set()
    yield from named.values()


def build_films(movies: Path, extracts: Path) -> list[Film]:
    """Every film with a genre or a person, each once."""
    films = settle_shared_ids(read_films(movies))
    articles = read_extracts(extracts)
    films = [with_article(film, article_about(film, articles)) for film in drop_mistaken(films)]
    return [film for film in merge_namesakes(films) if genres_of(film) or film.people]


def main(argv: Sequence[str]) -> None:
    config = parse(FilmCatalogConfig, argv, "crsdemo.training.items.film_catalog")
    films = build_films(config.movies, config.extracts)
    item_of = {redial_id: film.id for film in films for redial_id in film.redial_ids}
    redial, inspired = (
        redial_mentions(config.redial, item_of),
        inspired_mentions(config.inspired, films),
    )
    mentions = Counter(chain.from_iterable(chain(redial, inspired)))
    people = frozenset(person.lower() for film in films for person in film.people)
    catalog = Catalog(tuple(to_item(film, people, mentions[film.id]) for film in films))
    catalog.save(config.out)
    write_whole(config.out / "redial_ids.json", json.dumps(item_of, indent=0) + "\n")
    print(f"{len(catalog):,} films, {len(item_of):,} ReDial ids -> {config.out}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The shipped film catalog, made from a list of films with facts and from training dialogues.

    python -m crsdemo.training.items.film_catalog --movies movies.jsonl \\
        --extracts film_extracts.jsonl --redial train_data.jsonl --inspired train.tsv --out catalog

A film may be listed twice, and a remake may carry the facts of the original: both show as one IMDb
id on two rows. Same film: one row takes the other in. Otherwise people and genres stay only with
the row whose year fits the id, because IMDb numbers films roughly in the order of their making.
"""

from __future__ import annotations

import argparse
import csv
import html
import json
import re
import statistics
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rapidfuzz import fuzz

from crsdemo.core.catalog import Catalog, Item
from crsdemo.training.items.film_corrections import ALIASES, CORRECTIONS, NO_WAR
from crsdemo.training.items.film_words import (
    GENRE_OF,
    GENRE_OF_THEME,
    GENRES_BY_TAG,
    JUNK,
    JUNK_PATTERN,
    PLOT_PATTERNS,
    SAME_THEME,
    THEMES_OF_GENRE,
)

MAX_CAST = 5
MAX_KEYWORDS = 8
FEW_KEYWORDS = 4  # with fewer than this, the plot is searched for themes
YEARS_OFF = 10  # an IMDb id this many years from the film's own belongs to another film

NEXT_YEAR = 8_000_000  # IMDb ids from here on were given after the dialogues of ReDial


@dataclass(frozen=True)
class Film:
    """One row of the source."""

    id: str
    title: str
    year: int | None
    genres: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    plot: str = ""
    imdb_id: str = ""
    wikipedia: str = ""
    redial_ids: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return title_key(self.title)

    @property
    def people(self) -> tuple[str, ...]:
        return (*self.directors, *self.cast)

    def without_imdb(self) -> Film:
        """Only what does not rest on the IMDb id."""
        return replace(self, genres=(), directors=(), cast=(), plot="", imdb_id="")


def title_key(title: str) -> str:
    """Lower case, no accents, punctuation or article: equal for spellings of one title."""
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.replace("&", " and ").replace("'", ""))
    return " ".join(words[1:] if len(words) > 1 and words[0] in {"the", "a", "an"} else words)


def clean_title(title: str) -> str:
    """No HTML entities, no closing brackets, the article in front."""
    title = re.sub(r"\s+", " ", html.unescape(title)).strip()
    title = re.sub(r"\s*\((?!New and).*\)$", "", title)
    return re.sub(r"^(.*), (The|A|An)$", r"\2 \1", title)


def clean_people(names: Iterable[str]) -> tuple[str, ...]:
    """Full names without the notes in brackets that some sources leave behind."""
    names = (re.sub(r"\s*\(.*$", "", name.replace(", Jr.", " Jr.")).strip() for name in names)
    return tuple(dict.fromkeys(n for n in names if len(n) > 1 and n[0].isupper() and ")" not in n))


def read_films(path: Path) -> list[Film]:
    """The usable rows of `movies.jsonl`, titles and names cleaned, known errors corrected."""
    films = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if re.search(r"^-|\(\d{4}\)", row["title"]):  # no title, or two films in one row
            continue
        film = Film(
            id=row["id"],
            title=clean_title(row["title"]),
            year=row["year"],
            genres=tuple(row.get("genres") or ()),
            directors=clean_people(row.get("directors") or ()),
            cast=clean_people(row.get("cast") or ())[:MAX_CAST],
            keywords=tuple(row.get("keywords") or ()),
            plot=row.get("plot") or "",
            imdb_id=row.get("imdb_id") or "",
            wikipedia=row.get("wikipedia") or "",
            redial_ids=tuple(row.get("redial_ids") or ()),
        )
        film = film.without_imdb() if (film.title, film.year) in ALIASES else film
        films.append(replace(film, **CORRECTIONS.get((film.title, film.year), {})))  # type: ignore[arg-type]
    return films


# Which rows are one film, and which facts can be believed


def imdb_years(films: Sequence[Film]) -> dict[str, float]:
    """IMDb id -> the year around which ids near it were given (median of 31 neighbours)."""
    dated = sorted((int(f.imdb_id[2:]), f.year) for f in films if f.imdb_id and f.year)
    place = {number: at for at, (number, _) in enumerate(dated)}
    years = {}
    for film in films:
        at = place.get(int(film.imdb_id[2:])) if film.imdb_id else None
        if at is not None:
            near = [year for _, year in dated[max(0, at - 15) : at + 16]]
            years[film.imdb_id] = float(statistics.median(near))
    return years


def career_gap(film: Film, careers: Mapping[str, Sequence[tuple[int, str]]]) -> float:
    """Median years between a film and the nearest other film of its people; 0 if unknown."""
    gaps = []
    for person in set(film.people):
        others = [year for year, film_id in careers[person] if film_id != film.id]
        if others and film.year:
            gaps.append(max(min(others) - film.year, film.year - max(others), 0))
    return float(statistics.median(gaps)) if gaps else 0.0


def same_film(one: Film, other: Film) -> bool:
    """For two rows with one IMDb id: are they the same film or is one mistaken?"""
    alike = one.key == other.key
    inside = f" {other.key} " in f" {one.key} " or f" {one.key} " in f" {other.key} "
    if one.year is None or other.year is None:
        return alike or inside
    return abs(one.year - other.year) <= 1 and (
        alike or inside or fuzz.token_sort_ratio(one.key, other.key) >= 80
    )


def settle_shared_ids(films: Sequence[Film]) -> list[Film]:
    """Each film once, with facts that can be believed."""
    years = imdb_years(films)
    groups: dict[str, list[Film]] = defaultdict(list)
    for film in films:
        groups[film.imdb_id].append(film)
    groups.pop("", None)
    settled = {film.id: film for film in films}
    doubled: set[str] = set()
    for imdb_id, group in groups.items():
        if len(group) > 1:
            true = min(group, key=lambda f: _doubt(f, years.get(imdb_id, 0)))
            same = [f for f in group if f is true or same_film(true, f)]
            settled[true.id] = replace(true, redial_ids=_all_redial_ids(same))
            doubled |= {film.id for film in same if film is not true}
            for film in group:
                if film not in same:
                    settled[film.id] = film.without_imdb()
    return [film for film in settled.values() if film.id not in doubled]


def _doubt(film: Film, year: float) -> tuple[float, bool]:
    """Least for the row that an IMDb id of that year most likely belongs to."""
    return abs((film.year or 0) - year), not film.wikipedia


def _all_redial_ids(films: Iterable[Film]) -> tuple[str, ...]:
    return tuple(redial_id for film in films for redial_id in film.redial_ids)


def drop_mistaken(films: Sequence[Film]) -> list[Film]:
    """Take the facts from films whose IMDb id and people both belong to another time."""
    years = imdb_years(films)
    careers: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for film in films:
        for person in set(film.people) if film.year else ():
            careers[person].append((film.year or 0, film.id))
    kept = []
    for film in films:
        off = abs(years[film.imdb_id] - film.year) if film.year and film.imdb_id in years else 0
        mistaken = off > YEARS_OFF and career_gap(film, careers) > YEARS_OFF
        # Nobody in ReDial can have meant a later film of the same name.
        newer = film.year is None and film.redial_ids and int(film.imdb_id[2:] or 0) > NEXT_YEAR
        kept.append(film.without_imdb() if mistaken or newer else film)
    return kept


def merge_namesakes(films: Sequence[Film]) -> list[Film]:
    """Join rows with one title and year, an alias with what it means, and a bare title of which
    nothing is known with the well-known film of that title."""
    named = {(film.title, film.year): film for film in films}
    known = {film.key: film for film in films if film.wikipedia and film.people}
    by_name: dict[tuple[str, int | None], list[Film]] = defaultdict(list)
    for film in films:
        meant = named.get(ALIASES.get((film.title, film.year), ("", None)), film)
        if meant is film and film.year is None and not film.people:
            meant = known.get(film.key, film)
        by_name[meant.key, meant.year].append(film)
    joined = []
    for (key, year), group in by_name.items():
        own = [f for f in group if (f.key, f.year) == (key, year)]
        best = max(own, key=lambda f: (bool(f.genres) + bool(f.directors), bool(f.imdb_id)))
        joined.append(replace(best, redial_ids=_all_redial_ids(group)))
    return sorted(joined, key=lambda film: film.id)


# What the openings of encyclopedia articles add: a missing year, director, cast

_CAPITAL = r"(?:[A-ZÀ-Þ]\.(?:[A-Z]\.)*|Jr\.|[A-ZÀ-Þ][\w'’-]+)"
_NAME = rf"{_CAPITAL}(?: (?:{_CAPITAL}|de|la|von|van|der|del|di|da|le))+"
_NAMES = rf"{_NAME}(?:, {_NAME})*(?:,? and {_NAME})?"
_DIRECTED = re.compile(rf"[Dd]irected by ({_NAMES})")
_STARRING = re.compile(rf"(?:[Ss]tars|[Ss]tarring) ({_NAMES})")


def names_after(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    """The people listed after the first match, e.g. ("Ann Lee", "Bo Ray") for "stars Ann Lee and
    Bo Ray"."""
    found = pattern.search(text)
    names = re.split(r",? and |, ", found[1]) if found else []
    names = [re.sub(r"['’]s$| (The|It|He|She|In)$", "", name) for name in names]
    return tuple(name for name in names if " " in name and not name.endswith((" de", " le")))


def read_extracts(path: Path) -> dict[str, list[dict[str, object]]]:
    """Title key -> articles about films of that title."""
    articles: dict[str, list[dict[str, object]]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        article = json.loads(line)
        articles[title_key(re.sub(r"\s*\([^)]*film\)$", "", article["title"]))].append(article)
    return articles


def article_about(film: Film, articles: Mapping[str, list[dict[str, object]]]) -> dict[str, object]:
    """The article on this very film, told by its year or a person; empty if there is none."""
    for article in articles.get(film.key, ()):
        year, text = article["year"], str(article["extract"])
        if film.year and isinstance(year, int) and abs(film.year - year) <= 1:
            return article
        if film.year is None and any(person in text for person in film.people):
            return article
    return {}


def with_article(film: Film, article: Mapping[str, object]) -> Film:
    """Fill what is missing; nothing that is known is taken away."""
    if not article:
        return film
    text, genres, year = str(article["extract"]), article["genres"], article["year"]
    assert isinstance(genres, list) and isinstance(year, int)
    more_genres = tuple(genre.lower() for genre in genres) if len(film.genres) < 2 else ()
    return replace(
        film,
        year=film.year or year,
        genres=(*film.genres, *more_genres),
        directors=film.directors or names_after(_DIRECTED, text),
        cast=film.cast or names_after(_STARRING, text)[:MAX_CAST],
        plot=f"{film.plot} {text[:300]}",  # what follows is of prizes and takings
    )


# Facts


def genres_of(film: Film) -> tuple[str, ...]:
    """Genres in the one vocabulary: those of the source, then those its viewers' tags add."""
    named = [GENRE_OF[name] for name in film.genres if name in GENRE_OF]
    tagged = [GENRE_OF[tag] for tag in film.keywords if tag in GENRE_OF]
    added = [genre for genre in tagged if not named or genre in GENRES_BY_TAG]
    added += [GENRE_OF_THEME[tag] for tag in film.keywords if tag in GENRE_OF_THEME]
    wrong = {"war"} if (film.title, film.year) in NO_WAR else set()
    return tuple(g for g in dict.fromkeys((*named, *added)) if g not in wrong)


def keywords_of(film: Film, people: frozenset[str]) -> tuple[str, ...]:
    """Themes from tags and genre-like words; if these are few, from the plot as well."""
    tags = [THEMES_OF_GENRE[name] for name in film.genres if name in THEMES_OF_GENRE]
    tags += [SAME_THEME.get(tag.lower(), tag.lower()) for tag in film.keywords]
    plain = [
        tag
        for tag in tags
        if tag not in JUNK
        and (tag not in GENRE_OF or tag in THEMES_OF_GENRE.values())
        and tag not in people
        and not JUNK_PATTERN.search(tag)
    ]
    themes = list(dict.fromkeys(plain))
    if len(themes) < FEW_KEYWORDS:
        themes += [theme for theme, found in PLOT_PATTERNS.items() if found.search(film.plot)]
    return tuple(dict.fromkeys(SAME_THEME.get(t, t) for t in themes))[:MAX_KEYWORDS]


def links_of(film: Film) -> dict[str, str]:
    links = {}
    if film.imdb_id:
        links["IMDb"] = f"https://www.imdb.com/title/{film.imdb_id}/"
    if film.wikipedia and "series)" not in film.wikipedia and "serial)" not in film.wikipedia:
        links["Wikipedia"] = f"https://en.wikipedia.org/wiki/{film.wikipedia}"
    return links


def to_item(film: Film, people: frozenset[str], popularity: int) -> Item:
    facts = {
        "genres": genres_of(film),
        "directors": film.directors,
        "cast": film.cast,
        "keywords": keywords_of(film, people),
    }
    return Item(film.id, film.title, film.year, facts, links_of(film), popularity)


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


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    for name in ("movies", "extracts", "redial", "inspired", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args(argv)
    films = build_films(args.movies, args.extracts)
    item_of = {redial_id: film.id for film in films for redial_id in film.redial_ids}
    mentions: Counter[str] = Counter()
    for named in redial_mentions(args.redial, item_of):
        mentions.update(named)
    for named in inspired_mentions(args.inspired, films):
        mentions.update(named)
    people = frozenset(person.lower() for film in films for person in film.people)
    catalog = Catalog(tuple(to_item(film, people, mentions[film.id]) for film in films))
    catalog.save(args.out)
    (args.out / "redial_ids.json").write_text(json.dumps(item_of, indent=0) + "\n")
    print(f"{len(catalog):,} films, {len(item_of):,} ReDial ids -> {args.out}")


if __name__ == "__main__":
    main()

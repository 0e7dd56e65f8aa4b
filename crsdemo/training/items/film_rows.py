"""The rows of a list of films: which are one film, and which of their facts can be believed.

A film may be listed twice, and a remake may carry the facts of the original: both show as one IMDb
id on two rows. Same film: one row takes the other in. Otherwise people and genres stay only with
the row whose year fits the id, because IMDb numbers films roughly in the order of their making.
"""

from __future__ import annotations

import html
import json
import re
import statistics
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

MAX_CAST = 5
YEARS_OFF = 10  # an IMDb id this many years from the film's own belongs to another film
NEXT_YEAR = 8_000_000  # IMDb ids from here on were given after the dialogues of ReDial

Name = tuple[str, int | None]  # title and year as listed


@dataclass(frozen=True)
class Film:
    """One row of the source."""

    id: str
    title: str
    year: int | None = None
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
    def name(self) -> Name:
        return self.title, self.year

    @property
    def people(self) -> tuple[str, ...]:
        return (*self.directors, *self.cast)

    def without_imdb(self) -> Film:
        """Only what does not rest on the IMDb id."""
        return replace(self, genres=(), directors=(), cast=(), plot="", imdb_id="")


def read_table(file: str) -> dict[str, Any]:
    """A file beside this one."""
    return tomllib.loads((Path(__file__).parent / file).read_text(encoding="utf-8"))


def _named(listed: Sequence[Any]) -> Name:
    """`["Heat", 1996]`, or `["1922"]` for a film without a year."""
    title, *year = listed
    return title, year[0] if year else None


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a film that a row gives."""
    known = {one.name for one in fields(Film)}
    return {k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k in known}


_BY_HAND = read_table("film_corrections.toml")
CORRECTIONS = {_named(row["film"]): _values(row) for row in _BY_HAND["corrections"]}
NO_WAR = frozenset(map(_named, _BY_HAND["no_war"]))
ALIASES = {_named(row["film"]): _named(row["means"]) for row in _BY_HAND["aliases"]}


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
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    unusable = re.compile(r"^-|\(\d{4}\)")  # no title, or two films in one row
    return [_film(row) for row in rows if not unusable.search(row["title"])]


def _film(row: Mapping[str, Any]) -> Film:
    film = Film(**{name: value for name, value in _values(row).items() if value})
    film = replace(
        film,
        title=clean_title(film.title),
        directors=clean_people(film.directors),
        cast=clean_people(film.cast)[:MAX_CAST],
    )
    corrected = CORRECTIONS.get(film.name, {})
    return replace(film.without_imdb() if film.name in ALIASES else film, **corrected)


def imdb_years(films: Iterable[Film]) -> dict[str, float]:
    """IMDb id -> the year around which ids near it were given (median of 31 neighbours)."""
    listed = [film for film in films if film.imdb_id]
    dated = sorted((int(film.imdb_id[2:]), film.year) for film in listed if film.year)
    place = {number: at for at, (number, _) in enumerate(dated)}
    years = {}
    for film in listed:
        at = place.get(int(film.imdb_id[2:]))
        if at is not None:
            near = [year for _, year in dated[max(0, at - 15) : at + 16]]
            years[film.imdb_id] = float(statistics.median(near))
    return years


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
        groups[film.imdb_id or film.id].append(film)
    settled = {film.id: film for film in films}
    for imdb_id, group in groups.items():
        year = years.get(imdb_id, 0)  # its row has the nearest year, and then an article
        true = min(group, key=lambda f: (abs((f.year or 0) - year), not f.wikipedia))
        same = [f for f in group if f is true or same_film(true, f)]
        for film in group:
            if film not in same:
                settled[film.id] = film.without_imdb()
            elif film is not true:
                del settled[film.id]
        settled[true.id] = replace(true, redial_ids=_all_redial_ids(same))
    return list(settled.values())


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
        mistaken = off > YEARS_OFF and _career_gap(film, careers) > YEARS_OFF
        # Nobody in ReDial can have meant a later film of the same name.
        newer = film.year is None and film.redial_ids and int(film.imdb_id[2:] or 0) > NEXT_YEAR
        kept.append(film.without_imdb() if mistaken or newer else film)
    return kept


def _career_gap(film: Film, careers: Mapping[str, Sequence[tuple[int, str]]]) -> float:
    """Median years between a film and the nearest other film of its people; 0 if unknown."""
    gaps = []
    for person in set(film.people):
        others = [year for year, film_id in careers[person] if film_id != film.id]
        if others and film.year:
            gaps.append(max(min(others) - film.year, film.year - max(others), 0))
    return float(statistics.median(gaps)) if gaps else 0.0


def merge_namesakes(films: Sequence[Film]) -> list[Film]:
    """Join rows with one title and year, an alias with what it means, and a bare title of which
    nothing is known with the well-known film of that title."""
    named = {film.name: film for film in films}
    known = {film.key: film for film in films if film.wikipedia and film.people}
    by_name: dict[Name, list[Film]] = defaultdict(list)
    for film in films:
        meant = named.get(ALIASES.get(film.name, ("", None)), film)
        if meant is film and film.year is None and not film.people:
            meant = known.get(film.key, film)
        by_name[meant.key, meant.year].append(film)
    joined = []
    for name, group in by_name.items():
        own = [f for f in group if (f.key, f.year) == name]
        best = max(own, key=lambda f: (bool(f.genres) + bool(f.directors), bool(f.imdb_id)))
        joined.append(replace(best, redial_ids=_all_redial_ids(group)))
    return sorted(joined, key=lambda film: film.id)

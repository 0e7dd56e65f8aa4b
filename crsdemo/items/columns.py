"""Which column of somebody's table is which, and what was understood of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as made_anew

from tabulate import tabulate

from crsdemo.core.errors import BadInputError

# What is known -> other names of it, best first; written as `spelling` returns them
NAMES = {
    "id": (
        "item_id", "movie_id", "film_id", "book_id", "song_id", "track_id", "game_id", "show_id",
        "product_id", "imdb_id", "tmdb_id", "goodreads_book_id", "tconst", "asin", "isbn13", "isbn",
        "uid", "uuid", "identifier",
    ),
    "title": (
        "name", "movie_title", "film_title", "book_title", "track_name", "song_title", "game_title",
        "movie_name", "film_name", "book_name", "song_name", "game_name", "item_title", "item_name",
        "primary_title", "product_name", "show_title", "song", "film", "movie", "book", "game",
        "original_title", "titel", "titre", "titulo",
    ),
    "year": (
        "release_year", "publication_year", "original_publication_year", "year_published",
        "year_of_publication", "published_year", "start_year", "title_year", "release_date",
        "publication_date", "date",
    ),
    "popularity": (
        "ratings_count", "rating_count", "num_ratings", "vote_count", "num_votes", "votes",
        "n_ratings", "play_count", "plays",
    ),
    "links": ("link", "url", "urls"),
    "description": (
        "logline", "overview", "summary", "plot", "synopsis", "blurb", "plot_summary", "abstract",
    ),
    "tags": ("tag",),
    "genres": ("genre",),
    "directors": ("director", "directed_by"),
    "cast": ("actors", "actor", "starring"),
    "keywords": ("keyword",),
}  # fmt: skip
TEXTS = frozenset({"id", "title", "year", "popularity", "links", "description"})  # no lists
LISTS = frozenset(
    {"tags", "genres", "cast", "keywords", "subjects", "themes", "moods", "categories"}
    | {"shelves", "bookshelves", "topics"}
)
SHOWN = 3  # examples of each column


@dataclass
class Column:
    """A column as it was written, and what it becomes."""

    name: str
    field: str  # of the item: one of `NAMES`, else a fact; empty without a name
    separator: str = ""  # between the values in a cell
    examples: list[str] = made_anew(default_factory=list)
    cut: int = 0  # values that were too long

    def show(self, value: object) -> None:
        """Keep an example, if it is one more."""
        told = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        if value and len(self.examples) < SHOWN and told[:40] not in self.examples:
            self.examples.append(told[:40])

    @property
    def kind(self) -> str:
        """The type of what was understood."""
        kind = {"year": "a year", "popularity": "a number", "links": "links"}.get(self.field)
        if kind is None:
            kind = "text" if self.field in TEXTS else "texts"
        divided = f", divided by {self.separator!r}" if self.separator else ""
        return kind + divided + (f", {self.cut:,} too long and cut" if self.cut else "")


def spelling(name: str) -> str:
    """ "Movie Title", "movieTitle" and "movie-title" are "movie_title"."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return "_".join(re.findall(r"[^\W_]+", name.lower()))


def understood(names: Sequence[str]) -> list[Column]:
    """What each column becomes: a field by its own or its best other name, else a fact.

    Raises BadInputError if two names differ in nothing but capitals and signs.
    """
    spelt: dict[str, str] = {}
    for name in filter(spelling, names):
        if (other := spelt.setdefault(spelling(name), name)) != name:
            raise BadInputError(f"the columns {other!r} and {name!r} are one; rename or remove one")
    field_of: dict[str, str] = {}
    for known, others in NAMES.items():
        called = next((one for one in (known, *others) if one in spelt), None)
        if called is not None and spelt[called] not in field_of:
            field_of[spelt[called]] = known
    return [Column(name, field_of.get(name) or " ".join(name.lower().split())) for name in names]


def shown(columns: Sequence[Column]) -> str:
    """A table of columns, fields, types and examples."""
    rows = [
        (one.name, one.field, one.kind, " | ".join(one.examples)) for one in columns if one.name
    ]
    table: str = tabulate(rows, ("column", "becomes", "type", "examples"), disable_numparse=True)
    return table

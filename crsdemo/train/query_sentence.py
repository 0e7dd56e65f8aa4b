"""The concepts of a query, and the one way in which they are said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crsdemo.catalog import Item
from crsdemo.query import Person, PseudoQuery, genres_said
from crsdemo.train import query_words as words


@dataclass(frozen=True)
class Concept:
    """A fact to search for, how much speaks for it, and what in the dialogue does."""

    value: str
    weight: float
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Concepts:
    """All that a query says."""

    moods: Sequence[Concept] = ()
    genres: Sequence[Concept] = ()
    keywords: Sequence[Concept] = ()
    people: Sequence[tuple[Person, str]] = ()  # and "with" or "by"
    era: Concept | None = None
    films: Sequence[Item] = ()

    def __bool__(self) -> bool:
        return any((self.moods, self.genres, self.keywords, self.people, self.era))


def write(found: Concepts) -> PseudoQuery:
    """The concepts in words: mood, genres, "film", subjects, people, years, films like it."""
    pieces: list[str | Item | Person] = [_noun_phrase(found)]
    for joint, (person, _) in zip(_joints(found.people), found.people, strict=True):
        pieces += [f" {joint} ", person]
    if found.era:
        pieces.append(f" {found.era.value}")
    first = ", like " if found else " like "
    for joint, film in zip((first, " and "), found.films, strict=False):
        pieces += [joint, film]
    return PseudoQuery(_merged(pieces), tuple(dict.fromkeys(_sources(found))))


def _joints(people: Sequence[tuple[Person, str]]) -> list[str]:
    """What stands before each person: "with A and B", "with A and by B"."""
    roles = [role for _, role in people]
    return [
        role if place == 0 else "and" if role == roles[place - 1] else f"and {role}"
        for place, role in enumerate(roles)
    ]


def _noun_phrase(found: Concepts) -> str:
    """For example "scary horror film based on a book about ghosts and hotels"."""
    keywords = [concept.value for concept in found.keywords]
    kinds = [k for k in keywords if words.is_kind(k)][:1]
    told = {genre for kind in kinds for genre in words.SAYS.get(kind, ())}
    genres = [c.value for c in found.genres if c.value and c.value not in told]
    adjectives = [mood.value for mood in found.moods]
    adjectives += [k for k in keywords if words.is_adjective(k)]
    before = [*adjectives, *genres_said(genres), *map(words.said, kinds)]
    if not (found or found.films):
        before.append("popular")  # nothing is known of what is wanted
    if not (kinds and kinds[0].endswith(words.WHOLE)):
        before.append("film")
    after = [k for k in keywords if words.follows(k)]
    topics = [
        words.said(k)
        for k in keywords
        if not (words.is_kind(k) or words.is_adjective(k) or words.follows(k))
    ]
    about = ["about " + _listed(topics)] if topics else []
    return " ".join([*before, *after, *about])


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _merged(pieces: Iterable[str | Item | Person]) -> tuple[str | Item | Person, ...]:
    """Strings side by side become one."""
    merged: list[str | Item | Person] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    return tuple(merged)


def _sources(found: Concepts) -> Iterator[str]:
    eras = [found.era] if found.era else []
    for concept in (*found.moods, *found.genres, *found.keywords, *eras):
        yield from concept.sources
    yield from (person.name for person, _ in found.people)
    yield from (film.title for film in found.films)

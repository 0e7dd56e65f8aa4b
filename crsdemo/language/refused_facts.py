"""What the words of a refusal name: genres, themes, people and decades, alone or together.

"No zombies, no westerns" refuses each; "no zombie westerns" only what is both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Literal, NamedTuple

from crsdemo.core.traced import Traced
from crsdemo.language.people import PeopleLinker
from crsdemo.language.themes import Themes
from crsdemo.language.wish_words import decades_refused, genres_refused_at


class Fact(NamedTuple):
    """What items have, by its name in the catalog."""

    kind: Literal["genre", "theme", "person", "decade"]
    name: str


Refused = frozenset[Fact]  # the items that have all of these
Found = tuple[int, int, Refused]  # and the words that name them


def decade(first: int) -> Fact:
    """Of the years from `first` on: "1980s"."""
    return Fact("decade", f"{first}s")


def refused_at(
    what: str, before: str, genres: Sequence[str], themes: Themes, people: PeopleLinker
) -> Iterator[Found]:
    """(start, end, what is refused together) of all that `what` names.

    A genre within a longer name of a theme ("dark comedy") is not meant as a whole, nor is a theme
    within that of another. `before`: the text before what is refused.
    """
    named = list(_themes_at(what, themes))
    named += [
        (years.start, years.end, frozenset([decade(years.first)]))
        for years in decades_refused(what, before)
    ]
    told = set[Found]()  # the themes and decades that only say which films of a genre
    for start, end, group in _genres_at(what, genres, themes):
        same = [one for one in named if start <= one[0] and one[1] <= end]
        chain, begin = [[group]], start
        while of_it := [one for one in named if _stands_before(one, begin, what)]:
            told.update(of_it)
            chain.append([facts for _, _, facts in of_it])
            begin = min(one[0] for one in of_it)
        if len(chain) > 1:  # "disney cartoons": the theme of cartoons no more than the genre
            chain[0] += [facts for _, _, facts in same]
            told.update(same)
        for facts in product(*chain):
            yield begin, end, frozenset().union(*facts)
    yield from (one for one in named if one not in told)
    for start, end, person in people.named_at(what, refused=True):
        yield start, end, frozenset([Fact("person", person)])


def _stands_before(one: Found, begin: int, what: str) -> bool:
    """Whether nothing but a blank or a hyphen is between it and what begins there."""
    return one[1] < begin and not what[one[1] : begin].strip(" -")


def _themes_at(what: str, themes: Themes) -> Iterator[Found]:
    found = list(dict.fromkeys(themes.refused_spans(what)))
    for start, end, theme in found:
        is_part = any(
            first <= start and end <= last and last - first > end - start
            for first, last, _ in found
        )
        if not is_part:
            yield start, end, frozenset([Fact("theme", theme)])


def _genres_at(what: str, genres: Sequence[str], themes: Themes) -> Iterator[Found]:
    """Genres named together, however they are called, and those alone in no longer name."""
    together = [one for one in _groups_at(Traced.of(what), genres) if len(one[2]) > 1]
    yield from together
    for start, end, group in _groups_at(themes.without_tags(Traced.of(what)), genres):
        if not any(start < last and first < end for first, last, _ in together):
            yield start, end, group


def _groups_at(what: Traced, genres: Sequence[str]) -> Iterator[Found]:
    for start, end, group in genres_refused_at(what.text, genres):
        yield *what.origin(start, end), frozenset(Fact("genre", genre) for genre in group)

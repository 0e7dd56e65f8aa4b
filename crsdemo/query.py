"""A search query for items, in pieces: words, items and people that the dialogue named.

The query expert (ReGeS, sec. 2.3) writes an item as its semantic ID and a person by the order in
which the dialogue named people, so that it can name only what was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crsdemo.catalog import Item
from crsdemo.dialogue import Dialogue, Turn
from crsdemo.mentions import PeopleLinker

MAX_PEOPLE = 4  # as many as a field has slots
AS_ADJECTIVE = {"animation": "animated", "biography": "biographical",
                "film noir": "noir", "history": "historical", "romance": "romantic",
                "sport": "sports"}  # fmt: skip
AS_NOUN = {"comedy", "drama", "thriller", "western", "documentary", "musical"}
_POSSESSIVE = re.compile(r"['’]s\b")


@dataclass(frozen=True)
class Person:
    """Somebody whom the dialogue named."""

    place: int  # from 1, in the order of `named_people`
    name: str


@dataclass(frozen=True)
class PseudoQuery:
    """What to search for.

    `sources` are the words and titles of the dialogue from which it came, where they are known.
    """

    pieces: tuple[str | Item | Person, ...]
    sources: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The query as an encoder reads it."""
        return "".join(piece if isinstance(piece, str) else piece.name for piece in self.pieces)


def named_people(dialogue: Dialogue, people: PeopleLinker) -> tuple[str, ...]:
    """At most `MAX_PEOPLE`: whom the user named, newest first, then whom the assistant named."""
    by_user = (turn for turn in reversed(dialogue.turns) if turn.speaker == "user")
    by_assistant = (turn for turn in reversed(dialogue.turns) if turn.speaker == "assistant")
    named = dict.fromkeys([*_people_in(by_user, people), *_people_in(by_assistant, people)])
    return tuple(named)[:MAX_PEOPLE]


def _people_in(turns: Iterable[Turn], people: PeopleLinker) -> list[str]:
    """Those of the newest turn first, within a turn as they are named."""
    said = (_POSSESSIVE.sub("", untitled(turn)) for turn in turns)
    return [person for text in said for person in people.link_people(text)]


def genres_said(genres: Sequence[str]) -> list[str]:
    """As a query says them: adjectives first, nouns such as "comedy" last."""
    order = sorted(genres, key=lambda g: (g in AS_NOUN, g not in AS_ADJECTIVE, g))
    return [AS_ADJECTIVE.get(genre, genre) for genre in order]


def untitled(turn: Turn) -> str:
    """What was said with a gap for each title, whose words and years are no wishes."""
    said, end = "", 0
    for mention in turn.mentions:
        said += turn.text[end : mention.start] + " "
        end = mention.end
    return said + turn.text[end:]

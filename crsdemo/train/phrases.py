"""How sentences are written down: one string with choices, and words by grammatical role.

`[a|b]` is a choice (it may be empty and may nest), `{hole}` is filled in by whoever expands.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

HOLE = re.compile(r"\{(\w+)\}")

# What "an" stands before: vowels by sound, and 80s and 18th.
_AN = re.compile(r"(?!one\b|once|eu)([aeio]|un|up|ug|80|18)", re.IGNORECASE)

Tree = tuple["str | tuple[Tree, ...]", ...]


@dataclass(frozen=True)
class Talk:
    """The ways to ask for one thing, by the place they take in a sentence.

    nouns        stand alone with an article: "comedy", "whodunit"
    modifiers    stand before a noun only: "horror", "cowboy"
    adjectives   stand before a noun or after "something": "scary"
    clauses      follow a noun: "that gives me nightmares", "about ghosts"
    sentences    are whole wishes: "make me laugh"
    more         ask for a higher dose, after a recommendation: "funnier"
    acks         are what the assistant says on hearing the wish; they name no genre
    """

    nouns: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    adjectives: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    acks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Theme:
    """Something that people ask for, and which items have it.

    An item fits if it has all genres of one of `genres` ("romance+comedy") or one of `keywords`,
    and none of `without`. `boost` keywords only make a fit better.
    """

    name: str
    talk: Talk
    genres: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    without: tuple[str, ...] = ()  # genres or keywords
    boost: tuple[str, ...] = ()


def expand(text: str, rng: random.Random) -> str:
    """One of the sentences that `text` stands for, its holes left open."""
    return _pick(_parse(text), rng)


class Chooser(random.Random):
    """Draws replies from the first `breadth` sentences of a kind: a small model is given few."""

    breadth = 1000

    @property
    def is_narrow(self) -> bool:
        return self.breadth < 1000

    def phrase(self, options: Sequence[str]) -> str:
        return expand(self.choice(options[: self.breadth]), self)


def a(noun: str) -> str:
    """`noun` with its indefinite article."""
    return f"{'an' if _AN.match(noun) else 'a'} {noun}"


def plural(noun: str) -> str:
    """The plural of a count noun: "love story" becomes "love stories"."""
    noun, *rest = re.split(r"(?= (?:of|about|for|with) )", noun, maxsplit=1)
    return _plural(noun) + "".join(rest)


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "sh", "ch", "x")) else "s")


@cache
def _parse(text: str) -> Tree:
    tree, end = _sequence(text, 0)
    if end != len(text):
        raise ValueError(f"a ']' or '|' stands outside of brackets in {text!r}")
    return tree


def _sequence(text: str, start: int) -> tuple[Tree, int]:
    """Nodes from `start` to the bracket or bar that closes them."""
    nodes: list[str | tuple[Tree, ...]] = []
    while start < len(text) and text[start] not in "|]":
        if text[start] == "[":
            choice, start = _choice(text, start + 1)
            nodes.append(choice)
        else:
            end = next((i for i in range(start, len(text)) if text[i] in "[|]"), len(text))
            nodes.append(text[start:end])
            start = end
    return tuple(nodes), start


def _choice(text: str, start: int) -> tuple[tuple[Tree, ...], int]:
    """The alternatives of a bracket that opened just before `start`."""
    options: list[Tree] = []
    while True:
        option, start = _sequence(text, start)
        options.append(option)
        if start == len(text):
            raise ValueError(f"a '[' is never closed in {text!r}")
        start += 1
        if text[start - 1] == "]":
            return tuple(options), start


def _pick(tree: Tree, rng: random.Random) -> str:
    return "".join(
        node if isinstance(node, str) else _pick(node[int(rng.random() * len(node))], rng)
        for node in tree
    )

"""What of an item a text asks for in so many words: facts, or its story and why it was given."""

from __future__ import annotations

import re
from functools import cache

from crsdemo.core.domain import Domain, asking

_GENRE = r"(?:drama|comedy|horror|thriller|romance|action|western)"
_GENRES = (
    r"(?:what|which) (?:genre|kind|sort|type)\b|genres?\b",
    rf"{_GENRE} or (?:a |an |more )*{_GENRE}\b",
)

# "what about a western", "what films are there about chess" ask for no story
_OTHERS = "about|i|we|you|he|she|films?|movies?|books?|songs?|games?|else|others?|another"
_PLOT = re.compile(
    rf"\b(?:what|wat|wht|waht)(?:['’]?s| is| are)? (?!(?:(?:is|are|was|did|do) )?(?:{_OTHERS})\b)"
    r"(?:(?!\bthere\b|\byou\b(?! tell))[^.?!]){0,25}\babout\b|"
    r"\b(?:the|its|it['’]s|whole) (?:plot|story(?:line)?)\b(?! twist)|\bsynopsis\b|"
    r"\b(?:plot|story) (?:summary|outline)\b|"
    r"\bwhat(?:['’]?s| is)? (?:kind|sort|type) of (?:plot|story)\b|"
    r"(?:^\W*|[.,!?] )(?:plot|story(?:line)?)(?:\?|\W*(?:(?:please|pls|plz)\W*)?$)|"
    r"\bwhat happens\b",
    re.IGNORECASE,
)
_WHY = re.compile(
    r"\btell me (?:more|about)\b|\bwhy\b(?! not)|\bhow come\b|\breasons?\b|"
    r"\bexplain\b|\bwhat makes you\b|^\W*(?:huh|what|sorry|come again)\W*$",
    re.IGNORECASE,
)


def asks_plot(text: str) -> bool:
    """Whether the story of an item is asked for."""
    return bool(_PLOT.search(text))


def asks_story(text: str) -> bool:
    """Whether the story of an item is asked for, or why it was given: its card has an answer."""
    return asks_plot(text) or bool(_WHY.search(text))


def asked_facts(text: str, domain: Domain) -> tuple[str, ...]:
    """Fields of the catalog: those of its makers ("directors", "authors"), "year", "genres"."""
    return tuple(fact for fact, asking in _asking(domain).items() if asking.search(text))


@cache
def _asking(domain: Domain) -> dict[str, re.Pattern[str]]:
    """What asks for each field."""
    roles = "|".join(re.escape(role) for maker in domain.makers for role in maker.roles)
    one = "|".join(map(re.escape, (domain.item, *domain.called)))
    year = (
        rf"(?:what|which) year\b|release (?:date|year)\b|"
        rf"(?:and|(?:{roles or domain.item})s?) (?:and )?year\b",
        r"when (?:was|is|did|were)\b[^.?!]{0,20}\b"
        r"(?:made|from|out|shot|released|published|written|recorded|it|that|this)\b",
        rf"how old is (?:it|that|this|the (?:{one}))\b",
    )
    asked = {maker.field: maker.asked for maker in domain.makers if maker.asked}
    asked |= {"year": year, "genres": _GENRES}
    return {fact: asking(patterns) for fact, patterns in asked.items()}

"""What of a film a text asks for in so many words: facts, or its story and why it was given."""

from __future__ import annotations

import re

_GENRE = r"(?:drama|comedy|horror|thriller|romance|action|western)"
_ASKED = {
    "directors": (
        r"direct(?:or|ors|ed|s)\b|film-?maker\b|by who\b|by whom\b",
        r"who (?:made|makes|filmed|shot) ",
        r"who(?:['’]?s| is) it by\b",
    ),
    "cast": (
        r"cast\b(?! away)|act(?:or|ors|ress|resses)\b|starring\b|the leads?\b",
        r"who (?:stars?|acts?|plays?)\b",
        r"who(?:['’]?s| is| are| else is| all is)? in (?:it|that|this|there)\b",
    ),
    "year": (
        r"(?:what|which) year\b|release (?:date|year)\b|(?:and|director|actors?) (?:and )?year\b",
        r"when (?:was|is|did|were)\b[^.?!]{0,20}\b(?:made|from|out|shot|released|it|that|this)\b",
        r"how old is (?:it|that|this|the (?:film|movie))\b",
    ),
    "genres": (
        r"(?:what|which) (?:genre|kind|sort|type)\b|genres?\b",
        rf"{_GENRE} or (?:a |an |more )*{_GENRE}\b",
    ),
}
_ASKING = {
    fact: re.compile(rf"\b(?:{'|'.join(patterns)})", re.IGNORECASE)
    for fact, patterns in _ASKED.items()
}

_STORY = re.compile(
    r"\bwhat(?:['’]?s| is| are)? [^.?!]{0,25}\babout\b|\b(?:plot|story|synopsis)\b|"
    r"\bwhat happens\b|\btell me (?:more|about)\b|\bwhy\b(?! not)|\bhow come\b|\breasons?\b|"
    r"\bexplain\b|\bwhat makes you\b|^\W*(?:huh|what|sorry|come again)\W*$",
    re.IGNORECASE,
)


def asks_story(text: str) -> bool:
    """Whether the story of a film is asked for, or why it was given: its card has an answer."""
    return bool(_STORY.search(text))


def asked_facts(text: str) -> tuple[str, ...]:
    """Fields of the catalog: "directors", "cast", "year", "genres"."""
    return tuple(fact for fact, asking in _ASKING.items() if asking.search(text))

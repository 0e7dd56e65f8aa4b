"""What a user wants, read from a dialogue: words, films and people, refusals apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crsdemo.catalog import Catalog, Item
from crsdemo.dialogue import Dialogue, Turn
from crsdemo.mentions import PeopleLinker
from crsdemo.query import named_people
from crsdemo.wish_words import REFUSAL

_DISLIKED = re.compile(  # what follows or comes before a title
    "(?P<before>[\ue000-\uf8ff])[^.!?\n]{0,20}?"
    r"\b(?:was|is|were|are) (?:really |so |just |kind of )?"
    r"(?:awful|terrible|boring|bad\b|horrible|a let-?\s?down|not for me|not my|not (?:very )?good|"
    r"disappoint|overrated)|\b(?:bored by|hated|couldn'?t stand|disliked) "
    "(?P<after>[\ue000-\uf8ff])",
    re.IGNORECASE,
)
_DISLIKED_IT = re.compile(
    r"\b(?:hated|disliked|did(?:n'?t| not) (?:really |much )?(?:like|enjoy|care for)) "
    r"(?:it|that|this|those|them)\b|\b(?:it|that one|that) was (?:really |so )?"
    r"(?:boring|awful|bad|terrible|not (?:very )?good)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.!?;\n]+")
_TITLES = re.compile("[\ue000-\uf8ff]")  # private characters that stand for titles
_PRIVATE = 0xE000


@dataclass(frozen=True)
class Heard:
    """What was said, refusals apart; the newest turn of the user first."""

    wanted: tuple[str, ...]  # by turn, without titles
    refused: tuple[str, ...]
    films: tuple[Item, ...]  # spoken of and not refused: by the user, then by the assistant
    by_user: frozenset[str]
    in_last: frozenset[str]  # item ids of the user's last turn
    people: tuple[str, ...]  # see `named_people`
    refused_people: frozenset[str]

    def says(self, pattern: re.Pattern[str]) -> str | None:
        """The words that match, unless they were refused since."""
        for wanted, refused in zip(self.wanted, self.refused, strict=True):
            if pattern.search(refused):
                return None
            if found := pattern.search(wanted):
                return found[0]
        return None

    def refuses(self, pattern: re.Pattern[str]) -> bool:
        """Whether words that match were refused and not asked for since."""
        return any(map(pattern.search, self.refused)) and self.says(pattern) is None

    @property
    def own_films(self) -> list[Item]:
        """Those that the user named, or all if the user named none."""
        return [film for film in self.films if film.id in self.by_user] or list(self.films)

    @property
    def sentences(self) -> list[str]:
        """Of the user, two words long at least."""
        split = (s.strip() for text in self.wanted for s in _SENTENCE.split(text))
        return list(dict.fromkeys(s for s in split if " " in s))


def hear(dialogue: Dialogue, catalog: Catalog, linker: PeopleLinker, without: str = "") -> Heard:
    """Read a dialogue; the item `without` counts as not spoken of."""
    turns = [turn for turn in reversed(dialogue.turns) if turn.speaker == "user"]
    marked = [_marked(turn) for turn in turns]
    refused = [" ".join(m["what"] for m in REFUSAL.finditer(text)) for text in marked]
    by_user = frozenset(i for turn in turns for i in turn.item_ids)
    left_out = {without} | _disliked(dialogue)
    films = [item for item in _films(dialogue, catalog) if item.id not in left_out]
    return Heard(
        tuple(_TITLES.sub(" ", REFUSAL.sub(" ", text)) for text in marked),
        tuple(_TITLES.sub(" ", text) for text in refused),
        tuple(sorted(films, key=lambda item: item.id not in by_user)),
        by_user,
        frozenset(turns[0].item_ids if turns else ()),
        named_people(dialogue, linker),
        frozenset(p for text in refused if text for p in linker.link_people(text)),
    )


def _films(dialogue: Dialogue, catalog: Catalog) -> list[Item]:
    """Spoken of, newest first, each once."""
    newest = dict.fromkeys(i for t in reversed(dialogue.turns) for i in reversed(t.item_ids))
    return [catalog.item(i) for i in newest if i in catalog.row]


def _marked(turn: Turn) -> str:
    """The text with one private character in place of each title."""
    said, end = "", 0
    for number, mention in enumerate(turn.mentions):
        said += turn.text[end : mention.start] + chr(_PRIVATE + number)
        end = mention.end
    return said + turn.text[end:]


def _disliked(dialogue: Dialogue) -> set[str]:
    """Items that the user refused or did not like."""
    found: set[str] = set()
    previous: tuple[str, ...] = ()
    for turn in dialogue.turns:
        if turn.speaker == "user":
            text = _marked(turn)
            parts = [m["what"] for m in REFUSAL.finditer(text)]
            parts += [m["before"] or m["after"] for m in _DISLIKED.finditer(text)]
            marks = _TITLES.findall(" ".join(parts))
            found |= {turn.mentions[ord(mark) - _PRIVATE].item_id for mark in marks}
            found |= set(previous if _DISLIKED_IT.search(text) else ())
        previous = turn.item_ids if turn.speaker == "assistant" else ()
    return found

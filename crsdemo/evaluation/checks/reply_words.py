"""The words of a reply, apart from its items and their facts, and what they may speak of."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cached_property

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Mention
from crsdemo.core.recommender import Reply
from crsdemo.language.typed_words import is_ordinary, words_of

_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?\n]+(?=\s|$)|$|[.!?\n])")
_ITSELF = re.compile(r"\b(?:it|that|this)(?:'s|\s+(?:is|was))\b", re.IGNORECASE)
_BEGINS = re.compile(r"(?:^|[.!?:…\n\"“‘(–—-])\s*[\"'“‘(]?$")
_JUDGED = ("genres", "directors", "cast")  # fields whose values are claims where they are said


class ReplyWords:
    """The words of one reply to a dialogue that ends with the user's turn.

    In `text` the titles, the full names of the items' people and their facts of other kinds
    (keywords, tags) are blotted out with zeros, which are no words to any of the linkers.
    """

    def __init__(self, catalog: Catalog, dialogue: Dialogue, answer: Reply) -> None:
        self.catalog, self.dialogue, self.item = catalog, dialogue, answer.item
        said = [piece for piece in answer.pieces if isinstance(piece, Item)]
        self.items = tuple({i.id: i for i in (*said, answer.item) if i is not None}.values())
        self.places = answer.turn().mentions
        text = "".join(p if isinstance(p, str) else "0" * len(p.name) for p in answer.pieces)
        text = any_of(self._own_facts()).sub(_zeros, text)
        people = {person.lower(): person for item in self.items for person in item.people}
        named = any_of(people)
        self.own_people = [(m.start(), people[m[0].lower()]) for m in named.finditer(text)]
        self.text = named.sub(_zeros, text)
        self.typed = "\n".join(turn.text for turn in dialogue.turns if turn.speaker == "user")

    def _own_facts(self) -> set[str]:
        told = {tag for item in self.items for tag in item.tags}
        for item in self.items:
            told.update(*(values for name, values in item.facts.items() if name not in _JUDGED))
        return told

    @cached_property
    def known(self) -> frozenset[str]:
        """Plain words of the items spoken of and of what the user said: these may be names."""
        spoken_of = [*self.items, *map(self.catalog.item, self._mentioned)]
        names = [v for item in spoken_of for values in item.facts.values() for v in values]
        names += [text for item in spoken_of for text in (item.title, item.logline, *item.tags)]
        return frozenset(words_of(" ".join([*names, self.typed])))

    @property
    def _mentioned(self) -> list[str]:
        return [item_id for item_id in self.dialogue.mentioned if item_id in self.catalog.row]

    def subjects(self, position: int) -> Sequence[Item]:
        """What a fact at a place is said of: the items of its sentence, else the last one before,
        else the item of the reply, else ("it is ...") what was spoken of before.

        Nothing if the sentence names no item and asks a question.
        """
        spans = (match.span() for match in _SENTENCE.finditer(self.text))
        start, end = next(span for span in spans if span[0] <= position < span[1])
        near = [m for m in self.places if start <= m.start < end]
        if not near and self.text[start:end].rstrip().endswith("?"):
            return []
        named = {m.item_id for m in near or [m for m in self.places if m.start < start][-1:]}
        if found := [item for item in self.items if item.id in named]:
            return found
        if self.item is not None:
            return [self.item]
        is_about_it = _ITSELF.search(self.text[start:end])
        return [self.catalog.item(i) for i in self._mentioned[-1:] if is_about_it]

    def is_name(self, mention: Mention) -> bool:
        """Whether a title is more than ordinary words ("against all odds"), as replies use too."""
        said = self.text[mention.start : mention.end]
        inner = said[1:] if self.begins_sentence(mention.start) else said
        return inner != inner.lower() or any(c.isdigit() for c in said) or not is_plain(said)

    def begins_sentence(self, position: int) -> bool:
        return _BEGINS.search(self.text[:position]) is not None


def any_of(values: Collection[str]) -> re.Pattern[str]:
    """Finds whole words that are one of `values`, whatever their case; the longest first."""
    said = "|".join(map(re.escape, sorted(values, key=len, reverse=True)))
    return re.compile(rf"(?<!\w)(?:{said or '(?!)'})(?!\w)", re.IGNORECASE)


def _zeros(found: re.Match[str]) -> str:
    return "0" * len(found[0])


def is_plain(word: str) -> bool:
    """An ordinary word, which somebody chose to write with a capital."""
    return all(is_ordinary(w) for w in words_of(word))

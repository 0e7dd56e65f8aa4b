"""How a sentence uses words that are a title, too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from crsdemo.core.dialogue import OPENING, YEAR

# "X, the one with"
_DESCRIBED = re.compile(r"\s*,?\s*the one (?:with|where|about|by|from|in which)\b", re.IGNORECASE)
# Who watched something watched a film: "saw brazil again", "watched the help yesterday"
_WATCHED = re.compile(
    r"\b(?:re-?)?(?:watch(?:ed|ing)?|saw|seen|finished(?: watching)?)\s+(?:the\s+|an?\s+)?\Z",
    re.IGNORECASE,
)
_WATCHED_SO = re.compile(
    r"\s*(?:\Z|[\n.,;:!?)]|(?:and|or|but|last|yesterday|today|tonight|again|twice|once|recently|"
    r"when|before|after|because|too|with|at|on|in|as|for|this|the other|already|years|many|so|"
    r"(?:a|two|three|\d+) (?:lot|couple|few|times?|days?|weeks?)|very much|really)\b)",
    re.IGNORECASE,
)
YEAR_IN_BRACKETS = re.compile(rf"\s*{OPENING}{YEAR}\b")
_LIKE_THIS = re.compile(
    r"\b(?:film|movie|flick|something|anything|one)\s+(?:that['’]?s |just |a lot |kind of |more )?"
    r"(?:like|similar to|such as|along the lines of|in the (?:vein|style) of|akin to)\s+\Z",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:in|from|near|around|to|at|through|outside|since|of)\s+(?:the\s+)?\Z", re.I
)
_ROLE_IN = re.compile(
    r"\b(?:act(?:or|ress|ing)|guy|girl|man|woman|music|soundtrack|songs?|scenes?|ending|characters?|"
    r"cast|plays?|played|was|is|great|good|brilliant|fans?|sequel|version|kind|vein|style|sort|"
    r"types?|remake|mix|lover|similar|close|compared|next|likes?)\s+(?:in|from|of|to)\s+"
    r"(?:the\s+)?\Z",
    re.IGNORECASE,
)
_CONTENT = re.compile(
    r"\b(?:about|(?<!up )with|featuring|involving|where|full of)\b"
    r"(?:(?!\b(?:like|similar|than|as)\b)[^.!?\n])*\Z",
    re.IGNORECASE,
)
_LIKES = re.compile(r"\b(?:lik|lov|hat|ador)es?\s(?:\w+(?:,| and| or)\s)*\Z", re.IGNORECASE)
# What makes a sentence one about films that were named
_CUE = re.compile(
    r"\b(?:(?:re)?watch\w*|saw|seen|see|lov(?:e|es|ed|ing)|lik(?:e|es|ed)|enjoy\w*|hate[ds]?|"
    r"recommend\w*|suggest\w*|fav\w*|films?|movies?|flicks?|similar|great|good|bad|best|better|"
    r"ador\w*|top|worst|boring|classic|sequels?|prefer\w*|scared|cr(?:y|ied)|laugh\w*|ever|tr(?:y|ied)|about|"
    r"fans?|please|pls|or|than|amazing|awesome|finished|overrated|remember|heard|know|called)\b",
    re.IGNORECASE,
)
_SENTENCE_BEFORE = re.compile(r"[^.!?\n]*\Z")
_SENTENCE_AFTER = re.compile(r"[^.!?\n]*")
_ENTRY_BEFORE = re.compile(r"(?:\A|[,/&]|\b(?:and|or))\s*(?:(?:the|an?)\s+)?\Z", re.IGNORECASE)
_ENTRY_AFTER = re.compile(r"\s*(?:\Z|[\n.!?,/&]|(?:and|or)\b)", re.IGNORECASE)
SENTENCE = 200  # characters of a sentence before and after the words that may tell something
EVERYDAY = 0.3  # log10 of occurrences per million from which words are everyday ones


@dataclass(frozen=True)
class Surroundings:
    """What stands around `text[start:end]`."""

    text: str
    start: int
    end: int

    @cached_property
    def before(self) -> str:
        """Of the same sentence."""
        near = self.text[max(0, self.start - SENTENCE) : self.start]
        found = _SENTENCE_BEFORE.search(near)
        return found[0] if found else ""

    @cached_property
    def after(self) -> str:
        """Of the same sentence and beyond it."""
        return self.text[self.end : self.end + SENTENCE]

    @property
    def watched(self) -> bool:
        """Whether they were watched and not just seen: "saw brazil again"."""
        return bool(_WATCHED.search(self.before)) and self.end_what_was_watched

    @property
    def end_what_was_watched(self) -> bool:
        return bool(_WATCHED_SO.match(self.after))

    @property
    def described(self) -> bool:
        return bool(_DESCRIBED.match(self.after))

    @property
    def in_place(self) -> bool:
        """Whether something is there: "set in Chicago", but not "great in Chicago"."""
        return bool(_PLACE.search(self.before)) and not _ROLE_IN.search(self.before)

    def is_content(self, *, plural: bool) -> bool:
        """Whether these are words for what is in a film or, plural, for what somebody likes."""
        liked = plural and bool(_LIKES.search(self.before))
        return liked or bool(_CONTENT.search(self.before))

    @property
    def compared(self) -> bool:
        """Whether something is to be like them, without an article: "a film like prisoners"."""
        return bool(_LIKE_THIS.search(self.before))

    @property
    def listed(self) -> bool:
        """Whether they are all of an entry of a list: "the departed, heat and jaws"."""
        return bool(_ENTRY_BEFORE.search(self.before) and _ENTRY_AFTER.match(self.after))

    @property
    def speak_of_films(self) -> bool:
        rest = _SENTENCE_AFTER.match(self.after)
        return bool(_CUE.search(self.before) or (rest and _CUE.search(rest[0])))

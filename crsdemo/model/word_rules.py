"""Words that a reply may not say, or has to begin with: a small model's worst habits, by token."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from crsdemo.core.domain import Domain
from crsdemo.core.tags import Tag
from crsdemo.language.limits import NAME, ORIGINS, Limit
from crsdemo.language.refusals import Refusal
from crsdemo.model.talk import TalkFormat

# What a denial of what is known begins with, or cannot do without
DENIALS = (
    "'t", "’", " not", " cannot", " nothing", " unknown", "I", " I", "No", " no", "Nothing", "None",
    " don", " doesn", " didn", " isn", " aren", " wasn", " weren", " hasn", " haven", " couldn",
)  # fmt: skip
# How one asks back; of its own accord a small model says what programs cannot do
ASKING = (
    "What kind of {item} would you like",
    "What kind of {item} are you in the mood for",
    "Would you rather laugh or",
    "Shall it be funny or",
    "Which {item} did you enjoy",
)
# How a recommendation begins where the wish holds what nobody can tell; by whose voice, as written
# answers are shared out: two systems differ
DECLINING = (
    ("My cards don't tell {what}, but", "I can't tell {what}, but"),
    ("I can't check {what}, but", "There's no telling {what} from here, but"),
)
NOBODY = (
    ("I find no {what} on my cards, but", "My cards don't name {what}, but"),
    ("Nobody called {what} is in my catalog, but", "I don't know of {what}, but"),
)
OF_ONESELF = ("I", " I")  # how a recommendation begins that excuses itself ("I can't watch films")
# How one begins that leaves something out ("No war in Dunkirk")
LEAVING_OUT = ("No", " No", "Not", " Not", "Nothing", " Nothing", "None", " None")
MISREAD = ("€™", "€œ", "€“", "€”")  # of a base that read texts in a wrong encoding
# What is known of no item unless its card or the user says it: a small model makes such things up
# ("based on a true story", "on Netflix", "two hours")
CLAIMS = (
    "true", "real", "Oscar", "award", "awards", "Netflix", "Amazon", "Prime", "Disney", "minutes",
    "minute", "hours", "hour", "rated", "sequel", "won",
)  # fmt: skip


Runs = frozenset[tuple[int, ...]]  # of tokens
_WORDS = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True)
class WordRules:
    """The tokens that words begin with, of one tokenizer and domain."""

    denials: frozenset[int]
    asking: tuple[tuple[int, ...], ...]
    of_oneself: frozenset[int]
    leaving_out: frozenset[int]
    misread: Runs
    claims: Mapping[str, Runs]  # in small letters
    origins: Mapping[str, Runs]
    talk: TalkFormat
    domain: Domain

    @classmethod
    def of(cls, talk: TalkFormat, domain: Domain) -> Self:
        # where one is several tokens (’ is, byte by byte) it cannot go on without the first
        denials, of_oneself, leaving_out = (
            frozenset(talk.text(words)[0] for words in every)
            for every in (DENIALS, OF_ONESELF, LEAVING_OUT)
        )
        asking = tuple(tuple(talk.text(domain.worded(words))) for words in ASKING)
        misread = [talk.text(f"â{words}")[1:] for words in MISREAD]
        return cls(
            denials,
            asking,
            of_oneself,
            leaving_out,
            frozenset(map(tuple, misread)),
            _spelt(talk, CLAIMS),
            _spelt(talk, ORIGINS),
            talk,
            domain,
        )

    def declining(self, limits: Sequence[Limit], voice: int) -> tuple[tuple[int, ...], ...]:
        """How to begin where the catalog cannot tell what a wish sets; () where it sets nothing."""
        named = [limit.what for limit in limits if limit.kind == NAME]
        told = dict.fromkeys(self.domain.worded(limit.words) for limit in limits)
        what = " or ".join(named or told)
        shapes = (NOBODY if named else DECLINING)[voice] if what else ()
        texts = (shape.replace("{what}", what) for shape in shapes)
        return tuple(tuple(self.talk.text(text)) for text in texts)

    def before_title(self, *, leaves_out: bool) -> frozenset[int]:
        """What a recommendation does not begin with; `leaves_out`: if something was refused."""
        return self.of_oneself | (frozenset() if leaves_out else self.leaving_out)

    def never(self, card: str, said: str, *, recommends: bool) -> Runs:
        """What no reply says: neither the user nor the card did.

        What is recommended is not said to be as the user wants it, unless its card tells so.
        """
        known = (card if recommends else f"{said} {card}").lower()
        told = {**self.claims, **(self.origins if recommends else {})}
        return self.misread.union(*(runs for claim, runs in told.items() if claim not in known))

    def unsaid(self, refused: Iterable[Refusal], card: str, tags: Iterable[Tag]) -> Runs:
        """Words of what was refused and others for it ("gory" of gore), but for those on the card.

        `tags`: which words mean the same.
        """
        said = {word for one in refused for word in _WORDS.findall(one.what.lower())}
        alike = (tag.phrases for tag in tags if not said.isdisjoint(tag.phrases))
        words = said.union(word for phrases in alike for word in phrases if _WORDS.fullmatch(word))
        spelt = _spelt(self.talk, words - {*_WORDS.findall(card.lower())})
        return frozenset[tuple[int, ...]]().union(*spelt.values())


def _spelt(talk: TalkFormat, words: Iterable[str]) -> dict[str, Runs]:
    """The tokens of each word, by it in small letters: within a text, and where one begins."""
    return {
        word.lower(): frozenset(
            tuple(talk.text(one)) for one in (f" {word}", f"{word[:1].upper()}{word[1:]}")
        )
        for word in words
    }

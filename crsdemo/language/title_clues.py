"""What speaks for and against a run of words being a title, added up to log-odds.

The weights were fitted by logistic regression on the ReDial training turns (Li et al. 2018), where
every mention is marked; the texts were read as written, with titles in small letters, and all in
small letters. Quotes, subtitles, series, typos, genres and "the movie" beside a title are too rare
there, and their weights are set by hand; so is that of obscure films, for popularity was counted
on the same turns.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import YEAR
from crsdemo.language.title_forms import Part, without_articles
from crsdemo.language.title_use import EVERYDAY, YEAR_IN_BRACKETS, Surroundings
from crsdemo.language.typed_words import (
    ARTICLES,
    PHRASE,
    Speller,
    Token,
    is_ordinary,
    ordinariness,
    tokens_of,
    words_of,
)

NEAR = 40  # characters before the words that may tell something

_TABLE = tomllib.loads((files(__package__) / "title_clues.toml").read_text(encoding="utf-8"))
_WORDS = {name: frozenset(words) for name, words in _TABLE["words"].items()}
WEIGHTS: Mapping[str, float] = _TABLE["weights"]  # by the names of clues; yes-or-no are 0 or 1

_FILM_BEFORE = re.compile(
    r"(?:\b(?:movie|film|flick|called|titled|named)\s*[,:]?|"
    r"\b(?:movies|films|flicks|titles)\s+(?:like|such as|similar to))"
    r"\s*[\"'“‘]?(?:the\s+|an?\s+)?$",
    re.IGNORECASE,
)
_FILM_AFTER = re.compile(
    r"[\"'”’]?\s*(?:\(\s*(?:the\s+)?|,?\s*the\s+)(?:movie|film|flick)\b(?!\s+(?:that|where|with))",
    re.IGNORECASE,
)
ARTICLE_AFTER = re.compile(rf",\s*(the|an?)\b(?=\s*(?:\Z|[^\w\s]|{YEAR}))", re.IGNORECASE)
_OPENS = re.compile(r"(?:\A|[\n.,;:!?(\"“”‘/-]|\b(?:and|or|like|is|was|than))\s*\Z", re.IGNORECASE)
_CLOSES = re.compile(
    r"\s*(?:\Z|[\n.,;:!?)\"”’/-]|(?:and|or|but|is|was|because|too|also|if|yet|with|lol|which)\b)",
    re.IGNORECASE,
)
_VERB_AFTER = re.compile(
    r"\s*(?:['’]?s|is|was|has|had|will|would|should|could|can|sounds?|looks?|seems?|won|made|makes|"
    r"really|also|just|does|did|might|may|all)\b",
    re.IGNORECASE,
)
_SENTENCE_START = re.compile(r"(?:\A|[.!?:\n])\s*[\"“]?\s*\Z")
_SENTENCE_END = re.compile(r"\s*[.!?\n]|\s*\Z")
_QUOTE_BEFORE = re.compile(r"[\"“'‘*]\s*(?:the\s+|an?\s+)?\Z", re.IGNORECASE)
_QUOTE_AFTER = re.compile(r"[.,!?]?\s*[\"”'’*]")
_NAME_BEFORE = re.compile(r"\w (?!The|And|Or|I\b)[A-Z]\w+ \Z")  # no word that opens a sentence
_NAME_AFTER = re.compile(r" (?!I\b|The\b|And\b|Or\b|It\b|Is\b|With\b)[A-Z]\w+")
_HYPHEN_BEFORE = re.compile(r"\w-\Z|\b\w\.\Z")  # "rx-7", "U.S"
_HYPHEN_AFTER = re.compile(r"-(?!like|style|ish|esque|type)\w|\.\w\b", re.IGNORECASE)


def log_odds(clues: Mapping[str, float]) -> float:
    """Of the words being a title."""
    return float(_TABLE["bias"]) + sum(
        weight * clues.get(name, 0) for name, weight in WEIGHTS.items()
    )


@dataclass(frozen=True)
class ReadText:
    """A text with its words, its typos mended, and how it uses capitals."""

    text: str
    tokens: Sequence[Token]
    mended: Mapping[str, str]  # word as typed -> word as meant

    @classmethod
    def of(cls, text: str, speller: Speller) -> ReadText:
        tokens = tokens_of(text)
        return cls(text, tokens, speller.mend(token.word for token in tokens))

    def word(self, position: int) -> str:
        """The word at a position, typos mended; "" outside the text."""
        if not 0 <= position < len(self.tokens):
            return ""
        typed = self.tokens[position].word
        return self.mended.get(typed, typed)

    def words(self, first: int, last: int) -> tuple[str, ...]:
        """The words of `tokens[first:last]` without articles, typos mended."""
        return without_articles(self.word(n) for n in range(first, last))

    @cached_property
    def uses_capitals(self) -> bool:
        """Whether there are some, yet not everywhere."""
        letters = [c for c in self.text if c.isalpha()]
        return 0 < sum(c.isupper() for c in letters) < 0.5 * len(letters)

    @cached_property
    def titled(self) -> bool:
        """Whether Nearly Every Word Has A Capital."""
        heads = [self.text[t.start] for t in self.tokens if self.text[t.start].isalpha()]
        return sum(c.isupper() for c in heads) > 0.8 * len(heads)


@dataclass(frozen=True)
class Candidate:
    """`tokens[first:last]` of a text, and the items of which they are a form."""

    text: ReadText
    first: int
    last: int
    key: str
    forms: Mapping[int, Part]  # row of the item -> what of its title was said
    is_person: bool  # the same words name a person
    is_theme: bool  # the same words name what films are about

    @property
    def start(self) -> int:
        return self.text.tokens[self.first].start

    @property
    def end(self) -> int:
        return self.text.tokens[self.last - 1].end

    @property
    def before(self) -> str:
        """The text just before the words."""
        return self.text.text[max(0, self.start - NEAR) : self.start]

    @property
    def after(self) -> str:
        """The text just after the words."""
        return self.text.text[self.end : self.end + NEAR]

    @property
    def moved_article(self) -> str:
        """The article that was typed behind: "the" of "Matrix, The (1999)"."""
        moved = ARTICLE_AFTER.match(self.text.text, self.end)
        return moved[1].lower() if moved else ""

    def clues(
        self, item: Item, part: Part, *, year: bool, people: bool = False
    ) -> dict[str, float]:
        """By the names in `WEIGHTS`, for these words meaning `item`, of whose title `part` was
        said; `year`: so was its year; `people`: somebody who made it was."""
        return {
            "fame": math.log1p(item.popularity),
            "obscure": self._is_obscure(item),
            "year": year,
            "year_in_brackets": year and bool(YEAR_IN_BRACKETS.match(self.after)),
            "its_people": people,
            "series": part is Part.SERIES,
            "subtitle": part is Part.SUBTITLE,
            "person": self.is_person,
            "theme": self.is_theme,
            **self._wording(),
            **self._capitals(),
            **self._articles(item, part),
            **self._surroundings(),
            **self._use(),
        }

    def _is_obscure(self, item: Item) -> bool:
        small = not all(head.isupper() for head in self._content_heads())
        everyday = all(map(is_ordinary, self.text.words(self.first, self.last)))
        return not item.popularity and small and everyday

    def _wording(self) -> dict[str, float]:
        words = self.text.words(self.first, self.last)
        return {
            "ordinariness": ordinariness(words),
            "n_words": min(4, len(words) - 1),
            "typo": self.is_typo,
            "genre": all(word in _WORDS["genres"] for word in words),
            "pronoun": self.key in _WORDS["pronouns"] and bool(_VERB_AFTER.match(self.after)),
            "fragment": len(self.key) < 2
            or bool(_HYPHEN_BEFORE.search(self.before) or _HYPHEN_AFTER.match(self.after)),
            "letter": len(self.key) < 2 and self.after.startswith(("-", "/")),
        }

    @property
    def is_typo(self) -> bool:
        """Whether a title is meant that was not typed so."""
        typed = (self.text.tokens[n].word for n in range(self.first, self.last))
        said = "".join(self.text.words(self.first, self.last))
        return said != self.key or any(word in self.text.mended for word in typed)

    @property
    def _is_within(self) -> bool:
        """Whether the words are a part of a longer text and no sentence of their own."""
        alone = _SENTENCE_START.search(self.before) and _SENTENCE_END.match(self.after)
        return len(self.text.tokens) > 4 and not alone

    def _use(self) -> dict[str, float]:
        """How a sentence uses the words: as a film that was seen, or as words."""
        if self.key in _WORDS["pronouns"]:
            return {}
        around, words = self._around, self.text.words(self.first, self.last)
        everyday = ordinariness(words) >= (EVERYDAY if len(words) == 1 else PHRASE)
        small = everyday and not all(head.isupper() for head in self._content_heads())
        doubtful = small or (self.is_typo and len(words) == 1)
        return {
            "watched": around.watched,
            "described": around.described,
            "compared": around.compared,
            "place": everyday and len(words) == 1 and around.in_place,
            "content": small and around.is_content(plural=self.key.endswith("s")),
            "unprompted": doubtful
            and self._is_within
            and not (around.speak_of_films or around.listed),
        }

    @cached_property
    def _around(self) -> Surroundings:
        return Surroundings(self.text.text, self.start, self.end)

    def _capitals(self) -> dict[str, float]:
        """What the capitals of the words say in a text that uses capitals."""
        heads = list(self._content_heads())
        if not heads or not self.text.uses_capitals:
            return {}
        if not all(head.isupper() for head in heads):
            return {"lower_case": 1}
        if self.text.titled or (len(heads) == 1 and _SENTENCE_START.search(self.before)):
            return {"initial_capital": 1}
        return {
            "odd_capitals": max(0, ordinariness(self.text.words(self.first, self.last))),
            "continued": self.last - self.first == 1
            and bool(_NAME_BEFORE.search(self.before) or _NAME_AFTER.match(self.after)),
        }

    def _content_heads(self) -> Iterator[str]:
        """First letters of the words that a title writes with a capital."""
        said = self.text.tokens[self.first : self.last]
        long = [token for token in said if len(token.word) > 3]
        heads = (self.text.text[token.start] for token in long or said)
        return (head for head in heads if head.isalpha())

    def _articles(self, item: Item, part: Part) -> dict[str, float]:
        said = self.text.word(self.first - 1)
        article = self.moved_article or (said if said in ARTICLES else "")
        own = words_of(item.title)[0] if part is Part.WHOLE else article
        if own not in ARTICLES:
            foreign = self.text.word(self.last) not in _WORDS["of_films"]
            return {"odd_article": bool(article) and foreign}
        moved = bool(self.moved_article) and article == own
        return {"article": article == own, "no_article": not article, "moved_article": moved}

    def _surroundings(self) -> dict[str, float]:
        has_article = self.text.word(self.first - 1) in ARTICLES
        first = self.first - has_article
        start = self.text.tokens[first].start
        before = self.text.text[max(0, start - NEAR) : start]
        leading = self.text.word(first - 1)
        return {
            "quoted": bool(_QUOTE_BEFORE.search(self.before) and _QUOTE_AFTER.match(self.after)),
            "film_before": bool(_FILM_BEFORE.search(self.before)),
            "film_after": bool(_FILM_AFTER.match(self.after)),
            "watching": leading in _WORDS["watching"],
            "odd_before": leading in _WORDS["not_before"],
            "opens": bool(_OPENS.search(before)),
            "closes": bool(_CLOSES.match(self.after))
            or (leading in _WORDS["watching"] and self._around.end_what_was_watched),
            "alone": self.last - first == len(self.text.tokens),
        }

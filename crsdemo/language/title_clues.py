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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from crsdemo.core.catalog import Item
from crsdemo.language.title_forms import Part, without_articles
from crsdemo.language.typed_words import (
    ARTICLES,
    Speller,
    Token,
    is_ordinary,
    ordinariness,
    tokens_of,
    words_of,
)

NEAR = 40  # characters before the words that may tell something

# fmt: off
_WATCHING = frozenset([
    "watch", "watched", "watching", "rewatch", "rewatched", "seen", "see", "saw", "love", "loved",
    "loves", "like", "liked", "enjoy", "enjoyed", "hate", "hated", "recommend", "suggest", "try",
    "tried", "adore", "adored", "finished",
])
_NOT_BEFORE = frozenset([  # an ordinary word follows these rather than a title
    "my", "your", "some", "any", "his", "this", "that", "these", "very", "so", "too", "really",
    "more", "most", "good", "great", "to", "not", "no", "as", "at", "of", "what", "whats", "i",
    "you", "we", "they", "he", "she", "it", "if", "when", "how", "much", "many", "another",
    "every", "each", "up", "down", "off", "into", "am", "be", "been", "im", "are",
    "feel", "get", "got",
])
_GENRES = frozenset([
    "action", "adventure", "animated", "animation", "comedy", "comedies", "crime", "drama",
    "dramas", "documentary", "fantasy", "family", "horror", "musical", "mystery", "romance",
    "romantic", "romcom", "scifi", "sci", "fi", "thriller", "thrillers", "suspense", "western",
    "westerns", "war", "movie", "movies", "film", "films", "cartoon", "superhero", "hero",
    "heroes", "super", "scary", "funny", "sequel", "remake", "series", "actor", "director",
    "kids", "classic", "marvel", "disney", "pixar", "dc",
])
_PRONOUNS = frozenset(["i", "you", "it", "he", "she", "they", "them", "us", "her", "him", "this"])
_OF_FILMS = frozenset([  # in "the X movies" the article is not part of X
    "movie", "movies", "film", "films", "series", "trilogy", "franchise", "saga", "sequel",
    "sequels", "remake", "one",
])
# fmt: on

_FILM_BEFORE = re.compile(
    r"\b(?:movie|film|flick|called|titled|named)\s*[,:]?\s*[\"'“‘]?(?:the\s+|an?\s+)?$",
    re.IGNORECASE,
)
_FILM_AFTER = re.compile(
    r"[\"'”’]?\s*(?:\(\s*(?:the\s+)?|,?\s*the\s+)(?:movie|film|flick)\b(?!\s+(?:that|where|with))",
    re.IGNORECASE,
)
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
_QUOTE_BEFORE = re.compile(r"[\"“'‘*]\s*(?:the\s+|an?\s+)?\Z", re.IGNORECASE)
_QUOTE_AFTER = re.compile(r"[.,!?]?\s*[\"”'’*]")
_NAME_BEFORE = re.compile(r"\w (?!The|And|Or|I\b)[A-Z]\w+ \Z")  # no word that opens a sentence
_NAME_AFTER = re.compile(r" (?!I\b|The\b|And\b|Or\b|It\b|Is\b|With\b)[A-Z]\w+")
_HYPHEN_BEFORE = re.compile(r"\w-\Z|\b\w\.\Z")  # "rx-7", "U.S"
_HYPHEN_AFTER = re.compile(r"-(?!like|style|ish|esque|type)\w|\.\w\b", re.IGNORECASE)


BIAS = -0.8
# What tells a title from other words -> its weight. Yes-or-no clues are 0 or 1.
WEIGHTS = {
    "fame": 1.0,  # log(1 + popularity of the film)
    "obscure": -1.5,  # everyday words in small letters; a film never mentioned in training
    "ordinariness": -2.0,  # log10 of occurrences per million in ordinary speech
    "n_words": -0.3,  # beyond the first, at most 4
    "odd_capitals": 2.0,  # each word has one: ordinariness if above 0
    "initial_capital": -0.3,  # only where every sentence or every word has one
    "lower_case": -0.4,  # no capitals, though the text uses them
    "quoted": 3.5,
    "year": 4.5,  # the right year beside it
    "film_before": 2.0,  # "the movie X"
    "film_after": 2.0,  # "X the movie"
    "watching": 1.1,  # "watched X"
    "article": 1.5,  # the title's own article was said
    "no_article": -1.5,  # the title has an article that was not said
    "odd_article": -2.2,  # an article was said that is not the title's
    "odd_before": -0.9,  # "my X", "very X"
    "opens": 1.2,  # begins a phrase
    "closes": 1.3,  # ends a phrase
    "alone": 0.4,  # nothing else was said
    "series": -0.5,  # only the name of the series was said
    "subtitle": -2.0,  # only the subtitle was said
    "typo": -1.5,
    "genre": -4.0,  # nothing but words for genres and the like
    "theme": -2.0,  # also what films are about: "aliens", "prison"
    "person": -3.0,  # also the name of a person who makes films
    "pronoun": -3.5,  # "it" or the like before a verb
    "continued": -1.5,  # a single word with a capital, and one beside it: "Big Mouth"
    "fragment": -4.0,  # one letter or digit, or part of a hyphenated word
}


def log_odds(clues: Mapping[str, float]) -> float:
    """Of the words being a title."""
    return BIAS + sum(weight * clues.get(name, 0) for name, weight in WEIGHTS.items())


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

    def clues(self, item: Item, part: Part, *, year: bool) -> dict[str, float]:
        """By the names in `WEIGHTS`, for these words meaning `item`, of whose title `part` was
        said; `year`: so was its year."""
        return {
            "fame": math.log1p(item.popularity),
            "obscure": self._is_obscure(item),
            "year": year,
            "series": part is Part.SERIES,
            "subtitle": part is Part.SUBTITLE,
            "person": self.is_person,
            "theme": self.is_theme,
            **self._wording(),
            **self._capitals(),
            **self._articles(item, part),
            **self._surroundings(),
        }

    def _is_obscure(self, item: Item) -> bool:
        small = not all(head.isupper() for head in self._content_heads())
        everyday = all(map(is_ordinary, self.text.words(self.first, self.last)))
        return not item.popularity and small and everyday

    def _wording(self) -> dict[str, float]:
        words = self.text.words(self.first, self.last)
        typed = (self.text.tokens[n].word for n in range(self.first, self.last))
        return {
            "ordinariness": ordinariness(words),
            "n_words": min(4, len(words) - 1),
            "typo": any(word in self.text.mended for word in typed),
            "genre": all(word in _GENRES for word in words),
            "pronoun": self.key in _PRONOUNS and bool(_VERB_AFTER.match(self.after)),
            "fragment": len(self.key) < 2
            or bool(_HYPHEN_BEFORE.search(self.before) or _HYPHEN_AFTER.match(self.after)),
        }

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
            "continued": self._is_continued(),
        }

    def _is_continued(self) -> bool:
        """Whether a single word stands right beside another one with a capital."""
        single = self.last - self.first == 1
        return single and bool(_NAME_BEFORE.search(self.before) or _NAME_AFTER.match(self.after))

    def _content_heads(self) -> Iterator[str]:
        """First letters of the words that a title writes with a capital."""
        said = self.text.tokens[self.first : self.last]
        long = [token for token in said if len(token.word) > 3]
        heads = (self.text.text[token.start] for token in long or said)
        return (head for head in heads if head.isalpha())

    def _articles(self, item: Item, part: Part) -> dict[str, float]:
        said = self.text.word(self.first - 1)
        article = said if said in ARTICLES else ""
        own = words_of(item.title)[0] if part is Part.WHOLE else article
        if own not in ARTICLES:
            foreign = self.text.word(self.last) not in _OF_FILMS
            return {"odd_article": bool(article) and foreign}
        return {"article": article == own, "no_article": not article}

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
            "watching": leading in _WATCHING,
            "odd_before": leading in _NOT_BEFORE,
            "opens": bool(_OPENS.search(before)),
            "closes": bool(_CLOSES.match(self.after)),
            "alone": self.last - first == len(self.text.tokens),
        }

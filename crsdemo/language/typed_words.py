"""Words as people type them: tokens with their place, how ordinary they are, and typos mended.

Knows nothing about films. `data/words.tsv` lists English words with their occurrences per million,
averaged over chat about films, encyclopedia openings and the order of a wordpiece vocabulary.
Those with a capital are names (of people, places, firms) and come from the last alone.
`data/phrases.txt` lists, by hand, runs of words (articles left out) that people say every day
although they are titles too.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby

from rapidfuzz import process
from rapidfuzz.distance import OSA

ARTICLES = frozenset({"the", "a", "an"})
UNLISTED = 0.05  # occurrences per million of a word that is not listed
COLLOCATION = 1.3  # log10 of how much oftener neighbours occur together than by chance
PHRASE = 1.0  # log10 of occurrences per million of a listed phrase, at least
LONGEST_TYPO = 24  # characters; longer runs are no misspelt words
COMMON = 3.0  # occurrences per million
OTHER = 5.0  # how much rarer a word is in a wish that means nothing in it
MOST_TYPOS = 40  # unknown words of one text that are looked at

# Words of talk that the table lacks, each near to somebody's name
_SLANG = frozenset(["dunno", "gimme", "lemme", "soppy", "sappy", "milder", "bollocks", "whodunnit"])
_SPELLINGS = {"&": "and", "vs": "v", "versus": "v", "vol": "volume", "pt": "part", "ep": "episode"}
_LETTERS = {"0": "o", "1": "i", "3": "e", "7": "v"}
_LEET = re.compile(r"(?<=[^\W\d_])[0137](?=[^\W\d_])")  # "Se7en"
# Scripts without spaces between words, or with endings on them: each character is a word, so that
# a title is found within a sentence
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u309f\u3400-\u9fff\uac00-\ud7af"
    r"\uf900-\ufaff\U00020000-\U0003ffff"
)
_KATAKANA = r"\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f"
_MARKS = r"\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0970-\u0dff"
_LETTER = rf"(?:[^\W_{_UNSPACED}{_KATAKANA}]|[{_MARKS}])"
_TOKEN = re.compile(rf"&|[{_UNSPACED}]|[{_KATAKANA}]+|{_LETTER}+(?:['’`]{_LETTER}+)*")
_ACCENTS = re.compile(r"[\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0640]")
_WITHOUT_ACCENT = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ʻ": ""}
)
_CHARACTER = re.compile(rf"[{_UNSPACED}]")
SHORT = 2  # characters of such a script that are a part of other words oftener than a title


@dataclass(frozen=True)
class Token:
    """A word of a text at `text[start:end]`; `word` is its plain form."""

    start: int
    end: int
    word: str


def tokens_of(text: str) -> list[Token]:
    """The words of a text; punctuation lies between them. `&` counts as "and"."""
    return [Token(m.start(), m.end(), plain_word(m[0])) for m in _TOKEN.finditer(text)]


def words_of(text: str) -> tuple[str, ...]:
    """Plain forms of the words of a text."""
    return tuple(plain_word(word) for word in _TOKEN.findall(text))


@cache
def plain_word(word: str) -> str:
    """Lower case; no accents, apostrophes or digits for letters; some words in one spelling."""
    word = word.casefold()
    if not word.isascii():
        split = _ACCENTS.sub("", unicodedata.normalize("NFKD", word))
        word = unicodedata.normalize("NFKC", split).translate(_WITHOUT_ACCENT)
    word = re.sub("['’`]", "", word)
    word = _LEET.sub(lambda digit: _LETTERS[digit[0]], word)
    return _SPELLINGS.get(word, word)


@cache
def word_rates() -> Mapping[str, float]:
    """English word or name, names with a capital -> occurrences per million."""
    table = (files(__package__) / "words.tsv").read_text(encoding="utf-8")
    return {word: float(rate) for word, rate in map(str.split, table.splitlines())}


@cache
def _plain_rates() -> Mapping[str, float]:
    return {word.lower(): rate for word, rate in word_rates().items()}


@cache
def _phrases() -> frozenset[str]:
    text = (files(__package__) / "phrases.txt").read_text(encoding="utf-8")
    return frozenset(text.splitlines())


def is_ordinary(word: str) -> bool:
    """Whether a plain word is one of the language and not just a name."""
    return word in word_rates()


def is_known(word: str) -> bool:
    """Whether a plain word is one of the language or a name in it."""
    return word in _plain_rates()


def rate(word: str) -> float:
    """Occurrences per million of a plain word."""
    return _plain_rates().get(word, UNLISTED)


@cache
def common_words() -> Mapping[str, float]:
    """Plain words of the language that are common enough to be meant by a typo -> their rate."""
    common = (w for w, rate in word_rates().items() if rate >= COMMON and w.islower())
    return {word: word_rates()[word] for word in common}


def ordinariness(words: Sequence[str]) -> float:
    """log10 of how often these words stand side by side per million in ordinary speech."""
    rates = _plain_rates()
    if all(map(_CHARACTER.fullmatch, words)):  # characters, not words
        return PHRASE if len(words) <= SHORT else math.log10(UNLISTED)
    logs = (math.log10(rates.get(word, UNLISTED)) - 6 for word in words)
    by_chance = sum(logs) + 6 + COLLOCATION * (len(words) - 1)
    return max(by_chance, PHRASE) if " ".join(words) in _phrases() else by_chance


class Speller:
    """Mends typos in words that neither English nor `vocabulary` knows.

    `vocabulary` maps the words that may be meant to their weight; of two words equally near the
    heavier is taken. `names` maps others, which are meant only if no word of `vocabulary` and no
    common word is as near, and then nothing is mended to the latter.
    """

    def __init__(
        self, vocabulary: Mapping[str, float], names: Mapping[str, float] | None = None
    ) -> None:
        names = names or {}
        self._known = vocabulary.keys() | names.keys() | _plain_rates().keys() | _SLANG
        common = common_words() if names else {}
        self._meant = vocabulary.keys() | (names.keys() - common.keys())
        self._weight = {w: (0, weight) for w, weight in names.items()}
        self._weight |= {w: (1, rate / OTHER) for w, rate in common.items()}
        self._weight |= {w: (1, weight) for w, weight in vocabulary.items()}
        meant = (w for w in self._weight if len(w) >= 5 and w.isalpha())
        self._by_initial = {
            initial: list(words) for initial, words in groupby(sorted(meant), key=lambda w: w[0])
        }

    def mend(self, words: Iterable[str]) -> dict[str, str]:
        """Unknown word -> the word that is probably meant, for those that have one."""
        unknown = [w for w in dict.fromkeys(words) if self._may_be_typo(w)]
        found = ((word, self._nearest(word)) for word in unknown[:MOST_TYPOS])
        return {word: meant for word, meant in found if meant}

    def mended(self, text: str, kept: Sequence[tuple[int, int]] = ()) -> str:
        """A text with its typos mended, but for what is `kept`: (start, end) of names in it."""
        tokens = [
            token
            for token in tokens_of(text)
            if not any(start <= token.start < end for start, end in kept)
        ]
        meant = self.mend(token.word for token in tokens)
        for token in reversed(tokens):
            if token.word in meant and text[token.start : token.end].isalpha():
                text = text[: token.start] + meant[token.word] + text[token.end :]
        return text

    def _may_be_typo(self, word: str) -> bool:
        forms = (word, *(word.removesuffix(ending) for ending in ("s", "es", "nt")))
        known = self._known.intersection(forms)  # "shouldnt" is no typo for "should"
        return 5 <= len(word) <= LONGEST_TYPO and word.isalpha() and not known

    def _nearest(self, word: str) -> str | None:
        """At most 1 edit (a swap of neighbours is one), 2 from 8 letters; same initial.

        A word and its plural or another of its family are both right: neither is mended.
        """
        edits = 1 if len(word) < 8 or _is_derived(word) else 2
        near = process.extract(
            word,
            self._by_initial.get(word[0], ()),
            scorer=OSA.distance,
            score_cutoff=edits,
            limit=None,
        )
        others = (hit for hit in near if not _is_inflected(word, hit[0]))
        heavier = sorted(others, key=lambda hit: self._weight[hit[0]], reverse=True)
        best = min(heavier, key=lambda hit: hit[1], default=None)
        # a common word is none that is listened for, but its plural may be
        return best[0] if best and {best[0], best[0].removesuffix("s")} & self._meant else None


_FAMILY = r"(?:ics?|al|ly|ish|ous|ness|ment|able|ings?|ed|ers?|ive|ist|isms?|ity|ful|less)"
_ENDING = re.compile(rf"{_FAMILY}$")
_OTHER_ENDING = re.compile(rf"|e|y|ia|s|{_FAMILY}")


def _is_derived(word: str) -> bool:
    """Whether it is a known word with an ending, as "spoilers" is."""
    stem = _ENDING.sub("", word)
    return stem != word and is_known(stem)


def _is_inflected(word: str, other: str) -> bool:
    """Whether a word is no typing error of another but of its family: "melancholic" of
    "melancholia", and plural and singular of each other. "intersteller" is none of
    "interstellar", for neither is there an "interstell" nor a family with such an ending."""
    if word.removesuffix("s") == other.removesuffix("s"):
        return True
    ending = _ENDING.search(word)
    if ending is None:
        return False
    stem, rest = word[: ending.start()], other[ending.start() :]
    return other == stem + rest and (is_known(stem) or bool(_OTHER_ENDING.fullmatch(rest)))

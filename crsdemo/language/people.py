"""Which people of a catalog a text speaks of."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from rapidfuzz.distance import OSA

from crsdemo.core.catalog import Catalog
from crsdemo.language.title_clues import ReadText
from crsdemo.language.typed_words import Speller, Token, is_ordinary, rate, words_of

_ASKED = re.compile(
    r"(?:^\W*|\b(?:with|by|starring|stars?|featuring|from|either|any|some|another|more|mean|meant|"
    r"(?:i|we) (?:want|prefer)|(?:i|we)(?:['’]?d| would) (?:really |rather )?(?:want|prefer|love|"
    r"have|like)|how about|what about|maybe|perhaps|give me|gimme|try|"
    r"(?:one|film|movie|thing)s? (?:that|which) (?:has|have)|"
    r"(?:film|movie|book|work|stuff|more|thing|one)s? (?:of|has)|w/|"
    r"(?:early|late)(?<!too late)(?<!too early))\W+)$",
    re.IGNORECASE,
)
# "an action film, tom cruise"; not "great film, tom cruise!"
_BEHIND_A_COMMA = re.compile(
    r"\b(?:films?|movies?|flicks?|comed(?:y|ies)|thrillers?|dramas?|"
    r"horror|westerns?|action|romance|romcom|something|anything|instead|no|sorry),\W*$",
    re.I,
)
_PRAISED = re.compile(r"\b(?:great|amazing|brilliant|thanks|thank you|favou?rite|best)\b", re.I)
_ALL = re.compile(r"\W*(?:$|[.!?\n]|(?:please|pls|instead|then|or|and)\b)", re.I)
_WHOSE = re.compile(
    r"(?:['’]s)?,? (?:(?:early|late|old|older|new|newer|best|good) )?"
    r"(?:films?|movies?|flicks?|pictures?|books?|novels?|songs?|tracks?|albums?|games?|comed(?:y|ies)|thrillers?|westerns?|dramas?)\b",
    re.IGNORECASE,
)
# Before a name in its sentence: somebody tells of a film, or asks whether it is this one
_TOLD = re.compile(
    r"\b(?:liked|loved|saw|seen|watched|read|played|enjoyed|remember|heard|it['’]?s an?|was|had|"
    r"(?:is|isn['’]?t) (?:that|this|it)|the one with|i have|yes)\b[^.!?\n]*$",
    re.IGNORECASE,
)
# After a name with which a text begins, if it is a wish
_ALONE = re.compile(
    r"\W*(?:$|\n|[.,;!?]|(?:please|pls|again|then|or|and|but|maybe|films?|movies?|books?|novels?|songs?|games?|from|in|with|if|"
    r"on|as|where|when|something|anything|instead|ideally)\b)",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\W*(?P<how>and|or|&|,)?\W*", re.IGNORECASE)
# Between the first name and the last of a surname: "de niro", "van damme"
_PARTICLES = frozenset(["de", "del", "di", "da", "du", "la", "le", "van", "von", "bonham", "ben"])
_OBJECTS = frozenset(["me", "you", "him", "her", "it", "us", "them", "my", "his", "the", "a", "an"])
MIN_FILMS = 5  # of a person who is known by surname
LEAST_SURNAME = 4  # letters of a surname that names somebody by itself: not "Oh", "May", "Day"
RARE_WORD = 4.5  # occurrences per million below which a small word can be a surname
SLIPS = 2  # in a first name that is spelt wrong
RARE_SURNAME = 7  # letters from which a surname needs no capital


class Asked(NamedTuple):
    """People of whom a film is wished: with all of them, or `either`, with any."""

    people: tuple[str, ...] = ()
    either: bool = False


class PeopleLinker:
    """Finds the makers (directors and actors, authors) of a catalog in a text."""

    def __init__(self, catalog: Catalog) -> None:
        n_films = Counter(person for item in catalog for person in item.people)
        self._first_names = Counter(words_of(person)[0] for person in n_films if words_of(person))
        self._by_name: dict[str, str] = {}
        self._by_surname: dict[str, list[str]] = defaultdict(list)
        self.vocabulary: dict[str, float] = {}  # words of names -> films of the best known
        for person, count in sorted(n_films.items(), key=lambda pair: pair[1]):
            words = words_of(person)
            if len(words) > 1:
                self._by_name["".join(words)] = person  # of namesakes the one with more films
                self.vocabulary.update(dict.fromkeys(words, count))
                if count >= MIN_FILMS:
                    surname = words[-2] if words[-1] in {"jr", "sr"} else words[-1]
                    self._by_surname[surname].append(person)
                    if len(words) > 2 and words[-2] in _PARTICLES:
                        self._by_surname[words[-2] + surname].append(person)
        self._speller = Speller({}, self.vocabulary)

    def link_people(self, text: str) -> tuple[str, ...]:
        """People named in full, or by a surname that only one well-filmed person has.

        Names as the catalog spells them, each once, first named first.
        """
        return tuple(dict.fromkeys(person for _, _, person in self.named_at(text)))

    def named_at(self, text: str, *, refused: bool = False) -> Iterator[tuple[int, int, str]]:
        """(start, end, person) of each name; several people may share one.

        `refused`: the text is what somebody refuses, where a surname needs no capital.
        """
        read = ReadText.of(text, self._speller)
        for first, after, person in self.spans(read, refused=refused):
            yield read.tokens[first].start, read.tokens[after - 1].end, person

    def asked_for(self, text: str) -> Asked:
        """Those of whom a film is wished: "with", "by" or "starring" them, or "their films"."""
        read, found, end, either = ReadText.of(text, self._speller), list[str](), 0, False
        for first, after, person in self.spans(read):
            start = read.tokens[first].start
            joined = _JOINED.fullmatch(text[end:start]) if found else None
            end = read.tokens[after - 1].end
            if joined or self._is_asked_for(text[:start], text[end:]):
                found.append(person)
                either = either or bool(joined and (joined["how"] or "").lower() == "or")
        return Asked(tuple(dict.fromkeys(found)), either)

    def _is_asked_for(self, before: str, after: str) -> bool:
        """Whether a name between these words is one of a wish."""
        if _TOLD.search(before):
            return False
        if not before.strip(" \n.,!?"):
            return bool(_ALONE.match(after) or _WHOSE.match(after))
        if _BEHIND_A_COMMA.search(before) and _ALL.match(after) and not _PRAISED.search(before):
            return True
        return bool(_ASKED.search(before) or _WHOSE.match(after))

    def is_name(self, key: str) -> bool:
        """Whether words, run together, are somebody's full name."""
        return key in self._by_name

    def spans(self, text: ReadText, *, refused: bool = False) -> Iterator[tuple[int, int, str]]:
        """(first token, token after the last, person); several people may share a span."""
        position = 0
        while position < len(text.tokens):
            length, people = self._at(text, position, refused)
            yield from ((position, position + length, person) for person in people)
            position += length

    def _at(self, text: ReadText, first: int, refused: bool) -> tuple[int, list[str]]:
        """How many words from `first` on name people, and whom."""
        for length in (4, 3, 2):
            key = "".join(text.word(first + n) for n in range(length))
            if first + length <= len(text.tokens) and key in self._by_name:
                return length, [self._by_name[key]]
        if person := self._misspelt(text, first):
            return 2, [person]
        if text.word(first) in _PARTICLES:
            people = self._by_surname.get(text.word(first) + text.word(first + 1), [])
            if len(people) == 1 and first + 1 < len(text.tokens):
                return 2, people
        return 1, self._by_surname_at(text, first, refused)

    @cached_property
    def _by_first(self) -> Mapping[str, Mapping[str, str]]:
        """First name -> last name -> the person, of the well filmed with two names."""
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for person in dict.fromkeys(p for people in self._by_surname.values() for p in people):
            first, *rest = words_of(person)
            if len(rest) == 1 and not is_ordinary(first):
                found[first][rest[0]] = person
        return found

    def _misspelt(self, text: ReadText, first: int) -> str | None:
        """Whose first name this is, if the last has one slip: "jim carry", "sandra bulock"."""
        people, last = self._by_first.get(text.word(first), {}), text.word(first + 1)
        is_verb = is_ordinary(last) and text.word(first + 2) in _OBJECTS  # "tom hands me the"
        if len(last) < LEAST_SURNAME - 1 or last in people or is_verb:
            return None
        long = [name for name in people if len(name) >= LEAST_SURNAME]
        near = [name for name in long if OSA.distance(name, last, score_cutoff=1) <= 1]
        return people[near[0]] if len(near) == 1 else None

    def _by_surname_at(self, text: ReadText, position: int, refused: bool) -> list[str]:
        word = text.word(position)
        surname = word if word in self._by_surname else word.removesuffix("s")
        people = self._by_surname.get(surname, [])
        if text.word(position + 1) in {"brothers", "bros", "sisters"}:
            return people
        if len(people) != 1 or is_ordinary(word) or is_ordinary(surname):
            return []
        if self._is_part_of_another(text, position, people[0]):
            return []
        token = text.tokens[position]
        capital = text.text[token.start].isupper() and not text.titled
        if len(surname) >= (LEAST_SURNAME if capital else RARE_SURNAME):
            return people
        typed = token.word in (surname, word) and self._is_a_name(surname)
        return people if typed and (refused or _is_wish(text.text, token)) else []

    def _is_part_of_another(self, text: ReadText, position: int, person: str) -> bool:
        """Whether a surname is in somebody else's name: Robert Bresson is no Luc Besson."""
        word, names = text.word(position), words_of(person)
        first, last = text.word(position - 1) if position else "", text.word(position + 1)
        if first and not is_ordinary(first) and first not in names:
            if first in self._first_names:
                return True
            is_new = first not in self._by_surname and _is_capital(text, position - 1, position - 1)
            if is_new and min(OSA.distance(first, name) for name in names) > SLIPS:
                return True
        is_first = word in self._first_names and _is_capital(text, position, position + 1)
        return is_first and not is_ordinary(last) and last not in names

    def _is_a_name(self, surname: str) -> bool:
        """Whether it is hardly ever anything but a surname: not "snow", nor a friend's "kelly"."""
        return (
            len(surname) >= LEAST_SURNAME
            and rate(surname) < RARE_WORD
            and not is_ordinary(f"{surname}s")
            and self._first_names[surname] < 2
        )


def _is_capital(text: ReadText, first: int, position: int) -> bool:
    """Whether the word at `position` of two, of which `first` is the first, is typed as a name."""
    if text.titled or not first + 1 < len(text.tokens):
        return False
    one, other = text.tokens[first], text.tokens[first + 1]
    is_beside = text.text[one.end : other.start] == " "
    return is_beside and text.text[text.tokens[position].start].isupper()


def _is_wish(text: str, name: Token) -> bool:
    """Whether the words around a surname in small letters ask for films of that person."""
    before, after = text[: name.start], text[name.end :]
    return bool(_WHOSE.match(after) or (before.strip() and _ASKED.search(before)))

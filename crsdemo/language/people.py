"""Which people of a catalog a text speaks of."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from crsdemo.core.catalog import Catalog
from crsdemo.language.title_clues import ReadText
from crsdemo.language.typed_words import Speller, is_ordinary, words_of

_ASKED = re.compile(
    r"(?:^\W*|\b(?:with|by|starring|stars?|featuring|from|any|some|another|more|mean|meant)\W+)$",
    re.IGNORECASE,
)
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
_JOINED = re.compile(r"\W*(?:and|or|&|,)?\W*", re.IGNORECASE)
MIN_FILMS = 5  # of a person who is known by surname
LEAST_SURNAME = 4  # letters of a surname that names somebody by itself: not "Oh", "May", "Day"
RARE_SURNAME = 7  # letters from which a surname needs no capital


class PeopleLinker:
    """Finds the makers (directors and actors, authors) of a catalog in a text."""

    def __init__(self, catalog: Catalog) -> None:
        n_films = Counter(person for item in catalog for person in item.people)
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
        self._speller = Speller(self.vocabulary)

    def link_people(self, text: str) -> tuple[str, ...]:
        """People named in full, or by a surname that only one well-filmed person has.

        Names as the catalog spells them, each once, first named first.
        """
        return tuple(dict.fromkeys(person for _, _, person in self.named_at(text)))

    def named_at(self, text: str) -> Iterator[tuple[int, int, str]]:
        """(start, end, person) of each name; several people may share one."""
        read = ReadText.of(text, self._speller)
        for first, after, person in self.spans(read):
            yield read.tokens[first].start, read.tokens[after - 1].end, person

    def asked_for(self, text: str) -> tuple[str, ...]:
        """Those of whom a film is wished: "with", "by" or "starring" them, or "their films"."""
        read, found, end = ReadText.of(text, self._speller), list[str](), 0
        for first, after, person in self.spans(read):
            start = read.tokens[first].start
            goes_on = bool(found) and _JOINED.fullmatch(text[end:start])
            end = read.tokens[after - 1].end
            if goes_on or self._is_asked_for(text[:start], text[end:]):
                found.append(person)
        return tuple(dict.fromkeys(found))

    def _is_asked_for(self, before: str, after: str) -> bool:
        """Whether a name between these words is one of a wish."""
        if _TOLD.search(before):
            return False
        if not before.strip(" \n.,!?"):
            return bool(_ALONE.match(after) or _WHOSE.match(after))
        return bool(_ASKED.search(before) or _WHOSE.match(after))

    def is_name(self, key: str) -> bool:
        """Whether words, run together, are somebody's full name."""
        return key in self._by_name

    def spans(self, text: ReadText) -> Iterator[tuple[int, int, str]]:
        """(first token, token after the last, person); several people may share a span."""
        position = 0
        while position < len(text.tokens):
            length, people = self._at(text, position)
            yield from ((position, position + length, person) for person in people)
            position += length

    def _at(self, text: ReadText, first: int) -> tuple[int, list[str]]:
        """How many words from `first` on name people, and whom."""
        for length in (4, 3, 2):
            key = "".join(text.word(first + n) for n in range(length))
            if first + length <= len(text.tokens) and key in self._by_name:
                return length, [self._by_name[key]]
        return 1, self._by_surname_at(text, first)

    def _by_surname_at(self, text: ReadText, position: int) -> list[str]:
        word = text.word(position)
        surname = word if word in self._by_surname else word.removesuffix("s")
        people = self._by_surname.get(surname, [])
        if text.word(position + 1) in {"brothers", "bros", "sisters"}:
            return people
        capital = text.text[text.tokens[position].start].isupper() and not text.titled
        known = len(surname) >= (LEAST_SURNAME if capital else RARE_SURNAME)
        ordinary = is_ordinary(word) or is_ordinary(surname)
        return people if len(people) == 1 and known and not ordinary else []

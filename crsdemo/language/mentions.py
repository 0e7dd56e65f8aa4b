"""Which films and people a text speaks of. Precision before recall: when in doubt, none.

Every run of words that is a form of some title (`title_forms`) is a candidate; of several films
one is chosen; then what speaks for a title and against it is weighed (`title_clues`).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import CLOSING, OPENING, YEAR, Dialogue, Mention
from crsdemo.language.misspelt_titles import MOST_WORDS, MisspeltTitles
from crsdemo.language.people import PeopleLinker
from crsdemo.language.title_clues import ARTICLE_AFTER, Candidate, ReadText, log_odds
from crsdemo.language.title_forms import SEQUEL_NUMBERS, Form, Part, title_forms
from crsdemo.language.typed_words import ARTICLES, Speller, is_ordinary, ordinariness, words_of

ACCEPT = 0.9  # log-odds from which a run of words is a title
MAX_WORDS = 12  # of a title, articles not counted
OPENINGS = (4, 8, 12)  # letters of a form's beginning by which others are ruled out early
LONG = 8  # letters from which a title written as one word may hold a typo
PLAINLY = 8  # times as popular is plainly the one that is meant
OBSCURE = 20  # times less popular than another film of its title
MENTIONED = 4  # times likelier if the film of a series was mentioned before
AS_TYPED = 2  # times likelier if the article is that of the title: "Heat" is not "The Heat"
RARE_SUBTITLE = 0.0  # log10 of occurrences per million up to which a subtitle stands for a title

_PART_WEIGHT = {Part.WHOLE: 1.0, Part.SERIES: 0.5, Part.SUBTITLE: 0.3}
_YEAR_AFTER = re.compile(rf"\s*,?\s*(?:{OPENING}{YEAR}{CLOSING}|{YEAR}\b)")
_YEAR_SAID = re.compile(
    rf"[\"'”’]?\s*,?\s*(?:(?:the|an?)\s*(?={OPENING}|\d))?{OPENING}?\s*"
    rf"(?:the\s+|from\s+|of\s+|in\s+|one\s+)*(?P<year>{YEAR})\b",
    re.IGNORECASE,
)
_YEAR_BEFORE = re.compile(
    rf"\b(?P<year>{YEAR})(?:'?s)?\s+(?:(?:version|remake|film|movie|original|one)\s+)?"
    r"(?:of\s+)?[\"'“‘]?(?:the\s+)?\Z",
    re.IGNORECASE,
)
_FIRST_AFTER = re.compile(r"\s+(?:part\s+)?(?:1|one)\b(?!\s+(?:of|time|day|more))", re.IGNORECASE)
_SEQUEL_AFTER = re.compile(
    r"[\s:,-]*(?:(?:part|chapter|vol\.?|volume|episode)\s+)?(?P<number>\w+)\b"
    r"(?!\s*(?:times?|x|stars?|out|of|/|%|hours?|days?|weeks?|years?|more|other|movies|films))",
    re.IGNORECASE,
)
_SPELLED_SEQUEL = re.compile(
    r"\s(?:two|three|four|five|six)(?=\s*(?:$|[.,;!?]|(?:and|or|is|was|but|again|please)\b))",
    re.IGNORECASE,
)
_OLD_BEFORE = re.compile(r"\b(?:original|old|older|first|classic)\s+(?:the\s+)?\Z", re.IGNORECASE)
_OLD_AFTER = re.compile(r"\s*[,(]?\s*the (?:original|old|older|first)\b", re.IGNORECASE)
_NEW_BEFORE = re.compile(
    r"\b(?:new|newer|newest|latest|recent|remake of)\s+(?:the\s+)?\Z", re.IGNORECASE
)
_NEW_AFTER = re.compile(r"\s*[,(]?\s*(?:the (?:new|newer|latest)|remake)\b", re.IGNORECASE)


@dataclass(frozen=True)
class _SpokenOf:
    """What a dialogue and the text after it are about, found when first asked for."""

    dialogue: Dialogue
    text: str
    linker: PeopleLinker

    @cached_property
    def items(self) -> tuple[str, ...]:
        return self.dialogue.mentioned

    @cached_property
    def people(self) -> frozenset[str]:
        """Named in the last two turns or the text."""
        said = (*(turn.text for turn in self.dialogue.turns[-2:]), self.text)
        return frozenset(self.linker.link_people("\n".join(said)))


class MentionLinker:
    """Finds the films of a catalog in a text."""

    def __init__(self, catalog: Catalog) -> None:
        self._items = tuple(catalog)
        self._row = catalog.row
        self._people = PeopleLinker(catalog)
        self._forms: dict[str, dict[int, Part]] = defaultdict(dict)  # key -> row -> part
        self._themes = _theme_keys(catalog)
        self._n_words: dict[str, int] = defaultdict(int)  # key -> most words of a form
        vocabulary = dict(self._people.vocabulary)
        usable = list(self._usable_forms())
        for row, form in usable:
            known = self._forms[form.key].get(row, form.part)
            self._forms[form.key][row] = max(known, form.part)
            self._n_words[form.key] = max(self._n_words[form.key], len(form.words))
            weight = 1 + self._items[row].popularity
            run_together = (form.key,) if len(form.key) >= LONG else ()
            for word in (*form.words, *run_together):
                vocabulary[word] = max(vocabulary.get(word, 0), weight)
        self._misspelt = MisspeltTitles(form for _, form in usable)
        self._openings = {key[:n] for key in self._forms for n in OPENINGS}
        self._speller = Speller(vocabulary)

    def link(self, text: str, dialogue: Dialogue = Dialogue()) -> tuple[Mention, ...]:
        """The films that `text` names, said after `dialogue`; by start, never overlapping."""
        read = ReadText.of(text, self._speller)
        spoken_of = _SpokenOf(dialogue, text, self._people)
        found = [
            (candidate, mention)
            for candidate in self._candidates(read)
            if (mention := self._judge(candidate, spoken_of))
        ]
        found.sort(key=lambda pair: (-len(pair[0].key), pair[1].start))
        return _without_overlaps(mention for _, mention in found)

    def _usable_forms(self) -> Iterator[tuple[int, Form]]:
        """(row, form) of every title, without names of series and subtitles that mean little."""
        forms = [(row, form) for row, i in enumerate(self._items) for form in title_forms(i.title)]
        series = Counter(form.key for _, form in set(forms) if form.part is Part.SERIES)
        for row, form in forms:
            if form.part is Part.WHOLE:
                yield row, form
            elif form.part is Part.SERIES:
                if series[form.key] > 1 and not self._people.is_name(form.key):
                    yield row, form
            elif (
                len(form.key) > 5
                and form.key.isalpha()
                and ordinariness(form.words) <= RARE_SUBTITLE
            ):
                yield row, form

    def _candidates(self, text: ReadText) -> Iterator[Candidate]:
        """Every run of words that is a form of a title, but no part of a person's name."""
        names = {(first, last) for first, last, _ in self._people.spans(text)}
        named = {n: (first, last) for first, last in names for n in range(first, last)}
        for first, last, key in self._runs(text):
            is_person = (first, last) in names
            begin, end = named.get(first, (first, first))
            if is_person or not (begin <= first and last <= end):
                is_theme = key in self._themes
                yield Candidate(text, first, last, key, self._forms[key], is_person, is_theme)

    def _runs(self, text: ReadText) -> Iterator[tuple[int, int, str]]:
        """(first token, token after the last, key) of every run of words that is a form."""
        inner = [n for n, token in enumerate(text.tokens) if token.word not in ARTICLES]
        for begin, first in enumerate(inner):
            key = ""
            for position in inner[begin : begin + MAX_WORDS]:
                key += text.word(position)
                if any(len(key) >= n and key[:n] not in self._openings for n in OPENINGS):
                    break
                if key in self._forms and not self._is_torn(text.words(first, position + 1), key):
                    yield first, position + 1, key
            for length in range(2, MOST_WORDS + 1):
                run = inner[begin : begin + length]
                for key in self._misspelt.meant(tuple(text.tokens[n].word for n in run)):
                    yield first, run[-1] + 1, key

    def _is_torn(self, words: tuple[str, ...], key: str) -> bool:
        """Whether a word of the title was typed in pieces, one of them tiny ("t ime")."""
        return len(words) > self._n_words[key] and min(map(len, words)) < 3

    def _judge(self, candidate: Candidate, spoken_of: _SpokenOf) -> Mention | None:
        """The mention that a candidate is, or None."""
        year = _year_said(candidate)
        item = self._choose(candidate, year, spoken_of)
        if item is None or (year is None and _is_unknown_sequel(candidate)):
            return None
        part = candidate.forms[self._row[item.id]]
        people = not spoken_of.people.isdisjoint(item.people)
        clues = candidate.clues(item, part, year=year is not None, people=people)
        if log_odds(clues) < ACCEPT:
            return None
        return Mention(*_whole_span(candidate, item), item.id)

    def _choose(self, candidate: Candidate, year: int | None, spoken_of: _SpokenOf) -> Item | None:
        """Of several films the one of that year, else the original or new one if so called, else
        the one that was or whose people were spoken of, else the best known."""
        forms = candidate.forms
        if year is not None:
            near = {abs((self._items[row].year or 0) - year): row for row in sorted(forms)}
            return self._items[near[min(near)]] if min(near) <= 1 else None
        if max(forms.values()) is Part.SUBTITLE and not self._is_plain(forms):
            return None
        parts = {self._items[row]: part for row, part in forms.items()}
        return _by_age(candidate, parts) or max(
            parts, key=lambda item: _likelihood(item, parts[item], candidate, spoken_of)
        )

    def _is_plain(self, forms: Mapping[int, Part]) -> bool:
        """Whether one film of several is so much better known that only it can be meant."""
        fame = sorted((self._items[row].popularity for row in forms), reverse=True)
        return len(fame) == 1 or fame[0] >= PLAINLY * (1 + fame[1])


def _likelihood(
    item: Item, part: Part, candidate: Candidate, spoken_of: _SpokenOf
) -> tuple[bool, int, float, int]:
    """Sorts films of one form by how likely each is meant: higher is likelier."""
    mentioned = item.id in spoken_of.items
    fame = (0.5 + item.popularity) * _PART_WEIGHT[part] * (MENTIONED if mentioned else 1)
    if _begins_as_typed(item, candidate):
        fame *= AS_TYPED
    known = len(spoken_of.people.intersection(item.people))
    return mentioned and part is Part.WHOLE, known, fame, -(item.year or 0)


def _begins_as_typed(item: Item, candidate: Candidate) -> bool:
    """Whether the title has the article that was typed with it ("Heat, The" too), or none was."""
    text, own = candidate.text, words_of(item.title)[0]
    before = text.word(candidate.first - 1) if candidate.first else ""
    moved = ARTICLE_AFTER.match(text.text, candidate.end)
    typed = {before, moved[1].lower() if moved else ""} & ARTICLES
    return own in typed if own in ARTICLES else not typed


def _by_age(candidate: Candidate, parts: Mapping[Item, Part]) -> Item | None:
    """The oldest or newest film of a title if the words around ask for it. Obscure ones are not."""
    whole = [item for item, part in parts.items() if part is Part.WHOLE and item.year]
    fame = max((item.popularity for item in whole), default=0)
    known = sorted(
        (item for item in whole if OBSCURE * (1 + item.popularity) >= 1 + fame),
        key=lambda item: item.year or 0,
    )
    if known and (_OLD_BEFORE.search(candidate.before) or _OLD_AFTER.match(candidate.after)):
        return known[0]
    if known and (_NEW_BEFORE.search(candidate.before) or _NEW_AFTER.match(candidate.after)):
        return known[-1]
    return None


def _theme_keys(catalog: Catalog) -> frozenset[str]:
    """Keywords in ordinary words, run together; names ("star wars") are not among them."""
    keywords = {k for item in catalog for k in item.facts.get("keywords", ())}
    said = (words_of(keyword) for keyword in keywords)
    return frozenset("".join(words) for words in said if all(map(is_ordinary, words)))


def _year_said(candidate: Candidate) -> int | None:
    """The year beside the words."""
    said = _YEAR_SAID.match(candidate.after) or _YEAR_BEFORE.search(candidate.before)
    return int(said["year"]) if said else None


def _is_unknown_sequel(candidate: Candidate) -> bool:
    """Whether a number follows that makes another film of it ("Heat 2")."""
    if _SPELLED_SEQUEL.match(candidate.after):
        return True
    following = _SEQUEL_AFTER.match(candidate.after)
    return following is not None and following["number"].lower() in SEQUEL_NUMBERS


def _whole_span(candidate: Candidate, item: Item) -> tuple[int, int]:
    """With the title's article, before it or moved behind, with "1", and with a year behind."""
    text, start, end = candidate.text, candidate.start, candidate.end
    own = words_of(item.title)[0]
    if own in ARTICLES and text.word(candidate.first - 1) == own:
        start = text.tokens[candidate.first - 1].start
    moved = ARTICLE_AFTER.match(text.text, end)
    if moved and moved[1].lower() == own:
        end = moved.end()
    for behind in (_FIRST_AFTER, _YEAR_AFTER):
        found = behind.match(text.text, end)
        end = found.end() if found else end
    return start, end


def _without_overlaps(mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """The mentions in order of place; of two that overlap, the one that came first."""
    kept: list[Mention] = []
    taken: set[int] = set()
    for mention in mentions:
        place = range(mention.start, mention.end)
        if taken.isdisjoint(place):
            taken.update(place)
            kept.append(mention)
    return tuple(sorted(kept, key=lambda mention: mention.start))

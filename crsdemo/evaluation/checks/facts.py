"""What a reply claims of films, held against the catalog.

Titles and facts reach a reply as items and slots, which cannot be wrong; what the model writes
itself can be. So every film, person, year, genre and name in the words of a reply is a claim, and
is held against the items of the reply, the conversation so far and what the user said.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, get_args

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Mention
from crsdemo.core.recommender import Reply
from crsdemo.evaluation.checks.reply_words import ReplyWords, any_of, is_plain
from crsdemo.language.mentions import MentionLinker
from crsdemo.language.people import PeopleLinker
from crsdemo.language.title_clues import ReadText
from crsdemo.language.typed_words import tokens_of, words_of

Kind = Literal["film", "person", "year", "genre", "name"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_TABLE = tomllib.loads((files(__package__) / "facts.toml").read_text(encoding="utf-8"))
_DECADES: Mapping[str, Sequence[int]] = _TABLE["decades"]
_GENRE_WORDS: Mapping[str, Sequence[str]] = _TABLE["genre_words"]
_NEED_NOUN, _NEED_FRAME = frozenset(_TABLE["need_noun"]), frozenset(_TABLE["need_frame"])
_YEAR = re.compile(
    r"\b(?P<year>(?:18|19|20)\d\d)(?P<many>'?s)?\b|(?<!\d)'?\b(?P<short>\d0)'?s\b"
    rf"|\b(?P<word>{'|'.join(_DECADES)})\b",
    re.IGNORECASE,
)
_AGE = re.compile(r"\b(?:his|her|their|my|your)\s+(?:early |mid |late )?$", re.IGNORECASE)

_NOUN = re.compile(
    r"\s+(?:films?|movies?|flicks?|pictures?|story|stories|classics?|comedy|drama|thriller)\b",
    re.IGNORECASE,
)
_FRAME = re.compile(r"\b(?:a|an|counts as|filed under)\s+$")
_DENIED = re.compile(
    r"\b(?:not|no|isn't|never|nor|without|hardly)\s+(?:(?:a|an|any|in)\s+)?$", re.I
)
_CAPITALISED = re.compile(r"[^\W\d_a-z][\w'’.-]*\w(?:\s+[^\W\d_a-z][\w'’.-]*\w)*")
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")


@dataclass(frozen=True)
class Claim:
    """Something that a reply says of the world of the catalog; `wrong` says why it is false."""

    kind: Kind
    said: str
    wrong: str = ""


class FactJudge:
    """Finds the claims in replies over one catalog. Immutable."""

    def __init__(self, catalog: Catalog, linker: MentionLinker) -> None:
        self.catalog = catalog
        self.linker = linker
        self.people = PeopleLinker(catalog)
        genres = set(catalog.genres)
        self.genre_words: Mapping[str, Sequence[str]] = {
            **{genre: (genre,) for genre in genres},
            **{f"{genre}s": (genre,) for genre in genres if genre[-1] not in "ys"},
            **{word: needed for word, needed in _GENRE_WORDS.items() if genres.issuperset(needed)},
        }
        self.genre = any_of(self.genre_words)

    def claims(self, dialogue: Dialogue, answer: Reply) -> tuple[Claim, ...]:
        """Every claim of a reply to `dialogue`, which ends with the user's turn."""
        words = ReplyWords(self.catalog, dialogue, answer)
        films = self._in_letters(words)
        people = tuple(self._people(words))
        judged = " ".join(claim.said for claim in people)
        return (
            *map(self._item, words.items),
            *_films(words, films),
            *people,
            *_years(words, films),
            *self._genres(words),
            *_names(words, films, words.known.union(words_of(judged))),
        )

    def named(self, dialogue: Dialogue, answer: Reply) -> frozenset[str]:
        """The ids of the films that a reply names, be it as items or in letters."""
        words = ReplyWords(self.catalog, dialogue, answer)
        return frozenset(m.item_id for m in (*words.places, *self._in_letters(words)))

    def _in_letters(self, words: ReplyWords) -> tuple[Mention, ...]:
        """The titles that the model spelled itself."""
        return tuple(filter(words.is_name, self.linker.link(words.text, words.dialogue)))

    def _item(self, item: Item) -> Claim:
        is_known = item.id in self.catalog.row and self.catalog.item(item.id) == item
        return Claim("film", item.name, "" if is_known else "no item of the catalog")

    def _people(self, words: ReplyWords) -> Iterator[Claim]:
        """Each must be of a film that its sentence speaks of, or have been named by the user."""
        by_user = self.people.link_people(words.typed)
        for position, person in sorted([*words.own_people, *self._named(words.text)]):
            films = words.subjects(position) or words.items
            right = person in by_user or any(person in film.people for film in films)
            of = ", ".join(film.name for film in films) or "any film of this reply"
            yield Claim("person", person, "" if right else f"not among the people of {of}")

    def _named(self, text: str) -> Iterator[tuple[int, str]]:
        """(place, person) as `link_people` finds them, but no word counts as a typo."""
        text = _POSSESSIVE.sub("  ", text)
        tokens = tokens_of(text)
        for first, _, person in self.people.spans(ReadText(text, tokens, {})):
            yield tokens[first].start, person

    def _genres(self, words: ReplyWords) -> Iterator[Claim]:
        for found in self.genre.finditer(words.text):
            subjects = words.subjects(found.start())
            if subjects and _is_genre_here(found):
                yield _genre_claim(found, self.genre_words[found[0].lower()], subjects)


def _films(words: ReplyWords, films: Sequence[Mention]) -> Iterator[Claim]:
    """Films named in letters, beside the items."""
    for mention in films:
        may_be = (*words.dialogue.mentioned, *(item.id for item in words.items))
        right = mention.item_id in may_be
        reason = "" if right else f"{words.catalog.item(mention.item_id).name} is not spoken of"
        yield Claim("film", words.text[mention.start : mention.end], reason)


def _years(words: ReplyWords, films: Sequence[Mention]) -> Iterator[Claim]:
    by_user = {span for found in _YEAR.finditer(words.typed) for span in _spans_of(found)}
    for found in _YEAR.finditer(words.text):
        subjects = words.subjects(found.start())
        is_age = _AGE.search(words.text[: found.start()])
        if not subjects or is_age or _in_film(found, films):
            continue
        years = [item.year for item in subjects if item.year]
        spans = _spans_of(found)
        true = any(first <= year <= last for first, last in spans for year in years)
        right = true or not by_user.isdisjoint(spans)
        known = ", ".join(item.name for item in subjects)
        yield Claim("year", found[0], "" if right else f"but it is {known}")


def _spans_of(found: re.Match[str]) -> list[tuple[int, int]]:
    """First and last year of what a date may mean."""
    if found["year"]:
        year = int(found["year"])
        return [(year, year + 9 if found["many"] else year)]
    if found["word"]:
        decades: Sequence[int] = _DECADES[found["word"].lower()]
    else:
        decades = [century + int(found["short"]) for century in (1900, 2000)]
    return [(decade, decade + 9) for decade in decades]


def _in_film(found: re.Match[str], films: Sequence[Mention]) -> bool:
    return any(film.start <= found.start() < film.end for film in films)


def _is_genre_here(found: re.Match[str]) -> bool:
    """Whether an ordinary word ("family", "mystery") is meant as a genre."""
    word = found[0].lower()
    if word not in _NEED_NOUN | _NEED_FRAME or _NOUN.match(found.string, found.end()):
        return True
    return word in _NEED_FRAME and bool(_FRAME.search(found.string[: found.start()]))


def _genre_claim(found: re.Match[str], needed: Sequence[str], items: Sequence[Item]) -> Claim:
    """That some item is of the genre, or, after "not", that some item is not."""
    denied = _DENIED.search(found.string[: found.start()])
    holds = any(set(needed).issubset(item.genres) != bool(denied) for item in items)
    of = "; ".join(f"{item.name}: {', '.join(item.genres)}" for item in items)
    said = (denied[0] if denied else "") + found[0]
    return Claim("genre", said, "" if holds else f"but {of}")


def _names(words: ReplyWords, films: Sequence[Mention], known: Collection[str]) -> Iterator[Claim]:
    """Capitalised words inside a sentence that are no words of the language."""
    for found in _CAPITALISED.finditer(words.text):
        run = found[0].split()
        inner = run[1:] if words.begins_sentence(found.start()) else run
        names = [word for word in inner if not is_plain(word)]
        if names and not _in_film(found, films):
            unknown = [name for name in names if not _is_known(name, known)]
            yield Claim("name", found[0], f"{unknown[0]!r} is not known here" if unknown else "")


def _is_known(word: str, known: Collection[str]) -> bool:
    return any(said in known or said.removesuffix("s") in known for said in words_of(word))

"""The teacher of the query expert: pseudo-queries from a dialogue and the film it led to.

ReGeS (sec. 2.3) prompts a large model to find the concepts that the conversation and the right
film share and to say them as a search query. Here words, embeddings and the catalog find them:
genres and keywords that the user's words name or mean or that the films spoken of share, people
and years that were named, and the film spoken of that is most like the right one. What the user
refused stays out. There are few phrasings, always in the same order, for a small model to learn.

Shapes: n items of the catalog, d numbers per text vector.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crsdemo.catalog import Catalog, Item
from crsdemo.dialogue import Dialogue, Turn
from crsdemo.encoder import TextEncoder
from crsdemo.errors import BadInputError
from crsdemo.mentions import PeopleLinker
from crsdemo.prior import _REFUSAL as REFUSAL
from crsdemo.query import Person, PseudoQuery, named_people
from crsdemo.train import query_words as words
from crsdemo.train.shared_facts import FactTable, Shared

Floats = NDArray[np.float32]

MAX_GENRES, MAX_SAID_GENRES, MAX_KEYWORDS, MAX_FILMS = 2, 3, 3, 2
SAID, MEANT = 3.0, 2.0  # weight of a concept that words name, and of one that they come near to
NEAR_GENRE, NEAR_KEYWORD = 0.25, 0.27  # cosine of a sentence with a description, above their mean
HALF = 0.5  # of the films spoken of share a genre
SECOND_FILM = 0.6  # likeness from which a second film is named
BY_USER = 0.1  # likeness added to a film that the user named
ONE_FACT = 0.04  # likeness per nat of information in a fact that two films share
ALIKE = 0.08  # cosine of the targets with a film above that of the catalog, if they are like it
_DISLIKED = re.compile(  # what follows or comes before a title
    "(?P<before>[\ue000-\uf8ff])[^.!?\n]{0,20}?"
    r"\b(?:was|is|were|are) (?:really |so |just |kind of )?"
    r"(?:awful|terrible|boring|bad\b|horrible|a let-?\s?down|not for me|not my|not (?:very )?good|"
    r"disappoint|overrated)|\b(?:bored by|hated|couldn'?t stand|disliked) "
    "(?P<after>[\ue000-\uf8ff])",
    re.IGNORECASE,
)
_DISLIKED_IT = re.compile(
    r"\b(?:hated|disliked|did(?:n'?t| not) (?:really |much )?(?:like|enjoy|care for)) "
    r"(?:it|that|this|those|them)\b|\b(?:it|that one|that) was (?:really |so )?"
    r"(?:boring|awful|bad|terrible|not (?:very )?good)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.!?;\n]+")
_TITLES = re.compile("[\ue000-\uf8ff]")  # private characters that stand for titles
_PRIVATE = 0xE000


@dataclass(frozen=True)
class Heard:
    """What was said, refusals apart; the newest turn of the user first."""

    wanted: tuple[str, ...]
    refused: tuple[str, ...]
    films: tuple[Item, ...]  # spoken of and not refused: by the user, then by the assistant
    by_user: frozenset[str]
    in_last: frozenset[str]  # item ids of the user's last turn
    people: tuple[str, ...]  # see `named_people`
    refused_people: frozenset[str]

    def says(self, pattern: re.Pattern[str]) -> str | None:
        """The words that match, unless they were refused since."""
        for wanted, refused in zip(self.wanted, self.refused, strict=True):
            if pattern.search(refused):
                return None
            if found := pattern.search(wanted):
                return found[0]
        return None

    def refuses(self, pattern: re.Pattern[str]) -> bool:
        """Whether words that match were refused and not asked for since."""
        return any(map(pattern.search, self.refused)) and self.says(pattern) is None

    @property
    def own_films(self) -> list[Item]:
        """Those that the user named, or all if the user named none."""
        return [film for film in self.films if film.id in self.by_user] or list(self.films)

    @property
    def sentences(self) -> list[str]:
        """Of the user, two words long at least."""
        split = (s.strip() for text in self.wanted for s in _SENTENCE.split(text))
        return list(dict.fromkeys(s for s in split if " " in s))


@dataclass(frozen=True)
class Concept:
    """A fact to search for, how much speaks for it, and what in the dialogue does."""

    value: str
    weight: float
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Concepts:
    """All that a query says."""

    moods: Sequence[Concept] = ()
    genres: Sequence[Concept] = ()
    keywords: Sequence[Concept] = ()
    people: Sequence[tuple[Person, str]] = ()  # and "with" or "by"
    era: Concept | None = None
    films: Sequence[Item] = ()

    def __bool__(self) -> bool:
        return any((self.moods, self.genres, self.keywords, self.people, self.era))


class QueryTeacher:
    """Writes pseudo-queries over one catalog."""

    def __init__(
        self, catalog: Catalog, people: PeopleLinker, encoder: TextEncoder, themes: Floats
    ) -> None:
        """`themes`: (n, d) unit vectors of what items are about, by `encoder`."""
        self.catalog = catalog
        self.people = people
        self.encoder = encoder
        self.themes = themes
        self.facts = FactTable(catalog)
        self._mean_theme = themes.mean(0)
        self._vectors: dict[str, Floats] = {}  # of sentences read so far
        keywords = self.facts.values("keywords")
        described = [words.genre_description(g) for g in catalog.genres]
        described += [words.description(k) for k in keywords]
        vectors = encoder.embed(described)
        n = len(catalog.genres)
        self._genre_vectors = dict(zip(catalog.genres, _centred(vectors[:n]), strict=True))
        self._keyword_vectors = dict(zip(keywords, _centred(vectors[n:]), strict=True))

    def read(self, dialogues: Iterable[Dialogue]) -> None:
        """Encode what is said in many dialogues at once, which is faster than one by one."""
        sentences = {s for dialogue in dialogues for s in self._hear(dialogue).sentences}
        self._encode(sentences)

    def query(self, dialogue: Dialogue, gold: Item) -> PseudoQuery:
        """What `dialogue` and `gold` share. Raises CatalogError if `gold` is unknown."""
        heard = self._hear(dialogue, without=gold.id)
        shared = self.facts.of_one(self.catalog.item(gold.id))
        theme = self.themes[self.catalog.row[gold.id]]
        genres, keywords = self._genres(heard, shared), self._keywords(heard, shared)
        films = self._most_like(heard, shared, theme)
        found = self._complete(heard, shared, genres, keywords, films)
        if not found:
            found = Concepts(genres=[Concept(self._main_genre(shared, theme), 0.0)], films=films)
        return _query(found, heard)

    def query_for(self, dialogue: Dialogue, targets: Mapping[str, float]) -> PseudoQuery:
        """What nearly all of `targets` (item id -> weight, summing to 1) share with `dialogue`.

        Facts that many targets share need no words; those of a few must be heard too.
        Raises BadInputError without targets.
        """
        if not targets:
            raise BadInputError("a query needs at least one item that would be right, got none")
        heard = self._hear(dialogue)
        rows = np.array([self.catalog.row[i] for i in targets])
        weights = np.array(list(targets.values()), np.float32)
        shared = self.facts.of_many(rows, weights)
        theme = weights @ self.themes[rows]
        genres = self._genres(heard, shared, listen=False)
        keywords = self._keywords(heard, shared, listen=False)
        if not (genres or keywords or shared.many):
            genres, keywords = self._genres(heard, shared), self._keywords(heard, shared)
        films = self._films_meant(heard, theme)
        found = self._complete(heard, shared, genres, keywords, films)
        if not (found or films):
            leading = self.facts.leading_genres(rows, weights)
            found = Concepts(genres=[Concept(genre, 0.0) for genre in leading])
        return _query(found, heard)

    def _complete(
        self,
        heard: Heard,
        shared: Shared,
        genres: Sequence[Concept],
        keywords: Sequence[Concept],
        films: Sequence[Item],
    ) -> Concepts:
        moods = self._moods(heard, shared, genres, keywords)
        return Concepts(moods, genres, keywords, _people(heard, shared), _era(heard, shared), films)

    # What was heard.

    def _hear(self, dialogue: Dialogue, without: str = "") -> Heard:
        turns = [turn for turn in reversed(dialogue.turns) if turn.speaker == "user"]
        marked = [_marked(turn) for turn in turns]
        wanted = [REFUSAL.sub(" ", text) for text in marked]
        refused = [" ".join(m["what"] for m in REFUSAL.finditer(text)) for text in marked]
        named = self._films(dialogue, without)
        disliked = _disliked(dialogue)
        by_user = frozenset(i for turn in turns for i in turn.item_ids)
        films = [item for item in named if item.id not in disliked]
        return Heard(
            tuple(_TITLES.sub(" ", text) for text in wanted),
            tuple(_TITLES.sub(" ", text) for text in refused),
            tuple(sorted(films, key=lambda item: item.id not in by_user)),
            by_user,
            frozenset(turns[0].item_ids if turns else ()),
            named_people(dialogue, self.people),
            frozenset(p for text in refused if text for p in self.people.link_people(text)),
        )

    def _films(self, dialogue: Dialogue, without: str) -> list[Item]:
        """Spoken of, newest first, each once."""
        newest = dict.fromkeys(i for t in reversed(dialogue.turns) for i in reversed(t.item_ids))
        return [self.catalog.item(i) for i in newest if i in self.catalog.row and i != without]

    def _encode(self, sentences: Iterable[str]) -> None:
        new = [s for s in dict.fromkeys(sentences) if s not in self._vectors]
        if new:
            self._vectors.update(zip(new, self.encoder.embed(new), strict=True))

    def _nearest(self, sentences: Sequence[str], vector: Floats) -> tuple[float, str]:
        """Cosine with the sentence nearest to `vector`, and that sentence."""
        self._encode(sentences)
        pairs = ((float(self._vectors[s] @ vector), s) for s in sentences)
        return max(pairs, default=(0.0, ""))

    # Concepts.

    def _genres(self, heard: Heard, shared: Shared, listen: bool = True) -> list[Concept]:
        """Best first; `listen` asks the encoder too, and the films spoken of."""
        sentences = heard.sentences if listen else []
        found = []
        for genre in shared.values("genres"):
            pattern = words.genre_pattern(genre)
            if heard.refuses(pattern):
                continue
            cosine, sentence = self._nearest(sentences, self._genre_vectors[genre])
            having = [film for film in heard.own_films if genre in film.genres] if listen else []
            if word := heard.says(pattern):
                found.append(Concept(genre, SAID, (word,)))
            elif ("genres", genre) in shared.sure:
                found.append(Concept(genre, SAID))
            elif cosine > NEAR_GENRE:
                found.append(Concept(genre, MEANT + cosine, (sentence,)))
            elif having and len(having) >= HALF * len(heard.own_films):
                found.append(Concept(genre, 1.0, tuple(film.title for film in having)))
        found.sort(key=lambda concept: (-concept.weight, self.facts.rate["genres", concept.value]))
        n_said = sum(concept.weight >= SAID for concept in found)
        return found[: min(max(n_said, MAX_GENRES), MAX_SAID_GENRES)]

    def _keywords(self, heard: Heard, shared: Shared, listen: bool = True) -> list[Concept]:
        """Best first, the rarest among equals."""
        sentences = heard.sentences if listen else []
        found = []
        for keyword in shared.values("keywords"):
            pattern = words.keyword_pattern(keyword)
            if keyword in words.SILENT or heard.refuses(pattern):
                continue
            cosine, sentence = self._nearest(sentences, self._keyword_vectors[keyword])
            having = [f for f in heard.films if keyword in f.facts.get("keywords", ())]
            if word := heard.says(pattern):
                found.append(Concept(keyword, SAID, (word,)))
            elif ("keywords", keyword) in shared.sure:
                found.append(Concept(keyword, SAID))
            elif cosine > NEAR_KEYWORD:
                found.append(Concept(keyword, MEANT, (sentence,)))
            elif having and listen:
                found.append(Concept(keyword, 1.0, tuple(film.title for film in having)))
        found.sort(key=lambda one: (-one.weight, self.facts.rate["keywords", one.value]))
        return found[:MAX_KEYWORDS]

    def _moods(
        self,
        heard: Heard,
        shared: Shared,
        genres: Sequence[Concept],
        keywords: Sequence[Concept],
    ) -> list[Concept]:
        """One quality that was named and that the facts bear out."""
        spoken = {concept.value for concept in keywords}
        for mood in words.MOODS:
            fits = mood.genres.intersection(concept.value for concept in genres)
            fits |= mood.keywords.intersection(shared.values("keywords"))
            word = heard.says(mood.pattern) if fits else None
            if word and mood.name not in spoken:
                return [Concept(mood.name, SAID, (word,))]
        return []

    def _most_like(self, heard: Heard, shared: Shared, theme: Floats) -> list[Item]:
        """The film spoken of that is most like the gold one, and a second that is much like it."""
        likeness = {film: self._likeness(film, heard, shared, theme) for film in heard.films}
        best = sorted(likeness, key=lambda film: -likeness[film])[:MAX_FILMS]
        return best[:1] + [film for film in best[1:] if likeness[film] > SECOND_FILM]

    def _likeness(self, film: Item, heard: Heard, shared: Shared, theme: Floats) -> float:
        information = sum(self.facts.information(fact) for fact in shared.facts_of(film))
        cosine = float(self.themes[self.catalog.row[film.id]] @ theme)
        return cosine + ONE_FACT * information + BY_USER * (film.id in heard.by_user)

    def _films_meant(self, heard: Heard, theme: Floats) -> list[Item]:
        """Named in the last turn, or like the targets, whose mean is `theme`."""
        above = {
            film: float(self.themes[self.catalog.row[film.id]] @ (theme - self._mean_theme))
            for film in heard.films
        }
        meant = [film for film in above if film.id in heard.in_last or above[film] > ALIKE]
        return sorted(meant, key=lambda f: (f.id not in heard.in_last, -above[f]))[:MAX_FILMS]

    def _main_genre(self, shared: Shared, theme: Floats) -> str:
        """The genre that comes nearest to what the film is about; empty if it has none."""
        genres = shared.values("genres")
        return max(genres, key=lambda g: float(self._genre_vectors[g] @ theme), default="")


def _centred(vectors: Floats) -> Floats:
    """(k, d) less what all have in common: "good film" is near to every kind of film."""
    return vectors - vectors.mean(0) if len(vectors) else vectors


def _marked(turn: Turn) -> str:
    """The text with one private character in place of each title."""
    said, end = "", 0
    for number, mention in enumerate(turn.mentions):
        said += turn.text[end : mention.start] + chr(_PRIVATE + number)
        end = mention.end
    return said + turn.text[end:]


def _disliked(dialogue: Dialogue) -> set[str]:
    """Items that the user refused or did not like."""
    found: set[str] = set()
    previous: tuple[str, ...] = ()
    for turn in dialogue.turns:
        if turn.speaker == "user":
            text = _marked(turn)
            parts = [m["what"] for m in REFUSAL.finditer(text)]
            parts += [m["before"] or m["after"] for m in _DISLIKED.finditer(text)]
            marks = _TITLES.findall(" ".join(parts))
            found |= {turn.mentions[ord(mark) - _PRIVATE].item_id for mark in marks}
            found |= set(previous if _DISLIKED_IT.search(text) else ())
        previous = turn.item_ids if turn.speaker == "assistant" else ()
    return found


def _people(heard: Heard, shared: Shared) -> list[tuple[Person, str]]:
    """Those named who are in the films sought, newest first, and how they are joined to it."""
    cast, directors = shared.values("cast"), shared.values("directors")
    return [
        (Person(place, name), "by" if name in directors and name not in cast else "with")
        for place, name in enumerate(heard.people, 1)
        if (name in cast or name in directors) and name not in heard.refused_people
    ]


_WORD_OF_DECADE = {
    1920: "twenties", 1930: "thirties", 1940: "forties", 1950: "fifties", 1960: "sixties",
    1970: "seventies", 1980: "eighties", 1990: "nineties", 2000: "noughties|two-thousands",
    2010: "twenty-tens",
}  # fmt: skip
_BEFORE = re.compile(r"\b(?:before|older than|prior to) ((?:19|20)\d\d)\b", re.IGNORECASE)
_SINCE = re.compile(
    r"\b(?:(?:after|since|newer than) ((?:19|20)\d\d)|((?:19|20)\d\d) or later)\b", re.IGNORECASE
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b(?!'?s)")
_OLD = re.compile(r"\b(?:old|older|oldies?|classics?|vintage|golden age)\b", re.IGNORECASE)
_NEW = re.compile(r"\b(?:new|newer|newest|recent\w*|latest|modern|current)\b", re.IGNORECASE)
OLD_UNTIL, NEW_SINCE = 1979, 2015


def _era(heard: Heard, shared: Shared) -> Concept | None:
    """The years that were named and hold all films sought, or those of all films spoken of."""
    if shared.years is None:
        return None
    first, last = shared.years
    decade = first // 10 * 10
    if last < decade + 10:
        short = f"(?:19)?{decade % 100:02}" if decade < 2000 else str(decade)
        spelt = _WORD_OF_DECADE.get(decade, str(decade))
        if word := heard.says(re.compile(rf"(?<!\w)(?:{short}'?s|{spelt})\b", re.IGNORECASE)):
            return Concept(f"from the {decade}s", SAID, (word,))
    return _years_named(heard, first, last) or _decade_of_films(heard, decade, last)


def _years_named(heard: Heard, first: int, last: int) -> Concept | None:
    for text in heard.wanted:
        if (found := _BEFORE.search(text)) and last < int(found[1]):
            return Concept(f"from before {found[1]}", SAID, (found[0],))
        if (found := _SINCE.search(text)) and first >= int(found[1] or found[2]):
            return Concept(f"from {found[1] or found[2]} or later", SAID, (found[0],))
        for year in _YEAR.findall(text):
            if first == last == int(year):
                return Concept(f"from {year}", SAID, (year,))
    if last <= OLD_UNTIL and (word := heard.says(_OLD)):
        return Concept("from the old days", SAID, (word,))
    if first >= NEW_SINCE and (word := heard.says(_NEW)):
        return Concept("from recent years", SAID, (word,))
    return None


def _decade_of_films(heard: Heard, decade: int, last: int) -> Concept | None:
    """The decade that at least two films spoken of all share with the films sought."""
    years = [film.year or 0 for film in heard.films]
    if len(years) < 2 or last >= decade + 10 or {y // 10 * 10 for y in years} != {decade}:
        return None
    return Concept(f"from the {decade}s", 1.0, tuple(film.title for film in heard.films))


def _query(found: Concepts, heard: Heard) -> PseudoQuery:
    """The concepts in words: mood, genres, "film", subjects, people, years, films like it."""
    pieces: list[str | Item | Person] = [_noun_phrase(found)]
    for joint, (person, _) in zip(_joints(found.people), found.people, strict=True):
        pieces += [f" {joint} ", person]
    if found.era:
        pieces.append(f" {found.era.value}")
    first = ", like " if found else " like "
    for joint, film in zip((first, " and "), found.films, strict=False):
        pieces += [joint, film]
    return PseudoQuery(_merged(pieces), tuple(dict.fromkeys(_sources(found))))


def _joints(people: Sequence[tuple[Person, str]]) -> list[str]:
    """What stands before each person: "with A and B", "with A and by B"."""
    roles = [role for _, role in people]
    return [
        role if place == 0 else "and" if role == roles[place - 1] else f"and {role}"
        for place, role in enumerate(roles)
    ]


def _noun_phrase(found: Concepts) -> str:
    """For example "scary horror film based on a book about ghosts and hotels"."""
    keywords = [concept.value for concept in found.keywords]
    kinds = [k for k in keywords if words.is_kind(k)][:1]
    told = {genre for kind in kinds for genre in words.SAYS.get(kind, ())}
    genres = [c.value for c in found.genres if c.value and c.value not in told]
    adjectives = [mood.value for mood in found.moods]
    adjectives += [k for k in keywords if words.is_adjective(k)]
    before = [*adjectives, *_genres_said(genres), *map(words.said, kinds)]
    if not (found or found.films):
        before.append("popular")  # nothing is known of what is wanted
    if not (kinds and kinds[0].endswith(words.WHOLE)):
        before.append("film")
    after = [k for k in keywords if words.follows(k)]
    topics = [
        words.said(k)
        for k in keywords
        if not (words.is_kind(k) or words.is_adjective(k) or words.follows(k))
    ]
    about = ["about " + _listed(topics)] if topics else []
    return " ".join([*before, *after, *about])


def _genres_said(genres: Sequence[str]) -> list[str]:
    """Adjectives first, nouns such as "comedy" last."""
    order = sorted(genres, key=lambda g: (g in words.AS_NOUN, g not in words.AS_ADJECTIVE, g))
    return [words.AS_ADJECTIVE.get(genre, genre) for genre in order]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _merged(pieces: Iterable[str | Item | Person]) -> tuple[str | Item | Person, ...]:
    """Strings side by side become one."""
    merged: list[str | Item | Person] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    return tuple(merged)


def _sources(found: Concepts) -> Iterator[str]:
    eras = [found.era] if found.era else []
    for concept in (*found.moods, *found.genres, *found.keywords, *eras):
        yield from concept.sources
    yield from (person.name for person, _ in found.people)
    yield from (film.title for film in found.films)

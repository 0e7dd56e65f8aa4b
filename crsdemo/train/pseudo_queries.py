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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crsdemo.catalog import Catalog, Item
from crsdemo.dialogue import Dialogue
from crsdemo.encoder import TextEncoder
from crsdemo.errors import BadInputError
from crsdemo.mentions import PeopleLinker
from crsdemo.query import Person, PseudoQuery
from crsdemo.train import query_words as words
from crsdemo.train.heard import Heard, hear
from crsdemo.train.query_eras import era
from crsdemo.train.query_sentence import Concept, Concepts, write
from crsdemo.train.shared_facts import Fact, FactTable, Shared
from crsdemo.wish_words import genre_pattern, spoken_pattern

Floats = NDArray[np.float32]

MAX_GENRES, MAX_SAID_GENRES, MAX_KEYWORDS, MAX_FILMS = 2, 3, 3, 2
NEAR_GENRE, NEAR_KEYWORD = 0.25, 0.27  # cosine of a sentence with a description, above their mean
HALF = 0.5  # of the films spoken of share a genre
SECOND_FILM = 0.6  # likeness from which a second film is named
BY_USER = 0.1  # likeness added to a film that the user named
ONE_FACT = 0.04  # likeness per nat of information in a fact that two films share
ALIKE = 0.08  # cosine of the targets with a film above that of the catalog, if they are like it
SAID, MEANT, SHARED = 3.0, 2.0, 1.0  # weight: words name it, come near to it, or films share it


@dataclass(frozen=True)
class Sense:
    """How the values of a field are recognised in words."""

    pattern: Callable[[str], re.Pattern[str]]
    vectors: Mapping[str, Floats]  # (d,) of each value's description, less their mean
    near: float  # cosine from which a sentence means it


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
        self._phrases = {tag.name: tag.phrases for tag in catalog.tags}
        self._theme_patterns: dict[str, re.Pattern[str]] = {}
        genres = {genre: words.genre_description(genre) for genre in catalog.genres}
        keywords = {k: words.description(k) for k in self.facts.values("keywords")}
        self._senses = {
            "genres": Sense(genre_pattern, self._described(genres), NEAR_GENRE),
            "keywords": Sense(self._theme_pattern, self._described(keywords), NEAR_KEYWORD),
        }

    def _theme_pattern(self, theme: str) -> re.Pattern[str]:
        """What names a keyword, or a tag in any of the ways people say it."""
        if theme not in self._theme_patterns:
            said = self._phrases.get(theme)
            made = words.keyword_pattern(theme) if said is None else spoken_pattern(said)
            self._theme_patterns[theme] = made
        return self._theme_patterns[theme]

    def _described(self, descriptions: Mapping[str, str]) -> dict[str, Floats]:
        """Vectors less what all have in common: "good film" is near to every kind of film."""
        vectors = self.encoder.embed(list(descriptions.values()))
        middle = vectors.mean(0) if len(vectors) else 0
        return dict(zip(descriptions, vectors - middle, strict=True))

    def read(self, dialogues: Iterable[Dialogue]) -> None:
        """Encode what is said in many dialogues at once, which is faster than one by one."""
        heard = (hear(dialogue, self.catalog, self.people) for dialogue in dialogues)
        self._encode({sentence for one in heard for sentence in one.sentences})

    def query(self, dialogue: Dialogue, gold: Item) -> PseudoQuery:
        """What `dialogue` and `gold` share. Raises CatalogError if `gold` is unknown."""
        shared = self.facts.of_one(self.catalog.item(gold.id))
        heard = hear(dialogue, self.catalog, self.people, without=gold.id)
        theme = self.themes[self.catalog.row[gold.id]]
        films = self._most_like(heard, shared, theme)
        found = self._concepts(heard, shared, films, listen=True)
        if not found:
            found = Concepts(genres=[Concept(self._main_genre(shared, theme), 0.0)], films=films)
        return write(found)

    def query_for(self, dialogue: Dialogue, targets: Mapping[str, float]) -> PseudoQuery:
        """What nearly all of `targets` (item id -> weight, summing to 1) share with `dialogue`.

        Facts that many targets share need no words; those of a few must be heard too.
        Raises BadInputError without targets.
        """
        if not targets:
            raise BadInputError("a query needs at least one item that would be right, got none")
        rows = np.array([self.catalog.row[i] for i in targets])
        weights = np.array(list(targets.values()), np.float32)
        shared = self.facts.of_many(rows, weights)
        heard = hear(dialogue, self.catalog, self.people)
        films = self._films_meant(heard, weights @ self.themes[rows])
        found = self._concepts(heard, shared, films, listen=False)
        if not (found.genres or found.keywords or shared.many):
            found = self._concepts(heard, shared, films, listen=True)
        if not (found or films):
            leading = self.facts.leading_genres(rows, weights)
            found = Concepts(genres=[Concept(genre, 0.0) for genre in leading])
        return write(found)

    def _concepts(
        self, heard: Heard, shared: Shared, films: Sequence[Item], listen: bool
    ) -> Concepts:
        """All that was heard and is shared; `listen` asks the encoder and the films spoken of."""
        genres = self._found("genres", heard, shared, listen)
        n_said = sum(concept.weight >= SAID for concept in genres)
        genres = genres[: min(max(n_said, MAX_GENRES), MAX_SAID_GENRES)]
        keywords = self._found("keywords", heard, shared, listen)[:MAX_KEYWORDS]
        moods = _moods(heard, shared, genres, keywords)
        people, years = _people(heard, shared), era(heard, shared.years)
        return Concepts(moods, genres, keywords, people, years, films)

    # The search for concepts.

    def _found(self, field: str, heard: Heard, shared: Shared, listen: bool) -> list[Concept]:
        """Best first, the rarest among equals."""
        facts = [(field, value) for value in shared.values(field) if value not in words.SILENT]
        found = [self._evidence(fact, heard, shared, listen) for fact in facts]
        rate = self.facts.rate
        return sorted(filter(None, found), key=lambda c: (-c.weight, rate[field, c.value]))

    def _evidence(self, fact: Fact, heard: Heard, shared: Shared, listen: bool) -> Concept | None:
        """What speaks for a fact, the strongest first; None if nothing does or it was refused."""
        field, value = fact
        sense = self._senses[field]
        pattern = sense.pattern(value)
        if heard.refuses(pattern):
            return None
        if word := heard.says(pattern):
            return Concept(value, SAID, (word,))
        if fact in shared.sure:
            return Concept(value, SAID)
        if listen and (sentence := self._sentence(heard, sense.vectors[value], sense.near)):
            return Concept(value, MEANT, (sentence,))
        if listen and (titles := _films_with(fact, heard)):
            return Concept(value, SHARED, titles)
        return None

    def _sentence(self, heard: Heard, vector: Floats, near: float) -> str:
        """The sentence nearest to `vector` if it is as near as `near`, else an empty one."""
        self._encode(heard.sentences)
        pairs = ((float(self._vectors[s] @ vector), s) for s in heard.sentences)
        cosine, sentence = max(pairs, default=(0.0, ""))
        return sentence if cosine > near else ""

    def _encode(self, sentences: Iterable[str]) -> None:
        new = [s for s in dict.fromkeys(sentences) if s not in self._vectors]
        if new:
            self._vectors.update(zip(new, self.encoder.embed(new), strict=True))

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
        vectors = self._senses["genres"].vectors
        return max(shared.values("genres"), key=lambda g: float(vectors[g] @ theme), default="")


def _films_with(fact: Fact, heard: Heard) -> tuple[str, ...]:
    """Titles of the films spoken of that have a fact; a genre must be common to half of them."""
    field, value = fact
    films = heard.own_films if field == "genres" else list(heard.films)
    having = [film.title for film in films if value in film.facts.get(field, ())]
    enough = HALF * len(films) if field == "genres" else 1
    return tuple(having) if len(having) >= enough else ()


def _moods(
    heard: Heard, shared: Shared, genres: Sequence[Concept], keywords: Sequence[Concept]
) -> list[Concept]:
    """One quality that was named and that the facts bear out, unless a keyword says it."""
    told = {concept.value for concept in keywords}
    for mood in words.MOODS:
        fits = mood.genres.intersection(concept.value for concept in genres)
        fits |= mood.keywords.intersection(shared.values("keywords"))
        word = heard.says(mood.pattern) if fits - told else None
        if word and mood.name not in told:
            return [Concept(mood.name, SAID, (word,))]
    return []


def _people(heard: Heard, shared: Shared) -> list[tuple[Person, str]]:
    """Those named who are in the films sought, newest first, and how they are joined to it."""
    cast, directors = shared.values("cast"), shared.values("directors")
    return [
        (Person(place, name), "by" if name in directors and name not in cast else "with")
        for place, name in enumerate(heard.people, 1)
        if (name in cast or name in directors) and name not in heard.refused_people
    ]

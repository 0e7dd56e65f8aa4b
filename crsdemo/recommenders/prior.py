"""What is known of every item without a language model: a prior that the ID trie carries.

Simple signals of a dialogue, added up with fitted weights. A small generator learns what
people like together and what words mean from far too little; these signals know some of it
exactly. They are added to the model's log-probabilities while decoding, and reported apart.

Shapes: n items of the catalog, S signals.
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import CatalogError
from crsdemo.items.encoder import TextEncoder
from crsdemo.items.index import units
from crsdemo.language.mentions import PeopleLinker
from crsdemo.language.themes import Themes
from crsdemo.language.wish_words import REFUSAL, decades_named, genres_named, years_named
from crsdemo.recommenders.dialogue_regression import DialogueRegression
from crsdemo.recommenders.item_similarity import SIGNALS as SIMILARITY
from crsdemo.recommenders.item_similarity import ItemSimilarity

Floats = NDArray[np.float32]
FILE = "neighbours.npz"

SIGNALS = (
    "mentioned together in dialogues",
    "liked by the same people",
    "nearest film liked by the same people",
    "about the same as a film you named",
    "about the same as the films you named",
    "facts like those of a film you named",
    "facts like those of the films you named",
    *SIMILARITY,
    "much talked about",
    "often recommended",
    "how new it is",
    "recommended after talks like ours",
    "close to your words",
    "close to your last words",
    "facts close to your words",
    "the kind of film you describe",
    "a genre your words mean",
    "a genre you named",
    "a person you named",
    "a theme you named",
    "the years you named",
)
NEW = 2000  # the year from which newness is counted, in decades
AFRESH = 0.45  # how probable it is at least that words ask for something else than before
NEVER = 1.1  # above any probability
AFRESH_WHEN_NAMED = 0.25  # the same of words that name a genre, a theme or a person
MAX_TALK = 800  # letters of a talk that are remembered
MAX_SAID = 600  # letters of what the user said, newest turn first
DECAY = 0.8  # per film back in the dialogue
FADED = 0.85  # the same, of what is remembered
FADING = 0.4  # of people and genres, per turn of the user


@dataclass(frozen=True)
class Neighbours:
    """Who is mentioned or liked together, sparse (n, n) in catalog order."""

    together: sparse.csr_matrix
    liked: sparse.csr_matrix

    def save(self, folder: Path) -> None:
        parts = {}
        for name, matrix in (("together", self.together), ("liked", self.liked)):
            parts[f"{name}_data"] = matrix.data.astype(np.float16)
            parts[f"{name}_indices"] = matrix.indices.astype(np.int32)
            parts[f"{name}_indptr"] = matrix.indptr.astype(np.int32)
        np.savez_compressed(folder / FILE, **parts)

    @classmethod
    def load(cls, folder: Path, catalog: Catalog) -> Neighbours:
        """Raises CatalogError if they are missing, damaged or of another catalog."""
        return cls.read(folder, len(catalog))

    @classmethod
    def read(cls, folder: Path, n_items: int) -> Neighbours:
        """Raises CatalogError if they are missing, damaged or of another number of items."""
        remedy = "make them with `python -m crsdemo fit-prior`"
        try:
            with np.load(folder / FILE) as kept:
                matrices = [
                    sparse.csr_matrix(
                        (
                            kept[f"{name}_data"].astype(np.float32),
                            kept[f"{name}_indices"],
                            kept[f"{name}_indptr"],
                        ),
                        shape=(n_items, n_items),
                    )
                    for name in ("together", "liked")
                ]
            for matrix in matrices:
                matrix.check_format()  # also that every index is that of an item
        except (OSError, EOFError, KeyError, ValueError, BadZipFile, zlib.error) as error:
            raise CatalogError(f"no usable {folder / FILE} ({error}); {remedy}") from error
        return cls(*matrices)


class ItemPrior:
    """Signals and scores of all items for a dialogue. Immutable: share it between threads."""

    def __init__(
        self,
        catalog: Catalog,
        vectors: Floats,
        neighbours: Neighbours,
        regression: DialogueRegression,
        encoder: TextEncoder,
        people: PeopleLinker,
    ) -> None:
        """`vectors`: (n, d_item) item vectors, the view of `encoder` in the first columns."""
        self.catalog = catalog
        self._about = units(vectors[:, : encoder.dim])
        self.neighbours = neighbours
        self.regression = regression
        self.encoder = encoder
        self.people = people
        self._away = vectors - vectors.mean(0)
        self.popularity = np.log1p(np.array([i.popularity for i in catalog], np.float32))
        self.years = np.array([item.year or 0 for item in catalog])
        self.genres = np.zeros((len(catalog), len(catalog.genres)), np.float32)
        for row, item in enumerate(catalog):
            for genre in item.genres:
                self.genres[row, catalog.genres.index(genre)] = 1
        self._similarity = ItemSimilarity(catalog)
        self._newness = np.where(self.years, (self.years - NEW) / 10, 0.0)
        self._rows_of: dict[str, list[int]] = {}
        for row, item in enumerate(catalog):
            for person in item.people:
                self._rows_of.setdefault(person, []).append(row)

    def with_regression(self, regression: DialogueRegression) -> ItemPrior:
        """The same that remembers other talks."""
        other = copy.copy(self)
        other.regression = regression
        return other

    def with_counts(self, together: sparse.csr_matrix, counts: Floats) -> ItemPrior:
        """The same that counts other talks: pairs of items in them (n, n), and items (n,)."""
        other = copy.copy(self)
        other.neighbours = replace(self.neighbours, together=together)
        other.popularity = np.log1p(counts)
        return other

    @cached_property
    def _themes(self) -> Themes:
        return Themes(self.catalog)

    @cached_property
    def _kinds(self) -> tuple[Floats, NDArray[np.int64]]:
        """Each combination of genres as the encoder sees it (c, d), and which items have (n,)."""
        names = [f"{', '.join(item.genres)} film" for item in self.catalog]
        combinations, which = np.unique(names, return_inverse=True)
        return self.encoder.embed(combinations.tolist()), which

    def relevant(self, dialogue: Dialogue) -> Dialogue:
        """What of a talk bears on what to recommend next: all from the newest wish on.

        A film was given for what was wished before; it should not pull at what is wished now. A
        wish is told from talk that goes on by its words (`DialogueRegression.asked`).
        """
        given, later = False, []
        for position, turn in enumerate(dialogue.turns):
            if turn.speaker == "assistant":
                given = given or bool(turn.mentions)
            elif given:
                later.append(position)
        if not later:
            return dialogue
        said = [dialogue.turns[i].untitled.strip() for i in later]
        least = [self._afresh_from(text) for text in said]
        asked = self.regression.asked(self.encoder.embed([text or " " for text in said]))
        wishes = np.flatnonzero(asked >= np.array(least))
        return Dialogue(dialogue.turns[later[wishes[-1]] :]) if len(wishes) else dialogue

    def _afresh_from(self, text: str) -> float:
        """How probable it must be that a text asks for something else than before.

        What is only refused narrows the wish from before; it is not a new one.
        """
        wanted = REFUSAL.sub(" ", text)
        if self._names_something(wanted):
            return AFRESH_WHEN_NAMED
        return NEVER if wanted != text and self._names_something(text) else AFRESH

    def is_about_films(self, dialogue: Dialogue) -> bool:
        """Whether the newest turn of the user names a film, a genre, a theme or a person."""
        said = [turn for turn in dialogue.turns if turn.speaker == "user"]
        if not said:
            return False
        return bool(said[-1].mentions) or self._names_something(said[-1].untitled)

    def signals(self, dialogue: Dialogue) -> Floats:
        """(S, n) in the order of `SIGNALS`, of what is `relevant` of a dialogue."""
        heard = self._hear(dialogue)
        combinations, which = self._kinds
        return np.stack(
            [
                *self._from_mentions(heard.items),
                *self._similarity.signals(heard.items),
                self.popularity,
                np.log1p(self.regression.recommended),
                self._newness,
                self.regression.after(self._as_remembered(heard)),
                self._about @ heard.said,
                self._about @ heard.last,
                self.regression.facts @ heard.said,
                (combinations @ heard.last)[which],
                self.genres @ self._meant(heard),
                self.genres @ self._genres_named(heard.everything),
                self._people_named(heard.wanted),
                self._themes_named(heard.everything),
                self._years_named(heard.everything),
            ]
        ).astype(np.float32)

    def named_in(self, text: str) -> Floats:
        """(2, n) how many genres of each item a text names, and how telling its themes are."""
        return np.stack([self.genres @ self._genres_named(text), self._themes_named(text)])

    def remembered(self, dialogue: Dialogue) -> Floats:
        """(q,) a talk as a `DialogueRegression` sees it."""
        return self._as_remembered(self._hear(dialogue))

    def texts(self, dialogue: Dialogue) -> tuple[str, str, str]:
        """What the encoder reads: all that the user wants, the newest of it, both sides."""
        return _texts(dialogue, _wanted(dialogue))

    def _hear(self, dialogue: Dialogue) -> _Heard:
        wanted = _wanted(dialogue)
        texts = _texts(dialogue, wanted)
        vectors = self.encoder.embed([text or " " for text in texts])
        vectors *= np.array([[bool(text)] for text in texts])
        return _Heard(wanted, texts[0], self._items(dialogue), *vectors)

    def _meant(self, heard: _Heard) -> Floats:
        """(g,) genres that the newest words mean, and less those of all words."""
        meant = [
            self.regression.meant(words) * bool(words.any()) for words in (heard.last, heard.said)
        ]
        return np.asarray(meant[0] + FADING * meant[1], np.float32)

    def _as_remembered(self, heard: _Heard) -> Floats:
        """(q,) the talk, what the user said, and where the items named lie."""
        faded = np.array([FADED**age for age in range(len(heard.items))], np.float32)
        place = units((faded @ self._away[heard.items])[None])[0]
        return np.concatenate([heard.talk, heard.said * np.float32(np.sqrt(0.5)), place])

    def refused(self, dialogue: Dialogue) -> frozenset[str]:
        """The items of a genre or theme or with a person that the user said not to want.

        What is asked for later counts as wanted again.
        """
        genres = np.zeros(len(self.catalog.genres), np.bool_)
        people: set[str] = set()
        themes: set[str] = set()
        for text in (turn.untitled for turn in dialogue.turns if turn.speaker == "user"):
            wanted = REFUSAL.sub(" ", text)
            genres &= self._genres_named(wanted) == 0
            people -= set(self.people.link_people(wanted))
            themes -= self._themes.named(wanted)
            for found in REFUSAL.finditer(text):
                genres |= self._genres_named(found["what"]) > 0
                people |= set(self.people.link_people(found["what"]))
                themes |= self._themes.named(found["what"])
        rows = set(np.flatnonzero(self.genres @ genres).tolist())
        rows |= {row for person in people for row in self._rows_of.get(person, [])}
        rows |= {row for theme in themes for row in self._themes.rows[theme]}
        return frozenset(self.catalog.items[row].id for row in rows)

    def _from_mentions(self, rows: Sequence[int]) -> list[Floats]:
        """What goes with the items named: the first seven signals."""
        n, counts = len(self.catalog), np.expm1(self.popularity)
        together, liked, nearest = (np.zeros(n, np.float32) for _ in range(3))
        for age, row in enumerate(rows):
            pair = _row(self.neighbours.together, row)
            together += DECAY**age * pair / np.sqrt(counts[row] + 3) / np.sqrt(counts + 6)
            liked += DECAY**age * _row(self.neighbours.liked, row)
            nearest = np.maximum(nearest, _row(self.neighbours.liked, row))
        alike = (*_like(self._about, rows), *_like(self.regression.facts, rows))
        return [together, liked, nearest, *alike]

    def _items(self, dialogue: Dialogue) -> list[int]:
        """Rows of the items named, newest first, each once.

        If the newest turn names something, only those that the user named: what was recommended
        before is no reason to go on with more of the same.
        """
        turns = list(reversed(dialogue.turns))
        if self.is_about_films(dialogue):
            turns = [turn for turn in turns if turn.speaker == "user"]
        newest = dict.fromkeys(i for turn in turns for i in reversed(turn.item_ids))
        return [self.catalog.row[i] for i in newest if i in self.catalog.row]

    def _names_something(self, text: str) -> bool:
        """Whether a text without titles names a genre, a theme or a person."""
        return bool(
            self._genres_named(text).any()
            or self._themes_named(text).any()
            or self.people.link_people(text)
        )

    def _genres_named(self, text: str) -> Floats:
        """(n_genres,) 1 for a genre that was named."""
        return np.array(genres_named(text, self.catalog.genres), np.float32)

    def _people_named(self, wanted: Sequence[str]) -> Floats:
        """(n,) how many of the people named are in it; people of earlier turns count less."""
        found = np.zeros(len(self.catalog), np.float32)
        for age, text in enumerate(wanted):
            for person in self.people.link_people(text):
                rows = self._rows_of.get(person, [])
                found[rows] += FADING**age
        return found

    def _themes_named(self, text: str) -> Floats:
        """(n,) how telling the themes are that were named and that an item has, in nats."""
        found = np.zeros(len(self.catalog), np.float32)
        for theme in self._themes.named(text):
            rows = self._themes.rows[theme]
            found[rows] += np.float32(np.log(len(self.catalog) / len(rows)))
        return found

    def _years_named(self, text: str) -> Floats:
        """(n,) 1 for an item of a decade or near a year that was said."""
        found = np.zeros(len(self.catalog), np.float32)
        for first in decades_named(text):
            found[(self.years >= first) & (self.years < first + 10)] = 1
        for year in years_named(text):
            found[np.abs(self.years - year) <= 2] = 1
        return found


class _Heard(NamedTuple):
    """What is heard in a dialogue; texts without titles and without what is refused."""

    wanted: list[str]  # of each turn of the user, newest first
    everything: str
    items: list[int]  # rows, newest first
    said: Floats  # (d,) everything, as the encoder sees it
    last: Floats  # (d,) the newest of it
    talk: Floats  # (d,) both sides, with titles


def _wanted(dialogue: Dialogue) -> list[str]:
    """What the user said in each turn, newest first."""
    said = (turn.untitled for turn in reversed(dialogue.turns) if turn.speaker == "user")
    return [REFUSAL.sub(" ", text).strip() for text in said]


def _texts(dialogue: Dialogue, wanted: Sequence[str]) -> tuple[str, str, str]:
    everything = " ".join(wanted)[:MAX_SAID].strip()
    talk = " ".join(turn.text for turn in dialogue.turns)[-MAX_TALK:].strip()
    return everything, wanted[0] if wanted else "", talk


def _like(vectors: Floats, rows: Sequence[int]) -> tuple[Floats, Floats]:
    """(n,) twice: cosine with the nearest of `rows`, and with all of them."""
    if not rows:
        return (np.zeros(len(vectors), np.float32),) * 2
    cosines = vectors @ vectors[list(rows)].T
    return cosines.max(1), cosines.mean(1)


def _row(matrix: sparse.csr_matrix, row: int) -> Floats:
    dense = np.zeros(matrix.shape[1], np.float32)
    part = slice(matrix.indptr[row], matrix.indptr[row + 1])
    dense[matrix.indices[part]] = matrix.data[part]
    return dense

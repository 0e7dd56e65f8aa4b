"""What is known of every item without a language model: a prior that the ID trie carries.

Simple signals of a dialogue, added up with fitted weights. A small generator learns what
people like together and what words mean from far too little; these signals know some of it
exactly. They are added to the model's log-probabilities while decoding, and reported apart.

Shapes: n items of the catalog, S signals.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.traced import Traced
from crsdemo.items.arrays import Floats, Ints
from crsdemo.items.encoder import TextEncoder
from crsdemo.items.index import units
from crsdemo.language.people import PeopleLinker
from crsdemo.language.refusals import refusals
from crsdemo.language.stances import Judge
from crsdemo.recommenders.dialogue_regression import DialogueRegression
from crsdemo.recommenders.facts_named import FADING, FactsNamed
from crsdemo.recommenders.item_similarity import SIGNALS as SIMILARITY
from crsdemo.recommenders.item_similarity import ItemSimilarity
from crsdemo.recommenders.neighbours import Neighbours

THEME = "a theme you named"
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
    THEME,
    "the years you named",
)
NEW = 2000  # the year from which newness is counted, in decades
AFRESH = 0.45  # how probable it is at least that words ask for something else than before
NEVER = 1.1  # above any probability
AFRESH_WHEN_NAMED = 0.25  # the same of words that name a genre, a theme or a person
_INSTEAD = re.compile(r"\binstead\b(?! of)", re.IGNORECASE)
_LIKE = re.compile(r"\b(?:some|any)thing (?:more )?(?:like|similar to)\b", re.IGNORECASE)
# Who wants something other than an item may like it all the same
_BESIDES = re.compile(r"\b(?:besides|other than|apart from|instead of|rather than)\b", re.I)
_TITLES_ALONE = re.compile(r"(?:[\s,&]|(?:and|or|the|film|movie)\b)*+", re.I)
MAX_TALK = 800  # letters of a talk that are remembered
MAX_SAID = 600  # letters of what the user said, newest turn first
DECAY = 0.8  # per film back in the dialogue
FADED = 0.85  # the same, of what is remembered


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
        judge: Judge | None = None,
    ) -> None:
        """`vectors`: (n, d_item) item vectors, the view of `encoder` in the first columns.

        `judge`: what has learned to tell what is refused.
        """
        self.catalog = catalog
        self._about = units(vectors[:, : encoder.dim])
        self.neighbours = neighbours
        self.regression = regression
        self.encoder = encoder
        self._away = vectors - vectors.mean(0)
        self.popularity = np.log1p(np.array([i.popularity for i in catalog], np.float32))
        self.named = FactsNamed(catalog, people, judge)
        self._similarity = ItemSimilarity(catalog)
        years = self.named.year_of
        self._newness = np.where(years, (years - NEW) / 10, 0.0)

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
    def _kinds(self) -> tuple[Floats, Ints]:
        """Each combination of genres as the encoder sees it (c, d), and which items have (n,)."""
        one = self.catalog.domain.item
        names = [f"{', '.join(item.genres)} {one}" for item in self.catalog]
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
        least = [self._afresh_from(dialogue.turns[i]) for i in later]
        asked = self.regression.asked(self.encoder.embed([text or " " for text in said]))
        wishes = np.flatnonzero(asked >= np.array(least))
        return Dialogue(dialogue.turns[later[wishes[-1]] :]) if len(wishes) else dialogue

    def _afresh_from(self, turn: Turn) -> float:
        """How probable it must be that a turn asks for something else than before.

        What is only refused narrows the wish from before; it is not a new one. Whoever says
        "instead", or wants something like what they name, gives up what they wished before.
        """
        text = turn.untitled
        wish = self.named.stances.wanted(text)
        if wish == text and (_INSTEAD.search(text) or (turn.mentions and _LIKE.search(text))):
            return 0.0
        if self.named.names_something(wish):
            return AFRESH_WHEN_NAMED
        return NEVER if wish != text and self.named.names_something(text) else AFRESH

    def is_about_films(self, dialogue: Dialogue) -> bool:
        """Whether the newest turn of the user names a film, a genre, a theme or a person."""
        said = [turn for turn in dialogue.turns if turn.speaker == "user"]
        if not said:
            return False
        return bool(said[-1].mentions) or self.named.names_something(said[-1].untitled)

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
                self.named.genres_of @ self._meant(heard),
                self.named.genres(heard.everything),
                self.named.people(heard.wanted),
                self.named.themes(heard.everything),
                self.named.years(heard.everything),
            ]
        ).astype(np.float32)

    def remembered(self, dialogue: Dialogue) -> Floats:
        """(q,) a talk as a `DialogueRegression` sees it."""
        return self._as_remembered(self._hear(dialogue))

    def texts(self, dialogue: Dialogue) -> tuple[str, str, str]:
        """What the encoder reads: all that the user wants, the newest of it, both sides."""
        return _texts(dialogue, self._wanted(dialogue))

    def _wanted(self, dialogue: Dialogue) -> list[str]:
        """What the user wants in each turn, newest first."""
        said = (turn.untitled for turn in reversed(dialogue.turns) if turn.speaker == "user")
        return [self.named.stances.wanted(text).strip() for text in said]

    def _hear(self, dialogue: Dialogue) -> _Heard:
        wanted = self._wanted(dialogue)
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
        before is no reason to go on with more of the same. None of which the user wants nothing
        like it.
        """
        turns = list(reversed(dialogue.turns))
        if self.is_about_films(dialogue):
            turns = [turn for turn in turns if turn.speaker == "user"]
        named = ((turn, _disliked(turn)) for turn in turns)
        newest = dict.fromkeys(
            i for turn, gone in named for i in reversed(turn.item_ids) if i not in gone
        )
        return [self.catalog.row[i] for i in newest if i in self.catalog.row]


class _Heard(NamedTuple):
    """What is heard in a dialogue; texts without titles and without what is refused."""

    wanted: list[str]  # of each turn of the user, newest first
    everything: str
    items: list[int]  # rows, newest first
    said: Floats  # (d,) everything, as the encoder sees it
    last: Floats  # (d,) the newest of it
    talk: Floats  # (d,) both sides, with titles


def _disliked(turn: Turn) -> frozenset[str]:
    """The items that a user refuses: "nothing like Titanic", "I hate Heat and Ronin"."""
    if turn.speaker != "user" or not turn.mentions:
        return frozenset()
    text = turn.without_titles(Traced.of(turn.text))
    found = set[str]()
    for refusal in refusals(text.text):
        if _BESIDES.search(text.text[refusal.start : refusal.at]):
            continue
        behind = _TITLES_ALONE.match(text.text, refusal.at)
        gone = text.places[refusal.at : behind.end() if behind else refusal.at]
        found |= {m.item_id for m in turn.mentions if m.stretch in gone}
    return frozenset(found)


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

"""The retriever of ReGeS (Yang and Fang 2025, sec. 2.3): from a query to candidates.

A dense index over the items' descriptions answers the query; what else is known of every item
joins it as learned features. A new item needs no training: its description is read at the start.

Shapes: n items of the catalog, d of the encoder, B queries.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import CheckpointError
from crsdemo.core.text_files import written_whole
from crsdemo.items.arrays import Bools, Floats, Ints
from crsdemo.items.encoder import TextEncoder, item_text
from crsdemo.items.index import Found, ItemIndex, units
from crsdemo.items.kept_vectors import embedded, keep
from crsdemo.recommenders.candidate_scores import CandidateScores, flags, unwanted, with_subject
from crsdemo.recommenders.prior import SIGNALS, ItemPrior
from crsdemo.recommenders.ranker import Ranker, best
from crsdemo.recommenders.stories import SIGNAL, Stories

FILE, MAP_FILE = "documents.safetensors", "query_map.safetensors"
TUNE = "make it anew with `python -m crsdemo tune-retriever` or remove it"
CANDIDATES = 50  # k of the paper
HEDGE = 2  # one candidate of so many is kept for what the whole talk would bring
DEEP = 1_000  # items whose nearness to the query is told apart
END_WORDS = 75  # of a talk that is read as it is
SEARCH_SIGNALS = (
    "matches my search",
    "matches our talk",
    "a genre in my search",
    "a theme in my search",
)
RETRIEVAL_SIGNALS = (*SIGNALS, *SEARCH_SIGNALS)


@dataclass(frozen=True)
class QueryReader:
    """Reads what is searched for: the text encoder and, where it was tuned, a linear map behind it.

    The descriptions are read by the encoder alone, so that the map is all that learns.
    """

    encoder: TextEncoder
    map: Floats | None = None  # (d + 1, d), the last row a bias

    def embed(self, texts: Sequence[str]) -> Floats:
        """(B, d) unit vectors."""
        vectors: Floats = self.encoder.embed(texts)
        return vectors if self.map is None else units(vectors @ self.map[:-1] + self.map[-1])

    def save(self, folder: Path) -> None:
        """Half precision."""
        if self.map is not None:
            with written_whole(folder / MAP_FILE) as part:
                save_file({"map": self.map.astype(np.float16)}, part)

    @classmethod
    def load(cls, folder: Path, encoder: TextEncoder) -> QueryReader:
        """Untuned if there is no map. Raises CheckpointError for one that does not fit."""
        path = folder / MAP_FILE
        if not path.is_file():
            return cls(encoder)
        try:
            learned = load_file(path)["map"].astype(np.float32)
        except (OSError, KeyError, SafetensorError) as error:
            raise CheckpointError(f"{path} is damaged ({error}); {TUNE}") from error
        if learned.shape != (encoder.dim + 1, encoder.dim):
            raise CheckpointError(
                f"{path} maps {learned.shape}, the encoder {encoder.name} gives {encoder.dim} "
                f"numbers; {TUNE}"
            )
        return cls(encoder, learned)


class Documents:
    """The items' descriptions as vectors, and an index over them. Immutable."""

    def __init__(self, reader: QueryReader, vectors: Floats) -> None:
        """`vectors`: (n, d) of unit length, in catalog order, by the encoder of `reader`."""
        self.reader = reader
        self.vectors = vectors
        self.index = ItemIndex.build(vectors)

    @classmethod
    def of(cls, catalog: Catalog, reader: QueryReader, folder: Path) -> Documents:
        """Vectors kept in `folder` where the description is still the same, others made anew.

        Raises CheckpointError if the file is damaged or of another encoder.
        """
        texts = [item_text(item) for item in catalog]
        return cls(reader, embedded(texts, reader.encoder, folder / FILE))

    def save(self, catalog: Catalog, folder: Path) -> None:
        """Half precision, with a key of each description."""
        keep([item_text(item) for item in catalog], self.vectors, folder / FILE)

    def nearest(self, queries: Sequence[str], k: int) -> Found:
        """The `k` items nearest to each query: cosines and rows, (B, k)."""
        return self.index.search(self.reader.embed(queries), k)

    def cosines(self, query: Floats) -> Floats:
        """(n,) cosine of each item with a query (d,); those far away all get the least found."""
        found = self.index.search(query[None], min(DEEP, len(self.vectors)))
        cosines = np.full(len(self.vectors), found.scores[0].min(), np.float32)
        cosines[found.rows[0]] = found.scores[0]
        return cosines


def talk_end(dialogue: Dialogue) -> str:
    """What both said last, as the reader of queries learned to read it."""
    words = " ".join(turn.text for turn in dialogue.turns).split()
    return " ".join(words[-END_WORDS:]) or " "


def search_signals(
    prior: ItemPrior, documents: Documents, query: str, vector: Floats, talk: Floats
) -> Floats:
    """(4, n) in the order of `SEARCH_SIGNALS`.

    `vector`: (d,) the query as embedded; `talk`: (d,) the same of the end of the talk itself.
    """
    near = documents.cosines(vector), documents.cosines(talk)
    return np.stack([*near, prior.named.genres(query), prior.named.themes(query)])


@dataclass(frozen=True)
class Retriever:
    """Candidates for a dialogue and its query. Safe to call from several threads."""

    documents: Documents
    prior: ItemPrior
    ranker: Ranker  # of RETRIEVAL_SIGNALS
    stories: Stories | None = None

    def look(
        self, dialogue: Dialogue, query: str, k: int, exclude: Collection[str] = frozenset()
    ) -> CandidateScores:
        """A shortlist of `k` items and what spoke for each; what the user refuses is hidden."""
        catalog = self.prior.catalog
        dialogue = self.prior.named.as_meant(dialogue)
        heard = self.prior.relevant(dialogue)
        hidden = unwanted(self.prior.named, dialogue, heard)
        left_out = flags(catalog, hidden | set(exclude))
        embedded = self.documents.reader.embed([query, talk_end(heard)])
        asked = search_signals(self.prior, self.documents, query, *embedded)
        parts = self._parts(heard, asked, left_out)
        rows = best(np.where(left_out, -np.inf, parts.sum(0)), k)
        if heard != dialogue:
            whole = np.where(left_out, -np.inf, self._parts(dialogue, asked, left_out).sum(0))
            rows = _hedged(rows, best(whole, k))
        shortlist = tuple(catalog[row].id for row in rows if not left_out[row])
        return CandidateScores(hidden, parts, self.part_names, shortlist, len(heard.turns))

    @property
    def part_names(self) -> tuple[str, ...]:
        """Of the rows of what is added up."""
        return self.ranker.part_names if self.stories is None else (*self.ranker.part_names, SIGNAL)

    def _parts(self, dialogue: Dialogue, asked: Floats, left_out: Bools) -> Floats:
        """(S, n) what each signal of a dialogue and of its search (4, n) adds."""
        signals = np.concatenate([self.prior.signals(dialogue), asked])
        parts = self.ranker.parts(signals, dialogue, left_out)
        if self.stories is not None:
            told = self.stories.scores(self.prior.texts(dialogue)[1])[None]
            parts = np.concatenate([parts, told])
        return with_subject(parts, self.part_names, self.prior.named, dialogue)


def _hedged(rows: Ints, others: Ints) -> Ints:
    """As many as `rows`, the last of them from `others`: the wish may not be a fresh one after all.

    Both (k,), best first.
    """
    kept = rows[: len(rows) - len(rows) // HEDGE]
    return np.concatenate([kept, others[~np.isin(others, kept)]])[: len(rows)]

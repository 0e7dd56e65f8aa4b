"""ReGeS (Yang and Fang 2025): a query expert, a retriever, and an item expert that picks one.

The query expert condenses the dialogue into a search (sec. 2.3), the retriever finds 50
candidates, and the item expert reads them before the dialogue and chooses among them (sec. 2.4):
the ID trie holds nothing else then, so that an item outside the candidates cannot be said.
Mode, facts and words are made as the generative recommender makes them, by a model that was
trained to talk: what the item expert learns of candidates costs it its words.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from crsdemo.catalog import Catalog
from crsdemo.commons import Commons
from crsdemo.dialogue import Dialogue
from crsdemo.encoder import TextEncoder
from crsdemo.errors import CheckpointError
from crsdemo.generative import Generative
from crsdemo.guide import Guidance
from crsdemo.loading import ITEM
from crsdemo.query import PseudoQuery, named_people
from crsdemo.query_expert import QueryExpert
from crsdemo.ranker import FILE, Ranker
from crsdemo.recommender import Timing
from crsdemo.retriever import CANDIDATES, RETRIEVAL_SIGNALS, Documents, QueryReader, Retriever
from crsdemo.speaker import Speaker

QUERY, RETRIEVER = "query", "retriever"  # folders of a ReGeS checkpoint
CARD = "reges.json"
MODEL_WEIGHT = 0.1  # of the item expert beside the retriever's scores: hardly more than theirs


def documents_of(catalog: Catalog, encoder: TextEncoder, folder: Path) -> Documents:
    """Descriptions, and a reader of queries that is tuned if it was."""
    reader = QueryReader.load(folder / RETRIEVER, encoder)
    return Documents.of(catalog, reader, folder / RETRIEVER)


@dataclass(frozen=True)
class RetrievalGuide:
    """Query, then candidates. Without `scored` the item expert alone orders them.

    With a `thinker`, the item expert under another hat, it writes what the user prefers before it
    chooses (chain of thought, sec. 3.6).
    """

    expert: QueryExpert
    retriever: Retriever
    k: int = CANDIDATES
    scored: bool = True
    thinker: QueryExpert | None = None
    is_read: ClassVar[bool] = True

    def look(self, dialogue: Dialogue, exclude: Collection[str] = frozenset()) -> Guidance:
        started = time.perf_counter()
        query = self.expert.write(self.expert.prior.relevant(dialogue))
        asked = time.perf_counter()
        look = self._found(dialogue, query, exclude)
        timings = (
            Timing("putting the search into words", 1000 * (asked - started)),
            Timing(self._search_step, 1000 * (time.perf_counter() - asked)),
        )
        return replace(look, timings=timings)

    @property
    def _search_step(self) -> str:
        thinking = ", thinking of what you prefer" if self.thinker else ""
        return f"finding {self.k} candidates{thinking}"

    def look_all(
        self, dialogues: Sequence[Dialogue], excludes: Sequence[Collection[str]]
    ) -> list[Guidance]:
        """All queries are written at once, without their sources; each dialogue's only once."""
        asked = list(dict.fromkeys(dialogues))
        queries = self.expert.write_all(list(map(self.expert.prior.relevant, asked)))
        query_of = dict(zip(asked, queries, strict=True))
        rows = zip(dialogues, excludes, strict=True)
        return [self._found(dialogue, query_of[dialogue], exclude) for dialogue, exclude in rows]

    def _found(self, dialogue: Dialogue, query: PseudoQuery, exclude: Collection[str]) -> Guidance:
        look = self.retriever.look(dialogue, query.text, self.k, exclude)
        look = replace(look, parts=look.parts if self.scored else None, query=query)
        return look if self.thinker is None else self._with_thought(dialogue, look, self.thinker)

    def _with_thought(self, dialogue: Dialogue, look: Guidance, thinker: QueryExpert) -> Guidance:
        writer = thinker.speaker.writer
        heard = look.heard or dialogue
        thought = thinker.write(heard, writer.shortlist(look.shortlist))
        asked = writer.query_request(named_people(heard, thinker.people))
        tokens = (*asked, *writer.query_target(thought)[:-1])
        return replace(look, thought=tokens)

    def describe(self) -> dict[str, Any]:
        ranker = self.retriever.ranker
        return {
            "k": self.k,
            "thinks": self.thinker is not None,
            "signals": ranker.names,
            "weights": ranker.weights.tolist(),
            "query_adapter": self.expert.speaker.loaded.adapter_sha256,
        }


def load_reges(
    folder: Path, commons: Commons, *, with_prior: bool = True, think: bool = False
) -> Generative:
    """A ReGeS checkpoint: `item/`, `query/`, `retriever/` and the ranker of its signals.

    Without `with_prior` the item expert alone orders the candidates; if it is to `think` it
    writes down preferences before. Raises CheckpointError or
    CatalogError if anything is missing or does not match.
    """
    documents = documents_of(commons.catalog, commons.encoder(), folder)
    ranker = Ranker.load(folder / FILE, RETRIEVAL_SIGNALS)
    speaker = Speaker.load(folder / ITEM, commons)
    voice = _voice(folder, commons)
    guide = RetrievalGuide(
        QueryExpert.load(folder / QUERY, commons),
        Retriever(documents, commons.prior, ranker),
        scored=with_prior,
        thinker=QueryExpert(speaker, commons.prior) if think else None,
    )
    return Generative(
        folder.name, speaker, commons.catalog, guide, voice=voice, model_weight=MODEL_WEIGHT
    )


def _voice(folder: Path, commons: Commons) -> Speaker | None:
    """Who says the words, if the card of the checkpoint names another than the item expert."""
    card = folder / CARD
    if not card.is_file():
        return None
    try:
        voice = str(json.loads(card.read_text(encoding="utf-8"))["voice"])
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{card} is damaged ({error!r}); it names the folder of a generative checkpoint as "
            '{"voice": "../gcrs"}, or remove it to let the item expert speak itself'
        ) from error
    return Speaker.load(folder / voice, commons)

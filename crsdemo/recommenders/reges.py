"""ReGeS (Yang and Fang 2025) on a pretrained base: search, candidates, choice, words.

The query expert writes what to search for (sec. 2.3), the retriever finds 50 candidates, and the
item expert chooses among them (sec. 2.4). Both experts and the voice are one adapter of its own,
so that a conversation is read once; what it searched for stands before it when it chooses and
when it speaks. The order of the item expert counts at least as much as the retriever's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import CheckpointError
from crsdemo.core.recommender import Evidence, Plan, Recommendation, Timing
from crsdemo.model.choice import ChoiceHead, catalog_vectors
from crsdemo.model.decoding import Context
from crsdemo.model.heads import head_width
from crsdemo.model.sampling import Sampling, SearchConstraint, TokenSampler
from crsdemo.recommenders.candidate_scores import CandidateScores
from crsdemo.recommenders.evidence import EXPERT, Order, decided, drawn
from crsdemo.recommenders.evidence import RETRIEVER as BY_RETRIEVER
from crsdemo.recommenders.facts_named import FactsNamed
from crsdemo.recommenders.query_sources import sources
from crsdemo.recommenders.quotes import quotes
from crsdemo.recommenders.ranker import FILE, Ranker
from crsdemo.recommenders.resources import Resources
from crsdemo.recommenders.retriever import (
    CANDIDATES,
    RETRIEVAL_SIGNALS,
    Documents,
    QueryReader,
    Retriever,
)
from crsdemo.recommenders.stories import Stories
from crsdemo.recommenders.talker import Talker
from crsdemo.recommenders.talking import Found, TalkingRecommender

RETRIEVER = "retriever"  # folder of a checkpoint
CARD = "reges.json"  # file in it
RETRIEVER_WEIGHT = 1.0  # of the retriever's log-scores, as much as the item expert's. Tuned on dev
QUERY = Sampling(max_tokens=32, no_repeat_ngram=3)


@dataclass(frozen=True)
class Choice:
    """The candidates of one dialogue in the order that decides."""

    rows: NDArray[np.int64]  # (k,) best first
    shares: NDArray[np.float64]  # (k,) probability of each, both orders together
    expert: NDArray[np.float64]  # (k,) log-probability by the item expert
    retriever: NDArray[np.float64]  # (k,) by the retriever


class Reges(TalkingRecommender):
    """Searches, and chooses among what it found."""

    voice = 1

    def __init__(self, name: str, talker: Talker, retriever: Retriever, head: ChoiceHead) -> None:
        super().__init__(name, talker)
        self.retriever = retriever
        self.head = head
        self.retriever_weight = RETRIEVER_WEIGHT

    @classmethod
    def load(cls, folder: Path, resources: Resources) -> Reges:
        """Raises CheckpointError or CatalogError if anything is missing or does not match."""
        talker = searching_talker(folder, resources)
        reader = QueryReader.load(folder / RETRIEVER, resources.encoder())
        documents = Documents.of(resources.catalog, reader, folder / RETRIEVER)
        ranker = Ranker.load(folder / FILE, RETRIEVAL_SIGNALS)
        vectors = catalog_vectors(resources.catalog, documents.vectors, resources.files.vectors)
        retriever = Retriever(documents, resources.prior, ranker, resources.stories)
        head = ChoiceHead.load(folder, head_width(talker.loaded.model), vectors)
        return cls(folder.name, talker, retriever, head)

    @property
    def stories(self) -> Stories | None:
        return self.retriever.stories

    @property
    def named(self) -> FactsNamed:
        return self.retriever.prior.named

    def recommend_batch(
        self, dialogues: Sequence[Dialogue], k: int, exclude: Sequence[frozenset[str]]
    ) -> list[list[Recommendation]]:
        """The `k` best candidates of each dialogue, with the mode forced to REC."""
        return [self._recommendations(choice)[:k] for choice in self.choices(dialogues, exclude)]

    def look(self, dialogue: Dialogue, exclude: frozenset[str] = frozenset()) -> CandidateScores:
        """With what was said last for the search."""
        said = dialogue.turns[-1].text if dialogue.turns else ""
        return self.retriever.look(dialogue, said, CANDIDATES, exclude)

    def searches(self, dialogues: Sequence[Dialogue]) -> list[str]:
        """What it searches for in each, with the mode forced to REC."""
        context = self.talker.read([self.talker.history(one) for one in dialogues])
        return write_searches(self.talker, context)

    def choices(
        self,
        dialogues: Sequence[Dialogue],
        exclude: Sequence[frozenset[str]],
        added: Sequence[Sequence[str]] = (),
    ) -> list[Choice]:
        """What it chooses in each dialogue; `added`: items put among the candidates of each."""
        context = self.talker.read([self.talker.history(dialogue) for dialogue in dialogues])
        queries = write_searches(self.talker, context)
        looks = [
            self.retriever.look(dialogue, query, CANDIDATES, hidden)
            for dialogue, query, hidden in zip(dialogues, queries, exclude, strict=True)
        ]
        if added:
            looks = [
                replace(look, shortlist=tuple(dict.fromkeys((*look.shortlist, *items))))
                for look, items in zip(looks, added, strict=True)
            ]
        return self._choices(context, looks, exclude)

    def _choices(
        self, context: Context, looks: Sequence[CandidateScores], exclude: Sequence[frozenset[str]]
    ) -> list[Choice]:
        """The item expert reads on up to `<BOI>` and orders what was found."""
        states = self.talker.decoder.state(context, [self.talker.control.boi])
        return [
            self._choice(state, look, hidden)
            for state, look, hidden in zip(states, looks, exclude, strict=True)
        ]

    @torch.inference_mode()
    def _choice(self, state: torch.Tensor, look: CandidateScores, hidden: frozenset[str]) -> Choice:
        found = [i for i in look.shortlist if i not in hidden] or list(look.shortlist)
        rows = np.array([self.catalog.row[i] for i in found], np.int64)
        scores = self.head(state[None], torch.from_numpy(rows)[None])[0]
        expert = scores.double().log_softmax(0).numpy()
        known = torch.from_numpy(np.asarray(look.scores, np.float64)[rows])
        retriever = known.log_softmax(0).numpy()
        both = torch.from_numpy(expert + self.retriever_weight * retriever).softmax(0).numpy()
        order = np.argsort(-both, kind="stable")
        return Choice(rows[order], both[order], expert[order], retriever[order])

    def _recommendations(self, choice: Choice) -> list[Recommendation]:
        return [
            Recommendation(self.catalog[int(row)], float(share))
            for row, share in zip(choice.rows, choice.shares, strict=True)
        ]

    def find(self, context: Context, dialogue: Dialogue, plan: Plan) -> Found:
        started, control = time.perf_counter(), self.talker.control
        query = write_searches(self.talker, context)[0]
        asked = time.perf_counter()
        item, evidence = self._found(context, dialogue, query, plan)
        timings = (
            Timing("putting the search into words", 1000 * (asked - started)),
            Timing("finding and choosing", 1000 * (time.perf_counter() - asked)),
        )
        written = (control.rec, control.query, *self.talker.format.text(query), control.eos)
        return Found(item, written, evidence, timings)

    def _found(
        self, context: Context, dialogue: Dialogue, query: str, plan: Plan
    ) -> tuple[Item, Evidence]:
        """The film that is recommended; `context` grows by its ID, up to its last code."""
        seen = frozenset(dialogue.mentioned) | plan.avoid
        look = self.retriever.look(dialogue, query, CANDIDATES, seen)
        if not look.shortlist:  # all of a small catalog was named already
            seen = frozenset()
            look = self.retriever.look(dialogue, query, CANDIDATES)
        if not look.shortlist:
            look = replace(look, shortlist=tuple(self.catalog.row))
        choice = self._choices(context, [look], [seen])[0]
        found = self._recommendations(choice)
        item = self.catalog.item(plan.item_id) if plan.item_id else drawn(found, plan).item
        self.talker.decoder.feed(context, self.talker.format.code(item.id)[1:-1])
        used = sources(dialogue, [query], self.retriever.prior.encoder)
        orders = (Order(EXPERT, choice.expert), Order(BY_RETRIEVER, choice.retriever))
        candidates, deciders = decided(found, orders, item.id)
        return item, Evidence(
            query=query,
            query_sources=used,
            candidates=candidates,
            deciders=deciders,
            is_given=plan.item_id is not None,
            quotes=() if plan.item_id else quotes(self.retriever.prior.named, dialogue, look, item),
        )

    def decoding(self) -> dict[str, Any]:
        return {
            "candidates": CANDIDATES,
            "retriever_weight": self.retriever_weight,
            "signals": self.retriever.ranker.names,
        }


def searching_talker(folder: Path, resources: Resources) -> Talker:
    """The adapter, which lies in the folder, or in that of another checkpoint that the card names.

    Raises CheckpointError if it is missing or does not match.
    """
    return Talker.load(adapter_folder(folder), resources)


def write_searches(talker: Talker, context: Context) -> list[str]:
    """What to search for, in words, greedily; `context` stands before the tag and grows."""
    control, decoder = talker.control, talker.decoder
    decoder.feed(context, [control.rec, control.query])
    samplers = [TokenSampler(SearchConstraint(talker.grammar), QUERY) for _ in context.mask]
    before = context.mask.shape[1]
    written = decoder.write_all(context, samplers)
    decoder.feed(context, [control.eos])
    heard = context.mask.clone()
    for row, tokens in enumerate(written):  # those that were ready early have waited
        heard[row, before + len(tokens) + 1 :] = False
    context.mask = heard
    return [talker.text(tokens).strip() for tokens in written]


def adapter_folder(folder: Path) -> Path:
    """Where the adapter lies. Raises CheckpointError for a card that is damaged."""
    card = folder / CARD
    if not card.is_file():
        return folder
    try:
        return folder / str(json.loads(card.read_text(encoding="utf-8"))["adapter"])
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{card} is damaged ({error!r}); it names the folder of the adapter as "
            '{"adapter": "../gcrs"}, or remove it where the adapter lies beside it'
        ) from error

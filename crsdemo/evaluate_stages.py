"""What `evaluate` measures beside recall: parts of a system alone, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crsdemo.catalog import Catalog
from crsdemo.corpus import CorpusDialogue
from crsdemo.errors import BadInputError
from crsdemo.evaluate_dialogue import evaluate_dialogue
from crsdemo.evaluate_generative import evaluate_generative
from crsdemo.evaluate_reges import evaluate_item_expert
from crsdemo.evaluate_retrieval import RetrievalReport, evaluate_retrieval
from crsdemo.generative import Generative
from crsdemo.mentions import MentionLinker
from crsdemo.recommender import Recommender
from crsdemo.reges import RetrievalGuide
from crsdemo.retriever import Documents, QueryReader


def retrieval(
    recommender: Recommender, catalog: Catalog, dialogues: Sequence[CorpusDialogue]
) -> RetrievalReport:
    """The retriever. Raises BadInputError if there is none, or for dialogues without an item."""
    guide = recommender.guide if isinstance(recommender, Generative) else None
    if not isinstance(guide, RetrievalGuide):
        raise BadInputError(f"--stage retrieval needs a ReGeS checkpoint, not {recommender.name}")
    tuned = guide.retriever.documents
    untuned = Documents(QueryReader(tuned.reader.encoder), tuned.vectors)
    return evaluate_retrieval(guide.retriever, untuned, guide.expert, catalog, dialogues)


def item(recommender: Recommender, dialogues: Sequence[CorpusDialogue]) -> dict[str, Any]:
    """The item expert. Raises BadInputError as `evaluate_item_expert` does."""
    if not isinstance(recommender, Generative):
        raise BadInputError(f"--stage item needs a ReGeS checkpoint, not {recommender.name}")
    return evaluate_item_expert(recommender, dialogues)


def dialogue(
    recommender: Recommender, catalog: Catalog, dialogues: Sequence[CorpusDialogue]
) -> dict[str, Any]:
    """What is said. Raises BadInputError as `evaluate_dialogue` does."""
    return evaluate_dialogue(recommender, catalog, MentionLinker(catalog), dialogues)


def generative(recommender: Recommender, dialogues: Sequence[CorpusDialogue]) -> dict[str, Any]:
    """How an ID is written. Raises BadInputError as `evaluate_generative` does."""
    if not isinstance(recommender, Generative):
        raise BadInputError(
            f"--stage generative needs a generative checkpoint, not {recommender.name}"
        )
    return evaluate_generative(recommender, dialogues)

"""What `evaluate` measures beside recall: parts of a system alone, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Recommender
from crsdemo.evaluation.checks import check_wishes
from crsdemo.evaluation.stages.dialogue_stage import evaluate_dialogue
from crsdemo.evaluation.stages.folder import LATE_WISHES, WISHES
from crsdemo.evaluation.stages.generative_stage import evaluate_generative
from crsdemo.evaluation.stages.item_stage import evaluate_item_expert
from crsdemo.evaluation.stages.retrieval_stage import evaluate_retrieval
from crsdemo.evaluation.stages.tables import DIALOGUE, GENERATIVE, ITEM
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.language.mentions import MentionLinker
from crsdemo.recommenders.gcrs import Gcrs
from crsdemo.recommenders.reges import Reges
from crsdemo.recommenders.retriever import Documents, QueryReader


def measured(
    stage: str, recommender: Recommender, catalog: Catalog, dialogues: Sequence[CorpusDialogue]
) -> dict[str, Any]:
    """What `stage`, by its name in `folder.py`, finds, ready for JSON; wishes need no dialogues.

    Raises BadInputError for a recommender without such a part, and for dialogues that hold nothing
    to be measured.
    """
    if stage in (WISHES, LATE_WISHES):
        asked = check_wishes.load_wishes()
        asked = check_wishes.late_wishes(asked) if stage == LATE_WISHES else asked
        return check_wishes.check(recommender, catalog, MentionLinker(catalog), asked).as_json()
    if stage == DIALOGUE:
        return evaluate_dialogue(recommender, catalog, MentionLinker(catalog), dialogues)
    if stage == GENERATIVE:
        if not isinstance(recommender, Gcrs):
            raise BadInputError(
                "--stage generative needs a model that writes the ID of any item, such as gcrs, "
                f"not {recommender.name}"
            )
        return evaluate_generative(recommender, dialogues)
    if not isinstance(recommender, Reges):
        raise BadInputError(f"--stage {stage} needs a ReGeS checkpoint, not {recommender.name}")
    if stage == ITEM:
        return evaluate_item_expert(recommender, dialogues)
    retriever = recommender.retriever
    tuned = retriever.documents
    untuned = Documents(QueryReader(tuned.reader.encoder), tuned.vectors)
    found = evaluate_retrieval(retriever, untuned, recommender, catalog.row, dialogues)
    return {"recommender": recommender.name} | found

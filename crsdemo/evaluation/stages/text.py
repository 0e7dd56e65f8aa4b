"""What each stage found, as the command line prints it and `measure` writes it: in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crsdemo.evaluation.stages import dialogue_text, generative_text, item_text, retrieval_text
from crsdemo.evaluation.stages.folder import DIALOGUE, GENERATIVE, ITEM, RETRIEVAL

RENDERINGS = {
    RETRIEVAL: retrieval_text.render,
    ITEM: item_text.render,
    GENERATIVE: generative_text.render,
    DIALOGUE: dialogue_text.render,
}


def told(stage: str, report: Mapping[str, Any]) -> str:
    """A stage that is measured on dialogues."""
    return RENDERINGS[stage](report)

"""What each stage found, as the command line prints it and `measure` writes it: in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crsdemo import (
    evaluate_dialogue_text,
    evaluate_generative_text,
    evaluate_reges_text,
    evaluate_retrieval_text,
)
from crsdemo.stage_folder import DIALOGUE, GENERATIVE, ITEM, RETRIEVAL

RENDERINGS = {
    RETRIEVAL: evaluate_retrieval_text.render,
    ITEM: evaluate_reges_text.render,
    GENERATIVE: evaluate_generative_text.render,
    DIALOGUE: evaluate_dialogue_text.render,
}


def told(stage: str, report: Mapping[str, Any]) -> str:
    """A stage that is measured on dialogues."""
    return RENDERINGS[stage](report)

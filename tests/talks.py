"""Dialogues about the tiny catalog, with its films linked."""

from __future__ import annotations

from films import CATALOG

from crsdemo.core.dialogue import Dialogue, Speaker, Turn
from crsdemo.language.mentions import MentionLinker

LINKER = MentionLinker(CATALOG)


def said(*texts: str) -> Dialogue:
    """User and assistant in turn, the user first."""
    dialogue = Dialogue()
    for n, text in enumerate(texts):
        speaker: Speaker = "assistant" if n % 2 else "user"
        dialogue = dialogue.say(Turn(speaker, text, LINKER.link(text, dialogue)))
    return dialogue

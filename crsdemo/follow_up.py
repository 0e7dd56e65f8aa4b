"""Questions about a film that was named: "who is in it?", "tell me about Heat".

They are answered by the third way of using the model (GCRS, sec. 3.4): mode and item are forced,
and the model finds the words. A small model does not learn by itself to point back. Where a fact
is asked for, it may say no other.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from crsdemo.dialogue import Dialogue, Turn

_ABOUT_IT = re.compile(
    r"\b(?:who(?:'s| is| are| was| were| else is)? "
    r"(?:in|directed|made|starred|stars|plays|acts?|the)\b"
    r"|when (?:was|did|is) (?:it|that|this)|(?:what|which) year|how old is (?:it|that|this)"
    r"|(?:tell|say) (?:me )?(?:some)?(?:thing )?(?:more|about (?:it|that|this))"
    r"|what(?:'s| is) (?:it|that|this)(?: film| movie| one)? (?:about|like)|what(?:'s| is) the "
    r"(?:plot|cast|story|genre)|what (?:kind|sort|genre)|^is (?:it|that|this)\b"
    r"|^(?:and |but |so |ok,? )?why\b(?! not\b)(?:\W*$|.*\b(?:it|that|this|him|her|them|you)\b)"
    r"|(?:where|how) (?:can|could|do|should) (?:i|we|one) (?:see|watch|find|stream|get)"
    r"|how long (?:is|does|was)|(?:age|running) (?:rating|time)|what(?:'s| is) (?:it|that) rated"
    r"|^(?:huh|eh|hm+|what|sorry|pardon|come again|i don'?t (?:get|understand|follow)(?: it)?)\W*$"
    r"|^(?:cast|director|year|genre)\??$)",
    re.IGNORECASE,
)
_ABOUT_NAMED = re.compile(
    r"\b(?:tell me (?:more )?about|what about|who(?:'s| is| was)? (?:in|directed|made)|"
    r"what(?:'s| is)|"
    r"when was|have you heard of|do you know|who (?:stars|plays|acts) in)\b",
    re.IGNORECASE,
)
_FACTS = {
    "cast": r"\b(?:who(?:'s| is| are| was| were| else is)? (?:in|the (?:actors?|stars?|cast))\b"
    r"|who (?:starred|stars|plays|acts?)|cast\b)",
    "directors": r"\b(?:who(?:'s| is| was)? (?:directed|made|behind|directing|the director)"
    r"|director\b|by whom)",
    "year": r"\b(?:when (?:was|did|is)|(?:what|which) year|year\??$|how old is"
    r"|is (?:it|that|this) (?:an? )?(?:new|old|recent)\b)",
    "genres": r"\b(?:what(?:'s| is) the genre|(?:what|which) (?:genre|kind|sort|type)|genre\??$)",
}
_FACT = {field: re.compile(pattern, re.IGNORECASE) for field, pattern in _FACTS.items()}
LONGEST = 70  # characters; a longer message wishes for something


class Question(NamedTuple):
    """Which item is asked about, and the fields of the facts that answer; none: any will do."""

    item_id: str
    fields: frozenset[str] = frozenset()


def asked_about(dialogue: Dialogue) -> Question | None:
    """What the user's last turn asks, if it is a question about an item."""
    item_id = _item_asked_about(dialogue)
    if item_id is None:
        return None
    said = dialogue.turns[-1].text.strip()
    return Question(item_id, frozenset(f for f, known in _FACT.items() if known.search(said)))


def _item_asked_about(dialogue: Dialogue) -> str | None:
    if not dialogue.turns or len(dialogue.turns[-1].text) > LONGEST:
        return None
    last = dialogue.turns[-1]
    if last.item_ids:
        return last.item_ids[-1] if _ABOUT_NAMED.search(last.text) else None
    if not _ABOUT_IT.search(last.text.strip()):
        return None
    return next((i for turn in _replies(dialogue) for i in reversed(turn.item_ids)), None)


def _replies(dialogue: Dialogue) -> list[Turn]:
    """What the assistant said, newest first."""
    return [turn for turn in reversed(dialogue.turns) if turn.speaker == "assistant"]

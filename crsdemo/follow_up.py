"""Questions about a film that was named: "who is in it?", "tell me about Heat".

They are answered by the third way of using the model (GCRS, sec. 3.4): mode and item are forced,
and the model finds the words. A small model does not learn by itself to point back.
"""

from __future__ import annotations

import re

from crsdemo.dialogue import Dialogue, Turn

_ABOUT_IT = re.compile(
    r"\b(?:who(?:'s| is| are| was| were| else is)? "
    r"(?:in|directed|made|starred|stars|plays|acts?|the)\b"
    r"|when (?:was|did|is) (?:it|that|this)|(?:what|which) year|how old is (?:it|that|this)"
    r"|(?:tell|say) (?:me )?(?:some)?(?:thing )?(?:more|about (?:it|that|this))"
    r"|what(?:'s| is) (?:it|that|this)(?: film| movie| one)? (?:about|like)|what(?:'s| is) the "
    r"(?:plot|cast|story|genre)|what (?:kind|sort|genre)|^is (?:it|that|this)\b"
    r"|^(?:cast|director|year|genre)\??$)",
    re.IGNORECASE,
)
_ABOUT_NAMED = re.compile(
    r"\b(?:tell me (?:more )?about|what about|who(?:'s| is| was)? (?:in|directed|made)|"
    r"what(?:'s| is)|"
    r"when was|have you heard of|do you know|who (?:stars|plays|acts) in)\b",
    re.IGNORECASE,
)
LONGEST = 70  # characters; a longer message wishes for something


def asked_about(dialogue: Dialogue) -> str | None:
    """The id of the item that the user's last turn asks about, if it is such a question."""
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

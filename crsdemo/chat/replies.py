"""What is answered to a message, whoever is asked: every reply of a talk or a comparison passes.

Whoever is in distress gets one fixed reply, and no recommender is asked. Whoever asks for several
things is offered the next ones of the recommender's own ranking beside the first; that one is to
be recommended is settled then ("show me more" alone leaves a small model at talk), and also where
somebody asks to be recommended something, unless that is all that was ever said: who begins with
"what should I watch?" may be asked back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import Evidence, Plan, Provenance, Recommender, Reply
from crsdemo.language.distress import is_in_distress
from crsdemo.language.open_wish import asks_for_one, asks_for_several, says_no_more

N_OFFERED = 3  # to who asks for several
CARE = (
    "I am sorry that it is this hard, and I am glad that you said it. I am only a program, and you "
    "deserve a person who listens. You find one now, free and in confidence, at "
    "https://findahelpline.com. If you or somebody else is in danger, please call your local "
    "emergency number, such as 112 or 911, or go to somebody near you whom you trust."
)
FIXED = Reply((CARE,), "CHAT", None, Evidence(is_fixed=True), Provenance("fixed reply"))


def replies(
    dialogue: Dialogue, plan: Plan, recommender: Callable[[], Recommender]
) -> Iterator[Reply]:
    """The reply as it grows. `recommender` is asked for only if it is to answer."""
    said = dialogue.turns[-1]
    if is_in_distress(said.text, said.untitled):
        yield FIXED
        return
    is_open = asks_for_several(said.untitled)
    is_bare = len(dialogue.turns) == 1 and not said.mentions and says_no_more(said.text)
    is_settled = is_open or (asks_for_one(said.untitled) and not is_bare)
    if is_settled and plan.mode is None and plan.item_id is None:
        plan = replace(plan, mode="REC")
    for reply in recommender().stream(dialogue, plan):
        yield replace(reply, also=_next_best(reply, dialogue, plan)) if is_open else reply


def _next_best(reply: Reply, dialogue: Dialogue, plan: Plan) -> tuple[Item, ...]:
    """The best that was not said, after the recommendation."""
    if reply.item is None or reply.evidence.is_given:
        return ()
    known = {reply.item.id, *dialogue.mentioned, *plan.avoid, *reply.turn().item_ids}
    ranked = (one.item for one in reply.evidence.candidates)
    return tuple(item for item in ranked if item.id not in known)[: N_OFFERED - 1]

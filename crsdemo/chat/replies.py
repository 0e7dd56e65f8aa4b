"""What is answered to a message, whoever is asked: every reply of a talk or a comparison passes.

Whoever is in distress gets one fixed reply, and no recommender is asked. Whoever asks for several
things is offered the next ones of the recommender's own ranking beside the first.

That something is recommended is settled for whoever asks for it, whoever knows or does not want
what was recommended ("seen it", "something else"), and whoever likes what was not named yet: a
small model often talks on there. Who begins with "what should I watch?" may be asked back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import Evidence, Plan, Provenance, Recommender, Reply
from crsdemo.language.distress import is_in_distress
from crsdemo.language.open_wish import (
    asks_for_another,
    asks_for_one,
    asks_for_several,
    likes,
    says_no,
    says_no_more,
)

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
    if plan.mode is None and plan.item_id is None and (is_open or _wants_one(dialogue)):
        plan = replace(plan, mode="REC")
    for reply in recommender().stream(dialogue, plan):
        yield replace(reply, also=_next_best(reply, dialogue, plan)) if is_open else reply


def _wants_one(dialogue: Dialogue) -> bool:
    """Whether the newest message asks, in whatever way, for something to be recommended."""
    said, before = dialogue.turns[-1], dialogue.before(len(dialogue.turns) - 1)
    if not before.turns and not said.mentions and says_no_more(said.text):
        return False
    answers = [turn for turn in before.turns if turn.speaker == "assistant"]
    was_given = any(turn.mentions for turn in answers)
    if was_given and says_no(said.untitled):  # to the film, or to a question of ours?
        return bool(answers[-1].mentions) and not answers[-1].text.rstrip().endswith("?")
    likes_new = likes(said.untitled) and any(i not in before.mentioned for i in said.item_ids)
    return (
        asks_for_one(said.untitled) or likes_new or (was_given and asks_for_another(said.untitled))
    )


def _next_best(reply: Reply, dialogue: Dialogue, plan: Plan) -> tuple[Item, ...]:
    """The best that was not said, after the recommendation."""
    if reply.item is None or reply.evidence.is_given:
        return ()
    known = {reply.item.id, *dialogue.mentioned, *plan.avoid, *reply.turn().item_ids}
    ranked = (one.item for one in reply.evidence.candidates)
    return tuple(item for item in ranked if item.id not in known)[: N_OFFERED - 1]

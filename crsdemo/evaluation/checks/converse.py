"""A talk with a recommender, message by message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crsdemo.chat.exchange import Linker
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.recommender import Plan, Recommender, Reply, reply


def converse(
    recommender: Recommender, linker: Linker, messages: Iterable[str], plan: Plan = Plan()
) -> Iterator[tuple[Dialogue, Reply]]:
    """For each message the dialogue up to it, and its reply; the next is asked for no earlier."""
    dialogue = Dialogue()
    for text in messages:
        dialogue = dialogue.say(Turn("user", text, linker.link(text, dialogue)))
        answer = reply(recommender, dialogue, plan)
        yield dialogue, answer
        dialogue = dialogue.say(answer.turn())

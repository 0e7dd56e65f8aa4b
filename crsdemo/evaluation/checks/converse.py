"""A talk with a recommender, message by message, as on the pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crsdemo.chat.exchange import Linker
from crsdemo.chat.replies import replies
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.recommender import Plan, Recommender, Reply


def converse(
    recommender: Recommender, linker: Linker, messages: Iterable[str], plan: Plan = Plan()
) -> Iterator[tuple[Dialogue, Reply]]:
    """For each message the dialogue up to it, and its reply; the next is asked for no earlier."""
    dialogue = Dialogue()
    for text in messages:
        dialogue = dialogue.say(Turn("user", text, linker.link(text, dialogue)))
        *_, answer = replies(dialogue, plan, lambda: recommender)
        yield dialogue, answer
        dialogue = dialogue.say(answer.turn())

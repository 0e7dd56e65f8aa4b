"""One message and its answer: the user speaks, the recommender replies, the log keeps both.

Nothing here knows about the page: a conversation goes in, longer ones come out as the reply
grows. The file to read first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

from crsdemo.chat.admission import Admission
from crsdemo.chat.replies import replies
from crsdemo.core.checked import checked_id
from crsdemo.core.conversation import Conversation, ItemMark, LoggedTurn, Status, message, new_id
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.domain import NEUTRAL, Domain
from crsdemo.core.errors import BadInputError, CrsdemoError, FeedbackError
from crsdemo.core.recommender import Plan, Recommender, Reply
from crsdemo.core.traced import Stretch
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.outbox import Marked, Outbox, Rated, Ratings
from crsdemo.feedback.visits import unwanted
from crsdemo.language.asked_facts import asked_facts, asks_story

ANEW = 0.7  # temperature of a reply that is written anew: enough to differ from the first
HEARTBEAT = 1.0  # seconds between two times that a growing reply is kept as far as it has come


class Linker(Protocol):
    """Finds the items that a message names."""

    def link(self, text: str, dialogue: Dialogue) -> tuple[Mention, ...]:
        """Mentions in `text`, said after `dialogue`: by start, never overlapping."""
        ...


@dataclass(frozen=True)
class Exchange:
    """Who answers, who finds films in what is typed, who remembers, and how much is too much."""

    recommender: Recommender
    linker: Linker
    log: FeedbackLog
    admission: Admission = field(default_factory=Admission)
    domain: Domain = NEUTRAL  # of the catalog that they speak of

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self.log)

    def start(self, visitor: str) -> Conversation:
        """An empty conversation. The log hears of it with the first message."""
        return Conversation(new_id(), visitor)

    def say(
        self,
        conversation: Conversation,
        text: str,
        plan: Plan = Plan(),
        client_event_id: str | None = None,
    ) -> Generator[Conversation, None, None]:
        """The conversation with the message, then with the reply as it grows.

        The message is in the log before the first value comes, the reply when the last one has
        come; whoever stops listening leaves the part that was written, as stopped. A second call
        with the same `client_event_id` (a double click) yields nothing.
        Raises BadInputError for an empty or too long message or an id that is none, TooManyError
        for one too many in a while and RefusedError in a dialogue of somebody else, before
        anything is kept, and CrsdemoError if the recommender fails: the message and what was
        written so far are kept.
        """
        yield from self._say(conversation.with_words(), text, plan, client_event_id)

    def say_instead(
        self, conversation: Conversation, text: str, client_event_id: str | None = None
    ) -> Generator[Conversation, None, None]:
        """Say the user's last turn in other words, and answer these as `say` does.

        The log keeps both: the new turn names the one that it replaces.
        Raises BadInputError if nothing was said yet, and what `say` raises.
        """
        asked = _asked(conversation)
        before = asked.before(len(asked.turns) - 1)
        yield from self._say(before, text, Plan(), client_event_id, asked.turns[-1].id)

    def take_back(
        self, conversation: Conversation, turn_id: str, words: Sequence[Stretch], *, is_on: bool
    ) -> Generator[Conversation, None, None]:
        """Let some words of the user not count, or count again, and answer the last turn anew.

        Unlike `regenerate` this leaves nothing to chance, so that the reply differs by these
        words alone. The log has the change before the first value comes. Raises BadInputError
        for a turn that is not one of the user here, and what `say` raises.
        """
        asked = _asked(conversation)
        if turn_id not in {one.id for one in asked.turns if one.turn.speaker == "user"}:
            raise BadInputError("This message is not there any more: please reload the page.")
        self.admission.message(conversation.visitor)
        self.log.record_taken_back(asked, turn_id, words, is_on=is_on)
        asked = asked.taking_back(turn_id, words, is_on=is_on)
        yield asked
        yield from self._answer(asked, Plan())

    def regenerate(
        self, conversation: Conversation, temperature: float = ANEW
    ) -> Generator[Conversation, None, None]:
        """Answer the user's last turn once more, as `say` does.

        The same way of use (mode, item) with a new seed, at `temperature` or above, and without
        the items of earlier attempts. These stay in the log, each with its ratings. What was talk,
        or is a question about a film that was named, is answered with talk again.
        Raises BadInputError if nothing was said yet.
        """
        asked = _asked(conversation)
        self.admission.message(conversation.visitor)
        plan = self._plan_anew(asked, temperature)
        plan = replace(plan, avoid=plan.avoid | conversation.offered)
        yield from self._answer(asked, plan)

    def undo(self, conversation: Conversation) -> Conversation:
        """Take back the user's last turn and the reply to it; the log keeps both, marked."""
        asked = conversation.up_to_user()
        if not asked.turns:
            return conversation
        self.log.record_undone(asked.turns[-1].id)
        return asked.before(len(asked.turns) - 1)

    def rate(self, generation_id: str, visitor: str, ratings: Ratings) -> None:
        """Keep ratings of a reply, as `FeedbackLog.record_rating` and `Outbox.submit` do."""
        rated = Rated(generation_id, visitor, ratings)
        self.admission.opinion(visitor)
        self.outbox.submit(rated)

    def mark(self, visitor: str, mark: ItemMark, *, on: bool = True) -> None:
        """Keep a word on a film, as `FeedbackLog.record_mark` and `Outbox.submit` do."""
        marked = Marked(visitor, mark, on)
        self.admission.opinion(visitor)
        self.outbox.submit(marked)

    def _say(
        self,
        conversation: Conversation,
        text: str,
        plan: Plan,
        client_event_id: str | None = None,
        replaces: str | None = None,
    ) -> Generator[Conversation, None, None]:
        text = message(text)
        checked_id(conversation.id)
        checked_id(conversation.visitor)
        self.admission.message(conversation.visitor)
        turn = Turn("user", text, self.linker.link(text, conversation.dialogue))
        said = self.log.record_turn(conversation, turn, client_event_id, replaces)
        if said:
            yield conversation.then(said)
            yield from self._answer(conversation.then(said), plan)

    def _is_question(self, dialogue: Dialogue) -> bool:
        """Whether the last turn asks about an item that was named, here or before."""
        text = dialogue.turns[-1].untitled
        asks = asks_story(text) or bool(asked_facts(text, self.domain))
        return bool(dialogue.mentioned) and asks

    def _plan_anew(self, asked: Conversation, temperature: float) -> Plan:
        attempts = self.log.attempts(asked.turns[-1].id)
        plan = attempts[-1].plan if attempts else Plan()
        was_talk = bool(attempts) and attempts[-1].mode == "CHAT"
        if plan.item_id is None and (was_talk or self._is_question(asked.dialogue)):
            plan = replace(plan, mode="CHAT")
        chosen = {attempt.item_id for attempt in attempts if attempt.item_id}
        return replace(
            plan,
            seed=plan.seed + 1,
            temperature=max(plan.temperature, temperature),
            avoid=(plan.avoid | chosen) - {plan.item_id or ""},
        )

    def _answer(
        self, conversation: Conversation, plan: Plan
    ) -> Generator[Conversation, None, None]:
        name = self.recommender.name
        marked = unwanted(self.log, conversation.visitor)
        avoid = plan.avoid | conversation.offered | marked
        plan = replace(plan, avoid=avoid - {plan.item_id or ""})
        generation_id = self.log.record_started(conversation, name, plan)

        def stream() -> Iterator[Reply]:
            return replies(conversation.dialogue, plan, lambda: self.recommender)

        with closing(written(self.log, generation_id, name, stream)) as growth:
            for logged in growth:
                yield conversation.then(logged)


def _asked(conversation: Conversation) -> Conversation:
    """Up to the user's last turn. Raises BadInputError if there is none."""
    asked = conversation.up_to_user()
    if not asked.turns:
        raise BadInputError("There is nothing to answer anew yet: say something first.")
    return asked


def written(
    log: FeedbackLog, generation_id: str, name: str, stream: Callable[[], Iterator[Reply]]
) -> Generator[LoggedTurn, None, None]:
    """The turn of a reply as it grows; the log has it when the last one has come.

    Until then the log hears each HEARTBEAT how far it is, in case nobody can close this.
    `name` is who answers and `stream` begins to. Close it to stop: what was written so far is
    kept. Raises CrsdemoError if the recommender fails, after the log has heard of it.
    """
    reply: Reply | None = None
    status: Status = "stopped"  # unless it ends or fails, the listener has left
    failure: Exception | None = None
    kept = time.monotonic()
    try:
        for reply in stream():
            if time.monotonic() - kept >= HEARTBEAT:
                with suppress(FeedbackError):  # the log counts it; the last word is what matters
                    log.record_progress(generation_id, reply)
                kept = time.monotonic()
            yield _logged(generation_id, reply, "running")
        if reply is None or not reply.complete:
            raise CrsdemoError(f"{name} stopped before its reply was whole.")
    except CrsdemoError as error:
        status, failure = "failed", error
        raise
    except Exception as error:
        status, failure = "failed", error
        raise CrsdemoError(
            f"{name} could not answer ({type(error).__name__}). "
            "Your message is kept: try again, or say it in other words."
        ) from error
    finally:
        if reply and reply.complete:
            status, failure = "ok", None
        log.record_finished(generation_id, reply, status, failure)
    yield _logged(generation_id, reply, "ok")


def _logged(generation_id: str, reply: Reply, status: Status) -> LoggedTurn:
    return LoggedTurn(generation_id, reply.turn(), reply, status)

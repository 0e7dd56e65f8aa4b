"""What was understood, as the page of a talk shows it and as a visitor takes it back."""

from __future__ import annotations

from typing import Any

from crsdemo.core.checked import Id, Name, Whole, from_page
from crsdemo.core.conversation import MAX_TYPED, Conversation
from crsdemo.core.errors import BadInputError
from crsdemo.core.traced import Stretch
from crsdemo.recommenders.hearing import Hearing, Understood
from crsdemo.web.shared.markup import Macros

PARTS = Macros("talk/heard.html")


@from_page
class Correction:
    """A click on one thing that was understood: it does not count, or it counts again."""

    turn: Id
    kind: Name
    at: Whole  # where its words begin
    counts: bool  # before the click

    @classmethod
    def of(cls, event: Any) -> Correction:
        """Raises BadInputError."""
        return cls(event.turn, event.kind, event.at, event.counts)

    def words(self, conversation: Conversation, hearing: Hearing) -> tuple[Stretch, ...]:
        """What is taken back or brought back. Raises BadInputError if nothing stands there."""
        understood = hearing.understood(conversation.said)
        for position, one in understood.items():
            logged = conversation.turns[position]
            if logged.id != self.turn:
                continue
            found = one.find(self.kind, self.at, counts=self.counts)
            if found and self.counts:
                return found.at
            if found:
                gone = logged.turn.unheard
                return tuple(one for one in gone if any(map(one.meets, found.at)))
        raise BadInputError("This was changed already, or is not there: please reload the page.")


def below_message(understood: Understood, turn_id: str | None = None) -> str:
    """HTML for below one message; with buttons if the id of its turn is given."""
    return PARTS.below_message(understood, turn_id)


def below_messages(
    conversation: Conversation, hearing: Hearing, *, running: bool
) -> dict[str, str]:
    """HTML for below each message, by the id of its turn; without buttons while a reply grows."""
    asked, below = conversation.up_to_user().turns, {}
    for position, understood in hearing.understood(conversation.said).items():
        logged = conversation.turns[position]
        content = below_message(understood, None if running else logged.id)
        if not running and logged is asked[-1]:
            content += PARTS.reword(logged.id, logged.turn.text, MAX_TYPED)
        below[logged.id] = content
    return below


def avoiding(conversation: Conversation, hearing: Hearing, *, running: bool) -> str:
    """The line above the talk."""
    turn_of = [None if running else logged.id for logged in conversation.turns]
    return PARTS.avoiding(hearing.avoided(conversation.said), turn_of)

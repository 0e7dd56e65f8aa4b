"""What the log has of a visitor's talk at one moment."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from crsdemo.core.catalog import Catalog
from crsdemo.core.conversation import Conversation, LoggedTurn, seen_id
from crsdemo.feedback.log import FeedbackLog, Restored
from crsdemo.web.shared.live import Kept


@dataclass(frozen=True)
class Snapshot:
    """A conversation as the log had it, and when: a later one is truer."""

    restored: Restored
    moment: int  # ns of the monotonic clock, before it was read

    @classmethod
    def of(cls, log: FeedbackLog, visit: Kept, catalog: Catalog) -> Snapshot:
        """The visitor's dialogue as the log has it; an empty one if it has none."""
        moment = time.monotonic_ns()
        dialogue = seen_id(str(visit["dialogue"]))
        restored = log.restore(dialogue, catalog)
        if restored and restored.conversation.visitor == visit["visitor"]:
            return cls(restored, moment)
        return cls(Restored(Conversation(dialogue, visit["visitor"]), (), ()), moment)

    @property
    def conversation(self) -> Conversation:
        return self.restored.conversation


def chosen(turns: Sequence[LoggedTurn], selected: str | None) -> LoggedTurn | None:
    """The reply to look at: the selected one if it is still there, else the newest."""
    replies = [logged for logged in turns if logged.reply]
    newest = replies[-1] if replies else None
    return next((logged for logged in replies if logged.id == selected), newest)

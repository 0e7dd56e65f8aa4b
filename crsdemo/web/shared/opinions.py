"""What a visitor thinks of replies, as the page shows it: what is saved, and what is not yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from crsdemo.core.conversation import Aspect, RatingValue
from crsdemo.core.errors import (
    BadInputError,
    CrsdemoError,
    KeptAsideError,
    RefusedError,
    TooManyError,
)
from crsdemo.feedback.log import Restored
from crsdemo.web.shared.render import Opinion

Changes = dict[Aspect, RatingValue | None]
Pending = dict[str, Changes]  # reply -> changes that are not saved yet
T = TypeVar("T")

MOST_PENDING = 20  # replies, or comparisons


def changes_of(changes: Mapping[Aspect, Any]) -> Changes:
    """What a click changes. A new thumb drops the reasons of the old one, none drops all."""
    changed: Changes = {
        aspect: tuple(value) if isinstance(value, list) else value
        for aspect, value in changes.items()
    }
    if "thumbs" in changed:
        changed["reasons"] = None
        if changed["thumbs"] is None:
            changed |= {"relevance": None, "interest": None, "comment": None}
    return changed


def unsaved_words(error: CrsdemoError) -> str:
    """What a visitor hears of an opinion that is not in the log."""
    return str(error) if isinstance(error, KeptAsideError) else f"Not saved: {error}"


def may_pass(error: CrsdemoError) -> bool:
    """Whether the same click may be saved at another time."""
    if isinstance(error, BadInputError | RefusedError):
        return isinstance(error, TooManyError)
    return True


def newest(pending: dict[str, T]) -> dict[str, T]:
    """The last of what could not be saved: a page keeps so much and no more."""
    return dict(list(pending.items())[-MOST_PENDING:])


def opinions(restored: Restored, pending: Pending) -> dict[str, Opinion]:
    """By reply: what the log has, and over it what is not saved yet."""
    by_reply = {}
    for logged in restored.conversation.turns:
        ratings = {r.aspect: r.value for r in restored.ratings if r.generation_id == logged.id}
        waiting = pending.get(logged.id, {})
        # What was kept aside may have been saved since
        unsaved = {a: value for a, value in waiting.items() if ratings.get(a) != value}
        shown = {**ratings, **unsaved}
        by_reply[logged.id] = Opinion(
            {aspect: value for aspect, value in shown.items() if value is not None},
            frozenset((m.item_id, m.kind) for m in restored.marks if m.generation_id == logged.id),
            saved=bool(ratings) and not unsaved,
            failed=bool(unsaved),
        )
    return by_reply

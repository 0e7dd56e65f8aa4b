"""What one visitor left in the log: their talks, and the items that they want."""

from __future__ import annotations

from dataclasses import dataclass

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.reply_json import known_item
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.schema import queries

_SQL = queries("visits")
MOST_TALKS = 100
MOST_WANTED = 200
MOST_UNWANTED = 1_000
MAX_WORDS = 80  # characters of how a talk began


@dataclass(frozen=True)
class PastTalk:
    """A talk that can be gone back to."""

    id: str  # of the dialogue
    words: str  # how it began, cut
    n_messages: int  # of the visitor
    day: str  # of the last message, YYYY-MM-DD, UTC


def past_talks(log: FeedbackLog, visitor: str) -> tuple[PastTalk, ...]:
    """The talks of a visitor, newest first; not those in which two systems answered.

    Raises FeedbackError.
    """
    with log.file.reading() as db:
        rows = list(db.query(_SQL["talks"], {"visitor": visitor, "most": MOST_TALKS}))
    return tuple(
        PastTalk(row["id"], _cut(row["words"]), row["n_messages"], row["day"]) for row in rows
    )


def wanted(log: FeedbackLog, visitor: str, catalog: Catalog) -> tuple[Item, ...]:
    """The newest items that a visitor wants, in the order in which they were marked, each once.

    Raises FeedbackError.
    """
    with log.file.reading() as db:
        rows = list(db.query(_SQL["wanted"], {"visitor": visitor, "most": MOST_WANTED}))
    return tuple(
        known_item(catalog, row["item_id"], row["title"] or row["item_id"], row["year"])
        for row in reversed(rows)
    )


def wanted_in(log: FeedbackLog, visitor: str, item_id: str) -> tuple[str, ...]:
    """Ids of the replies under which a visitor marked an item as wanted. Raises FeedbackError."""
    with log.file.reading() as db:
        rows = list(db.query(_SQL["wanted in"], [visitor, item_id]))
    return tuple(row["generation_id"] for row in rows)


def unwanted(log: FeedbackLog, visitor: str) -> frozenset[str]:
    """Ids of the newest items that a visitor marked as seen, or as nothing for them.

    Raises FeedbackError.
    """
    with log.file.reading() as db:
        of = {"visitor": visitor, "most": MOST_UNWANTED}
        return frozenset(row["item_id"] for row in db.query(_SQL["unwanted"], of))


def _cut(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= MAX_WORDS else words[: MAX_WORDS - 1].rstrip() + "\u2026"

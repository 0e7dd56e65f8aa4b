"""What a judgment is about: the film that a reply speaks of, its words, or both.

Pure functions of what people saw and said. A preference for a film should move the tokens of IDs,
one for the words the words; learned as one, "wrong film" would teach a model to write otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, NamedTuple

from crsdemo.core.comparison import SIDES, Side
from crsdemo.feedback.judgments import JudgedPair, JudgedReply

Concern = Literal["item", "words", "both"]
Learn = Literal["item", "words", "both", "auto"]

# The reasons that the pages offer, in the words of a domain; whether and when to recommend is the
# same choice as what
OF_ITEM = frozenset({
    "heard my wish", "good {item}", "new to me", "ignored the wish", "already {used}",
    "ignored my wish",  # as logs from before have it
    "wrong {item}", "too early",
})  # fmt: skip
OF_WORDS = frozenset({
    "well explained", "nice to talk to", "repeats itself", "dull words", "made-up fact",
    "hard to understand",
})  # fmt: skip
_MARKS = {"want": True, "not_for_me": False, "seen": False}


class Label(NamedTuple):
    """What one person thinks of one reply, good or not, and of what in it."""

    good: bool
    concern: Concern


def concern_of(pair: JudgedPair) -> Concern:
    """What a verdict with a winner prefers.

    The words where film and mode are the same. Else what the reasons speak of; else the film, if
    it alone was scored better, and the words, if the films were scored alike; else the film if
    the words differ in nothing but the film; else both.
    """
    left, right = pair.replies
    if (left.mode, left.item_id) == (right.mode, right.item_id):
        return "words"
    if about := _named(_reasons(pair)):
        return about
    scores = pair.details.get("aspects") or {}
    known = [_better(scores.get(aspect) or {}) for aspect in ("relevance", "interest")]
    if pair.verdict in known:
        return "item"
    if "neither" in known:
        return "words"
    return "item" if _bare(left) == _bare(right) else "both"


def label_of(reply: JudgedReply, scores: Mapping[str, Any] | None = None) -> Label | None:
    """What a thumb, a scale or a mark says; in this order, since a thumb sums up the others.

    `scores`: those that a verdict gave this reply, by aspect, beside its own. The middle of a
    scale says neither. A film that was seen already is of no use to whoever asks what to see; the
    pages offer that as a reason for a thumb down.
    """
    ratings = reply.ratings
    own = {"relevance": ratings.relevance, "interest": ratings.interest}
    given = own | {aspect: score for aspect, score in (scores or {}).items() if score is not None}
    if ratings.thumbs is not None:
        return Label(ratings.thumbs > 0, _named(set(ratings.reasons or ())) or "both")
    satisfaction = given.get("satisfaction")
    if satisfaction is not None and satisfaction != 2:
        return Label(satisfaction > 2, "both")
    relevance = given["relevance"]
    if relevance is not None:
        return Label(relevance > 1, "item")
    interest = given["interest"]
    if interest is not None and interest != 1:
        return Label(interest > 1, "item")
    marks = {mark["kind"] for mark in reply.marks if mark["item_id"] == reply.item_id}
    for kind, good in _MARKS.items():
        if kind in marks:
            return Label(good, "item")
    return None


def scores_of(pair: JudgedPair, side: Side) -> dict[str, Any]:
    """What a verdict gave one side, by aspect."""
    aspects = pair.details.get("aspects") or {}
    return {aspect: (sides or {}).get(side) for aspect, sides in aspects.items()}


def learned(concern: Concern, learn: Learn) -> Concern | None:
    """What to learn of a judgment that is about `concern`; None: nothing."""
    if learn == "auto":
        return concern
    if learn == "both" or concern in (learn, "both"):
        return learn
    return None


def _reasons(pair: JudgedPair) -> set[str]:
    every = pair.details.get("reasons") or {}
    return {reason for side in SIDES for reason in every.get(side) or ()}


def _named(reasons: set[str]) -> Concern | None:
    """What the reasons speak of; those of one's own words say nothing."""
    item, words = (
        any(_said(among).fullmatch(reason) for reason in reasons) for among in (OF_ITEM, OF_WORDS)
    )
    return "both" if item and words else "item" if item else "words" if words else None


@cache
def _said(reasons: frozenset[str]) -> re.Pattern[str]:
    """Any of the reasons, in the words of whatever domain."""
    forms = (re.sub(r"\\{.+?\\}", ".+", re.escape(one)) for one in reasons)
    return re.compile("|".join(forms))


def _better(scores: Mapping[str, Any]) -> Side | Literal["neither"] | None:
    """The side that scored higher; None: not both were scored."""
    left, right = (scores.get(side) for side in SIDES)
    if left is None or right is None:
        return None
    return "neither" if left == right else "left" if left > right else "right"


def _bare(reply: JudgedReply) -> str:
    """The words without the name of the film."""
    names = [reply.item_title or "", f"{reply.item_title} ({reply.item_year})"]
    text = reply.text
    for name in reversed(names):
        text = text.replace(name, "") if name else text
    return text.strip()

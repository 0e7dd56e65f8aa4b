"""One message, two replies to it, and what a person makes of them.

Left and right are places on the screen: left comes first in reading order and is called A.
Values only: nothing here knows about SQL, models or the web.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal, NamedTuple, get_args

from crsdemo.core.conversation import Conversation, LoggedTurn, new_id, typed
from crsdemo.core.errors import BadInputError

Side = Literal["left", "right"]
Policy = Literal["own", "shared"]
Verdict = Literal["left", "right", "both_good", "both_bad", "same", "cannot_tell"]
Layout = Literal["side_by_side", "stacked"]
Reason = Literal["works", "verdict", "hand", "lot"]

SIDES: tuple[Side, Side] = ("left", "right")
POLICIES: tuple[Policy, ...] = get_args(Policy)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


ASPECTS: dict[str, int] = {"satisfaction": 4, "relevance": 3, "interest": 2}  # 0 to this
STRONGEST = 3  # strength of a preference: 1 slightly, 2 clearly, 3 much better


class Onward(NamedTuple):
    """The side whose reply becomes the history of both, and what decided that."""

    side: Side
    because: Reason


@dataclass(frozen=True)
class Answer:
    """One side of a comparison: who answers, what it had heard, and its reply so far."""

    recommender: str
    heard: Conversation  # ends with the user's turn
    reply: LoggedTurn

    @property
    def is_whole(self) -> bool:
        return self.reply.status == "ok"

    @property
    def conversation(self) -> Conversation:
        """What is remembered on this side; a reply without words is no turn."""
        return self.heard.then(self.reply).with_words()


@dataclass(frozen=True)
class Comparison:
    """Two replies to one message, judged or not."""

    id: str
    policy: Policy
    seed: int  # of the lot, and of the replies where one recommender stands on both sides
    left: Answer
    right: Answer
    verdict: Verdict | None = None
    picked: Side | None = None  # by hand, to go on from where the verdict names no winner

    @property
    def message(self) -> str:
        return self.left.heard.turns[-1].turn.text

    @property
    def is_settled(self) -> bool:
        """Nothing more is to come from either side."""
        return all(self.side(side).reply.status != "running" for side in SIDES)

    @property
    def can_be_judged(self) -> bool:
        """Both replies are whole: a side that failed cannot be judged."""
        return self.left.is_whole and self.right.is_whole

    @property
    def says_the_same(self) -> bool:
        """Both replies have the same words and the same film."""
        replies = [self.side(side).reply for side in SIDES]
        films = [logged.reply.item if logged.reply else None for logged in replies]
        return replies[0].turn.text == replies[1].turn.text and films[0] == films[1]

    def side(self, side: Side) -> Answer:
        return self.left if side == "left" else self.right

    def with_reply(self, side: Side, reply: LoggedTurn) -> Comparison:
        answer = replace(self.side(side), reply=reply)
        return replace(self, left=answer) if side == "left" else replace(self, right=answer)

    @property
    def onward(self) -> Onward:
        """Where a shared history goes on: from what works, the winner, the side picked, or a lot.

        The lot is drawn from the seed, so the same comparison always draws the same side.
        """
        fit = self._fit
        if len(fit) == 1:
            return Onward(fit[0], "works")
        for side in SIDES:
            if self.verdict == side:
                return Onward(side, "verdict")
        if self.picked:
            return Onward(self.picked, "hand")
        return Onward(Random(self.seed).choice(SIDES), "lot")

    @property
    def _fit(self) -> tuple[Side, ...]:
        """The sides that one can go on from: whole replies before parts, parts before nothing."""
        whole = tuple(side for side in SIDES if self.side(side).is_whole)
        return whole or tuple(side for side in SIDES if self.side(side).reply.turn.text)


@dataclass(frozen=True)
class Series:
    """The comparisons of one visitor that follow each other, under one policy.

    `own`: each side keeps its own history, and `id` is the dialogue on the left. `shared`: the
    chosen reply becomes the history of both, and `id` is their one dialogue.
    """

    id: str
    visitor: str
    policy: Policy
    comparisons: tuple[Comparison, ...] = ()

    @property
    def last(self) -> Comparison | None:
        return self.comparisons[-1] if self.comparisons else None

    def then(self, comparison: Comparison) -> Series:
        return replace(self, comparisons=(*self.comparisons, comparison))

    def histories(self) -> tuple[Conversation, Conversation]:
        """What left and right remember when the next message comes."""
        left = Conversation(self.id, self.visitor)
        if self.policy == "own":
            right = Conversation(new_id(), self.visitor)
            return (
                (self.last.left.conversation, self.last.right.conversation)
                if self.last
                else (left, right)
            )
        shared = self.last.side(self.last.onward.side).conversation if self.last else left
        return shared, shared

    def went_on(self, comparison: Comparison) -> Side | None:
        """The side that a later message in fact went on from, where the history is shared."""
        said_later = {
            logged.id
            for later in self.comparisons
            if later.id != comparison.id
            for logged in later.left.heard.turns
        }
        return next((s for s in SIDES if comparison.side(s).reply.id in said_later), None)


@dataclass(frozen=True)
class Judgment:
    """A verdict and how it came about, in terms of what this person saw.

    `details` is fit for JSON. Where it has them, these are checked:
        strength  1 to 3: how much better the better one is
        aspects   {"satisfaction" | "relevance" | "interest": {"left": n, "right": n}}, each on its
                  own scale (0 to 4, 0 to 3, 0 to 2); a side without an answer is missing or None
        reasons   {"left": [...], "right": [...]}
        comment   text
    Raises BadInputError, also for a comment that is too long.
    """

    verdict: Verdict
    decided_ms: float | None = None  # from the moment both replies could be read; None: unknown
    layout: Layout = "side_by_side"
    details: dict[str, Any] = field(default_factory=dict, hash=False)
    swapped: bool = False  # seen the other way round than the comparison has it

    def __post_init__(self) -> None:
        _check("verdict", self.verdict, VERDICTS)
        _check("layout", self.layout, get_args(Layout))
        if self.decided_ms is not None and not 0 <= self.decided_ms < math.inf:
            raise BadInputError(f"a verdict takes 0 ms or more, got {self.decided_ms}")
        object.__setattr__(self, "details", _checked_details(self.details))


def checked_policy(policy: str) -> Policy:
    """Raises BadInputError."""
    _check("policy", policy, POLICIES)
    return "own" if policy == "own" else "shared"


def checked_side(side: str) -> Side:
    """Raises BadInputError."""
    _check("side", side, SIDES)
    return "left" if side == "left" else "right"


def new_seed() -> int:
    """A seed that torch, NumPy and SQLite can hold."""
    return secrets.randbelow(2**31 - 1)


def _check(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise BadInputError(f"a {name} is one of {', '.join(known)}; got {value!r}")


def _checked_details(details: Mapping[str, Any]) -> dict[str, Any]:
    """The details as they are kept: typed text is tidied, the rest checked against its scale."""
    kept = dict(details)
    strength = kept.get("strength")
    if strength is not None and (type(strength) is not int or not 1 <= strength <= STRONGEST):
        raise BadInputError(f"a strength is 1, 2 or {STRONGEST}, got {strength!r}")
    for aspect, scores in _by_name(kept, "aspects").items():
        _check_scores(aspect, scores)
    for side, reasons in _by_name(kept, "reasons").items():
        _check("side", side, SIDES)
        if not isinstance(reasons, list) or not all(isinstance(text, str) for text in reasons):
            raise BadInputError(f"the reasons for a side are a list of words, got {reasons!r}")
    if kept.get("comment") is not None:
        kept["comment"] = _comment(kept["comment"])
    return kept


def _check_scores(aspect: str, scores: object) -> None:
    _check("aspect", aspect, tuple(ASPECTS))
    for side, score in _by_name({aspect: scores}, aspect).items():
        _check("side", side, SIDES)
        on_scale = type(score) is int and 0 <= score <= ASPECTS[aspect]
        if score is not None and not on_scale:
            raise BadInputError(f"{aspect} is from 0 to {ASPECTS[aspect]}, got {score!r}")


def _comment(text: object) -> str:
    """Raises BadInputError for a comment that is too long."""
    if not isinstance(text, str):
        raise BadInputError(f"a comment is text, got {text!r}")
    return typed(text)


def _by_name(details: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = details.get(name)
    if found is not None and not isinstance(found, Mapping):
        raise BadInputError(f"the {name} of a verdict are given by name, got {found!r}")
    return found or {}

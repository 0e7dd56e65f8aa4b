"""One message, two replies to it, and what a person makes of them.

Left and right are places on the screen: left comes first in reading order and is called A.
Values only: nothing here knows about SQL, models or the web.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from random import Random
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from crsdemo.core.checked import Number, Words, in_words, shown
from crsdemo.core.conversation import (
    MAX_REASON,
    MAX_REASONS,
    Conversation,
    LoggedTurn,
    new_id,
    typed,
)
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
MOST_DETAILS = 30  # of a verdict beside those that are named here; characters of their names
STRONGEST = 3  # strength of a preference: 1 slightly, 2 clearly, 3 much better

T = TypeVar("T", bound=str)
_Short = bool | Number | Words | None
_Reason = Annotated[str, Field(max_length=MAX_REASON)]
_Aspects = dict[str, dict[Side, int | None] | None]  # of each aspect a score for each side


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
    def turns(self) -> tuple[str, str]:
        """The ids of the message, as left and right have it."""
        return self.left.heard.turns[-1].id, self.right.heard.turns[-1].id

    @property
    def can_be_corrected(self) -> bool:
        """Nothing was said of the two replies yet, and nothing more is to come."""
        return self.is_settled and self.verdict is None and self.picked is None

    @property
    def is_settled(self) -> bool:
        """Nothing more is to come from either side."""
        return all(self.side(side).reply.status != "running" for side in SIDES)

    @property
    def can_be_judged(self) -> bool:
        """Both replies are whole and a recommender's own: a side that failed cannot be judged."""
        return self.left.is_whole and self.right.is_whole and not self.has_fixed

    @property
    def has_fixed(self) -> bool:
        """A reply was written beforehand: it says nothing of who would have answered."""
        replies = (self.side(side).reply.reply for side in SIDES)
        return any(reply is not None and reply.evidence.is_fixed for reply in replies)

    @property
    def says_the_same(self) -> bool:
        """There are two replies, and neither can be called better."""
        left, right = self.left.reply.reply, self.right.reply.reply
        return left is not None and right is not None and left.says_the_same(right)

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
        if self.last and self.policy == "own":
            return self.last.left.conversation, self.last.right.conversation
        if self.last:
            shared = self.last.side(self.last.onward.side).conversation
            return shared, shared
        first = Conversation(self.id, self.visitor)
        return first, replace(first, id=new_id()) if self.policy == "own" else first

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
        finished  true: the names were told then, and nothing can be changed
    and whatever else is short and has no parts.
    Raises BadInputError, also for a comment that is too long.
    """

    verdict: Verdict
    decided_ms: float | None = None  # from the moment both replies could be read; None: unknown
    layout: Layout = "side_by_side"
    details: dict[str, Any] = field(default_factory=dict, hash=False)
    swapped: bool = False  # seen the other way round than the comparison has it

    @property
    def is_finished(self) -> bool:
        """The person asked for the names, and can change nothing any more."""
        return self.details.get("finished") is True

    def __post_init__(self) -> None:
        try:
            _Judged.model_validate(vars(self))
        except ValidationError as error:
            raise BadInputError(in_words(error)) from error
        comment = self.details.get("comment")
        tidy = {"comment": typed(comment)} if comment else {}
        object.__setattr__(self, "details", {**self.details, **tidy})


class _Details(BaseModel):
    """What is checked of the details of a judgment."""

    model_config = ConfigDict(strict=True, extra="allow")
    __pydantic_extra__: dict[str, _Short]

    strength: Annotated[int, Field(ge=1, le=STRONGEST)] | None = None
    aspects: _Aspects | None = None
    reasons: dict[Side, Annotated[list[_Reason], Field(max_length=MAX_REASONS)]] | None = None
    comment: str | None = None

    @model_validator(mode="after")
    def _is_short(self) -> Self:
        more = self.model_extra or {}
        if len(more) > MOST_DETAILS or any(len(name) > MOST_DETAILS for name in more):
            raise ValueError(f"at most {MOST_DETAILS} more details, with names as short")
        return self

    @field_validator("aspects")
    @classmethod
    def _on_their_scales(cls, aspects: _Aspects | None) -> _Aspects | None:
        for aspect, scores in (aspects or {}).items():
            _known("aspect", aspect, tuple(ASPECTS))
            for score in (scores or {}).values():
                if score is not None and not 0 <= score <= ASPECTS[aspect]:
                    raise ValueError(f"{aspect} is from 0 to {ASPECTS[aspect]}")
        return aspects


class _Judged(BaseModel):
    """What is checked of a judgment."""

    model_config = ConfigDict(strict=True)

    verdict: Verdict
    decided_ms: Annotated[Number, Field(ge=0)] | None
    layout: Layout
    swapped: bool
    details: _Details


def checked_policy(policy: str) -> Policy:
    """Raises BadInputError."""
    return _known("policy", policy, POLICIES)


def checked_side(side: str) -> Side:
    """Raises BadInputError."""
    return _known("side", side, SIDES)


def new_seed() -> int:
    """A seed that torch, NumPy and SQLite can hold."""
    return secrets.randbelow(2**31 - 1)


def _known(what: str, name: object, known: tuple[T, ...]) -> T:
    for one in known:
        if one == name:
            return one
    raise BadInputError(f"{what} is one of {', '.join(map(str, known))}; got {shown(name)}")

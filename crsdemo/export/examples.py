"""Judgments as examples to train on, in the columns of TRL, or the reason why they are none.

    DPO  prompt, chosen, rejected   a verdict with a winner, where both sides heard the same
    KTO  prompt, completion, label  a thumb; of a tie both sides, good or bad
    SFT  prompt, completion         a thumb up, a side of "both good", a winner

A winner is better than the loser, which need not make it good: "two bad replies, the left less so"
is said often of recommenders. So a verdict with a winner is KTO only if one asks for it. The thumb
of a person counts before a verdict of the same person, since it is about the reply alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import groupby
from typing import Any, Literal, NamedTuple

from crsdemo.core.comparison import SIDES, Side
from crsdemo.feedback.judgments import JudgedPair, JudgedReply, Judgment, Opinion

Text = Literal["exact", "messages"]  # what the model read and wrote, or what people read


class Reason(StrEnum):
    """Why a judgment is no example."""

    # What one asked for
    RECOMMENDER = "filter: another recommender"
    POLICY = "filter: another policy, or no comparison"
    TIME = "filter: judged at another time"
    VISITOR = "filter: this person was left out"
    HASTE = "filter: decided too fast"
    TEST = "filter: by a colleague who tried the study (--with-tests takes it)"
    STUDY = "filter: of another study, or of none"
    # What /results leaves out
    TOO_FAST = "decided faster than one reads (--with-left-out takes it)"
    ONE_SIDED = "by somebody who always chose the same side (--with-left-out takes it)"
    INATTENTIVE = "by somebody who failed a check of attention (--with-left-out takes it)"
    TWICE_JUDGED = "judged twice by the same person (--with-left-out takes it)"
    # What it is
    PRACTICE = "practice"
    ATTENTION = "a check of attention: one of the replies was written for it"
    UNDONE = "a reply was taken back"
    FIXED = "a fixed reply, which no system wrote"
    NOT_WHOLE = "a reply failed or was stopped"
    NO_PROMPT = "a recommender that reads no prompt (--text messages takes it)"
    # Pairs
    NO_WINNER = "the verdict names no winner"
    OTHER_CONTEXT = "the two sides had heard different things"
    OTHER_PROMPT = "the two sides read different prompts (--text messages takes it)"
    SAME_REPLY = "both sides said the same"
    # Single replies
    NO_THUMB = "rated, but without a thumb"
    HAS_THUMB = "the reply has a thumb of the same person, which counts"
    ONLY_BETTER = "better or worse than another one, not good or bad (--winners takes it)"
    SAYS_NOTHING = "the verdict says nothing of either reply"
    NOT_LIKED = "not liked"
    TWICE = "the reply is liked by another judgment already"


class Example(NamedTuple):
    """One line of a file to train on."""

    judgment: Judgment
    columns: dict[str, Any]
    reply_ids: tuple[str, ...]


class Excluded(NamedTuple):
    """A line that is not written, and why."""

    judgment: Judgment
    reason: Reason


Considered = Example | Excluded


def dpo(pair: JudgedPair, text: Text) -> Considered:
    """The example that a verdict makes."""
    if pair.verdict not in SIDES:
        return Excluded(pair, Reason.NO_WINNER)
    won, lost = pair.replies if pair.verdict == "left" else pair.replies[::-1]
    if reason := unfit(won, text) or unfit(lost, text):
        return Excluded(pair, reason)
    if not pair.same_context:
        return Excluded(pair, Reason.OTHER_CONTEXT)
    if _prompt(won, text) != _prompt(lost, text):
        return Excluded(pair, Reason.OTHER_PROMPT)
    chosen, rejected = _completion(won, text), _completion(lost, text)
    if chosen == rejected:
        return Excluded(pair, Reason.SAME_REPLY)
    columns = {"prompt": _prompt(won, text), "chosen": chosen, "rejected": rejected}
    return Example(pair, columns, (won.id, lost.id))


def kto(judgment: Judgment, text: Text, *, winners: bool) -> Iterator[Considered]:
    """The examples that a judgment makes: of a verdict one per side."""
    for reply, opinion in labels(judgment, winners=winners):
        reason = unfit(reply, text) or (opinion if isinstance(opinion, Reason) else None)
        if reason:
            yield Excluded(judgment, reason)
        else:
            columns = {"prompt": _prompt(reply, text), "completion": _completion(reply, text)}
            yield Example(judgment, columns | {"label": opinion}, (reply.id,))


def sft(judgment: Judgment, text: Text) -> Iterator[Considered]:
    """The examples that a judgment makes: the replies that it likes."""
    for one in kto(judgment, text, winners=True):
        is_liked = isinstance(one, Excluded) or one.columns.pop("label")
        yield one if is_liked else Excluded(judgment, Reason.NOT_LIKED)


def once(considered: Iterable[Considered]) -> Iterator[Considered]:
    """Each reply at most once. Remembers the ids, so some 100 bytes per example."""
    seen: set[tuple[str, ...]] = set()
    for one in considered:
        is_new = isinstance(one, Excluded) or one.reply_ids not in seen
        yield one if is_new else Excluded(one.judgment, Reason.TWICE)
        if isinstance(one, Example):
            seen.add(one.reply_ids)


def labels(judgment: Judgment, *, winners: bool) -> Iterator[tuple[JudgedReply, bool | Reason]]:
    """Each reply of a judgment, and whether it is good, or why one cannot say."""
    if isinstance(judgment, Opinion):
        thumb = judgment.reply.ratings.thumbs
        yield judgment.reply, Reason.NO_THUMB if thumb is None else thumb > 0
        return
    for side, reply in zip(SIDES, judgment.replies, strict=True):
        opinion = _of_verdict(judgment.verdict, side, winners=winners)
        yield reply, opinion if reply.ratings.thumbs is None else Reason.HAS_THUMB


def _of_verdict(verdict: str, side: Side, *, winners: bool) -> bool | Reason:
    if verdict in {"both_good", "both_bad"}:
        return verdict == "both_good"
    if verdict not in SIDES:
        return Reason.SAYS_NOTHING
    return verdict == side if winners else Reason.ONLY_BETTER


def unfit(reply: JudgedReply, text: Text) -> Reason | None:
    """Why no example can be made of a reply, whatever is thought of it."""
    if reply.undone:
        return Reason.UNDONE
    if reply.is_fixed:
        return Reason.FIXED
    if reply.status != "ok":
        return Reason.NOT_WHOLE
    if text == "exact" and not (reply.prompt and reply.output):
        return Reason.NO_PROMPT
    return None


def _prompt(reply: JudgedReply, text: Text) -> str | list[dict[str, str]]:
    if text == "exact":
        return reply.prompt
    turns = groupby(reply.heard, key=lambda turn: turn.speaker)
    # After a reply that failed a person speaks twice: to a chat model that is one message
    return [{"role": who, "content": "\n".join(t.heard.text for t in said)} for who, said in turns]


def _completion(reply: JudgedReply, text: Text) -> str | list[dict[str, str]]:
    return reply.output if text == "exact" else [{"role": "assistant", "content": reply.text}]

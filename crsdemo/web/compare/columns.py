"""Comparisons -> HTML: one message, and under it two answers in columns that are called A and B.

Escapes all text; knows no event and no log. Names and evidence are shown only where `Shown` says
so, so that a comparison can be drawn blind. What a person says of the two is in `verdicts.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from crsdemo.core.comparison import SIDES, Answer, Comparison, Side
from crsdemo.web.compare import verdicts
from crsdemo.web.shared import evidence, render
from crsdemo.web.shared.markup import attribute, escape
from crsdemo.web.shared.shown import LETTERS, Shown


def welcome(names: tuple[str, str], n_items: int) -> str:
    """The empty state."""
    who = ", ".join(
        f"<b>{LETTERS[side]}</b> is <b>{escape(name)}</b>"
        for side, name in zip(SIDES, names, strict=True)
    )
    return render.invitation(
        "Say one thing, get two answers, tell which is better.",
        f"{who}. They choose among the same {n_items:,} films.",
    )


def settled(comparison: Comparison, number: int, shown: Shown, *, is_last: bool) -> str:
    """A message with its two answers, and below them what was said of these.

    The verdict on the last one is in a row of its own, which is not drawn here.
    """
    below = verdicts.more(comparison, shown) if is_last else _afterwards(comparison, shown)
    if shown.held and not comparison.is_settled:
        answers = _held("still being written: reload the page to see them")
    else:
        answers = _columns(comparison, shown, lambda answer: _whole(answer, shown))
    return (
        f'<section class="round" aria-label="Message {number} and its two answers" '
        f'data-comparison="{attribute(comparison.id)}">'
        f"{render.said_by_user(comparison.message)}{answers}{below}</section>"
    )


def growing(comparison: Comparison, n_items: int, shown: Shown = Shown()) -> str:
    """The message that is being answered, with both answers as far as they have come.

    Answers that are held come together, when both are whole.
    """
    if shown.held:
        dots = '<span class="dots" aria-hidden="true"></span>'
        answers = _held(f"being chosen among {n_items:,} films and come together", dots)
    else:
        answers = _columns(comparison, shown, lambda answer: _growing(answer, n_items, shown))
    said = render.said_by_user(comparison.message)
    return f'<div class="round growing">{said}{answers}</div>'


def _columns(comparison: Comparison, shown: Shown, body: Callable[[Answer], str]) -> str:
    columns = "".join(
        _column(side, comparison.side(side), body(comparison.side(side)), shown) for side in SIDES
    )
    return f'<div class="columns">{columns}</div>'


def _held(doing: str, dots: str = "") -> str:
    """One line for both, which says nothing of either."""
    return f'<p class="status held" role="status">Both answers are {doing}{dots}</p>'


def _column(side: Side, answer: Answer, body: str, shown: Shown) -> str:
    letter = LETTERS[side]
    revealed = ' class="revealed"' if shown.revealed else ""
    name = f"<b{revealed}>{escape(answer.recommender)}</b>" if shown.named else ""
    label = f"Answer {letter}" + (f", {answer.recommender}" if shown.named else "")
    tag = '<span class="tag">the talk went on from here</span>' if shown.went_on == side else ""
    fate = f" {'kept' if shown.went_on == side else 'left-behind'}" if shown.went_on else ""
    return (
        f'<section class="column {side}{fate}" aria-label="{attribute(label)}">'
        f'<header><span class="letter">{letter}</span>{name}{tag}</header>{body}</section>'
    )


def _growing(answer: Answer, n_items: int, shown: Shown) -> str:
    reply = answer.reply.reply
    if answer.reply.status == "failed":
        return _said(answer) + _trouble(answer, shown)
    if reply is None or not reply.text:
        return render.status(reply, n_items)
    return _said(answer) + render.cards(reply)


def _whole(answer: Answer, shown: Shown) -> str:
    logged = answer.reply
    marks = shown.marks.get(logged.id, frozenset())
    films = ""
    if logged.reply:
        films = render.cards(logged.reply, logged.id if shown.markable else None, marks)
    return _said(answer) + _trouble(answer, shown) + films + _why(answer, shown)


def _said(answer: Answer) -> str:
    reply = answer.reply.reply
    return f'<div class="words" dir="auto">{render.words(reply)}</div>' if reply else ""


def _trouble(answer: Answer, shown: Shown) -> str:
    """What became of a reply that is not whole, in plain words."""
    if answer.reply.status == "failed":
        done = "finish its answer" if answer.reply.turn.text else "answer this message"
        reason = f"<small>{escape(answer.reply.error)}</small>" if shown.named else ""
        return f'<p class="trouble" role="alert">This side could not {done}.{reason}</p>'
    if answer.reply.status == "running":
        return '<p class="quiet cut">still being written; reload the page to see more</p>'
    if answer.reply.status in ("stopped", "abandoned"):
        return '<p class="quiet cut">stopped here</p>'
    return ""


def _why(answer: Answer, shown: Shown) -> str:
    reply = answer.reply.reply
    if reply is None or not shown.evidence:
        return ""
    open_ = " open" if shown.is_open else ""
    return (
        f'<details class="why-this reasons" data-reply="{attribute(answer.reply.id)}"{open_}>'
        f"<summary>Why this film?</summary>{evidence.story(reply)}</details>"
    )


def _afterwards(comparison: Comparison, shown: Shown) -> str:
    """Under an earlier message: its evidence on demand, its verdict and the way to change it."""
    past = verdicts.past(comparison, shown)
    return f'<div class="afterwards">{_why_both(comparison, shown)}{past}</div>'


def _why_both(comparison: Comparison, shown: Shown) -> str:
    """The way to the evidence of an earlier message, which is not in the page until asked for."""
    if shown.evidence or not shown.named:
        return ""
    return (
        '<button type="button" class="why-both" data-act="select" '
        f'data-comparison="{attribute(comparison.id)}">Why these films?</button>'
    )

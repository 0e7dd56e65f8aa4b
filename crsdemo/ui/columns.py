"""Comparisons -> HTML: one message, and under it two answers in columns that are called A and B.

Escapes all text; knows no event and no log. Names and evidence are shown only where `Shown` says
so, so that a comparison can be drawn blind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crsdemo.comparison import SIDES, Answer, Comparison, Series, Side, Verdict
from crsdemo.ui import evidence, render
from crsdemo.ui.markup import attribute, escape
from crsdemo.ui.render import Marks

LETTERS: dict[Side, str] = {"left": "A", "right": "B"}
WORDS: dict[Verdict, str] = {  # in the order of the keys 1 to 5
    "left": "A is better",
    "right": "B is better",
    "both_good": "both good",
    "both_bad": "both bad",
    "cannot_tell": "cannot tell",
}


@dataclass(frozen=True)
class Shown:
    """What of a comparison is on the screen beside its words."""

    marks: Mapping[str, Marks] = field(default_factory=dict)  # reply -> on its films
    unsaved: Verdict | None = None  # a verdict that could not be saved yet
    named: bool = True
    held: bool = False  # words that grow, so that no one sees which side is faster
    evidence: bool = True
    is_open: bool = False  # the evidence, without a click
    went_on: Side | None = None  # the side that the next message went on from

    def verdict(self, comparison: Comparison) -> Verdict | None:
        return self.unsaved or comparison.verdict


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
    """A message with its two answers. Before the last one the verdict stands below, in a line."""
    below = "" if is_last else _afterwards(comparison, shown)
    return _round(comparison, f"Message {number} and its two answers", shown, below)


def growing(comparison: Comparison, n_items: int, shown: Shown = Shown()) -> str:
    """The message that is being answered, with both answers as far as they have come."""
    columns = "".join(
        _column(side, comparison.side(side), _growing(comparison.side(side), n_items, shown), shown)
        for side in SIDES
    )
    said = render.said_by_user(comparison.message)
    return f'<div class="round growing">{said}<div class="columns">{columns}</div></div>'


def judging(comparison: Comparison, shown: Shown) -> str:
    """The row of verdicts, with keys; nothing for a comparison that cannot be judged."""
    if not comparison.can_be_judged:
        return ""
    verdict = shown.verdict(comparison)
    buttons = "".join(
        f'<button type="button" data-act="judge" data-verdict="{name}" '
        f'aria-pressed="{"true" if name == verdict else "false"}" aria-keyshortcuts="{key}">'
        f'<kbd aria-hidden="true">{key}</kbd>{words}</button>'
        for key, (name, words) in enumerate(WORDS.items(), 1)
    )
    return (
        f'<div class="judging" role="group" aria-label="Which answer is better?" tabindex="-1" '
        f'data-comparison="{attribute(comparison.id)}"><div class="verdicts">{buttons}</div>'
        f"{_saved(comparison, shown)}</div>"
    )


def onward(series: Series) -> str:
    """Where the next message goes on from, and the way to change that where it may be changed."""
    last = series.last
    if last is None:
        return ""
    if series.policy == "own":
        return _onward("A and B each go on with their own history.")
    side, because = last.onward
    letter = LETTERS[side]
    if because == "works":
        return _onward(f"Only {letter} has an answer: your next message goes on from there.")
    if because == "verdict":
        return _onward(f"Your next message goes on from {letter}, the better answer.")
    if because == "hand":
        words = f"Your next message goes on from {letter}, as you chose."
    else:
        open_ = "No winner" if last.verdict else "Not judged yet"
        words = f"{open_}: your next message goes on from {letter}, drawn by lot."
    other: Side = "right" if side == "left" else "left"
    return _onward(
        words,
        f'<button type="button" data-act="pick" data-side="{other}" '
        f'data-comparison="{attribute(last.id)}">go on from {LETTERS[other]}</button>',
    )


def _onward(words: str, button: str = "") -> str:
    return f'<p class="onward"><span>{words}</span> {button}</p>'


def _round(comparison: Comparison, label: str, shown: Shown, below: str) -> str:
    columns = "".join(
        _column(side, comparison.side(side), _whole(comparison.side(side), shown), shown)
        for side in SIDES
    )
    said = render.said_by_user(comparison.message)
    return (
        f'<section class="round" aria-label="{label}" '
        f'data-comparison="{attribute(comparison.id)}">{said}'
        f'<div class="columns">{columns}</div>{below}</section>'
    )


def _column(side: Side, answer: Answer, body: str, shown: Shown) -> str:
    letter = LETTERS[side]
    name = f"<b>{escape(answer.recommender)}</b>" if shown.named else ""
    label = f"Answer {letter}" + (f", {answer.recommender}" if shown.named else "")
    tag = '<span class="tag">the talk went on from here</span>' if shown.went_on == side else ""
    fate = f" {'kept' if shown.went_on == side else 'left-behind'}" if shown.went_on else ""
    return (
        f'<section class="column {side}{fate}" aria-label="{attribute(label)}">'
        f'<header><span class="letter">{letter}</span>{name}{tag}</header>{body}</section>'
    )


def _growing(answer: Answer, n_items: int, shown: Shown) -> str:
    reply = answer.reply.reply
    if shown.held:
        return render.status(None, n_items)
    if answer.reply.status == "failed":
        return _said(answer) + _trouble(answer, shown)
    if reply is None or not reply.text:
        return render.status(reply, n_items)
    return _said(answer) + render.cards(reply)


def _whole(answer: Answer, shown: Shown) -> str:
    logged = answer.reply
    marks = shown.marks.get(logged.id, frozenset())
    films = render.cards(logged.reply, logged.id, marks) if logged.reply else ""
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
    past = _past(comparison, shown) if comparison.can_be_judged else ""
    return f'<div class="afterwards">{_more(comparison, shown)}{past}</div>'


def _more(comparison: Comparison, shown: Shown) -> str:
    """The way to the evidence of an earlier message, which is not in the page until asked for."""
    if shown.evidence or not shown.named:
        return ""
    return (
        '<button type="button" class="why-both" data-act="select" '
        f'data-comparison="{attribute(comparison.id)}">Why these films?</button>'
    )


def _past(comparison: Comparison, shown: Shown) -> str:
    verdict = shown.verdict(comparison)
    words = f"You said: {WORDS[verdict]}" if verdict else "Not judged yet"
    return f'<details class="past"><summary>{words}</summary>{judging(comparison, shown)}</details>'


def _saved(comparison: Comparison, shown: Shown) -> str:
    if shown.unsaved:
        return (
            '<span class="failed" role="alert">not saved '
            '<button type="button" data-act="retry">try again</button></span>'
        )
    return f'<span class="saved" role="status">{"saved" if comparison.verdict else ""}</span>'

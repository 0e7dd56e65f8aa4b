"""What a person says of two answers -> HTML: the row of verdicts, and the form that says more.

Escapes all text; knows no event and no log. Its buttons are understood by `judge.js`, what they
send by `said_of_two.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crsdemo.core.comparison import SIDES, Comparison, Series, Side, Verdict
from crsdemo.core.conversation import MAX_TYPED
from crsdemo.web.shared.markup import attribute, escape
from crsdemo.web.shared.render import INTEREST, RELEVANCE, scale
from crsdemo.web.shared.shown import LETTERS, Shown

WORDS: dict[Verdict, str] = {  # in the order of the keys 1 to 6
    "left": "A is better",
    "right": "B is better",
    "both_good": "both good",
    "both_bad": "both bad",
    "same": "the same",
    "cannot_tell": "cannot tell",
}
STRENGTHS = ("a little", "clearly", "much")  # 1 to 3
SATISFACTION = ("not at all", "a little", "so-so", "quite", "very")  # 0 to 4
QUESTIONS = (  # of each answer: aspect, question, words from 0 on
    ("satisfaction", "Are you satisfied with it?", SATISFACTION),
    ("relevance", "Does it fit your wish?", RELEVANCE),
    ("interest", "Does it make you curious?", INTEREST),
)
REASONS = (
    "already seen", "ignored my wish", "wrong film", "too early", "repeats itself", "dull words",
)  # fmt: skip
WAITING = '<i class="waiting" hidden></i>'  # tells `verdict.js` that a message was taken


def row(comparison: Comparison, shown: Shown) -> str:
    """The verdicts with their keys, or why there can be none."""
    if not comparison.can_be_judged:
        return _hindrance(comparison)
    same = comparison.says_the_same
    twin = '<p class="twin">Both gave the same answer, word for word.</p>' if same else ""
    buttons = "".join(
        _verdict(key, name, shown.verdict, offered=same and name == "same")
        for key, name in enumerate(WORDS, 1)
    )
    return (
        f'<div class="judging" role="group" aria-label="Which answer is better?" tabindex="-1" '
        f'data-comparison="{attribute(comparison.id)}">{twin}'
        f'<div class="verdicts">{buttons}</div>'
        f"{saved(shown)}{_reveal(comparison, shown)}</div>"
    )


def more(comparison: Comparison, shown: Shown) -> str:
    """The form that says more of a verdict that was given: how much better, and of each answer.

    It stands inside the section of its comparison.
    """
    if shown.judgment is None or not comparison.can_be_judged:
        return ""
    details = shown.judgment.details
    sides = "".join(_of_side(side, details) for side in SIDES)
    said = any(details.get(name) for name in ("strength", "aspects", "reasons", "comment"))
    open_ = " open" if shown.unfolded or said else ""
    return (
        f'<details class="more" data-fold="{attribute(comparison.id)}"{open_}>'
        f"<summary>Say more</summary><form>{_strength(shown.judgment.verdict, details)}"
        f'<div class="columns">{sides}</div>'
        f"{_comment(comparison.id, details, saved(shown) if said or shown.unsaved else '')}"
        "</form></details>"
    )


def past(comparison: Comparison, shown: Shown) -> str:
    """Of an earlier message: its verdict, and the way to change it or to say more."""
    if not comparison.can_be_judged:
        return ""
    words = f"You said: {WORDS[shown.verdict]}" if shown.verdict else "Not judged yet"
    return (
        f'<details class="past"><summary>{words}</summary>'
        f"{row(comparison, shown)}{more(comparison, shown)}</details>"
    )


def ready(comparison: Comparison | None, shown: Shown) -> str:
    """For screen readers: which answers can be read by now."""
    if comparison is None or (shown.held and not comparison.is_settled):
        return ""
    whole = [LETTERS[side] for side in SIDES if comparison.side(side).is_whole]
    if len(whole) < len(SIDES):
        return f"Answer {whole[0]} is ready." if whole else ""
    return "Answers A and B are ready. Keys 1 to 6 say which is better."


def aloud(words: str) -> str:
    """Words that only a screen reader says, as soon as they change."""
    return f'<p class="unseen" role="status">{words}</p>'


def onward(series: Series, shown: Shown) -> str:
    """Where the next message goes on from, and the way to change that where it may be changed.

    Before a blind verdict the lot is not told: it would speak for one side.
    """
    last = series.last
    if last is None or not last.is_settled:
        return ""
    if series.policy == "own":
        return _onward("A and B each go on with their own history.")
    side, because = last.onward
    if because == "lot" and last.verdict is None and not shown.named:
        return _onward("Without a verdict your next message goes on from one of them, by lot.")
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


def saved(shown: Shown) -> str:
    """What became of the judgment: in the log, not there yet with a way to try again, or none."""
    if shown.unsaved:
        return (
            '<span class="failed" role="alert">not saved '
            '<button type="button" data-act="retry">try again</button></span>'
        )
    return f'<span class="saved" role="status">{"saved" if shown.judgment else ""}</span>'


def _onward(words: str, button: str = "") -> str:
    return f'<p class="onward"><span>{words}</span> {button}</p>'


def _verdict(key: int, name: Verdict, chosen: Verdict | None, *, offered: bool) -> str:
    mark = ' class="offered"' if offered else ""
    return (
        f'<button type="button"{mark} data-act="judge" data-verdict="{name}" '
        f'aria-pressed="{"true" if name == chosen else "false"}" aria-keyshortcuts="{key}">'
        f'<kbd aria-hidden="true">{key}</kbd>{WORDS[name]}</button>'
    )


def _hindrance(comparison: Comparison) -> str:
    """Why two answers cannot be compared; nothing while they are being written."""
    if not comparison.is_settled:
        return ""
    failed = [LETTERS[s] for s in SIDES if comparison.side(s).reply.status == "failed"]
    if len(failed) == len(SIDES):
        words = "Neither side could answer, so there is nothing to compare."
    elif failed:
        words = f"{failed[0]} could not answer, so the two cannot be compared."
    else:
        words = "The answers were stopped before both were whole, so they cannot be compared."
    return f'<p class="hindrance">{words}</p>'


def _reveal(comparison: Comparison, shown: Shown) -> str:
    if not (shown.revealed and shown.named):
        return ""
    who = ", ".join(
        f"{LETTERS[side]} was <b>{escape(comparison.side(side).recommender)}</b>" for side in SIDES
    )
    return f'<span class="reveal" role="status">{who}</span>'


def _strength(verdict: Verdict, details: Mapping[str, Any]) -> str:
    if verdict not in SIDES:
        return ""
    question = f"How much better is {LETTERS[verdict]}?"
    data = 'data-act="tell" data-about="strength"'
    return scale(question, STRENGTHS, details.get("strength"), data, first=1)


def _of_side(side: Side, details: Mapping[str, Any]) -> str:
    aspects, data = details.get("aspects") or {}, f'data-side="{side}"'
    scales = "".join(
        scale(
            question,
            words,
            (aspects.get(aspect) or {}).get(side),
            f'data-act="tell" data-about="{aspect}" {data}',
        )
        for aspect, question, words in QUESTIONS
    )
    given = (details.get("reasons") or {}).get(side) or ()
    chips = "".join(
        f'<button type="button" class="chip" data-act="reason" {data} '
        f'data-value="{attribute(reason)}" aria-pressed="{"true" if reason in given else "false"}">'
        f"{escape(reason)}</button>"
        for reason in dict.fromkeys((*REASONS, *given))
    )
    letter = LETTERS[side]
    return (
        f'<fieldset class="of-side {side}"><legend><span class="unseen">Answer </span>'
        f'<span class="letter">{letter}</span></legend>{scales}'
        f'<div class="chips" role="group" aria-label="What is wrong with {letter}">'
        f"<span>Anything wrong?</span>{chips}</div></fieldset>"
    )


def _comment(comparison_id: str, details: Mapping[str, Any], fate: str) -> str:
    return (
        '<div class="comment"><input type="text" name="comment" aria-label="Comment" '
        f'maxlength="{MAX_TYPED}" placeholder="Anything else? Enter saves it." '
        f'id="comment-{attribute(comparison_id)}" '
        f'value="{attribute(str(details.get("comment") or ""))}">{fate}</div>'
    )

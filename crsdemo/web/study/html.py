"""The pages of a study -> HTML: one thing at a time, in plain words, without a name of a system.

Escapes all text; knows no event and no log. What is judged is drawn by `columns` and `verdicts`,
as on the blind page. The buttons are understood by `study.js`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crsdemo.chat.study_steps import Ask, Step, Work
from crsdemo.core.conversation import MAX_TYPED, Conversation, LoggedTurn
from crsdemo.studies.questionnaire import Question, Value
from crsdemo.studies.study import Study
from crsdemo.web.shared import render
from crsdemo.web.shared.markup import attribute, escape

LOADING = '<section class="leaf" aria-busy="true"><p class="quiet">One moment…</p></section>'
NO_WORDS = '<i class="no-words" hidden></i>'  # nothing is to be said now: no box


def masthead(title: str, step: Step | None = None) -> str:
    """What this is, how far one has come and how long it still takes."""
    return (
        f'<header><h1 class="name">{escape(title)}</h1><span class="space"></span>'
        f"{_progress(step) if isinstance(step, Work | Ask) else ''}"
        '<button type="button" data-act="theme" aria-label="Light or dark">light / dark</button>'
        "</header>"
    )


def _progress(step: Work | Ask) -> str:
    if isinstance(step, Ask):
        return '<span class="progress">Questions</span>'
    if step.is_practice:
        return '<span class="progress">Practice</span>'
    number = step.done + (not step.is_done)
    left = "1 minute" if step.minutes_left == 1 else f"{step.minutes_left} minutes"
    return (
        f'<span class="progress"><b>{number} of {step.of}</b>'
        f'<span class="long">, about {left} left</span>'
        f'<span class="short">, {step.minutes_left} min</span></span>'
        f'<i class="way" aria-hidden="true" style="--done:{step.done / max(step.of, 1):.3f}"></i>'
    )


# Leaves: what stands alone on the page


def leaf(content: str, moment: int, click: int = 0, name: str = "") -> str:
    """A page of words, as it was true at a moment, in answer to a click (0 for none)."""
    return (
        f'<section class="leaf" data-step="{attribute(name)}" data-moment="{int(moment)}" '
        f'data-click="{int(click)}">{content}</section>'
    )


def closed() -> str:
    return _words(
        "No study is open here",
        "Whoever sent you here may have stopped it, or not begun yet.",
        '<a href="./">Talk about films</a> meanwhile.',
    )


def elsewhere(title: str) -> str:
    """Of the other pages while a study runs."""
    return _words(
        escape(title),
        "A study is running here. Please open the link that you were given.",
        '<a href="study">If you were given none, go on here.</a>',
    )


def refused(reason: str) -> str:
    return f'<h2 tabindex="-1">We cannot tell who you are</h2><p role="alert">{escape(reason)}</p>'


def consent(study: Study) -> str:
    paragraphs = "".join(
        f"<p>{escape(' '.join(part.split()))}</p>"
        for part in study.consent.text.split("\n\n")
        if part.strip()
    )
    return (
        '<h2 tabindex="-1">Before you begin</h2>'
        f'<div class="document">{paragraphs}</div>'
        f'<p class="quiet version">This text is version {escape(study.consent.version)}.</p>'
        f'<p class="deeds">{_button("I agree and take part", "agree", first=True)}'
        f"{_button('I do not agree', 'decline')}</p>"
    )


def explanation(study: Study) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in study.explanation)
    practises = any(task.kind == "practice" for task in study.tasks)
    begin = "Begin with a practice round" if practises else "Begin"
    return (
        f'<h2 tabindex="-1">How it works</h2><ol>{lines}</ol>'
        f"<p>You will judge {study.to_judge} pairs of replies; it takes about {study.minutes} "
        "minutes. Leaving is safe: come back with the same link and go on where you were.</p>"
        f'<p class="deeds">{_button(begin, "begin", first=True)}</p>'
    )


def declined() -> str:
    return _words(
        "You do not take part",
        "Nothing of what you do here is kept. You may close this page.",
        _button("I have changed my mind and agree", "agree"),
    )


def withdrawn(*, is_kept: bool) -> str:
    if not is_kept:
        return _words("You have withdrawn", "Nothing that you wrote or chose is kept any more.")
    return _words(
        "You have withdrawn",
        "None of your choices counts any more. What you wrote is still stored, unused.",
        _button("Delete all that I wrote and chose", "erase"),
    )


def done(code: str) -> str:
    if not code:
        return _words("Thank you", "You have done all of it. You may close this page.")
    return (
        '<h2 tabindex="-1">Thank you</h2><p>You have done all of it. This code proves it:</p>'
        f'<p class="code"><output id="code">{escape(code)}</output>'
        f"{_button('Copy', 'copy', first=True)}</p>"
        '<p class="quiet">Keep it, or open the same link again: it will be shown again.</p>'
    )


def _words(heading: str, *paragraphs: str) -> str:
    """A heading and HTML of paragraphs."""
    below = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f'<h2 tabindex="-1">{heading}</h2>{below}'


def _button(words: str, act: str, *, first: bool = False) -> str:
    kind = "deed first" if first else "deed"
    return f'<button type="button" class="{kind}" data-act="{act}">{escape(words)}</button>'


# Questions


def questions(
    ask: Ask, unsaved: Mapping[str, Value], missing: Sequence[str] = (), please: str = ""
) -> str:
    """One questionnaire. `unsaved` answers are not in the log yet, `missing` ones are marked.

    `please` says what has to be done before one may go on.
    """
    form = ask.questionnaire
    fields = "".join(
        _question(one, {**ask.answers, **unsaved}.get(one.name), is_missing=one.name in missing)
        for one in form.questions
    )
    trouble = (
        '<span class="failed" role="alert">not saved '
        '<button type="button" data-act="again">try again</button></span>'
        if unsaved
        else ""
    )
    return (
        f'<h2 tabindex="-1">{escape(form.title)}</h2>'
        f'<form class="questions" data-questionnaire="{attribute(form.name)}" '
        f'data-about="{attribute(ask.about)}">{fields}</form>'
        f'<p class="please" role="alert">{escape(please)}</p>'
        f'<p class="deeds">{_button("Go on", "next", first=True)}{trouble}</p>'
    )


def missing(ask: Ask) -> tuple[str, ...]:
    """The names of the questions that have to be answered and are not."""
    return tuple(
        one.name
        for one in ask.questionnaire.questions
        if not one.optional and one.name not in ask.answers
    )


def _question(question: Question, chosen: Value | None, *, is_missing: bool) -> str:
    name, text = attribute(question.name), escape(question.text)
    optional = ' <span class="quiet">(if you like)</span>' if question.optional else ""
    flag = " missing" if is_missing else ""
    if question.kind == "text":
        return (
            f'<label class="question{flag}"><span>{text}{optional}</span>'
            f'<textarea name="{name}" rows="3" maxlength="{MAX_TYPED}">'
            f"{attribute(str(chosen or ''))}</textarea></label>"
        )
    values: Sequence[Value] = question.steps if question.kind == "scale" else question.labels
    options = "".join(
        f'<label><input type="radio" name="{name}" value="{attribute(str(value))}"'
        f"{' checked' if value == chosen else ''}><span>{escape(label)}</span></label>"
        for value, label in zip(values, question.labels, strict=True)
    )
    return (
        f'<fieldset class="question{flag}" data-kind="{question.kind}">'
        f'<legend>{text}{optional}</legend><div class="answers">{options}</div></fieldset>'
    )


# Tasks


def task(work: Work) -> str:
    """What is to be done, above the replies."""
    return (
        f'<header class="task"><p class="quiet">{_what(work)}</p>'
        f'<h2 tabindex="-1">{escape(work.task.instruction)}</h2></header>{_said_before(work)}'
    )


def _what(work: Work) -> str:
    if work.is_practice:
        return "Practice: this one does not count."
    if work.assignment.replay_of:
        return "Somebody wrote this message, and two replies came."
    n = work.assignment.messages
    if n == 1:
        return "Write one message and judge the two replies."
    number = min(work.n_judged + 1, n)
    return f"A conversation: message {number} of {n}."


def _said_before(work: Work) -> str:
    """What came before a replayed message, where something did."""
    first = work.series.comparisons[0] if work.assignment.replay_of else None
    if first is None or len(first.left.heard.turns) == 1:
        return ""
    left, right = _earlier(first.left.heard), _earlier(first.right.heard)
    if left == right:
        said = left
    else:
        said = f'<div class="columns"><div>{left}</div><div>{right}</div></div>'
    return f'<section class="before" aria-label="What was said before">{said}</section>'


def _earlier(heard: Conversation) -> str:
    return "".join(map(_said, heard.turns[:-1]))


def _said(logged: LoggedTurn) -> str:
    if logged.reply is None:
        return render.said_by_user(logged.turn.text)
    return f'<div class="words" dir="auto">{render.words(logged.reply)}</div>'


def turn_page(work: Work, *, growing: bool) -> str:
    """Below the replies: the way on, once nothing is left to judge."""
    if work.is_done:
        return NO_WORDS + f'<p class="deeds">{_button("Go on", "next", first=True)}</p>'
    last = work.series.last
    unsettled = last is not None and not last.is_settled
    is_silent = growing or unsettled or work.to_judge is not None or work.assignment.replay_of
    return NO_WORDS if is_silent else ""


# Below everything


def leaving() -> str:
    """The promise, and the way out: on every page of those who agreed."""
    return (
        "<p>Leaving is safe: come back with the same link and go on where you were. "
        '<button type="button" data-act="leave">Withdraw from the study</button></p>'
        '<dialog aria-labelledby="leave-title"><h2 id="leave-title">Withdraw from the study?</h2>'
        "<p>You stop for good, and none of your choices will count. This cannot be undone. If you "
        "only want a break, just close the page.</p>"
        f'<p class="deeds">{_button("Stay", "stay", first=True)}{_button("Withdraw", "withdraw")}'
        f"{_button('Withdraw, and delete all that I wrote and chose', 'erase')}</p></dialog>"
    )

"""The pages of a study -> HTML: one thing at a time, in plain words, without a name of a system.

Drawn by `study.html`, which escapes all text; knows no event and no log. What is judged is drawn
by `columns` and `verdicts`, as on the blind page. The buttons are understood by `study.js`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crsdemo.chat.study_steps import Ask, Step, Work
from crsdemo.core.conversation import MAX_TYPED
from crsdemo.studies.questionnaire import Value
from crsdemo.studies.study import Study
from crsdemo.web.shared.markup import TEMPLATES, escape, macros

LOADING = '<section class="leaf" aria-busy="true"><p class="quiet">One moment…</p></section>'
NO_WORDS = '<i class="no-words" hidden></i>'  # nothing is to be said now: no box

TEMPLATES.globals["MAX_TYPED"] = MAX_TYPED
_PARTS = macros("study/study.html")


def masthead(title: str, step: Step | None = None) -> str:
    """What this is, how far one has come and how long it still takes."""
    work = step if isinstance(step, Work) else None
    return str(_PARTS.masthead(title, work, isinstance(step, Ask)))


# Leaves: what stands alone on the page


def leaf(content: str, moment: int, click: int = 0, name: str = "") -> str:
    """A page of words, as it was true at a moment, in answer to a click (0 for none)."""
    return (
        f'<section class="leaf" data-step="{escape(name)}" data-moment="{int(moment)}" '
        f'data-click="{int(click)}">{content}</section>'
    )


def closed() -> str:
    return str(_PARTS.closed())


def elsewhere(title: str) -> str:
    """Of the other pages while a study runs."""
    return str(_PARTS.elsewhere(title))


def refused(reason: str) -> str:
    return str(_PARTS.refused(reason))


def consent(study: Study) -> str:
    return str(_PARTS.consent(study.consent.text, study.consent.version))


def explanation(study: Study) -> str:
    return str(_PARTS.explanation(study, any(task.kind == "practice" for task in study.tasks)))


def declined() -> str:
    return str(_PARTS.declined())


def withdrawn(*, is_kept: bool) -> str:
    return str(_PARTS.withdrawn(is_kept))


def done(code: str) -> str:
    return str(_PARTS.done(code))


def questions(
    ask: Ask, unsaved: Mapping[str, Value], missing: Sequence[str] = (), please: str = ""
) -> str:
    """One questionnaire. `unsaved` answers are not in the log yet, `missing` ones are marked.

    `please` says what has to be done before one may go on.
    """
    answers = {**ask.answers, **unsaved}
    return str(_PARTS.questions(ask, answers, bool(unsaved), missing, please))


def missing(ask: Ask) -> tuple[str, ...]:
    """The names of the questions that have to be answered and are not."""
    return tuple(
        one.name
        for one in ask.questionnaire.questions
        if not one.optional and one.name not in ask.answers
    )


# Two replies


def task(work: Work) -> str:
    """What is to be done, and what came before a replayed message: above the replies."""
    return str(_PARTS.task(work, _what(work)))


def _what(work: Work) -> str:
    if work.is_practice:
        return "Practice: this one does not count."
    if work.assignment.replay_of:
        return "Somebody wrote this message, and two replies came."
    n = work.assignment.messages
    if n == 1:
        return "Write one message and judge the two replies."
    return f"A conversation: message {min(work.n_judged + 1, n)} of {n}."


def turn_page(work: Work, *, growing: bool) -> str:
    """Below the replies: the way on, once nothing is left to judge."""
    if work.is_done:
        return NO_WORDS + str(_PARTS.way_on())
    last = work.series.last
    unsettled = last is not None and not last.is_settled
    is_silent = growing or unsettled or work.to_judge is not None or work.assignment.replay_of
    return NO_WORDS if is_silent else ""


def leaving() -> str:
    """The promise, and the way out: below every page of those who agreed."""
    return str(_PARTS.leaving())

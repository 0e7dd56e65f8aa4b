"""The pages of a study -> HTML: one thing at a time, in plain words, without a name of a system.

`PARTS` are the macros of `study.html`, which escape all text; they know no event and no log. What
is judged is drawn as on the blind page. The buttons are understood by `study.js`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crsdemo.chat.study_steps import Ask, Step, Work
from crsdemo.core.errors import BadInputError
from crsdemo.studies.questionnaire import Value
from crsdemo.web.compare.verdicts import KEYS, MEANINGS, WORDS
from crsdemo.web.shared.markup import Macros, escape

LOADING = '<section class="leaf" aria-busy="true"><p class="quiet">One moment…</p></section>'
NO_WORDS = '<i class="no-words" hidden></i>'  # nothing is to be said now: no box

PARTS = Macros("study/study.html")


def masthead(title: str, step: Step | None = None, *, is_test: bool = False) -> str:
    """What this is, how far one has come and how long it still takes; whether nothing counts."""
    at = step if isinstance(step, Work | Ask) else None
    return PARTS.masthead(title, at, isinstance(step, Ask), is_test)


def leaf(content: str, moment: int, step: Step | None = None, click: int = 0) -> str:
    """A page of words at a step, as it was true at a moment, in answer to a click (0 for none)."""
    name = type(step).__name__ if step else ""
    if isinstance(step, Ask):
        name += f" {step.questionnaire.name} {step.about}"
    if isinstance(step, Work):
        name += f" {step.assignment.id}"
    return (
        f'<section class="leaf" data-step="{escape(name)}" data-moment="{int(moment)}" '
        f'data-click="{int(click)}">{content}</section>'
    )


def questions(
    ask: Ask,
    unsaved: Mapping[str, Value],
    missing: Sequence[str] = (),
    please: str = "",
    about: str = "",
) -> str:
    """One questionnaire. `unsaved` answers are not in the log yet, `missing` ones are marked.

    `please` says what has to be done before one may go on, `about` is what was judged, as HTML.
    """
    answers = {**ask.answers, **unsaved}
    return PARTS.questions(ask, answers, bool(unsaved), missing, please, about)


def missing(ask: Ask) -> tuple[str, ...]:
    """The names of the questions that have to be answered and are not."""
    return tuple(
        one.name
        for one in ask.questionnaire.questions
        if not one.optional and one.name not in ask.answers
    )


def unfit(ask: Ask, answers: Mapping[str, Value]) -> dict[str, str]:
    """Why answers cannot be kept as they are, by question: a text that is too long."""
    why = {}
    for name, value in answers.items():
        try:
            ask.questionnaire.question(name).checked(value)
        except BadInputError as error:
            why[name] = str(error)
    return why


def feedback(work: Work) -> str:
    """After a practice: what was said, what was expected, and what each verdict means.

    Nothing of a message whose answers were not judged.
    """
    last = work.series.last
    if not (last and last.verdict):
        return ""
    meanings = [(KEYS[name], WORDS[name], MEANINGS[name]) for name in WORDS]
    return PARTS.feedback(work, meanings)


def turn_page(work: Work, *, growing: bool) -> str:
    """Below the replies: the way on, once nothing is left to judge."""
    if work.is_done:
        return NO_WORDS + PARTS.way_on()
    last = work.series.last
    unsettled = last is not None and not last.is_settled
    is_silent = growing or unsettled or work.to_judge is not None or work.assignment.replay_of
    return NO_WORDS if is_silent else ""

"""What the page of a study is made of: that of two replies, and leaves of words around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from crsdemo.chat.study_steps import Stay
from crsdemo.core.domain import Domain
from crsdemo.web.compare.screen import Screen, parts, states
from crsdemo.web.shared.controls import html
from crsdemo.web.shared.live import Kept
from crsdemo.web.study import html as study_html


@dataclass(frozen=True, kw_only=True)
class StudyScreen(Screen):
    """`at` has the annotator's id and what is still open though it is done."""

    sheet: gr.HTML  # words that stand alone: consent, questions, thanks
    turn: gr.HTML  # the way on, below two replies
    foot: gr.HTML  # leaving is safe, and the way out

    @property
    def shown(self) -> list[Any]:
        return [*super().shown, self.masthead, self.sheet, self.turn, self.foot]


def stay(at: Kept) -> Stay:
    """What the browser says is still open."""
    kept = ("comparison", "talk", "questionnaire", "about")
    return Stay(**{name: str(at.get(name, "")) for name in kept})


def layout(title: str, domain: Domain) -> StudyScreen:
    masthead = html("masthead", study_html.masthead(title), "shared/masthead.js")
    sheet = html("sheet", study_html.LOADING, "shared/clicks.js", "study/next.js", "study/study.js")
    talk = parts(domain)
    with talk["box"].parent:  # the column below the thread
        turn = html("turn", study_html.NO_WORDS, "study/next.js", "study/turn.js")
    foot = html("foot", "", "shared/acts.js")
    return StudyScreen(
        **states("study"), **talk, masthead=masthead, sheet=sheet, turn=turn, foot=foot
    )

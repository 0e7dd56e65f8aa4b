"""What a page with two answers is made of: its components, and what they hold at an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from crsdemo.chat.side_by_side import Names
from crsdemo.web.compare import verdicts
from crsdemo.web.compare.said_of_two import Pending
from crsdemo.web.shared import render
from crsdemo.web.shared.controls import box, html, visit_state
from crsdemo.web.shared.render import Page

Kept = dict[str, str]  # names without meaning, kept by the browser


@dataclass(frozen=True)
class Screen:
    """The components that events read and write."""

    visit: gr.BrowserState  # "visitor": the same as on the other pages
    at: gr.BrowserState  # "series"
    selected: gr.State  # id of an earlier comparison whose evidence is open
    pending: gr.State
    growing: gr.State  # whether answers are being written for this tab
    masthead: gr.HTML
    thread: gr.HTML
    live: gr.HTML
    verdict: gr.HTML
    notice: gr.HTML
    aloud: gr.HTML
    box: gr.Textbox
    setup: tuple[gr.Dropdown, gr.Dropdown, gr.Radio] | None = None  # left, right, policy

    @property
    def look(self) -> list[Any]:
        """What makes up a `Look`, with which every handler begins."""
        states = [self.visit, self.at, self.selected, self.pending, self.growing]
        return [*states, *(self.setup or ())]

    @property
    def shown(self) -> list[Any]:
        """Everything that a handler may change."""
        parts = [self.thread, self.live, self.verdict, self.notice, self.aloud, self.box]
        return [*self.look, *parts]


@dataclass(frozen=True)
class Look:
    """What one visitor looks at when an event comes."""

    visit: Kept
    at: Kept
    selected: str | None
    pending: Pending
    growing: bool
    left: str = ""  # as chosen, where they can be
    right: str = ""
    policy: str = "shared"

    @property
    def names(self) -> Names:
        return self.left, self.right

    @property
    def visitor(self) -> str:
        """Under this name the log knows who looks: in a study that of the annotator."""
        return self.at.get("annotator") or self.visit["visitor"]


def states(page: str) -> tuple[gr.BrowserState, gr.BrowserState, gr.State, gr.State, gr.State]:
    """What is remembered: the visitor for all pages, the series for this one."""
    return (
        visit_state("visit"), visit_state(page), gr.State(None), gr.State({}), gr.State(False)
    )  # fmt: skip


def masthead(page: Page) -> gr.HTML:
    return html("masthead", render.masthead(page), "shared/masthead.js")


def parts() -> tuple[gr.HTML, gr.HTML, gr.HTML, gr.HTML, gr.HTML, gr.Textbox]:
    """The thread, what grows at its end, the verdicts, a notice, what is said aloud, the box.

    The last three have the column below the thread as their parent, which may get more.
    """
    with gr.Column(elem_id="bench"):
        with gr.Column(elem_id="conversation"):
            thread = html(
                "thread",
                "",
                "shared/clicks.js",
                "compare/judge.js",
                "shared/follow.js",
                "compare/compare.js",
            )
            live = html("live")
        with gr.Column(elem_id="composer"):
            verdict = html(
                "verdict", "", "shared/clicks.js", "compare/judge.js", "compare/verdict.js"
            )
            notice = html("notice")
            aloud = html("aloud", verdicts.aloud(""))
            typed = box()
    return thread, live, verdict, notice, aloud, typed

"""What a page with two answers is made of: its components, and what they hold at an event."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from crsdemo.chat.side_by_side import Names
from crsdemo.core.domain import Domain
from crsdemo.web.compare import verdicts
from crsdemo.web.compare.said_of_two import Pending
from crsdemo.web.shared.controls import box, html, visit_state
from crsdemo.web.shared.live import Kept, LiveScreen
from crsdemo.web.shared.remembered import SIGNATURE


@dataclass(frozen=True, kw_only=True)
class Screen(LiveScreen):
    """`selected` is an earlier comparison whose evidence is open.

    `growing` says whether answers are being written for this tab.
    """

    at: gr.BrowserState  # "series"
    verdict: gr.HTML
    aloud: gr.HTML
    setup: tuple[gr.Dropdown, gr.Dropdown, gr.Radio] | None = None  # left, right, policy

    @property
    def look(self) -> list[Any]:
        states = [self.visit, self.at, self.selected, self.pending, self.growing]
        return [*states, *(self.setup or ())]

    @property
    def shown(self) -> list[Any]:
        return [*super().shown, self.verdict, self.aloud]


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

    def staying(self, **still_open: str) -> Look:
        """The same person in a study, where this is done and still open."""
        known = {name: self.at[name] for name in ("annotator", SIGNATURE) if name in self.at}
        return replace(self, at=known | still_open)


def states(page: str) -> dict[str, Any]:
    """What is remembered: the visitor for all pages, the series for this one."""
    return {
        "visit": visit_state("visit"),
        "at": visit_state(page),
        "selected": gr.State(None),
        "pending": gr.State({}),
        "growing": gr.State(False),
    }


def parts(domain: Domain) -> dict[str, Any]:
    """The thread, what grows at its end, the verdicts, a notice, what is said aloud, the box.

    The last ones have the column below the thread as their parent, which may get more.
    """
    clicks = "shared/clicks.js", "compare/judge.js"
    with gr.Column(elem_id="bench"):
        with gr.Column(elem_id="conversation"):
            scripts = *clicks, "compare/reading.js", "compare/compare.js", "talk/heard.js"
            thread = html("thread", "", *scripts)
            live = html("live")
        with gr.Column(elem_id="composer"):
            return {
                "thread": thread,
                "live": live,
                "verdict": html("verdict", "", *clicks, "compare/verdict.js"),
                "notice": html("notice"),
                "aloud": html("aloud", verdicts.aloud("")),
                "box": box(domain.prompt),
            }

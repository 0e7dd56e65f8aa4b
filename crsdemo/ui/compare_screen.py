"""What the comparison page is made of: its components, and what they hold when an event comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from crsdemo.side_by_side import Names
from crsdemo.ui import render
from crsdemo.ui.controls import box, html, visit_state

Kept = dict[str, str]  # names without meaning, kept by the browser
Pending = dict[str, dict[str, Any]]  # comparison -> the judgment that is not saved yet

POLICIES = (
    ("go on from the better answer", "shared"),
    ("each keeps its own history", "own"),
)


@dataclass(frozen=True)
class Screen:
    """The components that events read and write."""

    visit: gr.BrowserState  # "visitor": the same as on the other page
    at: gr.BrowserState  # "series"
    selected: gr.State  # id of an earlier comparison whose evidence is open
    pending: gr.State
    growing: gr.State  # whether an answer is being written for this tab
    left: gr.Dropdown
    right: gr.Dropdown
    policy: gr.Radio
    masthead: gr.HTML
    thread: gr.HTML
    live: gr.HTML
    verdict: gr.HTML
    notice: gr.HTML
    box: gr.Textbox

    @property
    def look(self) -> list[Any]:
        """What makes up a `Look`, with which every handler begins."""
        return [getattr(self, name) for name in Look.__dataclass_fields__]

    @property
    def shown(self) -> list[Any]:
        """Everything that a handler may change."""
        return [getattr(self, name) for name in self.__dataclass_fields__ if name != "masthead"]


@dataclass(frozen=True)
class Look:
    """What one visitor looks at when an event comes."""

    visit: Kept
    at: Kept
    selected: str | None
    pending: Pending
    growing: bool
    left: str
    right: str
    policy: str

    @property
    def names(self) -> Names:
        return self.left, self.right


def layout(names: tuple[str, ...]) -> Screen:
    visit, at = visit_state("visit"), visit_state("compare")
    selected, pending, growing = gr.State(None), gr.State({}), gr.State(False)
    masthead = html("masthead", render.masthead("compare"), "masthead.js")
    with gr.Row(elem_id="setup"):
        left = _chooser("A", names, names[0])
        right = _chooser("B", names, names[min(1, len(names) - 1)])
        policy = gr.Radio(POLICIES, value="shared", label="After each message", elem_id="policy")
    with gr.Column(elem_id="bench"):
        with gr.Column(elem_id="conversation"):
            thread = html("thread", "", "clicks.js", "judge.js", "follow.js", "compare.js")
            live = html("live")
        with gr.Column(elem_id="composer"):
            verdict = html("verdict", "", "clicks.js", "judge.js", "verdict.js")
            notice = html("notice")
            typed = box()
    states = (visit, at, selected, pending, growing)
    return Screen(*states, left, right, policy, masthead, thread, live, verdict, notice, typed)


def _chooser(letter: str, names: tuple[str, ...], chosen: str) -> gr.Dropdown:
    return gr.Dropdown(
        list(names), value=chosen, label=letter, filterable=False, elem_id=f"choose-{letter}"
    )

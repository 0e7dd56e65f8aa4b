"""The Gradio components and the pace that all pages share."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar

import gradio as gr

from crsdemo.core.conversation import new_id

Growing = TypeVar("Growing")
Updates = dict[Any, Any]  # component -> what it shows now


class Room(TypedDict):
    """How many events of the same kind run at once."""

    concurrency_limit: int
    concurrency_id: str


class Binding(TypedDict, total=False):
    """How an event is bound."""

    outputs: list[Any]
    show_progress: Literal["hidden"]
    api_visibility: Literal["private"]
    trigger_mode: Literal["once", "multiple", "always_last"]


MODEL: Room = {"concurrency_limit": 2, "concurrency_id": "model"}  # all that asks the model
# One at a time and in the order of the clicks: the last click wins, and none is lost.
OPINIONS: Room = {"concurrency_limit": 1, "concurrency_id": "opinions"}
ENDS: Room = {"concurrency_limit": 8, "concurrency_id": "ends"}  # these wait for what they end
PACE = 0.05  # seconds between two views of a growing reply
PATIENCE = 6.0  # seconds that a stopped reply may take to reach the log
FOCUS = "() => document.querySelector('#box textarea').focus()"
WEB = Path(__file__).parent.parent


def paced(growth: Iterator[Growing]) -> Iterator[Growing]:
    """The message and the first words at once, the rest at a pace that can be seen."""
    seen = -math.inf
    for n, grown in enumerate(growth):
        if n and time.monotonic() - seen < PACE:
            continue
        yield grown
        seen = time.monotonic() if n else seen


def caller(request: gr.Request) -> str:
    """The visitor who a program is: the same as long as it keeps its session.

    Nobody else knows the session, and the log only has its hash.
    """
    session = request.session_hash
    return hashlib.sha256(session.encode()).hexdigest()[:32] if session else new_id()


def visit_state(name: str) -> gr.BrowserState:
    """Names without meaning that the browser keeps, for all pages that use the same `name`."""
    # This secret only keeps the names readable after a restart; nothing is hidden in them.
    return gr.BrowserState({}, storage_key=f"crsdemo-{name}", secret="crsdemo")


def box(prompt: str) -> gr.Textbox:
    return gr.Textbox(
        placeholder=prompt,
        lines=1,
        max_lines=6,
        show_label=False,
        label="Your message",
        container=False,
        submit_btn="Send",
        autofocus=True,
        elem_id="box",
    )


def box_at_rest(text: str = "") -> gr.Textbox:
    """The box when no reply is growing; without a `text` what is typed in it stays."""
    if text:
        return gr.Textbox(value=text, submit_btn="Send", stop_btn=False)
    return gr.Textbox(submit_btn="Send", stop_btn=False)


def box_while_growing(*, is_said: bool) -> gr.Textbox:
    """The message that `is_said` is in the log: it leaves the box; what else is typed stays."""
    if is_said:
        return gr.Textbox(value="", submit_btn=False, stop_btn="Stop")
    return gr.Textbox(submit_btn=False, stop_btn="Stop")


def html(name: str, content: str = "", *scripts: str) -> gr.HTML:
    """A part of the page without Gradio's own look; `scripts` are paths below `web`."""
    files = dict.fromkeys(("shared/acts.js", *scripts)) if scripts else ()
    code = "\n".join((WEB / file).read_text(encoding="utf-8") for file in files)
    return gr.HTML(content, js_on_load=code or None, apply_default_css=False, elem_id=name)

"""What the pages do alike on which answers grow: stopping them, errors, what becomes of a click."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from crsdemo.core.errors import BadInputError, CrsdemoError
from crsdemo.web.shared import render
from crsdemo.web.shared.controls import ENDS, PACE, PATIENCE, Binding, Updates
from crsdemo.web.shared.opinions import unsaved_words

Kept = dict[str, str]  # names without meaning, kept by the browser


@dataclass(frozen=True, kw_only=True)
class LiveScreen:
    """The components that every such page has for its events to read and write."""

    visit: gr.BrowserState  # "visitor": the same on all pages
    selected: gr.State  # id of what is looked at more closely
    pending: gr.State  # what could not be saved yet
    growing: gr.State
    masthead: gr.HTML
    thread: gr.HTML
    live: gr.HTML
    notice: gr.HTML
    box: gr.Textbox

    @property
    def look(self) -> list[Any]:
        """What makes up the `Look` of the page, with which every handler begins."""
        return [self.visit, self.selected, self.pending, self.growing]

    @property
    def shown(self) -> list[Any]:
        """Everything that a handler may change."""
        return [*self.look, self.thread, self.live, self.notice, self.box]


def private(screen: LiveScreen) -> Binding:
    """How events are bound that are no business of other programs, and may change all."""
    return {"outputs": screen.shown, "show_progress": "hidden", "api_visibility": "private"}


def wire_ends(
    screen: LiveScreen,
    answering: list[Dependency],
    stopped: Callable[..., Updates],
    begin_anew: Callable[..., Updates],
) -> None:
    """Bind what ends the answers that grow."""
    for halt, then in ((screen.box.stop, stopped), (screen.masthead.fresh, begin_anew)):
        # Two events: in one, Gradio would cancel only after the handler has run.
        halted = halt(None, cancels=list(answering), api_visibility="private")
        halted.then(then, screen.look, **private(screen), **ENDS)


def wait_for(is_logged: Callable[[], bool]) -> None:
    """Until the log has what was stopped, or PATIENCE is over."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not is_logged():
        time.sleep(PACE)


def attempt(save: Callable[[], object]) -> CrsdemoError | None:
    """What went wrong; None if it is saved."""
    try:
        save()
    except CrsdemoError as error:
        return error
    return None


def noted(
    screen: LiveScreen,
    pending: dict[str, Any],
    draw: Callable[[], Updates],
    error: CrsdemoError | None = None,
) -> Updates:
    """The page after a click: what it said is saved, or there was an error.

    What could not be saved is `pending` and stays on the screen.
    """
    words = unsaved_words(error) if error else ""
    said = {screen.pending: pending, screen.notice: render.notice(words)}
    try:
        return {**draw(), **said}
    except CrsdemoError as reason:
        return {**said, screen.notice: render.notice(words or str(reason))}


def failed(
    screen: LiveScreen, error: CrsdemoError, settled: Callable[[], Updates], at_rest: Updates
) -> Updates:
    """Say what went wrong, on the page as the log has it, or `at_rest` if the log is away.

    Words that were not taken stay in the box.
    """
    said = {screen.notice: render.notice(str(error))}
    if isinstance(error, BadInputError):
        return said
    try:
        return {**settled(), **said}
    except CrsdemoError:  # what is on the screen stays
        return {**at_rest, **said}

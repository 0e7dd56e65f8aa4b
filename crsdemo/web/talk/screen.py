"""What the page of a conversation is made of: its components, and what they hold at an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from crsdemo.core.conversation import LoggedTurn, new_id
from crsdemo.core.domain import Domain
from crsdemo.core.recommender import Reply
from crsdemo.web.shared import evidence, render
from crsdemo.web.shared.controls import Updates, box, html, visit_state
from crsdemo.web.shared.live import Kept, LiveScreen
from crsdemo.web.shared.opinions import Pending
from crsdemo.web.shared.remembered import ours, signed
from crsdemo.web.talk.path_figure import path_figure


@dataclass(frozen=True, kw_only=True)
class Screen(LiveScreen):
    """`visit` has the dialogue too; `selected` is the reply whose evidence is shown.

    `growing` is the id of the reply that grows, "" before its first word, None at rest.
    """

    shelf: gr.HTML
    avoiding: gr.HTML
    opening: gr.HTML
    path: gr.Plot
    rest: gr.HTML

    @property
    def shown(self) -> list[Any]:
        return [*super().shown, self.shelf, self.avoiding, self.opening, self.path, self.rest]


@dataclass(frozen=True)
class Look:
    """What one visitor looks at when an event comes."""

    visit: Kept
    selected: str | None
    pending: Pending
    growing: str | None

    @property
    def dialogue(self) -> str:
        return str(self.visit["dialogue"])

    @property
    def running(self) -> bool:
        return self.growing is not None

    def means(self, last: LoggedTurn) -> bool:
        """Whether this is the reply that grows; of one without words yet nobody knows the id."""
        is_answer = last.turn.speaker == "assistant"
        return last.id == self.growing if self.growing else is_answer


def reasons(screen: Screen, reply: Reply | None, n_items: int, domain: Domain) -> Updates:
    """The evidence of a reply; without one how a system of `n_items` comes to it."""
    if reply is None:
        outline = evidence.outline(n_items, domain)
        return {screen.opening: outline, screen.path: None, screen.rest: ""}
    return {
        screen.opening: evidence.opening(reply, domain),
        screen.path: path_figure(reply.evidence.path, reply.item, domain),
        screen.rest: evidence.rest(reply, domain),
    }


def known_visit(held: Kept | None, secret_key: bytes) -> Kept:
    """Who comes, if this browser may say so, in the dialogue they were in; or somebody new."""
    visit = ours(held, secret_key)
    is_whole = visit.get("visitor") and visit.get("dialogue")
    return signed(visit if is_whole else new_visit(visit), secret_key)


def new_visit(visit: Kept) -> Kept:
    """The same visitor, or a new one, with a dialogue of which the log knows nothing."""
    return {**visit, "visitor": visit.get("visitor") or new_id(), "dialogue": new_id()}


def layout(domain: Domain) -> Screen:
    visit, selected, pending = visit_state("visit"), gr.State(None), gr.State({})
    growing = gr.State(None)
    parts = render.PARTS.of(domain)
    masthead = html("masthead", render.masthead("talk"), "shared/masthead.js")
    scripts = "shared/clicks.js", "shared/follow.js", "talk/thread.js", "talk/heard.js"
    with gr.Row(elem_id="desk"):
        with gr.Column(elem_id="talk"):
            shelf = html("shelf", "", "talk/past.js")
            avoiding = html("avoiding", "", "talk/heard.js")
            with gr.Column(elem_id="conversation"):
                thread, live = html("thread", "", *scripts), html("live")
            with gr.Column(elem_id="composer"):
                notice, typed = html("notice"), box(domain.prompt)
        with gr.Column(elem_id="why"):
            html("fold", parts.fold(), "shared/acts.js")  # opens the evidence on a phone
            html("why-title", parts.why_title())
            opening = html("opening")
            path = gr.Plot(show_label=False, container=False, elem_id="path")
            rest = html("rest")
    return Screen(
        visit=visit,
        selected=selected,
        pending=pending,
        growing=growing,
        masthead=masthead,
        thread=thread,
        live=live,
        notice=notice,
        box=typed,
        shelf=shelf,
        avoiding=avoiding,
        opening=opening,
        path=path,
        rest=rest,
    )

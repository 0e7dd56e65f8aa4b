"""The chat page: a conversation on the left, "Why this film?" on the right.

Functions, then layout, then wiring. The log is the only thing that remembers: each event reads
the conversation from it, so that a reload, a second tab or a restart shows what is true. Per
visitor there are only two names in the browser, the reply that is looked at, and ratings that
could not be saved yet.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from crsdemo.catalog import Catalog
from crsdemo.conversation import (
    Aspect,
    Conversation,
    ItemMark,
    LoggedTurn,
    RatingValue,
    new_id,
)
from crsdemo.errors import BadInputError, CrsdemoError
from crsdemo.exchange import Exchange
from crsdemo.feedback import Restored
from crsdemo.recommender import Reply
from crsdemo.reply_json import as_json
from crsdemo.ui import evidence, render
from crsdemo.ui.render import Opinion

Visit = dict[str, str]  # "visitor" and "dialogue": names without meaning, kept by the browser
Pending = dict[str, dict[Aspect, RatingValue | None]]  # reply -> changes that are not saved yet
Updates = dict[Any, Any]  # component -> what it shows now
Json = dict[str, Any]

MODEL = {"concurrency_limit": 2, "concurrency_id": "model"}  # all that asks the model
# One at a time and in the order of the clicks: the last click wins, and none is lost.
OPINIONS = {"concurrency_limit": 1, "concurrency_id": "opinions"}
PACE = 0.05  # seconds between two views of a growing reply
PATIENCE = 1.5  # seconds that a stopped reply may take to reach the log
FOCUS = "() => document.querySelector('#box textarea').focus()"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Screen:
    """The components that events read and write."""

    visit: gr.BrowserState
    selected: gr.State  # id of the reply whose evidence is shown; None for the newest
    pending: gr.State
    masthead: gr.HTML
    thread: gr.HTML
    live: gr.HTML
    notice: gr.HTML
    box: gr.Textbox
    opening: gr.HTML
    path: gr.Plot
    rest: gr.HTML

    @property
    def shown(self) -> list[Any]:
        """Everything that a handler may change."""
        return [getattr(self, name) for name in self.__dataclass_fields__ if name != "masthead"]


@dataclass(frozen=True)
class ChatPage:
    """What happens on the page. Holds no visitor: they come with each event."""

    exchange: Exchange
    catalog: Catalog
    screen: Screen

    def enter(self, visit: Visit, pending: Pending) -> Updates:
        """A visitor comes, or comes back."""
        known = visit if visit.get("visitor") and visit.get("dialogue") else _new_visit(visit)
        try:
            return {self.screen.visit: known, **self._settled(known, None, pending)}
        except CrsdemoError as error:
            return {self.screen.visit: known, self.screen.notice: render.notice(str(error))}

    def begin_anew(self, visit: Visit) -> Updates:
        """An empty conversation; the earlier one stays in the log."""
        return self.enter(_new_visit(visit), {})

    def say(self, text: str, visit: Visit, pending: Pending) -> Iterator[Updates]:
        try:
            restored = self._restored(visit)
            growth = self.exchange.say(restored.conversation, text)
            yield from self._follow(visit, pending, restored, growth)
        except CrsdemoError as error:
            yield self._failed(visit, pending, error)

    def say_wish(self, visit: Visit, pending: Pending, event: gr.EventData) -> Iterator[Updates]:
        yield from self.say(event.text, visit, pending)

    def answer_again(self, visit: Visit, pending: Pending) -> Iterator[Updates]:
        try:
            restored = self._restored(visit)
            growth = self.exchange.regenerate(restored.conversation)
            if asked := restored.conversation.up_to_user().turns:
                yield self._starting(restored, asked, pending)
            yield from self._follow(visit, pending, restored, growth)
        except CrsdemoError as error:
            yield self._failed(visit, pending, error)

    def take_back(self, visit: Visit, pending: Pending) -> Updates:
        """Undo the last message; its words return to the box."""
        try:
            conversation = self._restored(visit).conversation
            asked = conversation.up_to_user().turns
            self.exchange.undo(conversation)
            words = {self.screen.box: gr.Textbox(value=asked[-1].turn.text)} if asked else {}
            return {**self._settled(visit, None, pending), **words}
        except CrsdemoError as error:
            return self._failed(visit, pending, error)

    def stopped(self, visit: Visit, pending: Pending) -> Updates:
        """Show what had been written when the visitor pressed stop, once the log has it."""
        try:
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline:
                turns = self._restored(visit).conversation.turns
                if turns and turns[-1].reply:
                    break
                time.sleep(PACE)
            return self._settled(visit, None, pending)
        except CrsdemoError as error:
            return self._failed(visit, pending, error)

    def select(self, visit: Visit, pending: Pending, event: gr.EventData) -> Updates:
        """Look at the evidence of another reply."""
        try:
            return self._drawn(self._restored(visit), event.reply, pending)
        except CrsdemoError as error:
            return {self.screen.notice: render.notice(str(error))}

    def rate(
        self, visit: Visit, selected: str | None, pending: Pending, event: gr.EventData
    ) -> Updates:
        """Save what was pressed, and what could not be saved before; say so only when it is."""
        unsaved = {**pending.get(event.reply, {}), **_changes(event.changes)}
        others = {reply: changes for reply, changes in pending.items() if reply != event.reply}
        try:
            for aspect, value in unsaved.items():
                self.exchange.log.record_rating(event.reply, visit["visitor"], aspect, value)
            return self._drawn(self._restored(visit), selected, others, event.click)
        except CrsdemoError as error:
            return self._unsaved(visit, selected, {**others, event.reply: unsaved}, event, error)

    def mark(
        self, visit: Visit, selected: str | None, pending: Pending, event: gr.EventData
    ) -> Updates:
        """Keep that a film was seen, is wanted or not."""
        mark = ItemMark(event.reply, event.item, event.kind)
        try:
            self.exchange.log.record_mark(visit["visitor"], mark, on=event.on)
            return self._drawn(self._restored(visit), selected, pending, event.click)
        except CrsdemoError as error:
            return self._unsaved(visit, selected, pending, event, error)

    def say_from_outside(self, text: str, dialogue_id: str = "") -> Json:
        """Say something and get the whole reply with its evidence.

        Without `dialogue_id` a new dialogue begins; with the one that came with an earlier
        reply, that dialogue goes on. It is logged like a visit.
        """
        try:
            if dialogue_id:
                restored = self.exchange.log.restore(dialogue_id, self.catalog)
                if restored is None:
                    raise BadInputError(
                        f"no dialogue {dialogue_id!r} is known here; leave it out to begin one"
                    )
                conversation = restored.conversation
            else:
                conversation = self.exchange.start(new_id())
            *_, answered = self.exchange.say(conversation, text)
        except CrsdemoError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return _reply_json(answered)

    # How a reply grows on the page

    def _follow(
        self, visit: Visit, pending: Pending, restored: Restored, growth: Iterator[Conversation]
    ) -> Iterator[Updates]:
        """Show the reply as it grows; at the end, what the log has."""
        pictured = False
        for grown in _paced(growth):
            reply = grown.turns[-1].reply
            if reply is None:
                yield self._starting(restored, grown.turns, pending)
                continue
            yield {self.screen.live: self._growing(grown.turns)}
            if not pictured and evidence.has_picture(reply.evidence):
                pictured = True
                yield self._reasons(reply)
        yield self._settled(visit, None, pending)

    def _starting(
        self, restored: Restored, asked: Sequence[LoggedTurn], pending: Pending
    ) -> Updates:
        """The message is in the log: it leaves the box, and the wait begins."""
        opinions = _opinions(restored, pending)
        before = render.conversation(asked[:-1], opinions, None, running=True)
        return {
            self.screen.box: gr.Textbox(value="", submit_btn=False, stop_btn=True),
            self.screen.notice: "",
            self.screen.thread: _stamped(before),
            self.screen.live: self._growing(asked),
        }

    def _growing(self, turns: Sequence[LoggedTurn]) -> str:
        said = next(t.turn.text for t in reversed(turns) if t.turn.speaker == "user")
        return render.growing(said, turns[-1].reply, len(self.catalog))

    # What is true

    def _restored(self, visit: Visit) -> Restored:
        """The visitor's dialogue as the log has it; an empty one if it has none."""
        restored = self.exchange.log.restore(visit["dialogue"], self.catalog)
        if restored and restored.conversation.visitor == visit["visitor"]:
            return restored
        return Restored(Conversation(visit["dialogue"], visit["visitor"]), (), ())

    def _settled(self, visit: Visit, selected: str | None, pending: Pending) -> Updates:
        """The whole page out of the log, ready for the next message."""
        return {
            self.screen.box: gr.Textbox(submit_btn=True, stop_btn=False),
            self.screen.live: "",
            self.screen.notice: "",
            **self._drawn(self._restored(visit), selected, pending),
        }

    def _drawn(
        self, restored: Restored, selected: str | None, pending: Pending, click: int = 0
    ) -> Updates:
        """The conversation with all opinions, and the evidence of the selected reply."""
        conversation = restored.conversation
        logged = _chosen(conversation, selected)
        opinions = _opinions(restored, pending)
        talk = (
            render.conversation(conversation.turns, opinions, logged.id if logged else None)
            if conversation.turns
            else render.welcome(self.exchange.recommender.name, len(self.catalog))
        )
        return {
            self.screen.selected: logged.id if logged else None,
            self.screen.pending: pending,
            self.screen.thread: _stamped(talk, click),
            **self._reasons(logged.reply if logged else None),
        }

    def _reasons(self, reply: Reply | None) -> Updates:
        path = reply.evidence.path if reply else ()
        return {
            self.screen.opening: evidence.story_opening(reply, len(self.catalog)),
            self.screen.path: evidence.path_figure(path, reply.item if reply else None),
            self.screen.rest: evidence.story_rest(reply),
        }

    def _failed(self, visit: Visit, pending: Pending, error: CrsdemoError) -> Updates:
        """Say what went wrong. Words that were not taken stay in the box."""
        said = {self.screen.notice: render.notice(str(error))}
        if isinstance(error, BadInputError):
            return said
        try:
            return {**self._settled(visit, None, pending), **said}
        except CrsdemoError:  # the log is away: what is on the screen stays
            return said

    def _unsaved(
        self,
        visit: Visit,
        selected: str | None,
        pending: Pending,
        event: gr.EventData,
        error: CrsdemoError,
    ) -> Updates:
        """Keep on the screen what could not be saved, and say so."""
        said = {self.screen.notice: render.notice(f"Not saved: {error}")}
        try:
            drawn = self._drawn(self._restored(visit), selected, pending, event.click)
            return {**drawn, **said}
        except CrsdemoError:
            return {self.screen.pending: pending, **said}


def _new_visit(visit: Visit) -> Visit:
    """The same visitor, or a new one, with a dialogue of which the log knows nothing."""
    return {"visitor": visit.get("visitor") or new_id(), "dialogue": new_id()}


def _paced(growth: Iterator[Conversation]) -> Iterator[Conversation]:
    """The message and the first words at once, the rest at a pace that can be seen."""
    seen = -math.inf
    for grown in growth:
        if grown.turns[-1].reply is None:
            yield grown
        elif time.monotonic() - seen >= PACE:
            yield grown
            seen = time.monotonic()


def _chosen(conversation: Conversation, selected: str | None) -> LoggedTurn | None:
    """The reply to look at: the selected one if it is still there, else the newest."""
    replies = (logged for logged in conversation.turns if logged.reply)
    return next((logged for logged in replies if logged.id == selected), conversation.last_reply)


def _changes(changes: Mapping[Aspect, Any]) -> dict[Aspect, RatingValue | None]:
    """What a click changes. A new thumb drops the reasons of the old one, none drops all."""
    changed: dict[Aspect, RatingValue | None] = {
        aspect: tuple(value) if isinstance(value, list) else value
        for aspect, value in changes.items()
    }
    if "thumbs" in changed:
        changed["reasons"] = None
        if changed["thumbs"] is None:
            changed |= {"relevance": None, "interest": None, "comment": None}
    return changed


def _opinions(restored: Restored, pending: Pending) -> dict[str, Opinion]:
    """By reply: what the log has, and over it what is not saved yet."""
    opinions = {}
    for logged in restored.conversation.turns:
        ratings = {r.aspect: r.value for r in restored.ratings if r.generation_id == logged.id}
        unsaved = pending.get(logged.id, {})
        shown = {**ratings, **unsaved}
        opinions[logged.id] = Opinion(
            {aspect: value for aspect, value in shown.items() if value is not None},
            frozenset((m.item_id, m.kind) for m in restored.marks if m.generation_id == logged.id),
            saved=bool(ratings) and not unsaved,
            failed=bool(unsaved),
        )
    return opinions


def _stamped(content: str, click: int = 0) -> str:
    """Never the same twice: what a click has changed in the browser gives way to the truth.

    `click` is the number of the click that this answers.
    """
    return f'<div data-drawn="{time.monotonic_ns()}" data-click="{int(click)}">{content}</div>'


def _reply_json(answered: Conversation) -> Json:
    logged = answered.turns[-1]
    assert logged.reply is not None
    return {"dialogue_id": answered.id, "reply_id": logged.id, **as_json(logged.reply)}


def build(exchange: Exchange, catalog: Catalog) -> gr.Blocks:
    """The page, ready to be launched with the theme and the style sheet of `look`."""
    with gr.Blocks(title="crsdemo", analytics_enabled=False, fill_width=True) as blocks:
        screen = _layout()
        _wire(blocks, ChatPage(exchange, catalog, screen))
    return blocks.queue(max_size=64, default_concurrency_limit=8)


def _layout() -> Screen:
    # The secret only keeps the names readable after a restart; there is nothing to hide in them.
    visit = gr.BrowserState({}, storage_key="crsdemo-visit", secret="crsdemo")
    selected, pending = gr.State(None), gr.State({})
    masthead = _html("masthead", render.masthead(), "masthead.js")
    with gr.Row(elem_id="desk"):
        with gr.Column(elem_id="talk"):
            with gr.Column(elem_id="conversation"):
                thread = _html("thread", script="thread.js")
                live = _html("live")
            with gr.Column(elem_id="composer"):
                notice = _html("notice")
                box = _box()
        with gr.Column(elem_id="why"):
            _html("fold", render.fold(), "fold.js")
            _html("why-title", "<h2>Why this film?</h2>")
            opening = _html("opening")
            path = gr.Plot(show_label=False, container=False, elem_id="path")
            rest = _html("rest")
    return Screen(
        visit, selected, pending, masthead, thread, live, notice, box, opening, path, rest
    )


def _box() -> gr.Textbox:
    return gr.Textbox(
        placeholder="What do you feel like watching?",
        lines=1,
        max_lines=6,
        show_label=False,
        label="Your message",
        container=False,
        submit_btn=True,
        autofocus=True,
        elem_id="box",
    )


def _html(name: str, content: str = "", script: str | None = None) -> gr.HTML:
    """A part of the page without Gradio's own look; `script` names a file beside this one."""
    code = (HERE / script).read_text(encoding="utf-8") if script else None
    return gr.HTML(content, js_on_load=code, apply_default_css=False, elem_id=name)


def _wire(blocks: gr.Blocks, page: ChatPage) -> None:
    s = page.screen
    quiet = {"outputs": s.shown, "show_progress": "hidden", "api_visibility": "private"}
    once, many = quiet | {"trigger_mode": "once"}, quiet | {"trigger_mode": "multiple"}
    visit, opinion = [s.visit, s.pending], [s.visit, s.selected, s.pending]
    gr.api(page.say_from_outside, api_name="say", **MODEL)  # first, or `page.say` takes its name
    blocks.load(page.enter, visit, **quiet)
    s.masthead.fresh(page.begin_anew, [s.visit], **once)
    s.box.submit(None, js=FOCUS)
    talking = [
        s.box.submit(page.say, [s.box, *visit], **once, **MODEL),
        s.thread.wish(page.say_wish, visit, **once, **MODEL),
        s.thread.again(page.answer_again, visit, **once, **MODEL),
    ]
    halt = s.box.stop(None, cancels=talking, api_visibility="private")
    halt.then(page.stopped, visit, **quiet)  # not in one event: it would run before the cancel
    s.thread.undo(page.take_back, visit, **once)
    s.thread.select(page.select, visit, **many)
    s.thread.rate(page.rate, opinion, **many, **OPINIONS)
    s.thread.mark(page.mark, opinion, **many, **OPINIONS)

"""The chat page: a conversation on the left, "Why this one?" on the right.

The log alone remembers: each event reads the conversation from it, so that a reload, a second tab
or a restart shows what is true. The browser knows who sits before it, and in which dialogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from gradio.events import api

from crsdemo.chat.exchange import Exchange
from crsdemo.core.catalog import Catalog
from crsdemo.core.conversation import Conversation, ItemMark
from crsdemo.core.errors import CrsdemoError
from crsdemo.core.recommender import Reply
from crsdemo.recommenders.hearing import Hearing
from crsdemo.studies.annotators import secret_beside
from crsdemo.web.shared import evidence, render
from crsdemo.web.shared.controls import (
    FOCUS,
    MODEL,
    OPINIONS,
    Updates,
    box_at_rest,
    box_while_growing,
    paced,
)
from crsdemo.web.shared.live import Kept, attempt, failed, noted, private, wait_for, wire_ends
from crsdemo.web.shared.opinions import changes_of, may_pass, newest, opinions
from crsdemo.web.talk.from_outside import FromOutside
from crsdemo.web.talk.heard import Correction, avoiding, below_messages
from crsdemo.web.talk.past import own_talk, shelf, take_off
from crsdemo.web.talk.screen import Look, Screen, known_visit, layout, new_visit, reasons
from crsdemo.web.talk.snapshot import Snapshot, chosen

Growth = Iterator[Conversation]
Answering = Callable[[Conversation], Growth]


@dataclass(frozen=True)
class ChatPage:
    """What happens on the page. Holds no visitor: they come with each event."""

    exchange: Exchange
    catalog: Catalog
    hearing: Hearing
    screen: Screen
    secret_key: bytes  # of the log

    def enter(self, *look: Any) -> Updates:
        """A visitor comes, or comes back."""
        known = known_visit(look[0], self.secret_key)
        try:
            return {self.screen.visit: known, **self._settled(Look(known, None, {}, None))}
        except CrsdemoError as error:
            return {self.screen.visit: known, self.screen.notice: render.notice(str(error))}

    def begin_anew(self, *look: Any) -> Updates:
        """An empty conversation; the earlier one stays in the log."""
        return {**self.enter(new_visit(look[0] or {})), self.screen.box: box_at_rest()}

    def reopen(self, event: gr.EventData, *look: Any) -> Updates:
        """Go back to an earlier talk of the visitor, to read it and to go on."""
        view = Look(*look)
        try:
            visit = view.visit | {"dialogue": own_talk(self.exchange.log, view, event.dialogue)}
            return {self.screen.visit: visit, **self._settled(replace(view, visit=visit))}
        except CrsdemoError as error:
            return {self.screen.notice: render.notice(str(error))}

    def say(self, text: str, *look: Any) -> Iterator[Updates]:
        view = Look(*look)
        yield from self._answered(view, lambda said: self.exchange.say(said, text), is_said=True)

    def say_wish(self, event: gr.EventData, *look: Any) -> Iterator[Updates]:
        yield from self._answered(Look(*look), lambda said: self.exchange.say(said, event.text))

    def answer_again(self, *look: Any) -> Iterator[Updates]:
        yield from self._answered(Look(*look), self.exchange.regenerate)

    def hear(self, event: gr.EventData, *look: Any) -> Iterator[Updates]:
        """Answer again without one thing that was understood, or with it after all."""

        def answer(said: Conversation) -> Growth:
            click = Correction.of(event)
            words = click.words(said, self.hearing)
            return self.exchange.take_back(said, click.turn, words, is_on=click.counts)

        yield from self._answered(Look(*look), answer)

    def reword(self, event: gr.EventData, *look: Any) -> Iterator[Updates]:
        """The last message in other words."""
        view = Look(*look)
        yield from self._answered(view, lambda said: self.exchange.say_instead(said, event.text))

    def take_back(self, *look: Any) -> Updates:
        """Undo the last message; its words return to the box."""
        view = Look(*look)
        try:
            conversation = self._snapshot(view.visit).conversation
            asked = conversation.up_to_user().turns
            self.exchange.undo(conversation)
            words = {self.screen.box: gr.Textbox(value=asked[-1].turn.text)} if asked else {}
            return {**self._settled(view), **words}
        except CrsdemoError as error:
            return self._failed(view, error)

    def stopped(self, *look: Any) -> Updates:
        """Show what had been written when the visitor pressed stop, once the log has it."""
        view = Look(*look)

        def is_logged() -> bool:
            turns = self._snapshot(view.visit).conversation.turns
            return bool(turns) and turns[-1].status != "running" and view.means(turns[-1])

        try:
            wait_for(is_logged)
            return self._settled(view)
        except CrsdemoError as error:
            return self._failed(view, error)

    def select(self, event: gr.EventData, *look: Any) -> Updates:
        """Look at the evidence of another reply."""
        view = replace(Look(*look), selected=event.reply)
        try:
            snapshot = self._snapshot(view.visit)
            return {**self._talk(view, snapshot), **self._story(view, snapshot)}
        except CrsdemoError as error:
            return {self.screen.notice: render.notice(str(error))}

    def redraw(self, *look: Any) -> Updates:
        """The answers to two events came in the wrong order: show what is true now."""
        view = Look(*look)
        return self._talk(view, self._snapshot(view.visit))

    def rate(self, event: gr.EventData, *look: Any) -> Updates:
        """Save what was pressed, and what could not be saved before; say so only when it is."""
        view = Look(*look)
        unsaved = {**view.pending.get(event.reply, {}), **changes_of(event.changes)}
        others = {of: changes for of, changes in view.pending.items() if of != event.reply}
        error = attempt(lambda: self.exchange.rate(event.reply, view.visit["visitor"], unsaved))
        pending = {**others, event.reply: unsaved} if error and may_pass(error) else others
        return self._noted(replace(view, pending=newest(pending)), event.click, error)

    def mark(self, event: gr.EventData, *look: Any) -> Updates:
        """Keep that a film was seen, is wanted or not."""
        view, mark = Look(*look), ItemMark(event.reply, event.item, event.kind)
        error = attempt(lambda: self.exchange.mark(view.visit["visitor"], mark, on=event.on))
        return self._noted(view, event.click, error)

    def unwant(self, event: gr.EventData, *look: Any) -> Updates:
        """Take a film off the list of what is wanted."""
        view = Look(*look)
        error = attempt(lambda: take_off(self.exchange, view, event.item))
        return self._noted(view, 0, error, is_listed=True)

    # How a reply grows on the page

    def _answered(self, view: Look, answer: Answering, is_said: bool = False) -> Iterator[Updates]:
        """Show the reply to what `is_said` in the box as it grows; at the end, what the log has."""
        try:
            snapshot = self._snapshot(view.visit)
            pictured = False
            for n, grown in enumerate(paced(answer(snapshot.conversation))):
                if n == 0:
                    box = box_while_growing(is_said=is_said)
                    yield {**self._starting(view, snapshot, grown), self.screen.box: box}
                reply = grown.turns[-1].reply
                if reply:
                    growing = {self.screen.growing: grown.turns[-1].id}
                    yield {self.screen.live: self._growing(grown), **growing}
                if reply and not pictured and evidence.has_picture(reply.evidence):
                    pictured = True
                    yield self._reasons(reply)
            yield self._settled(view)
        except CrsdemoError as error:
            yield self._failed(view, error)

    def _starting(self, view: Look, snapshot: Snapshot, grown: Conversation) -> Updates:
        """The message is in the log, and the wait begins."""
        asked = replace(snapshot.restored, conversation=grown.up_to_user())
        begun = replace(view, selected=None, growing="")
        return {
            **self._talk(begun, replace(snapshot, restored=asked)),
            self.screen.growing: "",
            self.screen.notice: "",
            self.screen.live: self._growing(grown),
        }

    def _growing(self, grown: Conversation) -> str:
        said = grown.up_to_user().turns[-1].turn.text
        parts, reply = render.PARTS.of(self.catalog.domain), grown.turns[-1].reply
        return parts.growing(said, reply, len(self.catalog))

    def _snapshot(self, visit: Kept) -> Snapshot:
        return Snapshot.of(self.exchange.log, visit, self.catalog)

    @property
    def _at_rest(self) -> Updates:
        return {self.screen.growing: None, self.screen.box: box_at_rest()}

    def _settled(self, view: Look) -> Updates:
        """The whole page out of the log, ready for the next message; the newest reply selected."""
        at_rest = replace(view, selected=None, growing=None)
        snapshot = self._snapshot(view.visit)
        drawn = {**self._talk(at_rest, snapshot), **self._story(at_rest, snapshot)}
        return {
            **self._at_rest,
            self.screen.live: "",
            self.screen.notice: "",
            **drawn,
            **self._shelf(view),
        }

    def _shelf(self, view: Look, is_listed: bool = False) -> Updates:
        return {self.screen.shelf: shelf(self.exchange.log, view, self.catalog, is_open=is_listed)}

    def _talk(self, view: Look, snapshot: Snapshot, click: int = 0) -> Updates:
        """The conversation up to the message that is being answered, with all opinions.

        The stamp makes no two equal, so that what a click has changed in the browser gives way
        to the truth, and lets the browser see which is newer. `click`: the number of one answered.
        """
        turns = snapshot.conversation.turns
        if view.running:
            turns = snapshot.conversation.up_to_user().turns[:-1]
        if turns or view.running:
            logged = chosen(turns, view.selected) if view.selected or not view.running else None
            thought = opinions(snapshot.restored, view.pending)
            selected = logged.id if logged else None
            below = below_messages(snapshot.conversation, self.hearing, running=view.running)
            content = render.conversation(
                turns, thought, selected, below, domain=self.catalog.domain, running=view.running
            )
        else:
            name = self.exchange.recommender.name
            content = render.PARTS.of(self.catalog.domain).welcome(name, len(self.catalog))
        refused = avoiding(snapshot.conversation, self.hearing, running=view.running)
        return {
            self.screen.thread: render.stamped(content, snapshot.moment, click),
            self.screen.avoiding: refused,
        }

    def _story(self, view: Look, snapshot: Snapshot) -> Updates:
        """The evidence of the selected reply."""
        logged = chosen(snapshot.conversation.turns, view.selected)
        return {
            self.screen.selected: logged.id if logged else None,
            **self._reasons(logged.reply if logged else None),
        }

    def _reasons(self, reply: Reply | None) -> Updates:
        return reasons(self.screen, reply, len(self.catalog), self.catalog.domain)

    def _noted(
        self, view: Look, click: int, error: CrsdemoError | None, is_listed: bool = False
    ) -> Updates:
        """The page after a click on a rating or a mark; `is_listed`: in the list of films."""

        def draw() -> Updates:
            snapshot = self._snapshot(view.visit)
            return self._talk(view, snapshot, click) | self._shelf(view, is_listed)

        return noted(self.screen, view.pending, draw, error)

    def _failed(self, view: Look, error: CrsdemoError) -> Updates:
        return failed(self.screen, error, lambda: self._settled(view), self._at_rest)


def place(blocks: gr.Blocks, exchange: Exchange, hearing: Hearing) -> None:
    """Lay the page out and bring it to life, inside `blocks`."""
    screen, secret_key = layout(hearing.catalog.domain), secret_beside(exchange.log.path)
    page = ChatPage(exchange, hearing.catalog, hearing, screen, secret_key)
    outside = FromOutside(exchange, hearing.catalog)
    s, quiet = page.screen, private(page.screen)
    once, many = quiet | {"trigger_mode": "once"}, quiet | {"trigger_mode": "multiple"}
    api(outside.say_from_outside, api_name="say", **MODEL)  # first, or `page.say` takes its name
    blocks.load(page.enter, s.look, **quiet)
    s.box.submit(None, js=FOCUS)
    answering = [
        s.box.submit(page.say, [s.box, *s.look], **once, **MODEL),
        s.thread.wish(page.say_wish, s.look, **once, **MODEL),
        s.thread.again(page.answer_again, s.look, **once, **MODEL),
        s.thread.hear(page.hear, s.look, **once, **MODEL),
        s.avoiding.hear(page.hear, s.look, **once, **MODEL),
        s.thread.reword(page.reword, s.look, **once, **MODEL),
    ]
    wire_ends(s, answering, page.stopped, page.begin_anew)
    s.thread.undo(page.take_back, s.look, **once)
    s.shelf.reopen(page.reopen, s.look, **once)
    s.thread.select(page.select, s.look, **many)
    s.thread.redraw(page.redraw, s.look, **many)
    s.thread.rate(page.rate, s.look, **many, **OPINIONS)
    s.shelf.unwant(page.unwant, s.look, **many, **OPINIONS)
    s.thread.mark(page.mark, s.look, **many, **OPINIONS)

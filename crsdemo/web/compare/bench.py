"""A page with two answers: one box, two answers in columns, and what a person makes of them.

What happens on such a page, whether it is open (`compare.py`), blind (`blind.py`) or a study; the
components are in `screen.py`, how they are drawn in `drawing.py`. The log is the only thing that
remembers: per visitor there are only two names in the browser, the comparison whose evidence is
open, and what could not be saved yet.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from gradio.events import Dependency

from crsdemo.core.comparison import Comparison, Judgment, Series, Side, checked_side
from crsdemo.core.conversation import Conversation, ItemMark, new_id
from crsdemo.core.errors import CrsdemoError
from crsdemo.web.compare.drawing import Drawing, Snapshot
from crsdemo.web.compare.said_of_two import judgment, together
from crsdemo.web.compare.screen import Look
from crsdemo.web.shared import render
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
from crsdemo.web.shared.opinions import may_pass, newest
from crsdemo.web.shared.remembered import ours, signed


@dataclass(frozen=True)
class Bench(Drawing):
    """What happens on the page. Holds no visitor: they come with each event."""

    secret_key: bytes  # of the log

    # Where the pages differ

    @abstractmethod
    def growth(self, view: Look, series: Series, text: str) -> Iterator[Comparison | Conversation]:
        """The answers to the next message as they grow. Raises as `SideBySide.say`."""

    def answered(self, view: Look, snapshot: Snapshot) -> Look:
        """What is looked at once a message is answered that was said at `snapshot`."""
        return view

    def keep(self, view: Look, name: str, said: Judgment, click: str) -> None:
        """Save what was said of a comparison. Raises as `SideBySide.judge`."""
        self.side_by_side.judge(name, view.visitor, said, click)

    def kept(self, view: Look, name: str) -> Look:
        """What is looked at once that is saved."""
        return view

    def go_on_from(self, view: Look, name: str, side: Side) -> None:
        """Save where the talk goes on from. Raises as `SideBySide.pick`."""
        self.side_by_side.pick(name, view.visitor, side)

    def resumed(self, view: Look, series: Series) -> Look:
        """What a visitor who comes back had chosen."""
        return view

    def known(self, visit: Kept | None) -> Kept:
        """Who comes, if this browser may say so, or somebody new."""
        held = ours(visit, self.secret_key)
        return signed({**held, "visitor": held.get("visitor") or new_id()}, self.secret_key)

    # One event each

    def enter(self, *look: Any) -> Updates:
        """A visitor comes, or comes back."""
        view = Look(*look)
        visit = self.known(view.visit)
        at = {"series": (view.at or {}).get("series") or new_id()}
        return self.entered(replace(view, visit=visit, at=at))

    def begin_anew(self, *look: Any) -> Updates:
        """An empty series; the earlier one stays in the log."""
        begun = replace(Look(*look), at={"series": new_id()})
        return {**self.entered(begun), self.screen.box: box_at_rest()}

    def say(self, text: str, *look: Any) -> Iterator[Updates]:
        """What is in the box."""
        yield from self._said(text, Look(*look), is_said=True)

    def say_wish(self, event: gr.EventData, *look: Any) -> Iterator[Updates]:
        yield from self._said(event.text, Look(*look), is_said=False)

    def _said(self, text: str, view: Look, *, is_said: bool) -> Iterator[Updates]:
        yield from self.answering(
            view, lambda view, series: self.growth(view, series, text), is_said=is_said
        )

    def answering(
        self,
        view: Look,
        growth: Callable[[Look, Series], Iterator[Comparison | Conversation]],
        *,
        is_said: bool,
    ) -> Iterator[Updates]:
        """Show both answers as they grow; at the end, what the log has."""
        try:
            snapshot = self.snapshot(view)
            for n, comparison in enumerate(paced(growth(view, snapshot.series))):
                before = snapshot if is_said or n else self.snapshot(view)  # one may be replaced
                begun = self._starting(view, before, is_said) if n == 0 else {}
                yield begun | self.grown(comparison)
            view = self.answered(view, snapshot)
            done = self.snapshot(view)
            yield {**self._settled(view, done), **self.aloud(done.series.last)}
        except CrsdemoError as error:
            yield self._failed(view, error)

    def stopped(self, *look: Any) -> Updates:
        """Show what had been written when the visitor pressed stop, once the log has it."""
        view = Look(*look)

        def is_logged() -> bool:
            last = self.snapshot(view).series.last
            return last is not None and last.is_settled

        try:
            wait_for(is_logged)
            return self._settled(view, self.snapshot(view))
        except CrsdemoError as error:
            return self._failed(view, error)

    def redraw(self, *look: Any) -> Updates:
        """Something else was chosen, or two answers came in the wrong order."""
        return self._drawn(Look(*look))

    def select(self, event: gr.EventData, *look: Any) -> Updates:
        """Show an earlier message, with its evidence where there is any to see."""
        return self._drawn(replace(Look(*look), selected=event.comparison))

    def judge(self, event: gr.EventData, *look: Any) -> Updates:
        """Save what was said of two answers, or try again; called saved only when it is."""
        view, name = Look(*look), event.comparison
        waiting = view.pending.get(name)
        given = waiting if event.again else together(waiting, event.judgment)
        if given is None:  # another tab has saved it
            return self._drawn(view)
        others = {other: kept for other, kept in view.pending.items() if other != name}
        try:
            earlier = self.side_by_side.comparisons.judgment(name, view.visitor)
            said = judgment(
                given,
                earlier,
                domain=self.catalog.domain,
                names_shown=self.knows_names(earlier),
            )
            self.keep(view, name, said, given["id"])
            return self._noted(self.kept(replace(view, pending=others), name), event)
        except CrsdemoError as error:
            kept = newest({**others, name: given}) if may_pass(error) else view.pending
            return self._noted(replace(view, pending=kept), event, error)

    def pick(self, event: gr.EventData, *look: Any) -> Updates:
        """Go on from the other side, where there is no winner."""
        view = Look(*look)
        error = attempt(lambda: self.go_on_from(view, event.comparison, checked_side(event.side)))
        return self._noted(view, event, error)

    def mark(self, event: gr.EventData, *look: Any) -> Updates:
        """Keep that a film was seen, is wanted or not."""
        view, mark = Look(*look), ItemMark(event.reply, event.item, event.kind)
        error = attempt(lambda: self.side_by_side.mark(view.visitor, mark, on=event.on))
        return self._noted(view, event, error)

    # What becomes of it

    def entered(self, view: Look) -> Updates:
        """The page as it was left."""
        known = {self.screen.visit: view.visit, self.screen.at: view.at}
        fresh = replace(view, selected=None, pending={}, growing=False)
        try:
            snapshot = self.snapshot(fresh)
            entered = self._settled(self.resumed(fresh, snapshot.series), snapshot)
            return {**known, **entered, self.screen.pending: {}}
        except CrsdemoError as error:
            return {**known, self.screen.notice: render.notice(str(error))}

    def _starting(self, view: Look, snapshot: Snapshot, is_said: bool) -> Updates:
        """The message is in the log, and the wait begins."""
        begun = replace(view, selected=None, growing=True)
        box = box_while_growing(is_said=is_said)
        waiting = {self.screen.box: box, self.screen.notice: ""}
        return {**self.everything(begun, snapshot), **waiting}

    def _settled(self, view: Look, snapshot: Snapshot) -> Updates:
        """The whole page out of the log, ready for the next message."""
        at_rest = replace(view, selected=None, growing=False)
        ready = {self.screen.box: box_at_rest(), self.screen.live: "", self.screen.notice: ""}
        return {**self.everything(at_rest, snapshot), **ready}

    def _drawn(self, view: Look) -> Updates:
        try:
            return self.everything(view, self.snapshot(view))
        except CrsdemoError as error:
            return {self.screen.notice: render.notice(str(error))}

    def _noted(self, view: Look, event: gr.EventData, error: CrsdemoError | None = None) -> Updates:
        """The page after a click. Each part of the page counts its own clicks."""
        in_row = event.origin == "verdict"

        def draw() -> Updates:
            snapshot = self.snapshot(view)
            talk = self.talk(view, snapshot, 0 if in_row else event.click)
            row = self.row(view, snapshot, event.click if in_row else 0)
            return {**talk, **row, **self.around(view, snapshot)}

        return noted(self.screen, view.pending, draw, error)

    def _failed(self, view: Look, error: CrsdemoError) -> Updates:
        at_rest = {self.screen.growing: False, self.screen.box: box_at_rest()}
        return failed(self.screen, error, lambda: self._settled(view, self.snapshot(view)), at_rest)


def wire(blocks: gr.Blocks, page: Bench) -> None:
    """Bring a page to life on which everybody may come, wish, stop and begin anew."""
    s, quiet = page.screen, private(page.screen)
    once, many = quiet | {"trigger_mode": "once"}, quiet | {"trigger_mode": "multiple"}
    blocks.load(page.enter, s.look, **quiet)
    answering = [wire_talk(page), s.thread.wish(page.say_wish, s.look, **once, **MODEL)]
    wire_ends(s, answering, page.stopped, page.begin_anew)
    s.thread.mark(page.mark, s.look, **many, **OPINIONS)


def wire_talk(page: Bench) -> Dependency:
    """What every page with two answers has: judging, going on, saying. Returns the last."""
    s, quiet = page.screen, private(page.screen)
    once, many = quiet | {"trigger_mode": "once"}, quiet | {"trigger_mode": "multiple"}
    s.thread.select(page.select, s.look, **many)
    for part in (s.thread, s.verdict):
        part.redraw(page.redraw, s.look, **many)
        part.judge(page.judge, s.look, **many, **OPINIONS)
    s.verdict.pick(page.pick, s.look, **many, **OPINIONS)
    s.box.submit(None, js=FOCUS)
    return s.box.submit(page.say, [s.box, *s.look], **once, **MODEL)

"""A page with two answers: one box, two answers in columns, and what a person makes of them.

What happens on such a page, whether it is open (`compare.py`) or blind (`blind.py`); the
components are in `bench_screen.py`, the HTML is in `columns.py` and `verdicts.py`. The log is the
only thing that remembers: per visitor there are only two names in the browser, the comparison
whose evidence is open, and what could not be saved yet.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from gradio.events import Dependency

from crsdemo.chat.side_by_side import SideBySide
from crsdemo.chat.study_steps import Step
from crsdemo.core.catalog import Catalog
from crsdemo.core.comparison import Comparison, Judgment, Series, Side, checked_policy, checked_side
from crsdemo.core.conversation import ItemMark, new_id
from crsdemo.core.errors import BadInputError, CrsdemoError, RefusedError, TooManyError
from crsdemo.feedback.comparisons import RestoredSeries
from crsdemo.web.compare import columns, verdicts
from crsdemo.web.compare.said_of_two import judgment, together
from crsdemo.web.compare.screen import Look, Screen
from crsdemo.web.shared import render
from crsdemo.web.shared.controls import (
    FOCUS,
    MODEL,
    OPINIONS,
    PACE,
    PATIENCE,
    Updates,
    box_at_rest,
    box_while_growing,
    paced,
)
from crsdemo.web.shared.opinions import unsaved_words
from crsdemo.web.shared.render import Marks
from crsdemo.web.shared.shown import Shown


@dataclass(frozen=True)
class Snapshot:
    """A series as the log had it, and when: a later one is truer."""

    restored: RestoredSeries
    moment: int  # ns of the monotonic clock, before it was read
    step: Step | None = None  # in a study: where the annotator is

    @property
    def series(self) -> Series:
        return self.restored.series


@dataclass(frozen=True)
class Bench(ABC):
    """What happens on the page. Holds no visitor: they come with each event."""

    side_by_side: SideBySide
    catalog: Catalog
    screen: Screen

    # Where the pages differ

    @abstractmethod
    def growth(self, view: Look, series: Series, text: str) -> Iterator[Comparison]:
        """Two answers to the next message as they grow. Raises as `SideBySide.say`."""

    @abstractmethod
    def knows_names(self, earlier: Judgment | None) -> bool:
        """Whether the visitor knows who answered, given the verdict that is in the log."""

    @abstractmethod
    def manner(self, earlier: Judgment | None) -> Shown:
        """What is shown of a comparison with this verdict in the log; None: with none."""

    @abstractmethod
    def welcome(self, view: Look) -> str:
        """The empty state."""

    def above(self, view: Look, snapshot: Snapshot) -> str:
        """What stands above the comparisons."""
        return ""

    def below(self, snapshot: Snapshot, shown: Shown) -> str:
        """What stands below the verdict on the newest one, which is shown like this."""
        return verdicts.onward(snapshot.series, shown)

    def around(self, view: Look, snapshot: Snapshot) -> Updates:
        """The parts of the page that only this one has."""
        return {}

    def keep(self, view: Look, name: str, said: Judgment, click: str) -> None:
        """Save what was said of a comparison. Raises as `SideBySide.judge`."""
        self.side_by_side.judge(name, view.visitor, said, click)

    def kept(self, view: Look, name: str) -> Look:
        """What is looked at once that is saved."""
        return view

    def go_on_from(self, view: Look, name: str, side: Side) -> None:
        """Save where the talk goes on from. Raises as `SideBySide.pick`."""
        self.side_by_side.pick(name, view.visitor, side)

    def setup(self, view: Look, series: Series) -> Updates:
        """What the visitor can choose."""
        return {}

    def resumed(self, view: Look, series: Series) -> Look:
        """What a visitor who comes back had chosen."""
        return view

    # One event each

    def enter(self, *look: Any) -> Updates:
        """A visitor comes, or comes back."""
        view = Look(*look)
        visit = {**(view.visit or {}), "visitor": (view.visit or {}).get("visitor") or new_id()}
        at = {"series": (view.at or {}).get("series") or new_id()}
        return self._entered(replace(view, visit=visit, at=at))

    def begin_anew(self, *look: Any) -> Updates:
        """An empty series; the earlier one stays in the log."""
        begun = replace(Look(*look), at={"series": new_id()})
        return {**self._entered(begun), self.screen.box: box_at_rest()}

    def say(self, text: str, *look: Any) -> Iterator[Updates]:
        """Show both answers as they grow; at the end, what the log has."""
        view = Look(*look)
        try:
            snapshot = self.snapshot(view)
            growth = self.growth(view, snapshot.series, text)
            for n, comparison in enumerate(paced(growth)):
                begun = self._starting(view, snapshot) if n == 0 else {}
                yield begun | self._grown(comparison)
            done = self.snapshot(view)
            yield {**self._settled(view, done), **self._aloud(done.series.last)}
        except CrsdemoError as error:
            yield self._failed(view, error)

    def say_wish(self, event: gr.EventData, *look: Any) -> Iterator[Updates]:
        yield from self.say(event.text, *look)

    def stopped(self, *look: Any) -> Updates:
        """Show what had been written when the visitor pressed stop, once the log has it."""
        view = Look(*look)
        try:
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline:
                last = self.snapshot(view).series.last
                if last and last.is_settled:
                    break
                time.sleep(PACE)
            return self._settled(view, self.snapshot(view))
        except CrsdemoError as error:
            return self._failed(view, error)

    def redraw(self, *look: Any) -> Updates:
        """Something else was chosen, or two answers came in the wrong order."""
        return self._drawn(Look(*look))

    def select(self, event: gr.EventData, *look: Any) -> Updates:
        """Open the evidence of an earlier message."""
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
            said = judgment(given, earlier, names_shown=self.knows_names(earlier))
            self.keep(view, name, said, given["id"])
            return self._noted(self.kept(replace(view, pending=others), name), event)
        except CrsdemoError as error:
            kept = {**others, name: given} if may_pass(error) else view.pending
            return self._noted(replace(view, pending=kept), event, error)

    def pick(self, event: gr.EventData, *look: Any) -> Updates:
        """Go on from the other side, where there is no winner."""
        view = Look(*look)
        try:
            self.go_on_from(view, event.comparison, checked_side(event.side))
            return self._noted(view, event)
        except CrsdemoError as error:
            return self._noted(view, event, error)

    def mark(self, event: gr.EventData, *look: Any) -> Updates:
        """Keep that a film was seen, is wanted or not."""
        view = Look(*look)
        mark = ItemMark(event.reply, event.item, event.kind)
        try:
            self.side_by_side.mark(view.visitor, mark, on=event.on)
            return self._noted(view, event)
        except CrsdemoError as error:
            return self._noted(view, event, error)

    # What is true

    def snapshot(self, view: Look) -> Snapshot:
        """The visitor's series as the log has it; an empty one if it has none."""
        moment = time.monotonic_ns()
        visitor, name = view.visitor, view.at["series"]
        restored = self.side_by_side.comparisons.restore(name, self.catalog)
        if restored and restored.series.visitor == visitor:
            return Snapshot(restored, moment)
        return Snapshot(RestoredSeries(Series(name, visitor, checked_policy(view.policy))), moment)

    def _entered(self, view: Look) -> Updates:
        """The page as it was left."""
        known = {self.screen.visit: view.visit, self.screen.at: view.at}
        fresh = replace(view, selected=None, pending={}, growing=False)
        try:
            snapshot = self.snapshot(fresh)
            entered = self._settled(self.resumed(fresh, snapshot.series), snapshot)
            return {**known, **entered, self.screen.pending: {}}
        except CrsdemoError as error:
            return {**known, self.screen.notice: render.notice(str(error))}

    def _starting(self, view: Look, snapshot: Snapshot) -> Updates:
        """The message is in the log: it leaves the box, and the wait begins."""
        begun = replace(view, selected=None, growing=True)
        return {
            **self._everything(begun, snapshot),
            self.screen.box: box_while_growing(),
            self.screen.notice: "",
        }

    def _grown(self, comparison: Comparison) -> Updates:
        content = columns.growing(comparison, len(self.catalog), self.manner(None))
        return {self.screen.live: content, **self._aloud(comparison)}

    def _aloud(self, comparison: Comparison | None) -> Updates:
        words = verdicts.ready(comparison, self.manner(None))
        return {self.screen.aloud: verdicts.aloud(words)}

    def _settled(self, view: Look, snapshot: Snapshot) -> Updates:
        """The whole page out of the log, ready for the next message."""
        at_rest = replace(view, selected=None, growing=False)
        return {
            **self._everything(at_rest, snapshot),
            self.screen.box: box_at_rest(),
            self.screen.live: "",
            self.screen.notice: "",
        }

    def _drawn(self, view: Look) -> Updates:
        try:
            return self._everything(view, self.snapshot(view))
        except CrsdemoError as error:
            return {self.screen.notice: render.notice(str(error))}

    def _everything(self, view: Look, snapshot: Snapshot) -> Updates:
        states = {self.screen.selected: view.selected, self.screen.growing: view.growing}
        drawn = {**self._talk(view, snapshot), **self._row(view, snapshot)}
        chosen = self.setup(view, snapshot.series)
        return {**states, **drawn, **chosen, **self.around(view, snapshot)}

    def _talk(self, view: Look, snapshot: Snapshot, click: int = 0) -> Updates:
        """The settled comparisons with all that was thought of them.

        `click` is the number of the click that this answers, as in `chat.py`.
        """
        series = snapshot.series
        done = [c for c in series.comparisons if c.is_settled or not view.growing]
        content = self.above(view, snapshot) + "".join(
            columns.settled(
                comparison,
                number,
                self._shown(comparison, snapshot, view),
                is_last=comparison is series.last and not view.growing,
            )
            for number, comparison in enumerate(done, 1)
        )
        if not content and not view.growing:
            content = self.welcome(view)
        return {self.screen.thread: render.stamped(content, snapshot.moment, click, "Comparisons")}

    def _row(self, view: Look, snapshot: Snapshot, click: int = 0) -> Updates:
        """The verdict on the newest comparison, and where the next message goes on from."""
        series, content = snapshot.series, verdicts.WAITING if view.growing else ""
        if series.last and not view.growing:
            shown = self._shown(series.last, snapshot, view)
            content = verdicts.row(series.last, shown) + self.below(snapshot, shown)
        return {self.screen.verdict: render.stamped(content, snapshot.moment, click, "Verdict")}

    def _shown(self, comparison: Comparison, snapshot: Snapshot, view: Look) -> Shown:
        """Evidence is there for the newest comparison, and for another one on demand."""
        series, earlier = snapshot.series, snapshot.restored.judgments.get(comparison.id)
        manner, waiting = self.manner(earlier), view.pending.get(comparison.id)
        said = earlier
        if waiting:
            said = judgment(waiting, earlier, names_shown=self.knows_names(earlier))
        is_selected = comparison.id == view.selected
        is_newest = comparison is series.last and not view.growing
        return replace(
            manner,
            marks=_marks(snapshot.restored),
            judgment=said,
            unsaved=said != earlier,  # what was kept aside may have been saved since
            evidence=manner.evidence and (is_selected or is_newest),
            is_open=is_selected,
            unfolded=manner.unfolded and is_newest,
            went_on=series.went_on(comparison) if series.policy == "shared" else None,
        )

    def _noted(self, view: Look, event: gr.EventData, error: CrsdemoError | None = None) -> Updates:
        """The page after a click: what it said is saved, or there was an error.

        What could not be saved stays on the screen. Each part of the page counts its own clicks.
        """
        words = unsaved_words(error) if error else ""
        said = {self.screen.pending: view.pending, self.screen.notice: render.notice(words)}
        in_row = event.origin == "verdict"
        try:
            snapshot = self.snapshot(view)
            talk = self._talk(view, snapshot, 0 if in_row else event.click)
            row = self._row(view, snapshot, event.click if in_row else 0)
            return {**talk, **row, **said, **self.around(view, snapshot)}
        except CrsdemoError as reason:
            return {**said, self.screen.notice: render.notice(words or str(reason))}

    def _failed(self, view: Look, error: CrsdemoError) -> Updates:
        """Say what went wrong. Words that were not taken stay in the box."""
        said = {self.screen.notice: render.notice(str(error))}
        if isinstance(error, BadInputError):
            return said
        try:
            return {**self._settled(view, self.snapshot(view)), **said}
        except CrsdemoError:  # the log is away: what is on the screen stays
            return {self.screen.growing: False, self.screen.box: box_at_rest(), **said}


def wire(blocks: gr.Blocks, page: Bench) -> None:
    """Bring a page to life on which everybody may come, wish, stop and begin anew."""
    s, quiet = page.screen, private(page.screen)
    once, many = quiet | {"trigger_mode": "once"}, quiet | {"trigger_mode": "multiple"}
    blocks.load(page.enter, s.look, **quiet)
    answering = [wire_talk(page), s.thread.wish(page.say_wish, s.look, **once, **MODEL)]
    for halt, then in ((s.box.stop, page.stopped), (s.masthead.fresh, page.begin_anew)):
        # Two events: in one, Gradio would cancel only after the handler has run.
        halt(None, cancels=answering, api_visibility="private").then(then, s.look, **quiet)
    s.thread.select(page.select, s.look, **many)
    s.thread.mark(page.mark, s.look, **many, **OPINIONS)


def wire_talk(page: Bench) -> Dependency:
    """What every page with two answers has: judging, going on, saying. Returns the last."""
    s, quiet = page.screen, private(page.screen)
    many = quiet | {"trigger_mode": "multiple"}
    for part in (s.thread, s.verdict):
        part.redraw(page.redraw, s.look, **many)
        part.judge(page.judge, s.look, **many, **OPINIONS)
    s.verdict.pick(page.pick, s.look, **many, **OPINIONS)
    s.box.submit(None, js=FOCUS)
    return s.box.submit(page.say, [s.box, *s.look], **quiet, trigger_mode="once", **MODEL)


def private(screen: Screen) -> Updates:
    """How events are bound that are no business of other programs, and may change all."""
    return {"outputs": screen.shown, "show_progress": "hidden", "api_visibility": "private"}


def may_pass(error: CrsdemoError) -> bool:
    """Whether the same click may be saved at another time."""
    if isinstance(error, BadInputError | RefusedError):
        return isinstance(error, TooManyError)
    return True


def _marks(restored: RestoredSeries) -> dict[str, Marks]:
    """By reply."""
    by_reply: dict[str, Marks] = {}
    for mark in restored.marks:
        earlier = by_reply.get(mark.generation_id, frozenset())
        by_reply[mark.generation_id] = earlier | {(mark.item_id, mark.kind)}
    return by_reply

"""The comparison page: one box, two answers in columns, and a verdict.

What happens and the wiring; the components are in `compare_screen.py`, the HTML is in
`columns.py`. The log is the only thing that remembers:
per visitor there are only two names in the browser, the comparison whose evidence is open, and
verdicts that could not be saved yet.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from crsdemo.catalog import Catalog
from crsdemo.comparison import (
    Answer,
    Comparison,
    Judgment,
    Series,
    checked_policy,
    checked_side,
)
from crsdemo.conversation import ItemMark, new_id
from crsdemo.errors import BadInputError, CrsdemoError
from crsdemo.feedback_comparisons import RestoredSeries
from crsdemo.reply_json import as_json
from crsdemo.side_by_side import SideBySide
from crsdemo.ui import columns, render
from crsdemo.ui.columns import Shown
from crsdemo.ui.compare_screen import Look, Screen, layout
from crsdemo.ui.controls import (
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
from crsdemo.ui.render import Marks

Json = dict[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """A series as the log had it, and when: a later one is truer."""

    restored: RestoredSeries
    moment: int  # ns of the monotonic clock, before it was read

    @property
    def series(self) -> Series:
        return self.restored.series


@dataclass(frozen=True)
class ComparePage:
    """What happens on the page. Holds no visitor: they come with each event."""

    side_by_side: SideBySide
    catalog: Catalog
    screen: Screen

    # One event each

    def enter(self, *look: Any) -> Updates:
        """A visitor comes, or comes back."""
        view = Look(*look)
        visit = {**(view.visit or {}), "visitor": (view.visit or {}).get("visitor") or new_id()}
        at = {"series": (view.at or {}).get("series") or new_id()}
        known = {self.screen.visit: visit, self.screen.at: at}
        return known | self._entered(Look(visit, at, None, {}, False, *view.names, view.policy))

    def begin_anew(self, *look: Any) -> Updates:
        """An empty series; the earlier one stays in the log."""
        begun = replace(Look(*look), at={"series": new_id()})
        fresh = [getattr(begun, name) for name in Look.__dataclass_fields__]
        return {**self.enter(*fresh), self.screen.box: box_at_rest()}

    def say(self, text: str, *look: Any) -> Iterator[Updates]:
        """Show both answers as they grow; at the end, what the log has."""
        view = Look(*look)
        try:
            snapshot = self._snapshot(view)
            growth = self.side_by_side.say(snapshot.series, text, view.names)
            for n, comparison in enumerate(paced(growth)):
                begun = self._starting(view, snapshot) if n == 0 else {}
                yield begun | {self.screen.live: columns.growing(comparison, len(self.catalog))}
            yield self._settled(view)
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
                last = self._snapshot(view).series.last
                if last and last.is_settled:
                    break
                time.sleep(PACE)
            return self._settled(view)
        except CrsdemoError as error:
            return self._failed(view, error)

    def redraw(self, *look: Any) -> Updates:
        """Other recommenders were chosen, or two answers came in the wrong order."""
        return self._drawn(Look(*look))

    def select(self, event: gr.EventData, *look: Any) -> Updates:
        """Open the evidence of an earlier message."""
        return self._drawn(replace(Look(*look), selected=event.comparison))

    def judge(self, event: gr.EventData, *look: Any) -> Updates:
        """Save a verdict, or try again to; it is called saved only when it is."""
        view, name = Look(*look), event.comparison
        given = view.pending[name] if event.again else event.judgment
        others = {other: kept for other, kept in view.pending.items() if other != name}
        try:
            self.side_by_side.comparisons.record_verdict(
                name, view.visit["visitor"], _judgment(given), given["id"]
            )
            return self._noted(replace(view, pending=others), event)
        except CrsdemoError as error:
            return self._noted(replace(view, pending={**others, name: given}), event, error)

    def pick(self, event: gr.EventData, *look: Any) -> Updates:
        """Go on from the other side, where there is no winner."""
        view = Look(*look)
        try:
            side = checked_side(event.side)
            self.side_by_side.comparisons.record_pick(event.comparison, side)
            return self._noted(view, event)
        except CrsdemoError as error:
            return self._noted(view, event, error)

    def mark(self, event: gr.EventData, *look: Any) -> Updates:
        """Keep that a film was seen, is wanted or not."""
        view = Look(*look)
        mark = ItemMark(event.reply, event.item, event.kind)
        try:
            self.side_by_side.log.record_mark(view.visit["visitor"], mark, on=event.on)
            return self._noted(view, event)
        except CrsdemoError as error:
            return self._noted(view, event, error)

    def say_from_outside(
        self,
        message: str,
        left: str,
        right: str,
        policy: str = "shared",
        comparison_id: str = "",
    ) -> Json:
        """Say something to two recommenders and get both replies with their evidence.

        Without `comparison_id` a new series begins; with the one that came with earlier replies,
        that series goes on, under its own policy. `policy` is "shared" (the chosen reply becomes
        the history of both) or "own" (each keeps its own). It is logged like a visit.
        """
        try:
            series = self._series(policy, comparison_id)
            *_, answered = self.side_by_side.say(series, message, (left, right))
        except CrsdemoError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return _as_json(answered)

    # What is true

    def _snapshot(self, view: Look) -> Snapshot:
        """The visitor's series as the log has it; an empty one if it has none."""
        moment = time.monotonic_ns()
        visitor, name = view.visit["visitor"], view.at["series"]
        restored = self.side_by_side.comparisons.restore(name, self.catalog)
        if restored and restored.series.visitor == visitor:
            return Snapshot(restored, moment)
        return Snapshot(RestoredSeries(Series(name, visitor, checked_policy(view.policy))), moment)

    def _series(self, policy: str, comparison_id: str) -> Series:
        """The one that is meant, or a new one. Raises BadInputError for an unknown one."""
        if not comparison_id:
            return self.side_by_side.start(new_id(), checked_policy(policy))
        name = self.side_by_side.comparisons.series_of(comparison_id)
        restored = self.side_by_side.comparisons.restore(name, self.catalog) if name else None
        if restored is None:
            raise BadInputError(
                f"no comparison {comparison_id!r} is known here; leave it out to begin one"
            )
        return restored.series

    def _entered(self, view: Look) -> Updates:
        """The page as it was left, with the recommenders that answered last."""
        try:
            last = self._snapshot(view).series.last
            names = (last.left.recommender, last.right.recommender) if last else view.names
            if not set(names) <= set(self.side_by_side.recommenders.names):
                names = view.names  # a checkpoint has gone since
            chosen = {self.screen.left: names[0], self.screen.right: names[1]}
            return chosen | self._settled(replace(view, left=names[0], right=names[1]))
        except CrsdemoError as error:
            return {self.screen.notice: render.notice(str(error))}

    def _starting(self, view: Look, snapshot: Snapshot) -> Updates:
        """The message is in the log: it leaves the box, and the wait begins."""
        begun = replace(view, selected=None, growing=True)
        return {
            **self._everything(begun, snapshot),
            self.screen.policy: gr.Radio(interactive=False),
            self.screen.box: box_while_growing(),
            self.screen.notice: "",
        }

    def _settled(self, view: Look) -> Updates:
        """The whole page out of the log, ready for the next message."""
        at_rest = replace(view, selected=None, growing=False)
        snapshot = self._snapshot(view)
        series = snapshot.series
        return {
            **self._everything(at_rest, snapshot),
            self.screen.policy: gr.Radio(value=series.policy, interactive=not series.comparisons),
            self.screen.box: box_at_rest(),
            self.screen.live: "",
            self.screen.notice: "",
        }

    def _drawn(self, view: Look) -> Updates:
        try:
            return self._everything(view, self._snapshot(view))
        except CrsdemoError as error:
            return {self.screen.notice: render.notice(str(error))}

    def _everything(self, view: Look, snapshot: Snapshot) -> Updates:
        states = {self.screen.selected: view.selected, self.screen.growing: view.growing}
        return {**states, **self._talk(view, snapshot), **self._row(view, snapshot)}

    def _talk(self, view: Look, snapshot: Snapshot, click: int = 0) -> Updates:
        """The settled comparisons with all that was thought of them.

        `click` is the number of the click that this answers, as in `chat.py`.
        """
        series, marks = snapshot.series, _marks(snapshot.restored)
        done = [c for c in series.comparisons if c.is_settled or not view.growing]
        content = "".join(
            columns.settled(
                comparison,
                number,
                _shown(comparison, series, marks, view),
                is_last=comparison is series.last and not view.growing,
            )
            for number, comparison in enumerate(done, 1)
        )
        if not content and not view.growing:
            content = columns.welcome(view.names, len(self.catalog))
        return {self.screen.thread: render.stamped(content, snapshot.moment, click, "Comparisons")}

    def _row(self, view: Look, snapshot: Snapshot, click: int = 0) -> Updates:
        """The verdict on the newest comparison, and where the next message goes on from."""
        series, content = snapshot.series, ""
        if series.last and not view.growing:
            shown = _shown(series.last, series, {}, view)
            content = columns.judging(series.last, shown) + columns.onward(series)
        return {self.screen.verdict: render.stamped(content, snapshot.moment, click, "Verdict")}

    def _noted(self, view: Look, event: gr.EventData, error: CrsdemoError | None = None) -> Updates:
        """The page after a click: what it said is saved, or there was an error.

        What could not be saved stays on the screen. Each part of the page counts its own clicks.
        """
        words = f"Not saved: {error}" if error else ""
        said = {self.screen.pending: view.pending, self.screen.notice: render.notice(words)}
        try:
            snapshot = self._snapshot(view)
            if event.origin == "verdict":
                return {**self._row(view, snapshot, event.click), **said}
            talk = self._talk(view, snapshot, event.click)
            return {**talk, **self._row(view, snapshot), **said}
        except CrsdemoError as reason:
            return {**said, self.screen.notice: render.notice(words or str(reason))}

    def _failed(self, view: Look, error: CrsdemoError) -> Updates:
        """Say what went wrong. Words that were not taken stay in the box."""
        said = {self.screen.notice: render.notice(str(error))}
        if isinstance(error, BadInputError):
            return said
        try:
            return {**self._settled(view), **said}
        except CrsdemoError:  # the log is away: what is on the screen stays
            return {self.screen.growing: False, self.screen.box: box_at_rest(), **said}


def _shown(comparison: Comparison, series: Series, marks: Mapping[str, Marks], view: Look) -> Shown:
    """An open comparison: names are shown always, evidence for the newest and on demand."""
    is_selected = comparison.id == view.selected
    unsaved = view.pending.get(comparison.id)
    return Shown(
        marks,
        unsaved=_judgment(unsaved).verdict if unsaved else None,
        evidence=is_selected or (comparison is series.last and not view.growing),
        is_open=is_selected,
        went_on=series.went_on(comparison) if series.policy == "shared" else None,
    )


def _marks(restored: RestoredSeries) -> dict[str, Marks]:
    """By reply."""
    by_reply: dict[str, Marks] = {}
    for mark in restored.marks:
        earlier = by_reply.get(mark.generation_id, frozenset())
        by_reply[mark.generation_id] = earlier | {(mark.item_id, mark.kind)}
    return by_reply


def _judgment(given: Mapping[str, Any]) -> Judgment:
    """What the browser says of a verdict. Raises BadInputError."""
    details = {
        "by": "key" if given["by"] == "key" else "click",
        "evidence_open": bool(given["evidence_open"]),
        "names_shown": True,
    }
    waited = given["decided_ms"]
    decided_ms = float(waited) if isinstance(waited, int | float) else None
    return Judgment(given["verdict"], decided_ms, given["layout"], details)


def _as_json(comparison: Comparison) -> Json:
    onward = comparison.onward
    goes_on = {"side": onward.side, "because": onward.because}
    return {
        "comparison_id": comparison.id,
        "policy": comparison.policy,
        "message": comparison.message,
        "left": _answer_as_json(comparison.left),
        "right": _answer_as_json(comparison.right),
        "goes_on_from": goes_on if comparison.policy == "shared" else None,
    }


def _answer_as_json(answer: Answer) -> Json:
    reply = answer.reply.reply
    return {
        "recommender": answer.recommender,
        "dialogue_id": answer.heard.id,
        "reply_id": answer.reply.id,
        "status": answer.reply.status,
        "error": answer.reply.error,
        **(as_json(reply) if reply else {}),
    }


def place(blocks: gr.Blocks, side_by_side: SideBySide, catalog: Catalog) -> None:
    """Lay the page out and bring it to life, inside `blocks`."""
    screen = layout(side_by_side.recommenders.names)
    _wire(blocks, ComparePage(side_by_side, catalog, screen))


def _wire(blocks: gr.Blocks, page: ComparePage) -> None:
    s = page.screen
    quiet = {"outputs": s.shown, "show_progress": "hidden", "api_visibility": "private"}
    once, many = quiet | {"trigger_mode": "once"}, quiet | {"trigger_mode": "multiple"}
    gr.api(page.say_from_outside, api_name="compare_say", **MODEL)
    blocks.load(page.enter, s.look, **quiet)
    s.box.submit(None, js=FOCUS)
    answering = [
        s.box.submit(page.say, [s.box, *s.look], **once, **MODEL),
        s.thread.wish(page.say_wish, s.look, **once, **MODEL),
    ]
    for halt, then in ((s.box.stop, page.stopped), (s.masthead.fresh, page.begin_anew)):
        # Two events: in one, Gradio would cancel only after the handler has run.
        halt(None, cancels=answering, api_visibility="private").then(then, s.look, **quiet)
    for chooser in (s.left, s.right):
        chooser.input(page.redraw, s.look, **many)
    s.thread.select(page.select, s.look, **many)
    s.thread.mark(page.mark, s.look, **many, **OPINIONS)
    for part in (s.thread, s.verdict):
        part.redraw(page.redraw, s.look, **many)
        part.judge(page.judge, s.look, **many, **OPINIONS)
    s.verdict.pick(page.pick, s.look, **many, **OPINIONS)

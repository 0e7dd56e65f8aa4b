"""A page with two answers as it is drawn: what the log has of its comparisons, in HTML.

The HTML of one comparison is in `verdicts.py`, what happens in `bench.py`.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

from crsdemo.chat.side_by_side import SideBySide
from crsdemo.chat.study_steps import Step
from crsdemo.core.catalog import Catalog
from crsdemo.core.comparison import Comparison, Judgment, Series, checked_policy
from crsdemo.core.conversation import Conversation, seen_id
from crsdemo.feedback.comparisons import RestoredSeries
from crsdemo.language.veil import veiled_comparison
from crsdemo.web.compare import verdicts
from crsdemo.web.compare.said_of_two import judgment
from crsdemo.web.compare.screen import Look, Screen
from crsdemo.web.compare.verdicts import PARTS
from crsdemo.web.shared import render
from crsdemo.web.shared.controls import Updates
from crsdemo.web.shared.markup import Macros
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
class Drawing(ABC):
    """What is true of the page. Holds no visitor: what each looks at is given."""

    side_by_side: SideBySide
    catalog: Catalog
    screen: Screen

    @property
    def parts(self) -> Macros:
        """The HTML of comparisons, in the words of the catalog."""
        return PARTS.of(self.catalog.domain)

    # Where the pages differ

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

    def understood(self, comparison: Comparison, *, can_be_corrected: bool) -> str:
        """What was understood of its message, as HTML, perhaps with a way to take it back."""
        return ""

    def below(self, snapshot: Snapshot, shown: Shown) -> str:
        """What stands below the verdict on the newest one, which is shown like this."""
        return verdicts.onward(snapshot.series, shown)

    def around(self, view: Look, snapshot: Snapshot) -> Updates:
        """The parts of the page that only this one has."""
        return {}

    def setup(self, view: Look, series: Series) -> Updates:
        """What the visitor can choose."""
        return {}

    def series_id(self, view: Look) -> str:
        """Of the visitor's series: none that was begun where nobody knows who answers."""
        return seen_id(str(view.at["series"]))

    def snapshot(self, view: Look) -> Snapshot:
        """The visitor's series as the log has it; an empty one if it has none."""
        moment = time.monotonic_ns()
        visitor, name = view.visitor, self.series_id(view)
        restored = self.side_by_side.comparisons.restore(name, self.catalog)
        if restored and restored.series.visitor == visitor:
            return Snapshot(restored, moment)
        return Snapshot(RestoredSeries(Series(name, visitor, checked_policy(view.policy))), moment)

    # What all pages have

    def everything(self, view: Look, snapshot: Snapshot) -> Updates:
        states = {self.screen.selected: view.selected, self.screen.growing: view.growing}
        drawn = {**self.talk(view, snapshot), **self.row(view, snapshot)}
        chosen = self.setup(view, snapshot.series)
        return {**states, **drawn, **chosen, **self.around(view, snapshot)}

    def grown(self, comparison: Comparison | Conversation) -> Updates:
        """Two answers as far as they have come, or that there will be the one of a talk."""
        if isinstance(comparison, Conversation):
            return {self.screen.live: self.parts.growing_alone(comparison.up_to_user().turns[-1])}
        manner = self.manner(None)
        content = self.parts.growing(self._seen(comparison, manner), len(self.catalog), manner)
        return {self.screen.live: content, **self.aloud(comparison)}

    def aloud(self, comparison: Comparison | None) -> Updates:
        words = verdicts.ready(comparison, self.manner(None))
        return {self.screen.aloud: verdicts.aloud(words)}

    def talk(self, view: Look, snapshot: Snapshot, click: int = 0) -> Updates:
        """The newest settled comparisons with all that was thought of them.

        `click` is the number of the click that this answers, as in `talk/page.py`.
        """
        series = snapshot.series
        done = [c for c in series.comparisons if c.is_settled or not view.growing]
        chosen = [n for n, comparison in enumerate(done) if comparison.id == view.selected]
        begin = max(0, min(len(done) - render.N_SHOWN, *chosen, len(done)))
        before = done[max(0, begin - render.N_SHOWN)].id if begin else ""
        way_back = render.earlier(begin, comparison=before)
        content = (
            self.above(view, snapshot)
            + way_back
            + "".join(
                self.parts.settled(
                    self._seen(comparison, shown),
                    number,
                    shown,
                    is_last=comparison is series.last and not view.growing,
                )
                for number, comparison in enumerate(done[begin:], begin + 1)
                for shown in [self._shown(comparison, snapshot, view)]
            )
        )
        if not content and not view.growing:
            content = self.welcome(view)
        return {self.screen.thread: render.stamped(content, snapshot.moment, click, "Comparisons")}

    def row(self, view: Look, snapshot: Snapshot, click: int = 0) -> Updates:
        """The verdict on the newest comparison, and where the next message goes on from."""
        series, content = snapshot.series, verdicts.WAITING if view.growing else ""
        if series.last and not view.growing:
            shown = self._shown(series.last, snapshot, view)
            content = self.parts.row(series.last, shown) + self.below(snapshot, shown)
        return {self.screen.verdict: render.stamped(content, snapshot.moment, click, "Verdict")}

    def _seen(self, comparison: Comparison, shown: Shown) -> Comparison:
        """Nobody tells who they are where no name is shown."""
        known = self.side_by_side.recommenders.names
        return comparison if shown.named else veiled_comparison(comparison, known)

    def _shown(self, comparison: Comparison, snapshot: Snapshot, view: Look) -> Shown:
        """Evidence is there for the newest comparison, and for another one on demand."""
        series, earlier = snapshot.series, snapshot.restored.judgments.get(comparison.id)
        manner, waiting = self.manner(earlier), view.pending.get(comparison.id)
        said = earlier
        if waiting:
            said = judgment(
                waiting,
                earlier,
                domain=self.catalog.domain,
                names_shown=self.knows_names(earlier),
            )
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
            understood=self.understood(
                comparison,
                can_be_corrected=is_newest and said is None and comparison.can_be_corrected,
            ),
            went_on=series.went_on(comparison) if series.policy == "shared" else None,
        )


def _marks(restored: RestoredSeries) -> dict[str, Marks]:
    """By reply."""
    by_reply: dict[str, Marks] = {}
    for mark in restored.marks:
        earlier = by_reply.get(mark.generation_id, frozenset())
        by_reply[mark.generation_id] = earlier | {(mark.item_id, mark.kind)}
    return by_reply

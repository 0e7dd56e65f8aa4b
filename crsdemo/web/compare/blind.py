"""The blind comparison page: two hidden systems answer, and are named once one has judged them.

Who stands where is drawn anew for each message, so that no verdict tells of the next one. No name
is sent to the browser before one asks for it, which ends all changes, and no word before both
answers are whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import gradio as gr

from crsdemo.chat.side_by_side import SideBySide, drawn
from crsdemo.core.catalog import Catalog
from crsdemo.core.comparison import Comparison, Judgment, Series, new_seed
from crsdemo.core.conversation import blind_id
from crsdemo.core.errors import BadInputError
from crsdemo.feedback.comparisons import RestoredSeries
from crsdemo.studies.annotators import secret_beside
from crsdemo.web.compare.bench import Bench, wire
from crsdemo.web.compare.drawing import Snapshot
from crsdemo.web.compare.screen import Look, Screen, parts, states
from crsdemo.web.shared import render
from crsdemo.web.shared.controls import html
from crsdemo.web.shared.shown import BLIND, Shown

OURS = ("gcrs", "reges")  # who answers unless the operator says otherwise


@dataclass(frozen=True)
class BlindPage(Bench):
    """Nobody knows who answers as long as anything can be changed."""

    offered: tuple[str, ...]

    def series_id(self, view: Look) -> str:
        return blind_id(str(view.at["series"]))

    def snapshot(self, view: Look) -> Snapshot:
        """A series from before ids told what is blind is still shown, and goes no further."""
        found, name = super().snapshot(view), str(view.at["series"])
        if found.series.comparisons or name == found.series.id:
            return found
        old = self.side_by_side.comparisons.restore(name, self.catalog)
        if old and old.series.visitor == view.visitor and _was_blind(old):
            return replace(found, restored=old)
        return found

    def growth(self, view: Look, series: Series, text: str) -> Iterator[Comparison]:
        if series.id != self.series_id(view):
            series = Series(self.series_id(view), view.visitor, series.policy)
        seed = new_seed()
        return self.side_by_side.say(series, text, drawn(self.offered, seed), seed=seed)

    def knows_names(self, earlier: Judgment | None) -> bool:
        return earlier is not None and earlier.is_finished

    def manner(self, earlier: Judgment | None) -> Shown:
        if self.knows_names(earlier):
            return Shown(revealed=True, locked=True, markable=False)
        return replace(BLIND, finishable=earlier is not None)

    def welcome(self, view: Look) -> str:
        return self.parts.blind_welcome(len(self.catalog))


def place(
    blocks: gr.Blocks, side_by_side: SideBySide, catalog: Catalog, offered: Sequence[str] = ()
) -> None:
    """Lay the page out and bring it to life, inside `blocks`.

    The pair is drawn from `offered`: our two, or the first two there are, if it is empty.
    Raises BadInputError for one that is not there.
    """
    offered = hidden(offered, side_by_side.recommenders.names)
    secret_key = secret_beside(side_by_side.log.path)
    wire(blocks, BlindPage(side_by_side, catalog, _layout(catalog), secret_key, offered))


def _was_blind(old: RestoredSeries) -> bool:
    """Whether it was judged, and never with the names in sight."""
    seen = [said.details.get("names_shown") for said in old.judgments.values()]
    return bool(seen) and not any(seen)


def hidden(offered: Sequence[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Who may answer. Raises BadInputError for one that is not known."""
    for name in offered:
        if name not in known:
            raise BadInputError(f"no recommender {name!r} to hide; there are: {', '.join(known)}")
    ours = tuple(name for name in OURS if name in known)
    return tuple(offered) or (ours if len(ours) == len(OURS) else known[:2])


def _layout(catalog: Catalog) -> Screen:
    masthead = html("masthead", render.masthead("blind"), "shared/masthead.js")
    return Screen(**states("blind"), masthead=masthead, **parts(catalog.domain))

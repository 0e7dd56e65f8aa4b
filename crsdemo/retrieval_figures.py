"""Recall and cosine of searches as plotly pictures: the figures 5 and 7 of ReGeS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from crsdemo.evaluate_retrieval import (
    CUTOFFS,
    EXPERT,
    LAST,
    SIGNALS,
    TUNED,
    UNTUNED,
    WHOLE,
    Found,
    Nearness,
    RetrievalReport,
)
from crsdemo.evaluate_statistics import recalls

COLORS = {WHOLE: "#9a9a9a", LAST: "#d08c3c", EXPERT: "#0f8a80"}  # told apart without hue, too
FONT = {"family": "IBM Plex Sans, sans-serif", "size": 14}


def write_figures(report: RetrievalReport, folder: Path) -> list[Path]:
    """`recall` and `cosine`, each as interactive `.html` and as plotly's `.json`, in `folder`.

    The pages share one `plotly.min.js` beside them, so that they open without a network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, figure in (("recall", recall_figure(report)), ("cosine", cosine_figure(report))):
        page, data = folder / f"{name}.html", folder / f"{name}.json"
        figure.write_html(page, include_plotlyjs="directory")
        figure.write_json(data)
        written += [page, data]
    return written


def recall_figure(report: RetrievalReport) -> go.Figure:
    """Recall of new items by cut-off, one panel per ranker, one colour per query (fig. 5)."""
    rankers = (UNTUNED, TUNED, SIGNALS)
    figure = make_subplots(1, len(rankers), subplot_titles=rankers, shared_yaxes=True)
    for found in report.found:
        bars = _bars(found, legend=found.search.ranker == UNTUNED)
        figure.add_trace(bars, row=1, col=1 + rankers.index(found.search.ranker))
    n = len(report.found[0].new)
    title = f"Recall of new items, {n:,} targets in {report.dialogues:,} dialogues"
    figure.update_layout(barmode="group", **_layout(f"{title}; bars: 95% of resampled dialogues"))
    figure.update_yaxes(rangemode="tozero", tickformat=".0%")
    return figure


def cosine_figure(report: RetrievalReport) -> go.Figure:
    """Cosine of queries and the right items, one panel per encoder (fig. 7)."""
    encoders = (UNTUNED, TUNED)
    figure = make_subplots(1, len(encoders), subplot_titles=encoders, shared_yaxes=True)
    for one in report.nearness:
        figure.add_trace(_shape(one), row=1, col=1 + encoders.index(one.search.ranker))
    n = len(report.nearness[0].cosines)
    figure.update_layout(**_layout(f"Cosine of a query and the item it should find, n = {n:,}"))
    figure.update_xaxes(title="cosine")
    return figure


def _bars(found: Found, legend: bool) -> go.Bar:
    """Recalls of new targets with their intervals."""
    figures = recalls(found.new, CUTOFFS)
    names = [f"recall@{k}" for k in CUTOFFS]
    heights = [figures[name] for name in names]
    low, high = zip(*(figures["ci95"][name] for name in names), strict=True)
    return go.Bar(
        x=[f"@{k}" for k in CUTOFFS],
        y=heights,
        error_y=_reach(heights, low, high),
        name=found.search.query,
        legendgroup=found.search.query,
        showlegend=legend,
        marker_color=COLORS[found.search.query],
    )


def _reach(
    heights: Sequence[float], low: Sequence[float | None], high: Sequence[float | None]
) -> dict[str, Any]:
    """Nothing where an interval is not known."""
    up = [None if top is None else top - at for top, at in zip(high, heights, strict=True)]
    down = [None if end is None else at - end for end, at in zip(low, heights, strict=True)]
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "thickness": 1}


def _shape(one: Nearness) -> go.Violin:
    """The distribution, with its quartiles and mean."""
    kind = one.search.query
    return go.Violin(
        x=one.cosines.tolist(),
        y=[kind] * len(one.cosines),
        name=kind,
        side="positive",
        width=1.6,
        points=False,
        box_visible=True,
        meanline_visible=True,
        line_color=COLORS[kind],
        orientation="h",
        showlegend=False,
    )


def _layout(title: str) -> dict[str, Any]:
    return {
        "title": {"text": title, "font": {"size": 16}},
        "template": "plotly_white",
        "font": FONT,
        "legend": {"orientation": "h", "y": -0.12},
        "height": 480,
    }

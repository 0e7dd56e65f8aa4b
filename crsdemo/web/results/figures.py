"""The pictures of the results page, drawn by plotly. Every number drawn is one of the table's.

Rows are laid out from top to bottom in pixels, their names above them, so that a phone has room
for them; the height is known before a browser draws. One palette serves both themes, and the
style sheet gives words the ink of the theme.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from crsdemo.studies.statistics.bootstrap import Estimate

Part = dict[str, Any]  # of a plotly figure

# Told apart by colour-blind people (after Okabe and Ito), 3:1 against both papers
PALETTE = ("rgb(46,126,194)", "rgb(203,113,22)", "rgb(132,112,204)", "rgb(20,145,135)")
MORE = "rgb(140,134,126)"  # from the fifth on
ACCENT, GREY, GRID = PALETTE[3], "rgba(128,128,128,0.5)", "rgba(128,128,128,0.22)"
SHADES = (0.75, 0.57, 0.41, 0.26)  # of grey, for verdicts that nobody won
SANS = "IBM Plex Sans, sans-serif"
INK = "rgba(0,0,0,1)"

ROW, BAR, AXIS, TOP = 46, 15, 26, 6  # pixels
LANE, LANES = 6, 12  # between two lanes of a row, and all together at most
SLIM, BESIDE = 27, (0.17, 0.62)  # height of a slim row; where its bar lies, in parts of the width
SIDES = 20  # beside a scale, for the words at its ends
COLUMNS = 190  # height of a picture with upright bars
N_LETTERS = 32  # of a name beside a picture


@dataclass(frozen=True)
class Mark:
    """A figure with its interval as it is drawn."""

    estimate: Estimate
    words: str  # the figure as it is read
    color: str = ACCENT
    hollow: bool = False  # a ring: not ours, or not as it is used
    lane: float = 0  # pixels below the line of its row


@dataclass(frozen=True)
class Dot:
    """A figure with its interval in a row of its own."""

    name: str
    estimate: Estimate
    words: str  # the figure as it is read, on the right
    color: str = ACCENT

    @property
    def marks(self) -> tuple[Mark, ...]:
        return (Mark(self.estimate, self.words, self.color),)


@dataclass(frozen=True)
class Dots:
    """Several figures with their intervals in one row."""

    name: str
    words: str  # on the right
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Axis:
    """What a row of dots is measured on."""

    low: float
    high: float
    ticks: Sequence[float]
    labels: Sequence[str]
    middle: float | None = None  # a line that an interval can leave on one side


@dataclass(frozen=True)
class Piece:
    """A part of a bar."""

    name: str
    length: float
    color: str


@dataclass(frozen=True)
class Bar:
    """A row that is made of pieces."""

    name: str
    words: str
    pieces: tuple[Piece, ...]

    @property
    def length(self) -> float:
        return sum(piece.length for piece in self.pieces)


def color_of(recommender: str, recommenders: Sequence[str]) -> str:
    """The same recommender has the same colour in every picture."""
    place = list(recommenders).index(recommender)
    return PALETTE[place] if place < len(PALETTE) else MORE


def shade(place: int) -> str:
    """A grey for what nobody won."""
    return f"rgba(128,124,118,{SHADES[place]})"


def dots(rows: Sequence[Dot | Dots], axis: Axis) -> go.Figure:
    """Each figure a dot on a line as long as its interval."""
    height = TOP + ROW * len(rows)
    traces: list[Part] = []
    words: list[Part] = []
    for number, row in enumerate(rows):
        y = TOP + ROW * number + 32
        traces += [_whisker(mark, y + mark.lane) for mark in row.marks]
        traces += [_dot(row.name, mark, y + mark.lane) for mark in row.marks]
        words += _above(row.name, row.words, y - 19, SIDES)
    layout = _layout(height) | {"annotations": words, "shapes": _middle(axis, len(rows))}
    layout |= {"xaxis": _x_axis(axis), "height": height + AXIS}
    layout["margin"] = {"l": SIDES, "r": SIDES, "t": 0, "b": AXIS, "pad": 0}
    return go.Figure([one for one in traces if one], layout)


def bars(
    rows: Sequence[Bar],
    *,
    slim: bool = False,
    alike: bool = False,
) -> go.Figure:
    """Each row a bar of pieces, in parts of the longest bar, or of itself where all are `alike`.

    `slim`: its words stand beside it.
    """
    longest = max((row.length for row in rows), default=0)
    step, below = (SLIM, SLIM / 2) if slim else (ROW, 32)
    height = TOP + step * len(rows)
    traces: list[Part] = []
    words: list[Part] = []
    for number, row in enumerate(rows):
        y, start = TOP + step * number + below, 0.0
        words += _above(row.name, row.words, y - (0 if slim else 20))
        whole = (row.length if alike else longest) or 1
        for piece in row.pieces:
            traces.append(_piece(piece, start / whole, piece.length / whole, y))
            start += piece.length
    layout = _layout(height) | {"annotations": words}
    layout["xaxis"]["domain"] = BESIDE if slim else (0, 1)
    return go.Figure([one for one in traces if one], layout)


def columns(labels: Sequence[str], counts: Sequence[float], color: str = ACCENT) -> go.Figure:
    """Upright bars side by side, in their order."""
    bar = {
        "type": "bar",
        "x": list(labels),
        "y": list(counts),
        "marker": {"color": color, "line": {"width": 0}},
        "hovertemplate": "%{x}: %{y}<extra></extra>",
    }
    layout = _layout(COLUMNS) | {
        "margin": {"l": 34, "r": 2, "t": 8, "b": 30, "pad": 4},
        "bargap": 0.25,
        "xaxis": {"type": "category", "fixedrange": True, "tickfont": _font(12), "nticks": 8},
        "yaxis": {
            "fixedrange": True,
            "gridcolor": GRID,
            "tickfont": _font(12),
            "nticks": 5,
            "rangemode": "tozero",
            "tickformat": "d",
            "zeroline": False,
        },
    }
    return go.Figure([bar], layout)


def _whisker(mark: Mark, y: float) -> Part:
    low, high = mark.estimate.low, mark.estimate.high
    if low is None or high is None:
        return {}
    line = {"color": mark.color, "width": 3}
    points = {"x": [low, high], "y": [y, y], "mode": "lines", "line": line}
    return {"type": "scatter", "hoverinfo": "skip", "opacity": 0.55, **points}


def _dot(name: str, mark: Mark, y: float) -> Part:
    if mark.estimate.value is None:
        return {}
    symbol = {"symbol": "circle-open", "line": {"width": 2.5}} if mark.hollow else {}
    return {
        "type": "scatter",
        "x": [mark.estimate.value],
        "y": [y],
        "mode": "markers",
        "cliponaxis": False,  # whole, also at the end of the scale
        "marker": {"color": mark.color, "size": 12, **symbol},
        "hovertemplate": f"{_plain(name, 60)}: {_plain(mark.words, 60)}<extra></extra>",
    }


def _middle(axis: Axis, n_rows: int) -> list[Part]:
    if axis.middle is None:
        return []
    ends = {"x0": axis.middle, "x1": axis.middle, "y0": TOP + 22, "y1": TOP + ROW * n_rows}
    return [{"type": "line", "layer": "below", **ends, "line": {"color": GREY, "width": 1.5}}]


def _piece(piece: Piece, start: float, length: float, y: float) -> Part:
    if not length:
        return {}
    return {
        "type": "bar",
        "orientation": "h",
        "y": [y],
        "x": [length],
        "base": [start],
        "width": [BAR],
        "marker": {"color": piece.color, "line": {"width": 0}},
        "hovertemplate": f"{_plain(piece.name, 60)}: {piece.length:,.0f}<extra></extra>",
    }


def _above(name: str, words: str, y: float, margin: float = 0) -> list[Part]:
    """What a row is about on its left, what it says on its right; `margin` is left empty."""
    place = {"xref": "paper", "y": y, "showarrow": False, "yanchor": "middle", "borderpad": 0}
    left = {"x": 0, "xanchor": "left", "xshift": -margin, "text": _plain(name, N_LETTERS)}
    right = {"x": 1, "xanchor": "right", "xshift": margin, "text": _plain(words, 60)}
    return [{**place, **side, "font": _font(13)} for side in (left, right)]


def _x_axis(axis: Axis) -> Part:
    return {
        "range": [axis.low, axis.high],
        "tickvals": list(axis.ticks),
        "ticktext": list(axis.labels),
        "tickfont": _font(12),
        "fixedrange": True,
        "gridcolor": GRID,
        "zeroline": False,
        "side": "bottom",
    }


def _layout(height: float) -> Part:
    hidden = {"visible": False, "fixedrange": True}
    return {
        "height": height,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
        "xaxis": {**hidden, "range": [0, 1]},
        "yaxis": {**hidden, "range": [height, 0]},
        "template": None,
        "barmode": "overlay",
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {"align": "left", "font": {"family": SANS, "size": 12}},
    }


def _font(size: float) -> Part:
    return {"size": size, "color": INK, "family": SANS}


def _plain(text: str, length: int) -> str:
    """At most `length` characters, safe in plotly's own small HTML and in its templates."""
    short = text if len(text) <= length else text[: length - 1].rstrip() + "…"
    return html.escape(short, quote=False).replace("%{", "% {")

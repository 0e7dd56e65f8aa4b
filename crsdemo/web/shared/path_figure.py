"""The way through the ID trie as a plotly picture. Every number drawn is a number of the reply."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from crsdemo.core.catalog import Item
from crsdemo.core.recommender import Branch, PathStep
from crsdemo.web.shared.markup import branch_name, film_count, percent, step_heading

Part = dict[str, Any]  # of a plotly figure

N_ALTERNATIVES = 3  # branches not taken that are drawn per level
N_LETTERS = 38  # of a label: what a phone has room for

# One palette for both themes: the bars are see-through, and the style sheet turns the black of
# the words into the ink of the theme while it keeps their opacity.
CHOSEN, CHOSEN_LINE = "rgba(15,138,128,0.34)", "rgb(15,138,128)"
PALE, PALE_LINE = "rgba(128,128,128,0.20)", "rgba(128,128,128,0.75)"
PALE_DOT = "rgb(150,150,150)"
INK, QUIET = "rgba(0,0,0,1)", "rgba(0,0,0,0.68)"
SANS, MONO, SERIF = "IBM Plex Sans, sans-serif", "IBM Plex Mono, monospace", "Lora, serif"

# Horizontal measures are parts of the width, vertical ones pixels.
SPINE, TWIG, BARS, NUMBERS = 0.018, 0.046, 0.085, 0.995
BAR_SCALE = 0.76  # width of a bar of probability 1
HEAD, TAKEN, PASSED, GAP, LEAF = 24, 44, 25, 9, 40


def path_figure(path: Sequence[PathStep], item: Item | None) -> go.Figure | None:
    """The way through the ID trie from top to bottom: the road taken and the exits passed.

    At each level the branch taken comes first and strong, the ones that nearly won below it and
    pale; the length of a bar is the probability among all branches there. None for no path.
    """
    if not path:
        return None
    rows = _rows(path)
    height = rows[-1].y + (TAKEN if rows[-1].taken else PASSED) / 2 + GAP
    end = height + LEAF / 2 if item else None
    traces = [*_road(rows, end), *_bars(rows)]
    words = [*_words_of(path, rows), *([_leaf(item, end)] if item and end else [])]
    layout = _layout(height + (LEAF if item else 0)) | {"annotations": words}
    return go.Figure(traces, layout)  # at once: piece by piece takes three times as long


@dataclass(frozen=True)
class _Row:
    """A branch and where it is drawn: `y` is the middle in pixels from the top."""

    branch: Branch
    taken: bool
    step: PathStep
    y: float

    @property
    def head(self) -> float:
        """Where the heading of the level is drawn that this row, if taken, opens."""
        return self.y - (TAKEN + HEAD) / 2


def _rows(path: Sequence[PathStep]) -> list[_Row]:
    rows, y = [], 0.0
    for step in path:
        y += HEAD
        rows.append(_Row(step.chosen, True, step, y + TAKEN / 2))
        y += TAKEN
        for branch in step.alternatives[:N_ALTERNATIVES]:
            rows.append(_Row(branch, False, step, y + PASSED / 2))
            y += PASSED
        y += GAP
    return rows


def _road(rows: Sequence[_Row], end: float | None) -> Iterator[Part]:
    """The spine through the branches taken, and twigs that leave it before each of them."""
    taken = [row.y for row in rows if row.taken]
    for first, last in _levels(rows):
        if first is not last:
            yield _line(_twig(first.head, last.y), PALE_LINE, 1)
    yield _line([(SPINE, rows[0].head), (SPINE, end or taken[-1])], CHOSEN_LINE, 4)
    for row in rows:
        x, color = (SPINE, CHOSEN_LINE) if row.taken else (TWIG, PALE_LINE)
        yield _line([(x, row.y), (BARS, row.y)], color, 4 if row.taken else 1)
    yield _dots([(SPINE, y) for y in (*taken, end) if y], CHOSEN_LINE, 13)
    yield _dots([(TWIG, row.y) for row in rows if not row.taken], PALE_DOT, 7)


def _levels(rows: Sequence[_Row]) -> Iterator[tuple[_Row, _Row]]:
    """First and last row of each level."""
    for step in dict.fromkeys(id(row.step) for row in rows):
        same = [row for row in rows if id(row.step) == step]
        yield same[0], same[-1]


def _twig(start: float, end: float) -> list[tuple[float, float]]:
    return [(SPINE, start), (TWIG, start + 12), (TWIG, end)]


def _line(points: Sequence[tuple[float, float]], color: str, width: int) -> Part:
    x, y = zip(*points, strict=True)
    line = {"color": color, "width": width}
    return {"type": "scatter", "x": x, "y": y, "mode": "lines", "line": line, "hoverinfo": "skip"}


def _dots(points: Sequence[tuple[float, float]], color: str, size: int) -> Part:
    return {
        "type": "scatter",
        "x": [x for x, _ in points],
        "y": [y for _, y in points],
        "mode": "markers",
        "marker": {"color": color, "size": size},
        "hoverinfo": "skip",
    }


def _bars(rows: Sequence[_Row]) -> Iterator[Part]:
    """The visible bars, and clear ones across the whole row that answer to the mouse."""
    bar = {
        "type": "bar",
        "orientation": "h",
        "y": [row.y for row in rows],
        "base": [BARS] * len(rows),
        "width": [TAKEN - 6 if row.taken else PASSED - 4 for row in rows],
    }
    colors = [CHOSEN if row.taken else PALE for row in rows]
    yield bar | {
        "x": [max(row.branch.probability * BAR_SCALE, 0.004) for row in rows],
        "marker": {"color": colors, "line": {"width": 0}},
        "hoverinfo": "skip",
    }
    yield bar | {
        "x": [1 - BARS] * len(rows),
        "marker": {"color": "rgba(0,0,0,0)", "line": {"width": 0}},
        "customdata": [_hover(row.branch) for row in rows],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _hover(branch: Branch) -> str:
    words = [
        f"<b>{_plain(branch_name(branch), 60)}</b>",
        f"{percent(branch.probability)} · {film_count(branch.n_items)} here",
    ]
    if branch.n_items > 1 and branch.examples:
        words += ["for example", *(_plain(name, 60) for name in branch.examples[:4])]
    return "<br>".join(words)


def _words_of(path: Sequence[PathStep], rows: Sequence[_Row]) -> Iterator[Part]:
    for row in rows:
        yield from _taken_words(row) if row.taken else _passed_words(row)
    for step, row in zip(path, (row for row in rows if row.taken), strict=True):
        yield _words(BARS, row.head + 2, step_heading(step), size=11.5, color=QUIET)


def _taken_words(row: _Row) -> Iterator[Part]:
    branch, above, below = row.branch, row.y - 8, row.y + 10
    small = f"{film_count(branch.n_items)} · code {branch.code}"
    chance = f"<b>{html.escape(percent(branch.probability))}</b>"
    words = f"<b>{_plain(branch_name(branch), N_LETTERS)}</b>"
    yield _words(BARS + 0.015, above, words, size=13, color=INK)
    yield _words(BARS + 0.015, below, small, size=10.5, color=QUIET, font=MONO)
    yield _words(NUMBERS, above, chance, size=13, color=INK, right=True)


def _passed_words(row: _Row) -> Iterator[Part]:
    branch = row.branch
    code = f'  <span style="font-size:10px">{branch.code}</span>'
    chance = html.escape(percent(branch.probability))
    words = _plain(branch_name(branch), N_LETTERS) + code
    yield _words(BARS + 0.015, row.y, words, size=12, color=QUIET)
    yield _words(NUMBERS, row.y, chance, size=12, color=QUIET, right=True)


def _leaf(item: Item, y: float) -> Part:
    words = f"<b>{_plain(item.title, N_LETTERS)}</b>" + (f"  {item.year}" if item.year else "")
    return _words(BARS, y, words, size=17, color=INK, font=SERIF)


def _words(
    x: float,
    y: float,
    words: str,
    *,
    size: float,
    color: str,
    font: str = SANS,
    right: bool = False,
) -> Part:
    return {
        "x": x,
        "y": y,
        "text": words,
        "showarrow": False,
        "xanchor": "right" if right else "left",
        "yanchor": "middle",
        "align": "left",
        "borderpad": 0,
        "font": {"size": size, "color": color, "family": font},
    }


def _layout(height: float) -> Part:
    hidden = {"visible": False, "fixedrange": True}
    return {
        "height": math.ceil(height) + 6,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
        "xaxis": {**hidden, "range": [0, 1]},
        "yaxis": {**hidden, "range": [math.ceil(height) + 4, -2]},
        "template": None,
        "barmode": "overlay",
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {"align": "left", "font": {"family": SANS, "size": 12}},
    }


def _plain(text: str, length: int) -> str:
    """At most `length` characters, safe in plotly's own small HTML."""
    short = text if len(text) <= length else text[: length - 1].rstrip(" ,·") + "…"
    return html.escape(short, quote=False)

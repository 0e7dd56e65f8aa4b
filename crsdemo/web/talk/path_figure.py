"""The way through the ID trie as a plotly picture. Every number drawn is a number of the reply."""

from __future__ import annotations

import html
from collections.abc import Sequence
from textwrap import wrap
from typing import Any, NamedTuple

import plotly.graph_objects as go

from crsdemo.core.catalog import Item
from crsdemo.core.domain import Domain
from crsdemo.core.recommender import Branch, PathStep
from crsdemo.web.shared.evidence import N_ALTERNATIVES
from crsdemo.web.shared.markup import branch_name, percent, step_heading

Part = dict[str, Any]  # of a plotly figure

N_LETTERS, N_LARGE = 38, 30  # of a label and of a line of the title: what a phone has room for
SANS, SERIF = "IBM Plex Sans, sans-serif", "Lora, serif"
# One palette for both themes: bars are see-through, and the style sheet gives black words its ink.
ROAD, TAKEN, PASSED = "rgb(15,138,128)", "rgba(15,138,128,0.32)", "rgba(128,128,128,0.24)"
TWIG, ROW, CLEAR = "rgba(128,128,128,0.6)", "rgba(128,128,128,0.09)", "rgba(0,0,0,0)"
INK, QUIET = "rgba(0,0,0,1)", "rgba(0,0,0,0.7)"
BARE = {"width": 0}
REST: Part = {"type": "scatter", "hoverinfo": "skip", "cliponaxis": False}  # all but bars
SPINE, BARS, INSIDE, END = 0.018, 0.064, 0.078, 0.986  # parts of the width
HEAD, HIGH, LOW, GAP, LEAF = 22, 40, 24, 10, 23  # pixels


class _Row(NamedTuple):
    """A branch, the middle of its bar in pixels from the top, and how high that is."""

    branch: Branch
    taken: bool
    y: float
    height: int


class _Words(NamedTuple):
    x: float
    y: float
    text: str
    size: float = 12
    color: str = QUIET
    font: str = SANS


def path_figure(path: Sequence[PathStep], item: Item | None, domain: Domain) -> go.Figure | None:
    """From top to bottom the branch taken at each level, strong, and the exits passed, pale.

    The length of a bar is the probability among all branches there. None for no path.
    """
    if not path:
        return None
    rows: list[_Row] = []
    words: list[_Words] = []
    y = 0
    for step in path:
        words.append(_Words(BARS, y + HEAD / 2, step_heading(step, domain)))
        y += HEAD
        for branch in (step.chosen, *step.alternatives[:N_ALTERNATIVES]):
            height = HIGH if branch is step.chosen else LOW
            rows.append(_Row(branch, branch is step.chosen, y + height / 2, height))
            words += _named(rows[-1], domain)
            y += height
        y += GAP
    stops = [row.y for row in rows if row.taken]
    if item:
        lines = [f"<b>{_plain(line)}</b>" for line in wrap(item.title, N_LARGE)]
        title = "<br>".join(lines) + (f"  {item.year}" if item.year else "")
        height = LEAF * len(lines) + GAP
        stops.append(y + height / 2)
        words.append(_Words(BARS, stops[-1], title, 17, INK, SERIF))
        y += height
    traces = [
        *_road(stops, [row.y for row in rows if not row.taken]),
        *_bars(rows, domain),
        _text(words),
    ]
    return go.Figure(traces, _layout(y))  # at once: piece by piece takes three times as long


def _named(row: _Row, domain: Domain) -> tuple[_Words, _Words]:
    """The name of a branch and its probability."""
    branch, chance = row.branch, html.escape(percent(row.branch.probability))
    name = _plain(branch_name(branch))
    if not row.taken:
        name += f'  <span style="font-size:10px">{branch.code}</span>'
        return _Words(INSIDE, row.y, name), _Words(END, row.y, chance)
    below = f"{domain.count(branch.n_items)} · code {branch.code}"
    name = f'<b>{name}</b><br><span style="font-size:11px">{below}</span>'
    return _Words(INSIDE, row.y, name, 13, INK), _Words(END, row.y, f"<b>{chance}</b>", 13, INK)


def _road(stops: Sequence[float], exits: Sequence[float]) -> tuple[Part, Part]:
    """The spine with a dot at each stop, and a twig to each exit."""
    twigs = {
        **REST,
        "mode": "lines",
        "line": {"color": TWIG, "width": 1},
        "x": [SPINE, BARS, None] * len(exits),
        "y": [point for y in exits for point in (y, y, None)],
    }
    spine = {
        **REST,
        "mode": "lines+markers",
        "line": {"color": ROAD, "width": 3},
        "marker": {"size": [0, *[13] * len(stops)], "color": ROAD, "opacity": 1, "line": BARE},
        "x": [SPINE] * (1 + len(stops)),
        "y": [0, *stops],
    }
    return twigs, spine


def _bars(rows: Sequence[_Row], domain: Domain) -> tuple[Part, Part]:
    """Whole rows, which answer to the mouse, and on them the bars."""
    bar: Part = {
        "type": "bar",
        "orientation": "h",
        "y": [row.y for row in rows],
        "base": BARS,
        "width": [row.height - 3 for row in rows],
    }
    whole = {
        "x": [1 - BARS] * len(rows),
        "marker": {"color": ROW, "line": BARE},
        "customdata": [_hover(row.branch, domain) for row in rows],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    length = {
        "x": [row.branch.probability * (1 - BARS) for row in rows],
        "marker": {"color": [TAKEN if row.taken else PASSED for row in rows], "line": BARE},
        "hoverinfo": "skip",
    }
    return bar | whole, bar | length


def _hover(branch: Branch, domain: Domain) -> str:
    words = [
        f"<b>{_plain(branch_name(branch), 48)}</b>",
        f"{html.escape(percent(branch.probability))} · {domain.count(branch.n_items)} here",
    ]
    if branch.n_items > 1 and branch.examples:
        words += ["for example", *(_plain(name, 48) for name in branch.examples[:4])]
    return "<br>".join(words)


def _text(words: Sequence[_Words]) -> Part:
    x, y, text, size, color, family = zip(*words, strict=True)
    return {
        **REST,
        "mode": "text",
        "x": x,
        "y": y,
        "text": text,
        "textposition": ["middle left" if one == END else "middle right" for one in x],
        "textfont": {"size": size, "color": color, "family": family},
    }


def _layout(height: int) -> Part:
    hidden = {"visible": False, "fixedrange": True}
    return {
        "height": height,
        "margin": dict.fromkeys("lrtb", 0),
        "xaxis": {**hidden, "range": [0, 1]},
        "yaxis": {**hidden, "range": [height, 0]},
        "template": None,
        "barmode": "overlay",
        "barcornerradius": 4,
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "hoverlabel": {"align": "left", "font": {"family": SANS, "size": 12}},
    }


def _plain(text: str, length: int = N_LETTERS) -> str:
    """At most `length` characters, safe in plotly's own small HTML."""
    short = text if len(text) <= length else text[: length - 1].rstrip(" ,·") + "…"
    return html.escape(short, quote=False)

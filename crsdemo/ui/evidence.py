"""Why this film? The evidence of one reply as a story in four steps, each with its picture.

Pure functions from a reply to HTML, and one from a path to a plotly figure. Every number shown is
a number of the reply.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from crsdemo.catalog import Item
from crsdemo.recommender import Branch, Evidence, PathStep, Recommendation, Reply, Timing
from crsdemo.ui.markup import attribute, duration, escape, percent, title

Part = dict[str, Any]  # of a plotly figure

N_ALTERNATIVES = 3  # branches not taken that are drawn per level
N_LETTERS = 38  # of a label: what a phone has room for
N_CANDIDATES = 10  # rows of the table
N_COLORS = 6  # of signals and of steps in time, in the style sheet

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


def story_opening(reply: Reply | None, n_items: int) -> str:
    """Steps 1 and 2 up to the picture of the path; an outline if no reply is selected."""
    if reply is None:
        return _outline(n_items)
    return _decision(reply) + _way(reply)


def story_rest(reply: Reply | None) -> str:
    """What follows the picture of the path: its table, what else was close, the time."""
    if reply is None:
        return ""
    evidence = reply.evidence
    return _path_table(evidence.path) + _candidates(reply) + _time(evidence.timings)


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


def _name(branch: Branch) -> str:
    """What its films share; for a single film its title, which says more."""
    return branch.examples[0] if branch.n_items == 1 and branch.examples else branch.label


def _hover(branch: Branch) -> str:
    films = "1 film" if branch.n_items == 1 else f"{branch.n_items:,} films"
    words = [f"<b>{_plain(_name(branch), 60)}</b>", f"{percent(branch.probability)} · {films} here"]
    if branch.n_items > 1 and branch.examples:
        words += ["for example", *(_plain(name, 60) for name in branch.examples[:4])]
    return "<br>".join(words)


def _words_of(path: Sequence[PathStep], rows: Sequence[_Row]) -> Iterator[Part]:
    for row in rows:
        yield from _taken_words(row) if row.taken else _passed_words(row)
    for step, row in zip(path, (row for row in rows if row.taken), strict=True):
        yield _words(BARS, row.head + 2, _head(step), size=11.5, color=QUIET)


def _taken_words(row: _Row) -> Iterator[Part]:
    branch, above, below = row.branch, row.y - 8, row.y + 10
    small = f"{_films(branch.n_items)} · code {branch.code}"
    chance = f"<b>{html.escape(percent(branch.probability))}</b>"
    words = f"<b>{_plain(_name(branch), N_LETTERS)}</b>"
    yield _words(BARS + 0.015, above, words, size=13, color=INK)
    yield _words(BARS + 0.015, below, small, size=10.5, color=QUIET, font=MONO)
    yield _words(NUMBERS, above, chance, size=13, color=INK, right=True)


def _passed_words(row: _Row) -> Iterator[Part]:
    branch = row.branch
    code = f'  <span style="font-size:10px">{branch.code}</span>'
    chance = html.escape(percent(branch.probability))
    words = _plain(_name(branch), N_LETTERS) + code
    yield _words(BARS + 0.015, row.y, words, size=12, color=QUIET)
    yield _words(NUMBERS, row.y, chance, size=12, color=QUIET, right=True)


def _head(step: PathStep) -> str:
    if step.n_allowed == 1:
        return f"Step {step.level + 1}: only one way on"
    first = "groups of films" if step.level == 0 else "ways on"
    return f"Step {step.level + 1}: {step.n_allowed} {first} to choose from"


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


def _films(n_items: int) -> str:
    return "1 film" if n_items == 1 else f"{n_items:,} films"


# --- the story in HTML -------------------------------------------------------------------------


def _step(number: int, name: str, body: str) -> str:
    return (
        f'<section class="step"><h3><span class="number">{number}</span>{escape(name)}</h3>'
        f"{body}</section>"
    )


def _outline(n_items: int) -> str:
    rows = (
        ("What I decided to do", "recommend a film, or talk first"),
        ("How I got to the film", f"from {n_items:,} films to one, a few forks on the way"),
        ("What else was close", "the films that nearly won"),
        ("Time", "where the moments went"),
    )
    steps = "".join(
        f'<li><span class="number">{n}</span><b>{escape(name)}</b> {escape(what)}</li>'
        for n, (name, what) in enumerate(rows, 1)
    )
    return (
        '<div class="no-path outline"><p>Each answer brings its reasons. They appear here.</p>'
        f"<ol>{steps}</ol></div>"
    )


def _decision(reply: Reply) -> str:
    words = {"REC": "Recommend a film", "CHAT": "Talk, without a new film"}
    said = f'<p class="said">{words[reply.mode]}.</p>'
    if reply.evidence.modes:
        body = said + _mode_bar(reply)
    elif reply.mode == "REC":
        body = said + '<p class="quiet">This system always recommends: there was no choice.</p>'
    else:
        body = said
    return _step(1, "What I decided to do", body)


def _mode_bar(reply: Reply) -> str:
    words = {"REC": "recommend", "CHAT": "talk"}
    parts = "".join(
        f'<span class="part {"taken" if mode == reply.mode else "passed"}" '
        f'style="flex-grow:{max(p, 0.0001):.4f}" title="{words[mode]}: {p:.1%}"></span>'
        for mode, p in reply.evidence.modes
    )
    legend = "".join(
        f'<li class="{"taken" if mode == reply.mode else "passed"}">{words[mode]} '
        f"<b>{escape(percent(p))}</b></li>"
        for mode, p in reply.evidence.modes
    )
    return f'<div class="bar" aria-hidden="true">{parts}</div><ul class="legend">{legend}</ul>'


def _way(reply: Reply) -> str:
    evidence = reply.evidence
    if evidence.path:
        return _step(2, "How I got to the film", _path_sentence(evidence.path))
    hidden = '<span class="no-path"></span>'
    if evidence.query:
        asked = f"<p>I turned our talk into this search:</p><q>{escape(evidence.query)}</q>"
        return _step(2, "How I got to the film", asked + hidden)
    return _step(2, "How I got to the film", f'<p class="quiet">{_why_no_path(reply)}</p>{hidden}')


def _why_no_path(reply: Reply) -> str:
    if reply.mode == "CHAT":
        return "I was not looking for a film in this answer, so there is no way to show."
    return (
        f"<b>{escape(reply.provenance.recommender)}</b> ranks the films as a whole and walks no "
        "path: its order below says all there is."
    )


def _path_sentence(path: Sequence[PathStep]) -> str:
    joint = math.prod(step.chosen.probability for step in path)
    factors = " × ".join(percent(step.chosen.probability) for step in path)
    return (
        '<p class="quiet">Every film has an address of '
        f"{len(path)} codes; films alike share the first ones. I chose code by code: "
        f'<span class="sum">{escape(factors)} = <b>{escape(percent(joint))}</b></span>. '
        "The longer a bar, the surer I was.</p>"
    )


def _path_table(path: Sequence[PathStep]) -> str:
    if not path:
        return ""
    rows = "".join(_branch_rows(step) for step in path)
    head = "".join(
        f'<th scope="col">{h}</th>' for h in ("Step", "Code", "Films alike in", "How sure")
    )
    return (
        '<details class="as-table"><summary>The same as a table, with examples</summary>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></details>"
    )


def _branch_rows(step: PathStep) -> str:
    rows = [_branch_row(step, step.chosen, "taken")]
    rows += [_branch_row(step, branch, "passed") for branch in step.alternatives]
    note = (
        f'<tr class="note"><td></td><td colspan="3">{step.n_allowed} codes lead to films here; '
        f"unasked, the model gave them {escape(percent(step.allowed_mass))} of its belief</td></tr>"
    )
    return "".join(rows) + note


def _branch_row(step: PathStep, branch: Branch, kind: str) -> str:
    names = ", ".join(branch.examples[:4]) if branch.n_items > 1 else branch.label
    return (
        f'<tr class="{kind}"><td>{step.level + 1}</td><td><code>{branch.code}</code></td>'
        f"<td>{escape(_name(branch))} <small>{_films(branch.n_items)}</small>"
        f"<small>{escape(names)}</small></td>"
        f'<td class="figure">{escape(percent(branch.probability))}</td></tr>'
    )


def _candidates(reply: Reply) -> str:
    shown = reply.evidence.candidates[:N_CANDIDATES]
    if not shown:
        return _step(3, "What else was close", '<p class="quiet">No list was made this time.</p>')
    lead = ""
    if reply.mode == "CHAT":
        lead = '<p class="quiet">Had I recommended, these came to mind first.</p>'
    scale = _Scale.of(shown)
    rows = "".join(_candidate_row(rank, c, reply, scale) for rank, c in enumerate(shown, 1))
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Rank", "Film", scale.name))
    table = (
        f'<table class="ranked"><thead class="unseen"><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
    return _step(3, "What else was close", lead + table + _signal_legend(scale.signals))


@dataclass(frozen=True)
class _Scale:
    """How the scores of one table are written and drawn."""

    top: float  # the score whose bar fills the width; 0 for no bars
    probabilities: bool
    signals: tuple[str, ...]  # names; the place of a name is its colour

    @classmethod
    def of(cls, shown: Sequence[Recommendation]) -> _Scale:
        scores = [c.score for c in shown if math.isfinite(c.score)]
        names = dict.fromkeys(signal.name for c in shown for signal in c.signals)
        inside = all(0 <= score <= 1 for score in scores)
        return cls(max(scores, default=0), inside and sum(scores) <= 1.001, tuple(names))

    @property
    def name(self) -> str:
        return "Probability" if self.probabilities else "Score"

    def words(self, score: float) -> str:
        if not math.isfinite(score):
            return "–"
        return percent(score) if self.probabilities else f"{score:,.4g}"

    def width(self, score: float) -> float:
        """Percent of the widest bar."""
        return max(0.0, 100 * score / self.top) if self.top > 0 and math.isfinite(score) else 0.0


def _candidate_row(rank: int, candidate: Recommendation, reply: Reply, scale: _Scale) -> str:
    said = reply.item is not None and reply.item.id == candidate.item.id
    mark = ' <span class="mark">my answer</span>' if said else ""
    return (
        f'<tr class="{"taken" if said else "passed"}"><td class="rank">{rank}</td>'
        f"<td>{title(candidate.item)}{mark}{_score_bar(candidate, scale)}</td>"
        f'<td class="figure">{escape(scale.words(candidate.score))}</td></tr>'
    )


def _score_bar(candidate: Recommendation, scale: _Scale) -> str:
    parts = "".join(
        f'<i class="signal-{scale.signals.index(signal.name) % N_COLORS}" '
        f'style="flex-grow:{signal.value:.4f}" '
        f'title="{attribute(signal.name)}: {signal.value:.3g}"></i>'
        for signal in candidate.signals
        if 0 < signal.value < math.inf
    )
    width = f"width:{scale.width(candidate.score):.1f}%"
    return f'<span class="score" aria-hidden="true"><span style="{width}">{parts}</span></span>'


def _signal_legend(names: Sequence[str]) -> str:
    parts = "".join(
        f'<li><i class="signal-{n % N_COLORS}"></i>{escape(name)}</li>'
        for n, name in enumerate(names)
    )
    return f'<ul class="legend signals">{parts}</ul>' if names else ""


def _time(timings: Sequence[Timing]) -> str:
    total = sum(t.milliseconds for t in timings)
    if total <= 0:
        return ""
    parts = "".join(
        f'<span class="part time-{n % N_COLORS}" style="flex-grow:{t.milliseconds:.3f}" '
        f'title="{attribute(t.step)}: {duration(t.milliseconds)}"></span>'
        for n, t in enumerate(timings)
    )
    legend = "".join(
        f'<li><i class="time-{n % N_COLORS}"></i>{escape(t.step)} '
        f"<b>{duration(t.milliseconds)}</b></li>"
        for n, t in enumerate(timings)
    )
    body = (
        f'<p class="said">{duration(total)} in all.</p>'
        f'<div class="bar" aria-hidden="true">{parts}</div><ul class="legend">{legend}</ul>'
    )
    return _step(4, "Time", body)


def has_picture(evidence: Evidence) -> bool:
    """Whether there is anything to draw yet: a growing reply knows its film before its words."""
    return bool(evidence.path or evidence.candidates)

"""Why this film? The evidence of one reply as a story in four steps, each with its picture.

Pure functions from a reply to HTML; the picture of the path is in `path_figure.py`, or here as
rows of bars where a page shows many. Every number shown is a number of the reply.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from crsdemo.core.catalog import Item
from crsdemo.core.recommender import Branch, Evidence, PathStep, Recommendation, Reply, Timing
from crsdemo.web.shared.markup import (
    attribute,
    branch_name,
    duration,
    escape,
    film_count,
    ordinal,
    percent,
    step_heading,
    title,
)

N_ALTERNATIVES = 3  # branches not taken that are drawn per level
N_CANDIDATES = 10  # rows of the table
N_TAGS = 4  # of a candidate
N_COLORS = 6  # of signals and of steps in time, in the style sheet


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


def story(reply: Reply) -> str:
    """The whole story in HTML alone, with the path as rows of bars: for pages that show many."""
    return story_opening(reply, 0) + _path_rows(reply.evidence.path) + story_rest(reply)


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
        if reply.mode != reply.evidence.modes[0][0]:
            body += (
                '<p class="quiet">The less likely of the two: either it was asked for, or it was '
                "likely enough, for people come here to be recommended something.</p>"
            )
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
    if evidence.is_given:
        given = "This film was given beforehand, I did not choose it."
        how = " Here is how I would have got to it:" if evidence.path else ""
        name = f'<p class="said">{given}{how}</p>'
        body = _path_sentence(evidence.path) if evidence.path else '<span class="no-path"></span>'
        return _step(2, "How I got to the film", name + body)
    if evidence.path:
        return _step(2, "How I got to the film", _path_sentence(evidence.path))
    hidden = '<span class="no-path"></span>'
    if evidence.query:
        asked = f"<p>I turned our talk into this search:</p>{_quoted(evidence)}"
        return _step(2, "How I got to the film", asked + hidden)
    return _step(2, "How I got to the film", f'<p class="quiet">{_why_no_path(reply)}</p>{hidden}')


def _quoted(evidence: Evidence) -> str:
    """The query with what it took from the conversation marked, and named below it."""
    sources = [source for source in evidence.query_sources if source.strip()]
    if not sources:
        return f"<q>{escape(evidence.query)}</q>"
    longest_first = "|".join(re.escape(s) for s in sorted(sources, key=len, reverse=True))
    parts = re.split(rf"(?<!\w)({longest_first})(?!\w)", evidence.query, flags=re.IGNORECASE)
    marked = "".join(
        f"<mark>{escape(part)}</mark>" if n % 2 else escape(part) for n, part in enumerate(parts)
    )
    chips = "".join(f"<li>{escape(source)}</li>" for source in sources)
    return f'<q>{marked}</q><div class="sources">from what you said: <ul>{chips}</ul></div>'


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


def _path_rows(path: Sequence[PathStep]) -> str:
    """At each level the branch taken, strong, and below it those that nearly won, pale."""
    levels = "".join(
        f'<li><span class="fork-head">{escape(step_heading(step))}</span>'
        + _path_row(step.chosen, "taken")
        + "".join(_path_row(branch, "passed") for branch in step.alternatives[:N_ALTERNATIVES])
        + "</li>"
        for step in path
    )
    return f'<ol class="forks">{levels}</ol>' if path else ""


def _path_row(branch: Branch, kind: str) -> str:
    examples = ", ".join(branch.examples[:4])
    return (
        f'<span class="fork {kind}" title="{attribute(examples)}">'
        f'<i style="width:{100 * branch.probability:.1f}%"></i>'
        f"<span>{escape(branch_name(branch))} <small>{film_count(branch.n_items)}</small></span>"
        f"<b>{escape(percent(branch.probability))}</b></span>"
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
        f"<td>{escape(branch_name(branch))} <small>{film_count(branch.n_items)}</small>"
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
    lead += _deciders(reply)
    return _step(3, "What else was close", lead + table + _signal_legend(scale.signals))


def _deciders(reply: Reply) -> str:
    """Who put the film where."""
    deciders = reply.evidence.deciders
    if not deciders:
        return ""
    said = "; ".join(
        f"{escape(d.name)} puts it <b>{ordinal(d.place)}</b> of {d.of} "
        f"({escape(percent(d.share))} of its belief)"
        for d in deciders
    )
    return f'<p class="quiet deciders">What decided: {said}.</p>'


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
        f"<td>{title(candidate.item)}{mark}{_known(candidate.item)}"
        f"{_score_bar(candidate, scale)}</td>"
        f'<td class="figure">{escape(scale.words(candidate.score))}</td></tr>'
    )


def _known(item: Item) -> str:
    """A few tags; the logline for who rests on them."""
    tags = escape(", ".join(item.tags[:N_TAGS]))
    return f'<small class="tags" title="{attribute(item.logline)}">{tags}</small>' if tags else ""


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
        f'<span class="part time-{n % N_COLORS}" '
        f'style="flex-grow:{100 * t.milliseconds / total:.3f}" '
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

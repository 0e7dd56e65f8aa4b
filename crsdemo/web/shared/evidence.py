"""Why this film? The evidence of one reply as a story in four steps, each with its picture.

Pure functions from a reply to HTML, drawn by `evidence.html`; the picture of the path is in
`path_figure.py`, or here as rows of bars where a page shows many. Every number shown is a number
of the reply.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from crsdemo.core.recommender import Evidence, Recommendation, Reply, Signal
from crsdemo.web.shared.markup import macros, percent
from crsdemo.web.shared.path_figure import N_ALTERNATIVES

N_CANDIDATES = 10  # rows of the table
N_COLORS = 6  # of signals and of steps in time, in the style sheet
_PARTS = macros("shared/evidence.html")


def story_opening(reply: Reply | None, n_items: int) -> str:
    """Steps 1 and 2 up to the picture of the path; an outline if no reply is selected."""
    if reply is None:
        return str(_PARTS.outline(n_items))
    joint = math.prod(step.chosen.probability for step in reply.evidence.path)
    sources = [source for source in reply.evidence.query_sources if source.strip()]
    way = _PARTS.way(reply, joint, _marked(reply.evidence.query, sources), sources)
    return str(_PARTS.decision(reply) + way)


def story_rest(reply: Reply | None) -> str:
    """What follows the picture of the path: its table, what else was close, the time."""
    if reply is None:
        return ""
    evidence = reply.evidence
    shown = evidence.candidates[:N_CANDIDATES]
    close = _PARTS.candidates(reply, shown, Scale.of(shown))
    time = _PARTS.time(evidence.timings, N_COLORS)
    return str(_PARTS.path_table(evidence.path) + close + time)


def story(reply: Reply) -> Markup:
    """The whole story in HTML alone, with the path as rows of bars: for pages that show many."""
    forks = _PARTS.forks(reply.evidence.path, N_ALTERNATIVES)
    return Markup(story_opening(reply, 0) + str(forks) + story_rest(reply))


def has_picture(evidence: Evidence) -> bool:
    """Whether there is anything to draw yet: a growing reply knows its film before its words."""
    return bool(evidence.path or evidence.candidates)


def _marked(query: str, sources: Sequence[str]) -> list[str]:
    """The query in parts: every other one is what it took from the conversation."""
    if not sources:
        return [query]
    longest_first = "|".join(re.escape(s) for s in sorted(sources, key=len, reverse=True))
    return re.split(rf"(?<!\w)({longest_first})(?!\w)", query, flags=re.IGNORECASE)


@dataclass(frozen=True)
class Scale:
    """How the scores of one table are written and drawn."""

    top: float  # the score whose bar fills the width; 0 for no bars
    probabilities: bool
    signals: tuple[str, ...]  # names; the place of a name is its colour

    @classmethod
    def of(cls, shown: Sequence[Recommendation]) -> Scale:
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

    def drawn(self, candidate: Recommendation) -> Iterator[Signal]:
        """The signals that have a part in its bar."""
        return (signal for signal in candidate.signals if 0 < signal.value < math.inf)

    def color(self, signal: str) -> str:
        return f"var(--part-{self.signals.index(signal) % N_COLORS})"

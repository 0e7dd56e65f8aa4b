"""Why this film? The evidence of one reply as a story in four steps, each with its picture.

Pure functions from a reply to HTML, drawn by `evidence.html`; the picture of the path that the talk
has is in `talk/path_figure.py`. Every number shown is a number of the reply.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crsdemo.core.domain import Domain
from crsdemo.core.recommender import Evidence, Recommendation, Reply, Signal
from crsdemo.web.shared.colors import color_of
from crsdemo.web.shared.markup import Macros, percent

N_CANDIDATES = 10  # rows of the table
N_ALTERNATIVES = 3  # branches not taken that are drawn at each fork
_PARTS = Macros("shared/evidence.html")


def outline(n_items: int, domain: Domain) -> str:
    """What will be told once there is a reply."""
    return _PARTS.of(domain).outline(n_items)


def opening(reply: Reply, domain: Domain, picture: str = "") -> str:
    """Steps 1 and 2: up to the path, and with it where it is drawn as HTML."""
    evidence, told = reply.evidence, _PARTS.of(domain)
    if evidence.is_fixed:
        return told.fixed()
    joint = math.prod(step.chosen.probability for step in evidence.path)
    sources = [source for source in evidence.query_sources if source.strip()]
    parts = _marked(evidence.query, sources)
    return told.decision(reply) + told.way(reply, joint, parts, sources, picture)


def rest(reply: Reply, domain: Domain) -> str:
    """What follows the path: its table, what else was close, the time."""
    if reply.evidence.is_fixed:
        return ""
    told = _PARTS.of(domain)
    path, shown = reply.evidence.path, reply.evidence.candidates[:N_CANDIDATES]
    return (
        (told.path_table(path) if path else "")
        + told.candidates(reply, shown, Scale.of(shown))
        + told.time(reply.evidence.timings)
    )


def story(reply: Reply, domain: Domain) -> str:
    """All four steps in HTML alone, for pages that show many."""
    path = _PARTS.of(domain).forks(reply.evidence.path, reply.item, N_ALTERNATIVES)
    return opening(reply, domain, path) + rest(reply, domain)


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
    signals: tuple[str, ...]  # names

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
        return color_of(signal)

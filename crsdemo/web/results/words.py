"""What exhibits of results share: what they are, what they are made of, and how figures are said.

A question, its answer in a sentence, a picture, its numbers. No event and no log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from crsdemo.feedback.results import Participant
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.studies.statistics.judging import Vote, recommenders
from crsdemo.studies.statistics.report import Results
from crsdemo.web.results import figures
from crsdemo.web.results.figures import Axis, Dot, Dots, Piece
from crsdemo.web.results.tables import Column, Kind, Table

HALF = Axis(0, 1, (0, 0.25, 0.5, 0.75, 1), ("0", "25%", "50%", "75%", "100%"), 0.5)


@dataclass(frozen=True)
class Findings:
    """What the exhibits are made of."""

    results: Results
    votes: tuple[Vote, ...]  # all that the results are of
    participants: tuple[Participant, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The recommenders, in the order of their colours."""
        return recommenders(self.votes)


@dataclass(frozen=True)
class Exhibit:
    """One question that numbers answer. Without a figure there is nothing to show yet."""

    question: str
    answer: str
    table: Table
    figure: go.Figure | None
    legend: tuple[Piece, ...] = ()  # what colours mean


def drawn(rows: Sequence[Dot | Dots], axis: Axis) -> go.Figure | None:
    return figures.dots(rows, axis) if rows else None


def interval_columns(name: str, kind: Kind) -> tuple[Column, Column, Column]:
    return Column(name, kind), Column(f"{name}, low", kind), Column(f"{name}, high", kind)


def ends(one: Estimate) -> tuple[float | None, float | None, float | None]:
    """The cells of `interval_columns`."""
    return one.value, one.low, one.high


def share(one: Estimate, *, signed: bool = False, digits: int = 0) -> str:
    """58% (51 to 65)"""
    form = f"{'+' if signed else ''}z.{digits}f"
    value, low, high = (_number(None if e is None else 100 * e, form) for e in ends(one))
    return _with_interval(f"{value}%" if value else "", low, high)


def number(one: Estimate, digits: int) -> str:
    """0.31 (0.12 to 0.50)"""
    value, low, high = (_number(end, f"z.{digits}f") for end in ends(one))
    return _with_interval(value, low, high)


def counted(n: int, noun: str) -> str:
    plural = "people" if noun == "person" else f"{noun}s"
    return f"{n:,} {noun if n == 1 else plural}"


def _with_interval(value: str, low: str, high: str) -> str:
    if not value:
        return "–"
    return f"{value} ({low} to {high})" if low and high else value


def _number(value: float | None, form: str) -> str:
    """With the sign that is as wide as a digit; empty where it is not known."""
    return "" if value is None else f"{value:{form}}".replace("-", "−")

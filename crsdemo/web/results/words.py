"""An exhibit: a question, its answer in a sentence, a picture or none, its numbers.

And how figures are said in words. No event and no log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.studies.statistics.judging import Flag
from crsdemo.web.results.figures import Bars, Dots, Piece, Quotes
from crsdemo.web.results.tables import Cell, Column, Kind, Table, cells, decimal

RULES: dict[Flag, str] = {
    "too_fast": "too fast to have read",
    "one_sided": "always the same side",
    "attention_failed": "inattentive",
    "duplicate": "judged twice",
}
UNDECIDED = {  # verdicts without a winner -> in words
    "both_good": "both good",
    "same": "the same",
    "both_bad": "both bad",
    "cannot_tell": "cannot tell",
    "identical": "identical replies",
}


@dataclass(frozen=True)
class Exhibit:
    """One question that numbers answer. Where a figure has no rows there is nothing to draw."""

    question: str
    answer: str
    table: Table
    figure: Dots | Bars | Quotes
    legend: Sequence[Piece] = ()  # what colours mean


def interval(name: str, kind: Kind, one: Estimate) -> dict[Column, Cell]:
    """A part of a row: a figure and the ends of its interval."""
    return cells(kind, dict(zip((name, f"{name}, low", f"{name}, high"), one.ends, strict=True)))


def share(one: Estimate, *, signed: bool = False) -> str:
    """58% (51 to 65)"""
    return number(one.scaled(100), 0, "%", signed=signed)


def number(one: Estimate, digits: int, unit: str = "", *, signed: bool = False) -> str:
    """0.31 (0.12 to 0.50)"""
    if one.value is None:
        return "–"
    sign = "+" if signed else ""
    value = decimal(one.value, digits, sign) + unit
    if one.low is None or one.high is None:
        return value
    return f"{value} ({decimal(one.low, digits, sign)} to {decimal(one.high, digits, sign)})"

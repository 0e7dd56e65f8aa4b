"""Pictures of results, as values that `results.html` draws. Every number is one of the table's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crsdemo.studies.statistics.bootstrap import Estimate

# Told apart by colour-blind people (after Okabe and Ito), 3:1 against both papers
PALETTE = ("rgb(46,126,194)", "rgb(203,113,22)", "rgb(132,112,204)", "rgb(20,145,135)")
TURN = 137.508  # degrees on the colour wheel from the fifth on, the golden angle
ACCENT = PALETTE[3]
SHADES = (0.75, 0.57, 0.41, 0.26, 0.14)  # of grey, for verdicts that nobody won


@dataclass(frozen=True)
class Axis:
    """What a row of dots is measured on."""

    low: float
    high: float
    labels: Mapping[float, str]  # by place
    middle: float | None = None  # a line that an interval can leave on one side

    def at(self, value: float) -> str:
        """From 0% at `low` to 100% at `high`."""
        return f"{100 * (value - self.low) / (self.high - self.low):.2f}%"


@dataclass(frozen=True)
class Dot:
    """A figure with its interval: a dot on a line."""

    name: str
    estimate: Estimate
    words: str  # the figure as it is read, on the right
    color: str = ACCENT


@dataclass(frozen=True)
class Dots:
    """Figures below each other on one axis."""

    rows: Sequence[Dot]
    axis: Axis


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
    pieces: Sequence[Piece]

    @property
    def length(self) -> float:
        return sum(piece.length for piece in self.pieces)


@dataclass(frozen=True)
class Bars:
    """Bars below each other, in parts of the longest; slim, with the words beside them.

    Where they are `alike` each has the whole width, below its words.
    """

    rows: Sequence[Bar]
    alike: bool = False

    def part(self, bar: Bar, piece: Piece) -> float:
        """How much of the width a piece takes, from 0 to 1."""
        whole = bar.length if self.alike else max(row.length for row in self.rows)
        return piece.length / (whole or 1)


@dataclass(frozen=True)
class Quote:
    """What somebody wrote."""

    name: str  # of the person
    words: str  # what it is about
    said: str


@dataclass(frozen=True)
class Quotes:
    """Texts below each other."""

    rows: Sequence[Quote]


def color_of(recommender: str, recommenders: Sequence[str]) -> str:
    """The same recommender has the same colour in every picture, and no other has it."""
    place = list(recommenders).index(recommender)
    return PALETTE[place] if place < len(PALETTE) else f"hsl({place * TURN % 360:.1f} 45% 52%)"


def shade(place: int) -> str:
    """A grey for what nobody won."""
    return f"rgba(128,124,118,{SHADES[place % len(SHADES)]})"

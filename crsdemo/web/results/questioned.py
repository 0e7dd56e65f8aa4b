"""What people answered to questionnaires, of each system: the exhibits of `/results`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from crsdemo.feedback.results import pseudonym
from crsdemo.studies.statistics.answers import Answer, ChoiceCount, ScaleMean
from crsdemo.web.results.figures import (
    ACCENT,
    Axis,
    Bar,
    Bars,
    Dot,
    Dots,
    Piece,
    Quote,
    Quotes,
    color_of,
    shade,
)
from crsdemo.web.results.tables import Cell, Column, Table, cells
from crsdemo.web.results.words import Exhibit, interval, number

STEPS = Axis(0, 1, {0: "lowest", 1: "highest"})
WHOSE = (
    "Without people whom a rule leaves out, inattentive or always on one side; the filters “pair” "
    "and “blind” are about votes."
)


def counts(found: Sequence[ChoiceCount], names: Sequence[str]) -> Exhibit:
    bars = []
    for one in found:
        pieces = [
            Piece(name, n, color_of(name, names) if name in names else shade(place))
            for place, (name, n) in zip(count(len(one.chosen) - 1, -1), one.chosen, strict=False)
        ]
        said = ", ".join(f"{name} {n:,}" for name, n in one.chosen)
        bars.append(Bar(one.question or one.item, f"{one.of}: {said}" if one.of else said, pieces))
    table = Table.of(
        _asked(one)
        | cells("words", {"answer": name})
        | cells("count", {"given": n, "people": one.people})
        for one in found
        for name, n in one.chosen
    )
    answer = f"Each answer with how often it was given, in the order in which they stood. {WHOSE}"
    return Exhibit("What did they answer?", answer, table, Bars(bars, alike=True))


def means(found: Sequence[ScaleMean], names: Sequence[str]) -> Exhibit:
    rows = [
        Dot(
            f"{one.item}: {one.of}" if one.of else one.item,
            one.on_unit,
            f"{number(one.mean, 2)}, from {one.lowest} to {one.highest}",
            color_of(one.of, names) if one.of in names else ACCENT,
        )
        for one in found
    ]
    table = Table.of(
        _asked(one)
        | cells("count", {"answers": one.answers, "people": one.people})
        | interval("mean", "number", one.mean)
        | cells("count", {"lowest": one.lowest, "highest": one.highest})
        for one in found
    )
    answer = "Mean answers, each on its own scale; the interval is of 95%, over people drawn anew."
    if any(" / " in one.of for one in found):
        answer += " What was asked where two answered is about both and tells them not apart."
    return Exhibit("And on average?", answer, table, Dots(rows, STEPS))


def texts(found: Sequence[Answer]) -> Exhibit:
    table = Table.of(
        cells("words", {"question": one.question or one.item, "of": one.system or one.comparison})
        | cells("words", {"person": pseudonym(one.visitor), "answer": str(one.value)})
        for one in found
    )
    quotes = [
        Quote(
            pseudonym(one.visitor),
            ", ".join(filter(None, (one.question or one.item, one.system or one.comparison))),
            str(one.value),
        )
        for one in found
    ]
    return Exhibit("What did they write?", WHOSE, table, Quotes(quotes))


def _asked(one: ChoiceCount | ScaleMean) -> dict[Column, Cell]:
    """The words first, which a narrow screen would cut off."""
    named = {"question": one.question, "of": one.of}
    return cells("words", named | {"questionnaire": one.questionnaire, "item": one.item})

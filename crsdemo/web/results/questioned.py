"""What people answered to questionnaires, of each system: the exhibits of `/results`."""

from __future__ import annotations

from collections.abc import Sequence

from crsdemo.studies.statistics.answers import ChoiceCount, ScaleMean
from crsdemo.web.results.figures import ACCENT, Axis, Bar, Bars, Dot, Dots, Piece, color_of, shade
from crsdemo.web.results.tables import Table, cells
from crsdemo.web.results.words import Exhibit, interval, number

STEPS = Axis(0, 1, {0: "lowest step", 1: "highest step"})


def scales(found: Sequence[ScaleMean], names: Sequence[str]) -> Exhibit:
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
        cells("words", {"questionnaire": one.questionnaire, "item": one.item, "of": one.of})
        | cells("count", {"answers": one.answers, "people": one.people})
        | interval("mean", "number", one.mean)
        | cells("count", {"lowest": one.lowest, "highest": one.highest})
        | cells("words", {"question": one.question})
        for one in found
    )
    answer = "Mean answers, each on its own scale; the interval is of 95%, over people drawn anew."
    if any(" / " in one.of for one in found):
        answer += " What was asked where two answered is about both and tells them not apart."
    return Exhibit("What did they answer to the questions?", answer, table, Dots(rows, STEPS))


def choices(found: Sequence[ChoiceCount], names: Sequence[str]) -> Exhibit:
    bars = []
    for one in found:
        pieces = [
            Piece(name, n, color_of(name, names) if name in names else shade(place))
            for place, (name, n) in enumerate(one.chosen)
        ]
        said = ", ".join(f"{name} {n:,}" for name, n in one.chosen)
        bars.append(Bar(f"{one.item}: {one.of}" if one.of else one.item, said, pieces))
    table = Table.of(
        cells("words", {"questionnaire": one.questionnaire, "item": one.item, "of": one.of})
        | cells("words", {"answer": name})
        | cells("count", {"chosen": n, "people": one.people})
        | cells("words", {"question": one.question})
        for one in found
        for name, n in one.chosen
    )
    return Exhibit(
        "Which answer was chosen?",
        "Each answer with how often it was given.",
        table,
        Bars(bars, alike=True),
    )

"""Exhibits of how a semantic ID is written, and where it goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crsdemo.evaluation.stages.figures import Recalls, Share
from crsdemo.evaluation.stages.figures_ids import Beam, Generation, Level
from crsdemo.evaluation.stages.folder import Measured
from crsdemo.evaluation.stages.generative_stage import MISSED, ORACLE_WIDTH
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.web.report.rows import (
    RECALL_LEGEND,
    WHOLE,
    colors,
    legend,
    mark,
    prefixed,
    recall_cells,
    recall_columns,
    recall_row,
    share_cells,
    share_columns,
    told,
)
from crsdemo.web.results.figures import MORE, PALETTE, Bar, Dots, Piece, bars
from crsdemo.web.results.tables import Cell, Column, Table
from crsdemo.web.results.words import Exhibit, drawn

RIGHT_BEFORE, GREEDY = "after right codes", "all right so far, going greedily"
LEVEL_COLORS = {RIGHT_BEFORE: PALETTE[0], GREEDY: PALETTE[1]}

Written = Sequence[Measured[Generation]]


def levels(dataset: str, measured: Written) -> Exhibit:
    """How often each code is right, after right codes and on the greedy way."""
    numbered = [
        (one.system, number, level)
        for one in measured
        for number, level in enumerate(one.found.levels, 1)
    ]
    rows = [_level_row(system, n, level, len(measured)) for system, n, level in numbered]
    cutoffs = _cutoffs(measured)
    table = Table(
        (
            Column("system"), Column("level", "count"),
            *share_columns("right after right codes"), Column("probability", "percent"),
            Column("codes to choose from", "number"),
            Column("on these without the trie", "percent"),
            *share_columns("greedy, right so far"), *share_columns("greedy, all up to here"),
            *(Column(f"there: {c.name}", c.kind) for c in recall_columns(cutoffs)),
        ),
        tuple((system, n, *_level_cells(level, cutoffs)) for system, n, level in numbered),
    )  # fmt: skip
    answer = (
        f"Share of {measured[0].found.targets:,} films not named before whose code is the most "
        "probable one at each level, after the right codes, and with all codes right that far "
        "where each time the most probable one is taken. Lines are 95% intervals over dialogues. "
        "The table also tells how much of its probability the model gives to codes of the catalog "
        "where no trie holds it to them."
    )
    question = f"{dataset}: where does the semantic ID go wrong?"
    return Exhibit(question, answer, table, drawn(rows, WHOLE), legend(LEVEL_COLORS))


def _level_row(system: str, number: int, level: Level, systems: int) -> Dots:
    shares = {RIGHT_BEFORE: level.after_right_codes, GREEDY: level.greedy_up_to_here}
    marks = tuple(mark(name, one.estimate, LEVEL_COLORS[name]) for name, one in shares.items())
    values = [one.estimate.value for one in shares.values()]
    return Dots(prefixed(system, f"level {number}", systems), told(values), marks)


def _level_cells(level: Level, cutoffs: Sequence[int]) -> tuple[Cell, ...]:
    return (
        *share_cells(level.after_right_codes),
        level.probability, level.choices, level.allowed_mass,
        *share_cells(level.greedy_after_right_greedy), *share_cells(level.greedy_up_to_here),
        *recall_cells(level.recall_where_right, cutoffs),
    )  # fmt: skip


def lost(dataset: str, measured: Written) -> Exhibit:
    """At which level beams lose the films that they miss."""
    levels = max(len(one.found.levels) for one in measured)
    names = [f"lost at level {n}" for n in range(1, levels + 1)] + [f"kept, but below {MISSED}"]
    color = {**colors(names), names[-1]: MORE}
    beams = [(one.system, *pair) for one in measured for pair in one.found.beams.items()]
    rows = [
        Bar(
            prefixed(system, f"beam of {width}", len(measured)),
            f"{beam.kept.n:,} missed",
            tuple(
                Piece(name, n, color[name])
                for name, n in zip(names, _missed(beam, levels), strict=True)
            ),
        )
        for system, width, beam in beams
    ]
    table = Table(
        (
            Column("system"), Column("beam", "count"), Column("missed", "count"),
            *(Column(name, "percent") for name in names),
            *recall_columns(_cutoffs(measured)),
        ),
        tuple(
            (
                system, width, beam.kept.n,
                *(one.estimate.value for one in _shares(beam, levels)),
                *recall_cells(beam.recall, _cutoffs(measured)),
            )
            for system, width, beam in beams
        ),
    )  # fmt: skip
    answer = (
        f"Of the films that are not among the first {MISSED}, the level at which a beam no longer "
        "holds the beginning of their ID; what it holds to the end is only ranked too low. A wider "
        "beam loses less, and what it keeps may still be low."
    )
    question = f"{dataset}: where is a missed film lost?"
    return Exhibit(question, answer, table, bars(rows, alike=True), legend(color))


def _shares(beam: Beam, levels: int) -> tuple[Share, ...]:
    """Of what is missed: lost at each level, then kept. No ID is lost below its last level."""
    nothing = Share(Estimate(0.0), beam.kept.n)
    return (*(beam.lost_at.get(n, nothing) for n in range(1, levels + 1)), beam.kept)


def _missed(beam: Beam, levels: int) -> list[float]:
    """How many films the shares are."""
    return [one.n * (one.estimate.value or 0) for one in _shares(beam, levels)]


def codes(dataset: str, measured: Written) -> Exhibit:
    """Recall if the first codes were known, and if the mode were not."""
    rows = [
        recall_row(prefixed(one.system, _first(n), len(measured)), found)
        for one in measured
        for n, found in enumerate(one.found.first_codes_forced)
    ]
    cutoffs = _cutoffs(measured)
    table = Table(
        (Column("system"), Column("given"), *recall_columns(cutoffs)),
        tuple(
            (one.system, given, *recall_cells(found, cutoffs))
            for one in measured
            for given, found in _given(one.found)
        ),
    )
    answer = (
        f"Recall of films not named before by a beam of {ORACLE_WIDTH} if their first codes were "
        "given: what better first codes could bring at most. Lines are 95% intervals over "
        "dialogues."
    )
    question = f"{dataset}: and if the first codes were right?"
    return Exhibit(question, answer, table, drawn(rows, WHOLE), RECALL_LEGEND)


def _first(n: int) -> str:
    return "no code given" if not n else "first code given" if n == 1 else f"first {n} codes given"


def _given(found: Generation) -> Iterator[tuple[str, Recalls]]:
    for n, recalls in enumerate(found.first_codes_forced):
        yield _first(n), recalls
    yield "no code given, nor the mode", found.mode_not_forced


def _cutoffs(measured: Written) -> tuple[int, ...]:
    return tuple(measured[0].found.mode_not_forced.at)

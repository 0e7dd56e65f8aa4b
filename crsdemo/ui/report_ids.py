"""Exhibits of how a semantic ID is written, and where it goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crsdemo.evaluate_generative import MISSED, ORACLE_WIDTH
from crsdemo.judging_bootstrap import Estimate
from crsdemo.stage_figures import Recalls, Share
from crsdemo.stage_figures_ids import Beam, Generation, Level, Writing
from crsdemo.stage_folder import Measured
from crsdemo.ui.report_rows import (
    RECALL_LEGEND,
    WHOLE,
    axis,
    colors,
    legend,
    mark,
    prefixed,
    recall_cells,
    recall_columns,
    recall_marks,
    recall_row,
    share_cells,
    share_columns,
    told,
)
from crsdemo.ui.results_figures import MORE, PALETTE, Bar, Dots, Mark, Piece, bars
from crsdemo.ui.results_tables import Cell, Column, Table
from crsdemo.ui.results_words import Exhibit, drawn, share

PRIOR, ALONE = "with the prior", "the model alone"
RIGHT_BEFORE, GREEDY = "after right codes", "all right so far, going greedily"
LEVEL_COLORS = {RIGHT_BEFORE: PALETTE[0], GREEDY: PALETTE[1]}
ABOUT = (Column("system"), Column("written"))

Written = Sequence[Measured[Generation]]


def levels(dataset: str, measured: Written) -> Exhibit:
    """How often each code is right, after right codes and on the greedy way."""
    rows = [
        _level_row(one, number, len(measured))
        for one in measured
        for number, _ in enumerate(one.found.as_used.levels)
    ]
    cutoffs = tuple(measured[0].found.without_prior.levels[0].recall_where_right.at)
    table = Table(
        (
            *ABOUT, Column("level", "count"),
            *share_columns("right after right codes"), Column("probability", "percent"),
            Column("codes to choose from", "number"),
            *share_columns("greedy, right so far"), *share_columns("greedy, all up to here"),
            *(Column(f"there: {c.name}", c.kind) for c in recall_columns(cutoffs)),
        ),
        tuple(
            (system, how, number, *_level_cells(level, cutoffs))
            for system, how, writing in _writings(measured)
            for number, level in enumerate(writing.levels, 1)
        ),
    )  # fmt: skip
    answer = (
        f"Share of {measured[0].found.targets:,} films not named before whose code is the most "
        "probable one at each level, after the right codes, and with all codes right that far "
        "where each time the most probable one is taken. Lines are 95% intervals over dialogues."
        f"{_rings(measured)}"
    )
    question = f"{dataset}: where does the semantic ID go wrong?"
    return Exhibit(question, answer, table, drawn(rows, WHOLE), legend(LEVEL_COLORS))


def _level_row(one: Measured[Generation], number: int, systems: int) -> Dots:
    """With rings for the model alone, if it has a prior."""
    used, alone = one.found.as_used.levels[number], one.found.without_prior.levels[number]
    rings = _level_marks(alone, hollow=True) if one.found.with_prior else ()
    values = [used.after_right_codes.estimate.value, used.greedy_up_to_here.estimate.value]
    name = prefixed(one.system, f"level {number + 1}", systems)
    return Dots(name, told(values), (*_level_marks(used), *rings))


def _level_marks(level: Level, *, hollow: bool = False) -> tuple[Mark, ...]:
    shares = {RIGHT_BEFORE: level.after_right_codes, GREEDY: level.greedy_up_to_here}
    return tuple(
        mark(name, one.estimate, LEVEL_COLORS[name], hollow=hollow) for name, one in shares.items()
    )


def _level_cells(level: Level, cutoffs: Sequence[int]) -> tuple[Cell, ...]:
    return (
        *share_cells(level.after_right_codes), level.probability, level.choices,
        *share_cells(level.greedy_after_right_greedy), *share_cells(level.greedy_up_to_here),
        *recall_cells(level.recall_where_right, cutoffs),
    )  # fmt: skip


def lost(dataset: str, measured: Written) -> Exhibit:
    """At which level beams lose the films that they miss."""
    levels = max(len(one.found.without_prior.levels) for one in measured)
    names = [f"lost at level {n}" for n in range(1, levels + 1)] + [f"kept, but below {MISSED}"]
    color = {**colors(names), names[-1]: MORE}
    rows = [
        Bar(
            prefixed(one.system, f"beam of {width}", len(measured)),
            f"{beam.kept.n:,} missed",
            tuple(
                Piece(name, n, color[name])
                for name, n in zip(names, _missed(beam, levels), strict=True)
            ),
        )
        for one in measured
        for width, beam in one.found.as_used.beams.items()
    ]
    table = Table(
        (
            *ABOUT, Column("beam", "count"), Column("missed", "count"),
            *(Column(name, "percent") for name in names),
            *recall_columns(_cutoffs(measured)),
        ),
        tuple(
            (
                system, how, width, beam.kept.n,
                *(one.estimate.value for one in _shares(beam, levels)),
                *recall_cells(beam.recall, _cutoffs(measured)),
            )
            for system, how, writing in _writings(measured)
            for width, beam in writing.beams.items()
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
        _codes_row(one, n, len(measured))
        for one in measured
        for n, _ in enumerate(one.found.as_used.first_codes_forced)
    ]
    cutoffs = _cutoffs(measured)
    table = Table(
        (*ABOUT, Column("given"), *recall_columns(cutoffs)),
        tuple(
            (system, how, given, *recall_cells(found, cutoffs))
            for system, how, writing in _writings(measured)
            for given, found in _given(writing)
        ),
    )
    answer = (
        f"Recall of films not named before by a beam of {ORACLE_WIDTH} if their first codes were "
        "given: what better first codes could bring at most. Lines are 95% intervals over "
        f"dialogues.{_rings(measured)}"
    )
    question = f"{dataset}: and if the first codes were right?"
    return Exhibit(question, answer, table, drawn(rows, WHOLE), RECALL_LEGEND)


def _codes_row(one: Measured[Generation], n: int, systems: int) -> Dots:
    used, alone = (w.first_codes_forced[n] for w in (one.found.as_used, one.found.without_prior))
    rings = recall_marks(alone.at, hollow=True) if one.found.with_prior else ()
    row = recall_row(prefixed(one.system, _first(n), systems), used)
    return Dots(row.name, row.words, (*row.marks, *rings))


def _first(n: int) -> str:
    return "no code given" if not n else "first code given" if n == 1 else f"first {n} codes given"


def _given(writing: Writing) -> Iterator[tuple[str, Recalls]]:
    for n, found in enumerate(writing.first_codes_forced):
        yield _first(n), found
    yield "no code given, nor the mode", writing.mode_not_forced


def trie(dataset: str, measured: Written) -> Exhibit:
    """The model alone under the trie, and where it may write what is no item."""
    rows = [
        recall_row(prefixed(one.system, name, len(measured)), found)
        for one in measured
        for name, found in _held(one.found)
    ]
    cutoffs = _cutoffs(measured)
    table = Table(
        (
            Column("system"), Column("may write"), Column("by"), *recall_columns(cutoffs),
            *share_columns("is a film"),
        ),
        tuple((one.system, *row) for one in measured for row in _trie_cells(one.found, cutoffs)),
    )  # fmt: skip
    question = f"{dataset}: what does the trie add?"
    return Exhibit(question, _trie_answer(measured), table, drawn(rows, axis(rows)), RECALL_LEGEND)


def _trie_answer(measured: Written) -> str:
    found = measured[0].found
    by_code, by_token = (
        share(one.beam_is_an_item.estimate, digits=1) for one in (found.any_code, found.any_token)
    )
    return (
        f"Recall of the model alone by a beam of {ORACLE_WIDTH}: held to IDs of films, to codes of "
        f"the level, and free. Of what it writes, {by_code} are IDs of films if it must write "
        f"codes, and {by_token} if it may write any token: training never taught it to prefer "
        "codes to words."
    )


def _held(found: Generation) -> Iterator[tuple[str, Recalls]]:
    yield "IDs of films alone", found.without_prior.beams[ORACLE_WIDTH].recall
    yield "any code of the level", found.any_code.recall
    yield "any token", found.any_token.recall


def _trie_cells(found: Generation, cutoffs: Sequence[int]) -> Iterator[tuple[Cell, ...]]:
    unknown = (None,) * len(share_columns(""))
    (_, held), *_ = _held(found)
    yield "IDs of films alone", "beam", *recall_cells(held, cutoffs), *unknown
    for name, one in (("any code of the level", found.any_code), ("any token", found.any_token)):
        ours = share_cells(one.greedy_is_an_item)
        yield name, "greedily", *recall_cells(one.greedy, cutoffs), *ours
        ours = share_cells(one.beam_is_an_item)
        yield name, "beam", *recall_cells(one.recall, cutoffs), *ours
        yield name, "beam, others struck", *recall_cells(one.recall_of_items, cutoffs), *unknown


def _writings(measured: Written) -> Iterator[tuple[str, str, Writing]]:
    for one in measured:
        if one.found.with_prior:
            yield one.system, PRIOR, one.found.with_prior
        yield one.system, ALONE, one.found.without_prior


def _cutoffs(measured: Written) -> tuple[int, ...]:
    return tuple(measured[0].found.without_prior.mode_not_forced.at)


def _rings(measured: Written) -> str:
    return " Rings are the model alone." if any(one.found.with_prior for one in measured) else ""

"""Exhibits of the parts of ReGeS alone: what its searches find, and what its item expert adds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from crsdemo.evaluation.stages.figures import Cosines, ItemExpert, Retrieval, Search
from crsdemo.evaluation.stages.folder import Measured
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.web.report.rows import (
    RECALL_LEGEND,
    apart,
    axis,
    colors,
    legend,
    mark,
    prefixed,
    recall_cells,
    recall_columns,
    recall_row,
    told,
)
from crsdemo.web.results.figures import Axis, Dot, Dots
from crsdemo.web.results.tables import Cell, Column, Table
from crsdemo.web.results.words import Exhibit, drawn, ends, interval_columns, number

IN_FIGURE = (5, 20, 50)  # cut-offs of recall

Searched = Sequence[Measured[Retrieval]]
Experts = Sequence[Measured[ItemExpert]]


def queries(dataset: str, measured: Searched) -> Exhibit:
    """What is found by what is searched for (ReGeS, fig. 5)."""
    color = _query_colors(measured)
    rows = [
        _found(prefixed(one.system, f"{ranker} @{k}", len(measured)), found, k, color)
        for one in measured
        for ranker, found in _by_ranker(one.found.searches).items()
        for k in IN_FIGURE
    ]
    cutoffs = tuple(measured[0].found.searches[0].new.at)
    better = (c for k in cutoffs for c in interval_columns(f"recall@{k} more", "percent"))
    about = [Column(name) for name in ("system", "ranked by", "search", "films")]
    table = Table(
        (*about, *recall_columns(cutoffs), *better),
        tuple(
            (one.system, search.ranker, search.query, *cells)
            for one in measured
            for search in one.found.searches
            for cells in _search_cells(search, cutoffs)
        ),
    )
    n = measured[0].found.searches[0].new.n
    answer = (
        f"Recall of {n:,} films not named before among the first 5, 20 and 50, by what is searched "
        "for; lines are 95% intervals over dialogues. The table also tells how much more is found "
        "than by the whole dialogue, film by film."
    )
    question = f"{dataset}: does the query expert help the search?"
    return Exhibit(question, answer, table, drawn(rows, axis(rows)), legend(color))


def _found(name: str, searches: Sequence[Search], k: int, color: Mapping[str, str]) -> Dots:
    """What different searches find among the first `k`."""
    values = [one.new.at[k].value for one in searches]
    marks = {one.query: [mark(one.query, one.new.at[k], color[one.query])] for one in searches}
    return Dots(name, told(values), apart(marks))


def _search_cells(one: Search, cutoffs: Sequence[int]) -> list[tuple[Cell, ...]]:
    """Of new films with what more is found than by the whole dialogue, and of all."""
    unknown = Estimate(None)
    gains = (end for k in cutoffs for end in ends(one.better_by.get(k, unknown)))
    nothing = (None,) * (3 * len(cutoffs))
    return [
        ("not named before", *recall_cells(one.new, cutoffs), *gains),
        ("all", *recall_cells(one.all, cutoffs), *nothing),
    ]


def cosines(dataset: str, measured: Searched) -> Exhibit:
    """How near each search comes to the right film (ReGeS, fig. 7)."""
    color = _query_colors(measured)
    told_of = [(one.system, near) for one in measured for near in one.found.cosines]
    rows = [
        Dot(
            prefixed(system, f"{_short(near.ranker)}: {near.query}", len(measured)),
            near.median,
            number(near.median, 2),
            color[near.query],
        )
        for system, near in told_of
    ]
    table = Table(
        (
            *(Column(name) for name in ("system", "encoder", "search")),
            Column("n", "count"),
            *(Column(n, "number") for n in ("mean", "median", "lower quartile", "upper quartile")),
        ),
        tuple((system, *_cosine_cells(near)) for system, near in told_of),
    )
    n = measured[0].found.cosines[0].n
    answer = (
        f"Cosine of what is searched for and the description of the right film, of {n:,} films "
        "not named before: the dot is the median, the line holds the middle half."
    )
    question = f"{dataset}: does its query come nearer to the right film?"
    return Exhibit(question, answer, table, drawn(rows, _cosine_axis(rows)), legend(color))


def _short(ranker: str) -> str:
    """A phone has no room for more."""
    return ranker.removesuffix(" encoder")


def _cosine_cells(one: Cosines) -> tuple[Cell, ...]:
    return (one.ranker, one.query, one.n, one.mean, *ends(one.median))


def _cosine_axis(rows: Sequence[Dot]) -> Axis:
    """In fifths around all that is drawn."""
    known = [end for row in rows for end in ends(row.estimate) if end is not None] or [0.0]
    low, high = math.floor(5 * min(known) + 1e-9), math.ceil(5 * max(known) - 1e-9)
    ticks = [fifths / 5 for fifths in range(low, max(high, low + 1) + 1)]
    return Axis(ticks[0], ticks[-1], ticks, [f"{tick:.1f}".replace("-", "−") for tick in ticks])


def _query_colors(measured: Searched) -> dict[str, str]:
    searches = (search for one in measured for search in one.found.searches)
    return colors(list(dict.fromkeys(search.query for search in searches)))


def _by_ranker(searches: Sequence[Search]) -> dict[str, list[Search]]:
    rankers = dict.fromkeys(search.ranker for search in searches)
    return {ranker: [s for s in searches if s.ranker == ranker] for ranker in rankers}


def choice(dataset: str, experts: Experts) -> Exhibit:
    """Either order, both, and with the right film put in (ReGeS, table 4)."""
    found = [
        (one.system, k, name, recalls)
        for one in experts
        for k, made in one.found.candidates.items()
        for name, recalls in (
            ("retriever", made.retriever_alone),
            ("item expert", made.expert_alone),
            ("both", made.overall),
            ("right one added", made.gold_forced_in),
        )
    ]
    rows = [
        recall_row(prefixed(system, f"{k}, {name}", len(experts)), recalls)
        for system, k, name, recalls in found
    ]
    cutoffs = tuple(dict.fromkeys(k for *_, recalls in found for k in recalls.at))
    table = Table(
        (
            Column("system"), Column("candidates", "count"), Column("order"),
            *recall_columns(cutoffs),
        ),
        tuple((who, k, how, *recall_cells(one, cutoffs)) for who, k, how, one in found),
    )  # fmt: skip
    answer = (
        "Recall of films not named before with so many candidates: in the retriever's order, in "
        "the item expert's, in that of both together, which decides, and in this where the right "
        "film is added if it is not among them. Lines are 95% intervals over dialogues."
    )
    question = f"{dataset}: what does the item expert add?"
    return Exhibit(question, answer, table, drawn(rows, axis(rows)), RECALL_LEGEND)

"""How good recommenders are: exhibits of what evaluations found, beside what papers report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crsdemo.evaluation.folder import dataset_of
from crsdemo.evaluation.protocol import OURS
from crsdemo.evaluation.published import CUTOFFS, DATASETS, PARTS, Published
from crsdemo.evaluation.report import Report
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.web.report.rows import RECALL_LEGEND, SHOWN, WHOLE, axis, recall_marks, told
from crsdemo.web.results import figures
from crsdemo.web.results.figures import Dots, Mark, Piece
from crsdemo.web.results.tables import Cell, Column, Table
from crsdemo.web.results.words import Exhibit, drawn, ends, interval_columns, share

MAIN = "recall@10"  # what systems are put in order by
SHORT = {"position in the dialogue": "position"}  # a phone has no room for more
FILMS = {"new": "films not named before", "all": "all films"}
N_IN_SLICES = 3  # systems that are drawn; the table has all

Reports = Sequence[Report]


def exhibits(reports: Reports, published: Sequence[Published]) -> dict[str, Exhibit]:
    """By a name that is good for a file, in the order in which they are shown."""
    ours = [report for report in reports if report.protocol == OURS.name]
    found: dict[str, Exhibit] = {}
    for dataset in DATASETS:
        mine = best_first([report for report in ours if dataset_of(report) == dataset])
        for part in PARTS if mine else ():
            rows = [row for row in published if (row.dataset, row.part) == (dataset, part)]
            found[f"recall-{dataset}-{part}"] = recall(dataset, part, mine, rows)
        if mine:
            found[f"slices-{dataset}"] = slices(dataset, mine)
            found[f"lists-{dataset}"] = lists(dataset, mine)
    others = [report for report in reports if report.protocol != OURS.name]
    return found | ({"protocols": protocols(others)} if others else {})


def best_first(reports: Reports) -> list[Report]:
    """By recall@10 of the part that their protocol puts first."""

    def recalled(report: Report) -> float:
        first = next(iter(report.parts.values()))
        return first.metrics[MAIN].value or 0.0

    return sorted(reports, key=recalled, reverse=True)


def recall(dataset: str, part: str, reports: Reports, published: Sequence[Published]) -> Exhibit:
    """Of every system, and as papers report it."""
    shown = [row for row in published if row.shown]
    rows = [_measured(report, part) for report in reports] + [_reported(row) for row in shown]
    n = reports[0].parts[part].n
    answer = (
        f"Share of {n:,} recommendations whose film is among the first 1, 10 and 50; lines are 95% "
        "intervals over dialogues. Rings are what papers report: on test data, by protocols of "
        "their own, so they place ours but rank nothing."
    )
    table = Table(
        (
            Column("system"),
            *(c for k in CUTOFFS for c in interval_columns(f"recall@{k}", "percent")),
            Column("n", "count"),
            *(Column(name) for name in ("source", "protocol")),
        ),
        (
            *(_measured_row(report, part) for report in reports),
            *(_reported_row(row) for row in published),
        ),
    )
    question = f"{dataset}, {FILMS[part]}: how often is the right one found?"
    return Exhibit(question, answer, table, drawn(rows, axis(rows)), RECALL_LEGEND)


def slices(dataset: str, reports: Reports) -> Exhibit:
    """Where the best systems find the right film more or less often."""
    drawn_ones = reports[:N_IN_SLICES]
    names = [report.recommender for report in drawn_ones]
    found = {
        (report.recommender, one.by, one.name): one
        for report in reports
        for one in report.slices
        if one.part == "new"
    }
    kinds = dict.fromkeys((by, name) for _, by, name in found)
    rows = []
    for by, name in kinds:
        here = [found[who, by, name] for who in names if (who, by, name) in found]
        marks = [
            Mark(one.metrics[MAIN], share(one.metrics[MAIN], digits=1), figures.PALETTE[place])
            for place, one in enumerate(here)
        ]
        rows.append(
            Dots(f"{SHORT.get(by, by)}: {name}", f"n {here[0].n:,}" if here else "", tuple(marks))
        )
    columns = (Column("system"), Column("by"), Column("slice"), Column("n", "count"))
    table = Table(
        (*columns, *interval_columns(MAIN, "percent")),
        tuple(
            (who, by, name, one.n, *ends(one.metrics[MAIN]))
            for (who, by, name), one in found.items()
        ),
    )
    legend = tuple(Piece(name, 0, figures.PALETTE[n]) for n, name in enumerate(names))
    return Exhibit(
        f"{dataset}: where is it harder?",
        f"recall@10 of films not named before, of the best {len(names)} systems; the table has all."
        if len(names) > 1
        else "recall@10 of films not named before.",
        table,
        drawn(rows, axis(rows)),
        legend,
    )


LIST_FIGURES = ("coverage", "popularity", "gini")


def lists(dataset: str, reports: Reports) -> Exhibit:
    """Whether a system shows the whole catalog or the same well-known films again and again."""
    told = [report for report in reports if "new" in report.lists]
    rows = [
        Dots(
            report.recommender,
            " / ".join(share(Estimate(one.value)) for one in _of_lists(report)),
            tuple(
                Mark(one, f"{name} {share(one)}", figures.PALETTE[n])
                for n, (name, one) in enumerate(zip(LIST_FIGURES, _of_lists(report), strict=True))
            ),
        )
        for report in told
    ]
    table = Table(
        (
            Column("system"),
            Column("lists", "count"),
            *(c for name in LIST_FIGURES for c in interval_columns(name, "percent")),
        ),
        tuple(
            (
                report.recommender,
                report.lists["new"].n,
                *(end for one in _of_lists(report) for end in ends(one)),
            )
            for report in told
        ),
    )
    legend = tuple(Piece(name, 0, figures.PALETTE[n]) for n, name in enumerate(LIST_FIGURES))
    answer = (
        "Of the ten best of every list. Coverage: share of the catalog that is ever shown. "
        "Popularity: mean percentile, 50% would be chance. Gini: 0 shows all films alike, 100% "
        "always the same."
    )
    return Exhibit(f"{dataset}: what is shown at all?", answer, table, drawn(rows, WHOLE), legend)


def protocols(reports: Reports) -> Exhibit:
    """The same systems, counted as other papers count."""
    rows = [
        (
            report.recommender, dataset_of(report), report.protocol, name, part.n,
            *(end for k in SHOWN for end in ends(part.metrics[f"recall@{k}"])),
        )
        for report in best_first(reports)
        for name, part in report.parts.items()
    ]  # fmt: skip
    columns = [Column(name) for name in ("system", "dataset", "protocol", "part")]
    numbers = [c for k in SHOWN for c in interval_columns(f"recall@{k}", "percent")]
    return Exhibit(
        "And by the protocols of other papers?",
        "The same systems, with samples counted as UniCRS, He et al. and PECRS count them; "
        "docs/evaluation.md says how they differ.",
        Table((*columns, Column("n", "count"), *numbers), tuple(rows)),
        None,
    )


def _of_lists(report: Report) -> tuple[Estimate, ...]:
    found = report.lists["new"]
    return found.coverage, found.popularity, found.gini


def _measured(report: Report, part: str) -> Dots:
    metrics = report.parts[part].metrics
    found = {k: metrics[f"recall@{k}"] for k in SHOWN}
    return Dots(
        report.recommender, told([one.value for one in found.values()]), recall_marks(found)
    )


def _reported(row: Published) -> Dots:
    marks = [
        Mark(Estimate(value), f"recall@{k} {100 * value:.1f}%, {row.source}", SHOWN[k], hollow=True)
        for k, value in row.recall.items()
        if k in SHOWN
    ]
    return Dots(row.method, told([row.recall.get(k) for k in SHOWN]), tuple(marks))


def _measured_row(report: Report, part: str) -> tuple[Cell, ...]:
    found = report.parts[part]
    numbers: Iterator[Cell] = (e for k in CUTOFFS for e in ends(found.metrics[f"recall@{k}"]))
    return (
        report.recommender, *numbers, found.n, f"measured here, {report.data}", report.protocol
    )  # fmt: skip


def _reported_row(row: Published) -> tuple[Cell, ...]:
    numbers: Iterator[Cell] = (e for k in CUTOFFS for e in (row.recall.get(k), None, None))
    return (row.method, *numbers, None, row.source, row.protocol)

"""What evaluations found of recommendations, beside what papers report, ready to be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crsdemo.evaluation.folder import dataset_of
from crsdemo.evaluation.protocol import OURS
from crsdemo.evaluation.published import CUTOFFS, Published
from crsdemo.evaluation.report import Report
from crsdemo.evaluation.stages.sheets import Sheet
from crsdemo.recommenders.loading import BASELINES
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.studies.statistics.shares import with_ends

MAIN = "recall@10"  # what systems are put in order by
SHOWN = (1, 10, 50)  # cut-offs of the first table
FILMS = {"new": "films not named before", "all": "all films"}

Reports = Sequence[Report]
Recall = Mapping[tuple[str, int], Estimate]  # (part, cut-off) -> share


@dataclass(frozen=True)
class Line:
    """A system, measured here or in a paper."""

    name: str
    source: str  # of a paper, with its protocol; empty for what was measured here
    recall: Recall


@dataclass(frozen=True)
class OfDataset:
    """What a reader finds of one dataset."""

    dataset: str
    answer: str  # in a sentence
    n: Mapping[str, int]  # recommendations, by part
    measured: Sequence[Line]
    reported: Sequence[Line]
    details: Mapping[str, Sheet]  # by title


def of_dataset(dataset: str, reports: Reports, papers: Sequence[Published]) -> OfDataset | None:
    """None if nothing was measured on it."""
    ours = [one for one in reports if (one.protocol, dataset_of(one)) == (OURS.name, dataset)]
    mine, theirs = _best_first(ours), [row for row in papers if row.dataset == dataset]
    if not mine:
        return None
    return OfDataset(
        dataset,
        answer(dataset, mine),
        {name: part.n for name, part in mine[0].parts.items()},
        [Line(report.recommender, "", _measured(report)) for report in mine],
        _merged([row for row in theirs if row.shown]),
        {
            "Every figure": _figures(mine),
            "Where is it harder?": _slices(mine),
            "What is shown at all?": _lists(mine),
            "Everything that papers report": _papers(theirs),
        },
    )


def _best_first(reports: Reports) -> list[Report]:
    """By recall@10 of the part that their protocol puts first."""

    def recalled(report: Report) -> float:
        return next(iter(report.parts.values())).metrics[MAIN].value or 0.0

    return sorted(reports, key=recalled, reverse=True)


def answer(dataset: str, reports: Reports) -> str:
    """The best system, beside the best baseline if that is another one."""
    best = reports[0]
    words = (
        f"Of {best.parts['new'].n:,} recommendations of a new film on {dataset}, "
        f"{best.recommender} has the right one among its first ten in {_ten(best)}"
    )
    baseline = next((one for one in reports if one.recommender in BASELINES), best)
    if baseline is best:
        return f"{words}."
    return f"{words}; {baseline.recommender}, the best baseline, in {_ten(baseline)}."


def _ten(report: Report) -> str:
    return f"{report.parts['new'].metrics[MAIN].value or 0:.1%}"


def _measured(report: Report) -> Recall:
    return {
        (name, k): part.metrics[f"recall@{k}"] for name, part in report.parts.items() for k in SHOWN
    }


def _merged(rows: Sequence[Published]) -> list[Line]:
    """A line for each method of a source, which may report one part or both."""
    found: dict[tuple[str, str], dict[tuple[str, int], Estimate]] = {}
    for row in rows:
        recall: Recall = {(row.part, k): Estimate(value) for k, value in row.recall.items()}
        found.setdefault((row.method, row.source), {}).update(recall)
    return [Line(method, source, recall) for (method, source), recall in found.items()]


# the details


def _figures(reports: Reports) -> Sheet:
    rows = [
        {"system": report.recommender, "films": FILMS[name], "n": part.n, **_told(part.metrics)}
        for report in reports
        for name, part in report.parts.items()
    ]
    return Sheet.of("Percent, with 95% intervals over dialogues.", rows)


def _told(metrics: Mapping[str, Estimate]) -> dict[str, str]:
    """Empty for what is not known."""
    return {
        name: "" if one.value is None else with_ends(one.value, (one.low, one.high))
        for name, one in metrics.items()
    }


def _slices(reports: Reports) -> Sheet:
    """A row for each slice, a column for each system."""
    systems = [report.recommender for report in reports]
    new = [(one, report) for report in reports for one in report.slices if one.part == "new"]
    found = {(one.by, one.name, report.recommender): _told(one.metrics) for one, report in new}
    rows = [
        [
            f"{by}: {name}",
            f"{n:,}",
            *(found.get((by, name, who), {}).get(MAIN, "") for who in systems),
        ]
        for (by, name), n in {(one.by, one.name): one.n for one, _ in new}.items()
    ]
    return Sheet("Recall@10 of films not named before.", ["films", "n", *systems], rows)


def _lists(reports: Reports) -> Sheet:
    new = [(report.recommender, report.lists["new"]) for report in reports if "new" in report.lists]
    return Sheet.of(
        "Of the ten best of every list. Coverage: share of the catalog that is ever shown. "
        "Popularity: mean percentile, 50 would be chance. Gini: 0 shows all films alike, 100 "
        "always the same.",
        [
            {
                "system": system, "lists": one.n,
                **_told({"coverage": one.coverage, "popularity": one.popularity, "Gini": one.gini}),
            }
            for system, one in new
        ],
    )  # fmt: skip


def _papers(rows: Sequence[Published]) -> Sheet:
    return Sheet.of(
        "By protocols of their own, most on test data: they place ours but rank nothing.",
        [
            {
                "method": row.method, "films": FILMS[row.part],
                **_told({f"recall@{k}": Estimate(row.recall.get(k)) for k in CUTOFFS}),
                "source": row.source, "protocol": row.protocol,
            }
            for row in rows
        ],
    )  # fmt: skip


def protocols(reports: Reports) -> Sheet:
    """The same systems, counted as other papers count."""
    return Sheet.of(
        "Samples counted as UniCRS, He et al. and PECRS count them; docs/evaluation.md says how "
        "they differ.",
        [
            {
                "system": report.recommender, "dataset": dataset_of(report),
                "protocol": report.protocol, "part": name, "n": part.n, **_told(part.metrics),
            }
            for report in _best_first([one for one in reports if one.protocol != OURS.name])
            for name, part in report.parts.items()
        ],
    )  # fmt: skip

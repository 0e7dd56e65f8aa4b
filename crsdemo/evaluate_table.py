"""Several evaluations in one table: Markdown to read, LaTeX to print.

Figures are percent with their 95% intervals; with a baseline, what every other system scores more
and the p-value of a paired test, adjusted for all tests of the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tabulate import tabulate

from crsdemo.errors import BadInputError
from crsdemo.evaluate_report import Report
from crsdemo.evaluate_statistics import METRICS, Difference, difference, holm, scores
from crsdemo.judging_bootstrap import Estimate
from crsdemo.protocol import Part, Protocol

FORMATS = {"markdown": "pipe", "latex": "latex_booktabs"}


@dataclass(frozen=True)
class Test:
    """One system against the baseline in one metric."""

    metric: str
    found: Difference
    p: float  # adjusted (Holm) for all tests of the table


def part_named(protocol: Protocol, name: str) -> Part:
    """The one put first where `name` is empty. Raises BadInputError for an unknown one."""
    found = next((part for part in protocol.parts if part.name == name), None)
    if name and found is None:
        known = ", ".join(part.name for part in protocol.parts)
        raise BadInputError(f"protocol {protocol.name} has no part {name!r}; it has: {known}")
    return found or protocol.headline


def table(
    reports: Sequence[Report],
    part: Part,
    metrics: Sequence[str],
    *,
    against: str = "",
    format: str = "markdown",
) -> str:
    """One row per report; `against` names the recommender that the others are tested against.

    Raises BadInputError if the reports are not of the same samples, or for an unknown name.
    """
    if format not in FORMATS:
        raise BadInputError(f"--format must be {' or '.join(FORMATS)}, got {format!r}")
    unknown = [name for name in metrics if name not in METRICS]
    if unknown:
        raise BadInputError(f"no metric {unknown[0]!r}; there are: {', '.join(METRICS)}")
    for other in reports[1:]:
        check_same_samples(reports[0], other)
    rows = [_row(report, part, metrics) for report in reports]
    tables = [tabulate(rows, ["system", "n", *metrics], FORMATS[format], disable_numparse=True)]
    if against:
        tested = list(_test_rows(reports, part, metrics, against))
        heads = ["system", f"more than {against}, [95% interval], p", *[""] * (len(metrics) - 1)]
        heads = ["system", *(f"{name} − {against}" for name in metrics)]
        tables.append(tabulate(tested, heads, FORMATS[format], disable_numparse=True))
    return "\n\n".join([_caption(reports, part, against), *tables])


def check_same_samples(one: Report, other: Report) -> None:
    """Raises BadInputError where two reports cannot be compared, saying why."""
    if one.protocol != other.protocol:
        raise BadInputError(
            f"{one.recommender} was evaluated by the protocol {one.protocol}, {other.recommender} "
            f"by {other.protocol}; evaluate both by one"
        )
    mine, theirs = ([_sample_id(s) for s in report.samples] for report in (one, other))
    if mine != theirs:
        n = len(set(mine) ^ set(theirs))
        raise BadInputError(
            f"the reports of {one.recommender} and {other.recommender} are of other samples "
            f"({len(mine):,} and {len(theirs):,}, {n:,} are in one only); evaluate both on the "
            "same dialogues with the same flags and catalog"
        )


def _sample_id(sample: object) -> tuple[object, ...]:
    return tuple(getattr(sample, name) for name in ("dialogue", "turn", "target", "is_new"))


def tests(
    reports: Sequence[Report], part: Part, metrics: Sequence[str], against: str
) -> dict[str, list[Test]]:
    """For every system but the baseline `against` a test per metric, adjusted together."""
    baseline = next((report for report in reports if report.recommender == against), None)
    if baseline is None:
        known = ", ".join(report.recommender for report in reports)
        raise BadInputError(f"no report of {against!r} to test against; there are: {known}")
    theirs = _scores(baseline, part, metrics)
    dialogues = [sample.dialogue for sample in baseline.samples_of(part)]
    found = [
        (report.recommender, metric, difference(mine, other, dialogues))
        for report in reports
        if report is not baseline
        for metric, mine, other in zip(
            metrics, _scores(report, part, metrics).T, theirs.T, strict=True
        )
    ]
    adjusted = holm([one.p for _, _, one in found])
    tested: dict[str, list[Test]] = {}
    for (name, metric, one), p in zip(found, adjusted, strict=True):
        tested.setdefault(name, []).append(Test(metric, one, p))
    return tested

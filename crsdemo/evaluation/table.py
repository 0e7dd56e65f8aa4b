"""Several evaluations in one table: Markdown to read, LaTeX to print.

Figures are percent with their 95% intervals; with a baseline, what every other system scores more,
with the p-value of a paired test, adjusted for all tests of the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.protocol import Part
from crsdemo.evaluation.report import PartFigures, Report
from crsdemo.evaluation.statistics import METRICS, Difference, difference, holm, scores
from crsdemo.studies.statistics.bootstrap import Estimate, Floats
from crsdemo.studies.statistics.shares import table as drawn
from crsdemo.studies.statistics.shares import with_ends

FORMATS = {"markdown": "pipe", "latex": "latex_booktabs"}
Reports = Mapping[str, Report]  # by the name that a table gives them


@dataclass(frozen=True)
class PairedTest:
    """One system against a baseline in one metric."""

    system: str
    metric: str
    found: Difference  # its p adjusted (Holm) for all tests made together


def paired_tests(
    reports: Reports, part: Part, metrics: Sequence[str], against: str
) -> list[PairedTest]:
    """Every other report against the one named `against`, in every metric.

    Raises BadInputError if there is none of that name, or if the samples are not the same.
    """
    if against not in reports:
        known = ", ".join(reports)
        raise BadInputError(f"no report {against!r} to test against; there are: {known}")
    baseline = reports[against]
    theirs = _scores(baseline, part, metrics)
    dialogues = [sample.dialogue for sample in baseline.samples_of(part)]
    tests = []
    for name, report in reports.items():
        check_same_samples(baseline, report)
        if name != against:
            pairs = zip(metrics, _scores(report, part, metrics).T, theirs.T, strict=True)
            tests += [PairedTest(name, m, difference(a, b, dialogues)) for m, a, b in pairs]
    adjusted = holm([test.found.p for test in tests])
    return [
        replace(test, found=replace(test.found, p=p))
        for test, p in zip(tests, adjusted, strict=True)
    ]


def _scores(report: Report, part: Part, metrics: Sequence[str]) -> Floats:
    """(n, m)"""
    return scores([sample.rank_in(part) for sample in report.samples_of(part)], metrics)


def check_same_samples(one: Report, other: Report) -> None:
    """Raises BadInputError where two reports cannot be compared, saying why."""
    if one.protocol != other.protocol:
        raise BadInputError(
            f"{one.recommender} was evaluated by the protocol {one.protocol}, {other.recommender} "
            f"by {other.protocol}; evaluate both by one"
        )
    mine, theirs = (
        [(s.dialogue, s.turn, s.target, s.is_new) for s in r.samples] for r in (one, other)
    )
    if mine != theirs:
        raise BadInputError(
            f"the reports of {one.recommender} and {other.recommender} are of other samples "
            f"({len(mine):,} and {len(theirs):,}, {len(set(mine) ^ set(theirs)):,} are in one "
            "only); evaluate both on the same dialogues with the same flags and catalog"
        )


def table(
    reports: Reports,
    part: Part,
    metrics: Sequence[str],
    *,
    against: str = "",
    format: str = "markdown",
) -> str:
    """One row per report; the others are tested against the one named `against`, if any.

    Raises BadInputError if the reports are not of the same samples, or for an unknown name.
    """
    if format not in FORMATS:
        raise BadInputError(f"--format must be {' or '.join(FORMATS)}, got {format!r}")
    if unknown := [name for name in metrics if name not in METRICS]:
        raise BadInputError(f"no metric {unknown[0]!r}; there are: {', '.join(METRICS)}")
    first = next(iter(reports.values()))
    for report in reports.values():
        check_same_samples(first, report)
    rows = [_row(name, report.parts[part.name], metrics) for name, report in reports.items()]
    texts = [_about(first, part), drawn(["system", "n", *metrics], rows, FORMATS[format])]
    if against:
        tests = paired_tests(reports, part, metrics, against)
        others = dict.fromkeys(test.system for test in tests)
        rows = [[name, *(_told(t.found) for t in tests if t.system == name)] for name in others]
        texts += [ABOUT_TESTS.format(against), drawn(["system", *metrics], rows, FORMATS[format])]
    if format == "latex":
        texts[::2] = ["% " + text for text in texts[::2]]
    return "\n\n".join(texts)


ABOUT_TESTS = (
    "What each scores more than {}, in points, with 95% intervals over dialogues; p of a paired "
    "randomisation test over dialogues, adjusted (Holm) for all tests of this table."
)


def _about(report: Report, part: Part) -> str:
    figures = report.parts[part.name]
    return (
        f"{report.data or 'Dialogues'}, protocol {report.protocol}, part {part.name}: "
        f"{figures.n:,} samples of {figures.dialogues:,} dialogues; percent, with 95% intervals "
        "over dialogues."
    )


def _row(name: str, figures: PartFigures, metrics: Sequence[str]) -> list[str]:
    return [name, f"{figures.n:,}", *(_percent(figures.metrics[metric]) for metric in metrics)]


def _percent(one: Estimate, sign: str = "") -> str:
    return "-" if one.value is None else with_ends(one.value, (one.low, one.high), sign)


def _told(one: Difference) -> str:
    p = "p < 0.001" if one.p < 0.001 else f"p = {one.p:.3f}"
    return f"{_percent(one.by, '+')}, {p}"

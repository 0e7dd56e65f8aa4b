"""A folder of evaluations: one JSON file per recommender, dataset and protocol."""

from __future__ import annotations

from pathlib import Path

from crsdemo.core.errors import BadInputError
from crsdemo.core.shipped import REPORTS as REPORTS
from crsdemo.evaluation.report import Report


def dataset_of(report: Report) -> str:
    """ReDial or INSPIRED, by the name of the file, as `language/corpus.py` tells them apart."""
    return "INSPIRED" if report.data.endswith(".tsv") else "ReDial"


def load_reports(folder: Path) -> tuple[Report, ...]:
    """Every `*.json` of a folder, sorted by file name.

    Raises BadInputError for no folder, a file that is no report, and two that are of the same.
    """
    if not folder.is_dir():
        raise BadInputError(f"no folder of reports at {folder}; name another with --reports")
    seen: dict[tuple[str, str, str], Path] = {}
    reports = []
    for path in sorted(folder.glob("*.json")):
        report = Report.load(path)
        key = (report.recommender, report.data, report.protocol)
        if key in seen:
            raise BadInputError(
                f"{seen[key]} and {path} are both of {report.recommender} on {report.data} by the "
                f"protocol {report.protocol}; remove one"
            )
        seen[key] = path
        reports.append(report)
    return tuple(reports)

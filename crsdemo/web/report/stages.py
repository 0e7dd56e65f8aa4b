"""What stages found, put together for the page: wishes, the parts of the systems, the details."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from crsdemo.evaluation.stages import tables
from crsdemo.evaluation.stages.folder import DATASETS, ON_DIALOGUES, WISHES, Measured
from crsdemo.evaluation.stages.sheets import Sheet
from crsdemo.evaluation.stages.tables import Findings

PARTS = dict(zip(ON_DIALOGUES, ("search", "choice", "semantic ID", "words"), strict=True))


def wishes(stages: Sequence[Measured]) -> Sheet:
    """Of every system, those first that hear best."""
    asked = [one for one in stages if not one.name.dataset]
    fit = {one.name.system: one.row["fit"] for one in asked if one.name.stage == WISHES}

    def order(one: Measured) -> tuple[float, str, bool]:
        return -fit.get(one.name.system, 0.0), one.name.system, one.name.stage != WISHES

    rows = [
        (one.name.system, "at once" if one.name.stage == WISHES else "late in a talk", one.row)
        for one in sorted(asked, key=order)
    ]
    return tables.wishes(rows)


def parts(stages: Sequence[Measured]) -> Sheet:
    """What a reader wants first of each part, by dataset."""
    found: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for one, findings in _found(stages):
        for figure, value in findings.summary.items():
            row = PARTS[one.name.stage], figure, one.name.system
            found[row][DATASETS[one.name.dataset]] = value
    datasets = DATASETS.values()
    rows = [[*key, *(values.get(one, "") for one in datasets)] for key, values in found.items()]
    return Sheet("Percent.", ["part", "figure", "system", *datasets], rows)


def details(stages: Sequence[Measured]) -> Mapping[str, Findings]:
    """Everything, by the title of what it is of."""
    return {
        f"{PARTS[one.name.stage]}, {one.name.system} on {DATASETS[one.name.dataset]}": findings
        for one, findings in _found(stages)
    }


def _found(stages: Sequence[Measured]) -> list[tuple[Measured, Findings]]:
    """Of the stages that are measured on dialogues, part by part."""
    return [
        (one, tables.findings(stage, one.row))
        for stage in ON_DIALOGUES
        for one in stages
        if one.name.stage == stage
    ]

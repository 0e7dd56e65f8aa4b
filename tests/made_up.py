"""Reports written by hand, with figures that nobody measured."""

from __future__ import annotations

from crsdemo.core.recommender import Provenance
from crsdemo.evaluation.report import ListFigures, PartFigures, Report, Slice
from crsdemo.evaluation.statistics import METRICS
from crsdemo.studies.statistics.bootstrap import Estimate


def around(value: float) -> Estimate:
    return Estimate(value, round(value - 0.01, 5), round(value + 0.01, 5))


def made_up(
    name: str, recall: float, data: str = "dev_data.jsonl", protocol: str = "ours"
) -> Report:
    """Every metric is `recall`, of cold items half of it."""
    part = PartFigures(700, 180, dict.fromkeys(METRICS, around(recall)))
    cold = Slice("new", "target", "cold", 41, dict.fromkeys(METRICS, around(recall / 2)))
    lists = ListFigures(500, around(0.1), around(0.9), around(0.7))
    parts = {"new": part, "all": part} if protocol == "ours" else {"all": part}
    return Report(
        name, Provenance(name), protocol, data, 195, 13, 900, parts,
        dict.fromkeys(parts, lists), (cold,), None, (),
    )  # fmt: skip

"""All that votes tell, computed at once: `python -m crsdemo results --db feedback.db`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from crsdemo.studies.statistics.agreement import AgreementReport, agreement_report
from crsdemo.studies.statistics.exclusion import (
    Limits,
    SensitivityRow,
    counted,
    flagged,
    sensitivity,
)
from crsdemo.studies.statistics.habits import (
    AspectScore,
    Day,
    PositionBias,
    Progress,
    Times,
    aspect_scores,
    days,
    position_bias,
    progress,
    times,
)
from crsdemo.studies.statistics.judging import FLAGS, Flag, Vote, recommenders
from crsdemo.studies.statistics.pairs import PairResult, compare_pairs
from crsdemo.studies.statistics.strengths import Strengths, compare_all


@dataclass(frozen=True)
class Results:
    """What votes say of recommenders, and how far that can be trusted.

    Pairs, strengths, agreement and aspects are of the votes that count; sides, times, days and
    progress are of all, since what was left out would hide the habits that it was left out for.
    """

    votes: int
    counted: int
    people: int
    flags: Mapping[Flag, int]  # how many votes have each; a vote may have several
    pairs: tuple[PairResult, ...]
    strengths: Strengths | None  # where there are three recommenders or more
    agreement: AgreementReport
    aspects: tuple[AspectScore, ...]
    position: PositionBias
    times: Times
    days: tuple[Day, ...]
    progress: tuple[Progress, ...]
    sensitivity: tuple[SensitivityRow, ...]

    def as_json(self) -> dict[str, Any]:
        """Numbers as they are, times in ISO 8601; each pair also has its `sentence`."""
        row = asdict(self)
        for found, pair in zip(row["pairs"], self.pairs, strict=True):
            found["sentence"] = pair.sentence
        plain: dict[str, Any] = json.loads(json.dumps(row, default=_iso))
        return plain


def results(
    votes: Iterable[Vote], limits: Limits = Limits(), rules: Collection[Flag] = FLAGS
) -> Results:
    """Everything, from votes as they were given; those count that break none of `rules`."""
    everything = flagged(votes, limits)
    kept = counted(everything, rules)
    return Results(
        votes=len(everything),
        counted=len(kept),
        people=len({vote.annotator for vote in everything}),
        flags={flag: sum(flag in vote.flags for vote in everything) for flag in FLAGS},
        pairs=compare_pairs(kept),
        strengths=compare_all(kept) if len(recommenders(kept)) > 2 else None,
        agreement=agreement_report(kept),
        aspects=aspect_scores(kept),
        position=position_bias(everything),
        times=times(everything),
        days=days(everything),
        progress=progress(everything),
        sensitivity=sensitivity(everything),
    )


def _iso(value: object) -> str:
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    raise TypeError(f"not fit for JSON: {value!r}")

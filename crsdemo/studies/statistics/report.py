"""All that votes tell, computed at once: `python -m crsdemo results --db feedback.db`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from crsdemo.core.conversation import is_simulated
from crsdemo.studies.statistics import habits
from crsdemo.studies.statistics.agreement import AgreementReport, agreement_report
from crsdemo.studies.statistics.exclusion import counted, flagged, reasons
from crsdemo.studies.statistics.judging import FLAGS, Flag, Vote, recommenders
from crsdemo.studies.statistics.pairs import PairResult, compare_pairs
from crsdemo.studies.statistics.strengths import Strengths, compare_all


@dataclass(frozen=True)
class Results:
    """What votes say of recommenders, and how far that can be trusted.

    All is of the votes that count but times, checks and progress, which are of all: what was left
    out would hide the habits that it was left out for.
    """

    votes: int  # on two recommenders: checks of attention are none
    counted: int
    left_out: Mapping[Flag, int]  # the others, each by the first rule that it breaks
    people: int
    simulated: int  # votes of programs (`simulate-votes`), which are nobody's opinion
    recommenders: tuple[str, ...]  # that any vote tells of
    flags: Mapping[Flag, int]  # how many votes have each, left out or not; one may have several
    pairs: tuple[PairResult, ...]
    strengths: Strengths | None  # where there are three recommenders or more
    agreement: AgreementReport
    aspects: tuple[habits.AspectScore, ...]
    position: habits.PositionBias
    times: habits.Times
    checks: habits.Checks
    progress: tuple[habits.Progress, ...]

    def as_json(self) -> dict[str, Any]:
        """Numbers as they are, times in ISO 8601; each pair also has its `sentence`."""
        row = asdict(self)
        for found, pair in zip(row["pairs"], self.pairs, strict=True):
            found["sentence"] = pair.sentence
        plain: dict[str, Any] = json.loads(json.dumps(row, default=datetime.isoformat))
        return plain


def results(votes: Iterable[Vote], rules: Collection[Flag] = FLAGS) -> Results:
    """Everything, from votes as they were given; those count that break none of `rules`."""
    everything = flagged(votes)
    given = [vote for vote in everything if vote.is_measured]
    kept = counted(given, rules)
    return Results(
        votes=len(given),
        counted=len(kept),
        left_out=reasons(given, rules),
        people=len({vote.annotator for vote in given}),
        simulated=sum(is_simulated(vote.annotator) for vote in given),
        recommenders=recommenders(given),
        flags={flag: sum(flag in vote.flags for vote in given) for flag in FLAGS},
        pairs=compare_pairs(kept),
        strengths=compare_all(kept) if len(recommenders(kept)) > 2 else None,
        agreement=agreement_report(kept, [vote for vote in given if vote.flags & set(rules)]),
        aspects=habits.aspect_scores(kept),
        position=habits.position_bias(kept),
        times=habits.times(given),
        checks=habits.checks(everything),
        progress=habits.progress(everything),
    )

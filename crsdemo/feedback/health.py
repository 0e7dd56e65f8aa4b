"""What the log says of itself, for the health page: how busy, how quick, how often given up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from crsdemo.feedback.file import LogFile
from crsdemo.feedback.schema import queries
from crsdemo.studies.tasks import BAD, GOOD

_SQL = queries("health")

IN_A_ROW = 3  # failed replies: by then another try at once helps no more


class Failing(NamedTuple):
    """A recommender that keeps failing: it has answered nothing since."""

    recommender: str
    times: int
    reason: str  # of the last failure


@dataclass(frozen=True)
class Activity:
    """What happened in the last hours."""

    generations: dict[str, int] = field(default_factory=dict)  # by status
    n_verdicts: int = 0
    n_ratings: int = 0  # revisions
    # By recommender, seconds to a whole reply: 95 of 100 took no longer
    latency_p95: dict[str, float] = field(default_factory=dict)
    failing: tuple[Failing, ...] = ()


def activity(file: LogFile, hours: float) -> Activity:
    """Raises FeedbackError if the log cannot be read."""
    with file.reading() as db:
        statuses = dict(db.execute(_SQL["statuses"], [hours]))
        n_verdicts, n_ratings = db.execute(_SQL["opinions"], [hours, hours]).fetchone()
        seconds = dict(db.execute(_SQL["seconds"], [hours]))
        for written in (BAD, GOOD):  # the file of a study answers there, and no system
            seconds.pop(written, None)
        of = {"hours": hours, "in_a_row": IN_A_ROW}
        failing = tuple(Failing(*row) for row in db.execute(_SQL["failing"], of))
        return Activity(statuses, n_verdicts, n_ratings, seconds, failing)

"""What the log says of itself, for the health page: how busy, how quick, how often given up."""

from __future__ import annotations

from dataclasses import dataclass

from crsdemo.feedback.file import LogFile

_SINCE = "julianday('now') - julianday({}) < ? / 24.0"

_STATUSES = f"""select status, count(*) from generations
    where {_SINCE.format("started_at")} group by status"""

_OPINIONS = f"""select
    (select count(*) from verdicts where {_SINCE.format("created_at")}),
    (select count(*) from ratings where {_SINCE.format("created_at")})"""

_SECONDS = f"""select recommender, (julianday(finished_at) - julianday(started_at)) * 86400
    from generations where status = 'ok' and {_SINCE.format("started_at")}
    order by recommender, 2"""


@dataclass(frozen=True)
class Activity:
    """What happened in the last `hours`."""

    hours: float
    generations: dict[str, int]  # by status
    n_verdicts: int
    n_ratings: int  # revisions
    latencies: dict[str, tuple[float, ...]]  # recommender -> seconds of whole replies, ascending


def activity(file: LogFile, hours: float) -> Activity:
    """Raises FeedbackError if the log cannot be read."""
    with file.reading() as db:
        statuses = dict(db.execute(_STATUSES, [hours]).fetchall())
        n_verdicts, n_ratings = db.execute(_OPINIONS, [hours, hours]).fetchone()
        rows = db.execute(_SECONDS, [hours]).fetchall()
    latencies: dict[str, tuple[float, ...]] = {}
    for recommender, seconds in rows:
        latencies[recommender] = (*latencies.get(recommender, ()), seconds)
    return Activity(hours, statuses, n_verdicts, n_ratings, latencies)

"""What the log says of itself, for the health page: how busy, how quick, how often given up."""

from __future__ import annotations

from dataclasses import dataclass, field

from crsdemo.feedback.file import LogFile

_SINCE = "julianday('now') - julianday({}) < ? / 24.0"

_STATUSES = f"""select status, count(*) from generations
    where {_SINCE.format("started_at")} group by status"""

_OPINIONS = f"""select
    (select count(*) from verdicts where {_SINCE.format("created_at")}),
    (select count(*) from ratings where {_SINCE.format("created_at")})"""

_SECONDS = f"""select recommender, max(seconds) from (
        select recommender, seconds, count(*) over (partition by recommender) as n,
            row_number() over (partition by recommender order by seconds) as place
        from (select recommender, 86400 * (julianday(finished_at) - julianday(started_at))
                as seconds
            from generations where status = 'ok' and {_SINCE.format("started_at")}))
    where place - 1 < 0.95 * n group by recommender"""


@dataclass(frozen=True)
class Activity:
    """What happened in the last hours."""

    generations: dict[str, int] = field(default_factory=dict)  # by status
    n_verdicts: int = 0
    n_ratings: int = 0  # revisions
    # By recommender, seconds to a whole reply: 95 of 100 took no longer
    latency_p95: dict[str, float] = field(default_factory=dict)


def activity(file: LogFile, hours: float) -> Activity:
    """Raises FeedbackError if the log cannot be read."""
    with file.reading() as db:
        statuses = dict(db.execute(_STATUSES, [hours]))
        n_verdicts, n_ratings = db.execute(_OPINIONS, [hours, hours]).fetchone()
        return Activity(statuses, n_verdicts, n_ratings, dict(db.execute(_SECONDS, [hours])))

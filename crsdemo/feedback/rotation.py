"""Backups on a schedule: one folder, names that say when, old ones dropped.

The newest 24 stay, and before these the last one of each of 30 days: a mistake that nobody saw
for a week can still be undone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crsdemo.feedback.backup import backup

NEWEST = 24
DAYS = 30
_TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Backups:
    """Where the copies of a log lie and how often one is made."""

    db: Path
    folder: Path
    every: timedelta = timedelta(hours=1)

    def make(self, now: datetime) -> Path:
        """A new checked copy; then the oldest go. Raises BadInputError or FeedbackError.

        Where the copy cannot be made, no other is dropped.
        """
        out = self.folder / f"{self.db.stem}-{now.astimezone(UTC):{_TIME}}.db"
        backup(self.db, out)
        for old in superfluous(self.made()):
            self._path(old).unlink(missing_ok=True)
        return out

    def is_due(self, now: datetime) -> bool:
        made = self.made()
        return not made or now - made[-1] >= self.every

    def made(self) -> tuple[datetime, ...]:
        """When there was a backup that is still there, first one first."""
        names = (path.stem for path in self.folder.glob(f"{self.db.stem}-*.db"))
        times = (_time_in(name.removeprefix(f"{self.db.stem}-")) for name in names)
        return tuple(sorted(time for time in times if time))

    def _path(self, time: datetime) -> Path:
        return self.folder / f"{self.db.stem}-{time:{_TIME}}.db"


def superfluous(made: Iterable[datetime]) -> tuple[datetime, ...]:
    """The backups that are neither among the newest nor the last of one of the last days."""
    times = sorted(made, reverse=True)
    last_of_day = {time.date(): time for time in reversed(times)}  # the later one stays
    days = sorted(last_of_day, reverse=True)[:DAYS]
    kept = {*times[:NEWEST], *(last_of_day[day] for day in days)}
    return tuple(time for time in times if time not in kept)


def _time_in(name: str) -> datetime | None:
    """None for a file that somebody else put there."""
    try:
        return datetime.strptime(name, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None

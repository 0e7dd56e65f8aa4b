"""What people think of replies, kept even while the log cannot be written.

An opinion that the log does not take (it is locked, full, its disk is away) goes to a file beside
the log, one line of JSON each, and is on the disk when the visitor hears of it. It is delivered
before the next opinion is written, and at the next start; in order, so that the last word wins.
Delivering twice does no harm: what holds already is not written again. A line that nobody can
read, or that the log refuses for good, is moved to a second file and stays there.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from crsdemo.core.comparison import Judgment, Side
from crsdemo.core.conversation import Aspect, ItemMark, RatingValue, checked_rating
from crsdemo.core.errors import BadInputError, FeedbackError, KeptAsideError, RefusedError
from crsdemo.feedback.comparisons import ComparisonLog
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.studies import StudyLog
from crsdemo.studies.questionnaire import Value

Ratings = Mapping[Aspect, RatingValue | None]  # None withdraws

PATIENCE = 1.0  # seconds: a log that takes longer to fail is given a rest
REST = 5.0  # seconds at most in which it is not tried again, or those who wait would queue up
DELIVERED = b"#"  # takes the place of a line's first character


@dataclass(frozen=True)
class Rated:
    """What one click changes. Raises BadInputError for a value off its scale."""

    generation_id: str
    visitor: str
    ratings: Ratings

    def __post_init__(self) -> None:
        for aspect, value in self.ratings.items():
            if value is not None:
                checked_rating(aspect, value)

    def record(self, log: FeedbackLog) -> None:
        for aspect, value in self.ratings.items():
            log.record_rating(self.generation_id, self.visitor, aspect, value)


@dataclass(frozen=True)
class Marked:
    visitor: str
    mark: ItemMark
    on: bool

    def record(self, log: FeedbackLog) -> None:
        log.record_mark(self.visitor, self.mark, on=self.on)


@dataclass(frozen=True)
class Judged:
    comparison_id: str
    visitor: str
    judgment: Judgment
    client_event_id: str | None = None

    def record(self, log: FeedbackLog) -> None:
        ComparisonLog(log).record_verdict(
            self.comparison_id, self.visitor, self.judgment, self.client_event_id
        )


@dataclass(frozen=True)
class Picked:
    comparison_id: str
    side: Side

    def record(self, log: FeedbackLog) -> None:
        ComparisonLog(log).record_pick(self.comparison_id, self.side)


@dataclass(frozen=True)
class Answered:
    """An annotator's answer to a question of a study."""

    annotator: str
    questionnaire: str
    about: str
    question: str
    value: Value
    client_event_id: str | None = None

    def record(self, log: FeedbackLog) -> None:
        StudyLog(log).record_answer(**asdict(self))


Opinion = Rated | Marked | Judged | Picked | Answered


class Outbox:
    """Writes opinions to the log, or keeps them aside. Safe from many threads and processes."""

    def __init__(self, log: FeedbackLog) -> None:
        self.log = log
        self.path = log.path.with_name(f"{log.path.name}.outbox.jsonl")
        self.damaged = log.path.with_name(f"{log.path.name}.outbox-damaged.jsonl")
        self._rests_until = 0.0  # on the monotonic clock
        self._trouble: FeedbackError | None = None

    def submit(self, opinion: Opinion) -> None:
        """Write an opinion; when this returns, it is in the log.

        Raises KeptAsideError if it is in the outbox instead, FeedbackError if it is in neither,
        RefusedError or BadInputError if the log will never take it.
        """
        began = time.monotonic()
        if self._trouble and began < self._rests_until:
            self._keep(opinion, self._trouble)
        try:
            with suppress(_FileError):  # the log may be well; the upkeep names the trouble
                self.drain()  # what was said earlier comes first
            opinion.record(self.log)
            self._trouble = None
        except RefusedError:
            raise
        except FeedbackError as error:
            now = time.monotonic()
            rest = min(max(0.0, now - began - PATIENCE), REST)
            self._trouble, self._rests_until = error, now + rest
            self._keep(opinion, error)

    def drain(self) -> int:
        """Deliver what was kept aside, first one first; returns how many were saved.

        Raises FeedbackError if the log still cannot be written: the rest stays in the outbox.
        """
        if not self._waiting_bytes():
            return 0
        with self._opened() as file:
            n_saved = 0
            for offset, line in list(_lines(file)):
                n_saved += self._deliver(line)
                os.pwrite(file.fileno(), DELIVERED, offset)
                os.fsync(file.fileno())
            file.truncate(0)
            os.fsync(file.fileno())
        return n_saved

    def n_waiting(self) -> int:
        """Opinions that are not in the log yet."""
        if not self._waiting_bytes():
            return 0
        with self._opened() as file:
            return sum(1 for _ in _lines(file))

    def n_damaged(self) -> int:
        """Lines that could not be delivered and never will be."""
        return len(self.damaged.read_bytes().splitlines()) if self.damaged.exists() else 0

    def _keep(self, opinion: Opinion, error: FeedbackError) -> None:
        """Always raises."""
        try:
            with self._opened() as file:
                _append(file, _to_line(opinion))
        except _FileError as worse:
            raise FeedbackError(f"{error} It could not be kept aside either: {worse}") from error
        raise KeptAsideError(
            f"This is kept aside and will be saved when the log is well again. ({error})"
        ) from error

    def _deliver(self, line: bytes) -> bool:
        """Write one line to the log, or set it apart if that cannot be. Whether it was written."""
        try:
            _from_line(line).record(self.log)
            return True
        except (RefusedError, BadInputError) as error:
            self._set_apart(line, error)
            return False

    def _set_apart(self, line: bytes, error: Exception) -> None:
        kept = {"why": str(error), "line": line.decode(errors="backslashreplace")}
        with _file(self.damaged) as file:
            _append(file, json.dumps(kept, ensure_ascii=False).encode())

    def _waiting_bytes(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        with _file(self.path) as file:
            yield file


class _FileError(FeedbackError):
    """The outbox itself cannot be used."""


@contextmanager
def _file(path: Path) -> Iterator[IO[bytes]]:
    """The file, created if it is not there, for this thread of this process alone.

    Raises _FileError if it cannot be opened or written.
    """
    try:
        with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
    except OSError as error:
        raise _FileError(
            f"{path} cannot be written ({error}); see that its disk is well and has room."
        ) from error


def _append(file: IO[bytes], line: bytes) -> None:
    """Add a line, on the disk when this returns. One that a crash cut off is not joined to it."""
    size = file.seek(0, os.SEEK_END)
    torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
    try:
        file.write(b"\n" * torn + line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    except OSError:
        os.ftruncate(file.fileno(), size)  # half a line is no line
        raise


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """(offset, line) of all that waits, from the start of the file."""
    offset = file.seek(0)
    for line in file:
        if line.strip() and not line.startswith(DELIVERED):
            yield offset, line.rstrip(b"\n")
        offset += len(line)


_KINDS = {kind.__name__: kind for kind in (Rated, Marked, Judged, Picked, Answered)}


def _to_line(opinion: Opinion) -> bytes:
    row = {"kind": type(opinion).__name__} | asdict(opinion)
    return json.dumps(row, ensure_ascii=False, allow_nan=False).encode()


def _from_line(line: bytes) -> Opinion:
    """Raises BadInputError for what is no opinion."""
    try:
        row: dict[str, Any] = json.loads(line)
        kind = _KINDS[row.pop("kind")]
        if "mark" in row:
            row["mark"] = ItemMark(**row["mark"])
        if "judgment" in row:
            row["judgment"] = Judgment(**row["judgment"])
        if "ratings" in row:
            row["ratings"] = {
                aspect: tuple(value) if isinstance(value, list) else value
                for aspect, value in row["ratings"].items()
            }
        return kind(**row)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInputError(f"this is no opinion ({type(error).__name__}: {error})") from error

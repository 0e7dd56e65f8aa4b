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
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

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
    kind: Literal["Rated"] = "Rated"

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
    kind: Literal["Marked"] = "Marked"

    def record(self, log: FeedbackLog) -> None:
        log.record_mark(self.visitor, self.mark, on=self.on)


@dataclass(frozen=True)
class Judged:
    comparison_id: str
    visitor: str
    judgment: Judgment
    client_event_id: str | None = None
    kind: Literal["Judged"] = "Judged"

    def record(self, log: FeedbackLog) -> None:
        ComparisonLog(log).record_verdict(
            self.comparison_id, self.visitor, self.judgment, self.client_event_id
        )


@dataclass(frozen=True)
class Picked:
    comparison_id: str
    side: Side
    kind: Literal["Picked"] = "Picked"

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
    kind: Literal["Answered"] = "Answered"

    def record(self, log: FeedbackLog) -> None:
        where = (self.annotator, self.questionnaire, self.about, self.question)
        StudyLog(log).record_answer(*where, self.value, self.client_event_id)


Opinion = Rated | Marked | Judged | Picked | Answered

_LINE: TypeAdapter[Opinion] = TypeAdapter(Annotated[Opinion, Field(discriminator="kind")])


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
        if self._is_empty:
            return 0
        with _opened(self.path) as file:
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
        if self._is_empty:
            return 0
        with _opened(self.path) as file:
            return sum(1 for _ in _lines(file))

    def n_damaged(self) -> int:
        """Lines that could not be delivered and never will be."""
        return len(self.damaged.read_bytes().splitlines()) if self.damaged.exists() else 0

    @property
    def _is_empty(self) -> bool:
        return not (self.path.exists() and self.path.stat().st_size)

    def _keep(self, opinion: Opinion, error: FeedbackError) -> None:
        """Always raises."""
        try:
            _append(self.path, _LINE.dump_json(opinion))
        except _FileError as worse:
            raise FeedbackError(f"{error} It could not be kept aside either: {worse}") from error
        raise KeptAsideError(
            f"This is kept aside and will be saved when the log is well again. ({error})"
        ) from error

    def _deliver(self, line: bytes) -> bool:
        """Write one line to the log, or set it apart if that cannot be. Whether it was written."""
        try:
            _LINE.validate_json(line).record(self.log)
            return True
        except (RefusedError, BadInputError, ValidationError) as error:
            kept = {"why": str(error), "line": line.decode(errors="backslashreplace")}
            _append(self.damaged, json.dumps(kept, ensure_ascii=False).encode())
            return False


class _FileError(FeedbackError):
    """The outbox itself cannot be used."""


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
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


def _append(path: Path, line: bytes) -> None:
    """Add a line, on the disk when this returns. One that a crash cut off is not joined to it."""
    with _opened(path) as file:
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

"""What people think of replies, kept even while the log cannot be written.

An opinion is checked as it is made: nothing of a wrong type or size goes any further. One that the
log does not take (it is locked, full, its disk is away) goes to a file beside the log, one line of
JSON each, and is on the disk when the visitor hears of it. It is delivered before the next opinion
is written, and at the next start; in order, so that the last word wins. Delivering twice does no
harm: what holds already is not written again. A line that cannot be delivered, whatever the
reason, is moved to a second file with that reason, and the next one comes.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from crsdemo.core.checked import Id, Name, Whole, Words, from_page
from crsdemo.core.comparison import Judgment, Side
from crsdemo.core.conversation import Aspect, ItemMark, RatingValue, checked_rating
from crsdemo.core.errors import FeedbackError, KeptAsideError, RefusedError, WithdrawnError
from crsdemo.feedback.comparisons import ComparisonLog
from crsdemo.feedback.lines import (
    DELIVERED,
    LinesError,
    append,
    is_empty,
    n_waiting,
    opened_lines,
    waiting,
)
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.studies import StudyLog

Ratings = Mapping[Aspect, RatingValue | None]  # None withdraws

PATIENCE = 1.0  # seconds: a log that takes longer to fail is given a rest
REST = 5.0  # seconds at most in which it is not tried again, or those who wait would queue up


@from_page
class Rated:
    """What one click changes, as it will be kept. Raises BadInputError, as all opinions do."""

    generation_id: Id
    visitor: Id
    ratings: Ratings
    kind: Literal["Rated"] = "Rated"

    def __post_init__(self) -> None:
        kept = {
            aspect: None if value is None else checked_rating(aspect, value)
            for aspect, value in self.ratings.items()
        }
        object.__setattr__(self, "ratings", kept)

    def record(self, log: FeedbackLog) -> None:
        for aspect, value in self.ratings.items():
            log.record_rating(self.generation_id, self.visitor, aspect, value)


@from_page
class Marked:
    visitor: Id
    mark: ItemMark
    on: bool
    kind: Literal["Marked"] = "Marked"

    def record(self, log: FeedbackLog) -> None:
        log.record_mark(self.visitor, self.mark, on=self.on)


@from_page
class Judged:
    comparison_id: Id
    visitor: Id
    judgment: Judgment
    client_event_id: Id | None = None
    kind: Literal["Judged"] = "Judged"

    def record(self, log: FeedbackLog) -> None:
        ComparisonLog(log).record_verdict(
            self.comparison_id, self.visitor, self.judgment, self.client_event_id
        )


@from_page
class Picked:
    comparison_id: Id
    visitor: Id
    side: Side
    kind: Literal["Picked"] = "Picked"

    def record(self, log: FeedbackLog) -> None:
        ComparisonLog(log).record_pick(self.comparison_id, self.visitor, self.side)


@from_page
class Answered:
    """An annotator's answer to a question of a study."""

    annotator: Id
    questionnaire: Name
    about: Id
    question: Name
    value: Whole | Words
    client_event_id: Id | None = None
    kind: Literal["Answered"] = "Answered"

    def record(self, log: FeedbackLog) -> None:
        where = (self.annotator, self.questionnaire, self.about, self.question)
        StudyLog(log).record_answer(*where, self.value, self.client_event_id)


Opinion = Rated | Marked | Judged | Picked | Answered

_LINE: TypeAdapter[Opinion] = TypeAdapter(Annotated[Opinion, Field(discriminator="kind")])


def outbox_of(db: Path) -> Path:
    """The file in which opinions wait for the log `db`."""
    return db.with_name(f"{db.name}.outbox.jsonl")


class Outbox:
    """Writes opinions to the log, or keeps them aside. Safe from many threads and processes."""

    def __init__(self, log: FeedbackLog) -> None:
        self.log = log
        self.path = outbox_of(log.path)
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
            with suppress(LinesError):  # the log may be well; the upkeep names the trouble
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
        if is_empty(self.path):
            return 0
        with opened_lines(self.path) as file:
            n_saved = 0
            for offset, line in list(waiting(file)):
                n_saved += self._deliver(line)
                os.pwrite(file.fileno(), DELIVERED, offset)
                os.fsync(file.fileno())
            file.truncate(0)
            os.fsync(file.fileno())
        return n_saved

    def take_back(self) -> int:
        """Let all that was set apart wait once more; returns how many lines that are.

        A crash in between leaves some in both files, which does no harm. Raises FeedbackError.
        """
        if not self.n_damaged():
            return 0
        with opened_lines(self.damaged) as file:
            lines = [line for _, line in waiting(file)]
            for line in lines:
                append(self.path, _as_it_was(line))
            file.truncate(0)
            os.fsync(file.fileno())
        return len(lines)

    def forget(self, person: str) -> None:
        """Blot out what was set apart of somebody. Raises FeedbackError."""
        if is_empty(self.damaged):
            return
        with opened_lines(self.damaged) as file:
            theirs = [(at, line) for at, line in waiting(file) if person.encode() in line]
            for offset, line in theirs:
                os.pwrite(file.fileno(), DELIVERED * len(line), offset)
            os.fsync(file.fileno())

    def n_waiting(self) -> int:
        """Opinions that are not in the log yet. Raises FeedbackError if nobody can tell."""
        return n_waiting(self.path)

    def n_damaged(self) -> int:
        """Lines that could not be delivered. Raises FeedbackError if nobody can tell."""
        return n_waiting(self.damaged)

    def _keep(self, opinion: Opinion, error: FeedbackError) -> None:
        """Always raises."""
        try:
            append(self.path, _LINE.dump_json(opinion))
        except LinesError as worse:
            raise FeedbackError(f"{error} It could not be kept aside either: {worse}") from error
        raise KeptAsideError(
            f"This is kept aside and will be saved when the log is well again. ({error})"
        ) from error

    def _deliver(self, line: bytes) -> bool:
        """Write one line to the log, or set it apart if that cannot be. Whether it was written.

        Raises FeedbackError if it is the log that is not well.
        """
        try:
            self._read(line).record(self.log)
            return True
        except WithdrawnError:  # nothing of theirs is kept, here neither
            return False
        except Exception as error:
            if isinstance(error, FeedbackError) and not isinstance(error, RefusedError):
                raise
            why = f"{type(error).__name__}: {error}"[:1000]
            kept = {"why": why, "line": line.decode(errors="backslashreplace")}
            append(self.damaged, json.dumps(kept, ensure_ascii=False).encode(errors="replace"))
            return False

    def _read(self, line: bytes) -> Opinion:
        """What a line says. Until November 2026 a pick did not say whose it was."""
        said = json.loads(line)
        if said["kind"] == "Picked" and "visitor" not in said:
            said["visitor"] = ComparisonLog(self.log).visitor_of(said["comparison_id"])
        return _LINE.validate_json(json.dumps(said))


def _as_it_was(line: bytes) -> bytes:
    """A line before it was set apart; itself, if somebody else put it there."""
    try:
        return str(json.loads(line)["line"]).encode()
    except (KeyError, TypeError, ValueError):
        return line

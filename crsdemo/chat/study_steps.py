"""Where somebody is in a study: the step that comes next, and how far they have come."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from crsdemo.core.comparison import SIDES, Comparison, Series
from crsdemo.core.conversation import Conversation
from crsdemo.feedback.health import IN_A_ROW
from crsdemo.feedback.studies import Standing
from crsdemo.studies.assignment import Assignment
from crsdemo.studies.questionnaire import Questionnaire, Value
from crsdemo.studies.tasks import Task

BREAK = 5 * 60.0  # seconds without a verdict that are no work any more
FEW = 3  # verdicts that tell of nobody's pace


@dataclass(frozen=True)
class Stay:
    """What somebody has still open though it is done: replies, or answered questions."""

    comparison: str = ""
    talk: str = ""  # the assignment of a talk with one system
    questionnaire: str = ""
    about: str = ""


@dataclass(frozen=True)
class AskConsent:
    """Nothing else may happen before this is answered."""


@dataclass(frozen=True)
class Explain:
    """How it works, before the first task."""


@dataclass(frozen=True)
class Work:
    """Something to say or to judge. All sides are as this person sees them."""

    assignment: Assignment
    task: Task
    done: int  # judged so far, of all tasks but the practice
    of: int
    series: Series  # so far; of a replay the one comparison, or as much as came before it
    minutes_left: int
    talk: Conversation | None = None  # so far, with one system alone
    n_unanswered: int = 0  # messages of that talk since its last whole reply

    @property
    def to_judge(self) -> Comparison | None:
        """The comparison that waits for a verdict; without one it is time to say something."""
        last = self.series.last
        return last if last and last.can_be_judged and last.verdict is None else None

    @property
    def unanswered(self) -> str:
        """The last message of a talk with one system, if it got no whole answer."""
        last = self.talk.turns[-1] if self.talk and self.talk.turns else None
        if not self.talk or not last or (last.reply and last.status in ("ok", "running")):
            return ""
        return self.talk.up_to_user().turns[-1].turn.text

    @property
    def heard(self) -> Conversation | None:
        """The talk with one system, without what got no whole answer."""
        if self.talk and self.unanswered:
            return self.talk.before(len(self.talk.up_to_user().turns) - 1)
        return self.talk

    @property
    def is_practice(self) -> bool:
        return self.assignment.kind == "practice"

    @property
    def n_judged(self) -> int:
        """Of the messages of this task; in a single talk those that were answered."""
        if self.talk:
            return sum(one.reply is not None and one.status == "ok" for one in self.talk.turns)
        return sum(one.verdict is not None for one in self.series.comparisons)

    @property
    def keeps_failing(self) -> bool:
        """A system of this task has failed several times in a row, up to now."""
        if self.talk:
            return self.n_unanswered >= IN_A_ROW
        newest = self.series.comparisons[-IN_A_ROW:]
        failed = [[one.side(side).reply.status == "failed" for one in newest] for side in SIDES]
        return len(newest) == IN_A_ROW and any(map(all, failed))

    @property
    def is_done(self) -> bool:
        """Nothing is left to judge: it is looked at once more."""
        return self.n_judged >= self.assignment.messages


@dataclass(frozen=True)
class Ask:
    """Questions about one task, or at the end about all of it."""

    questionnaire: Questionnaire
    about: str
    answers: Mapping[str, Value]  # so far
    done: int  # as of `Work`
    of: int
    minutes_left: int
    work: Work | None = None  # that they are about


@dataclass(frozen=True)
class Done:
    """The end, with the code that proves it; empty if the study has none."""

    code: str


@dataclass(frozen=True)
class Declined:
    """No consent was given; that can be changed."""


@dataclass(frozen=True)
class Withdrawn:
    """Consent was taken back; that cannot be changed."""

    is_kept: bool = False  # whether anything of this person is still there, uncounted


Step = AskConsent | Explain | Work | Ask | Done | Declined | Withdrawn


def n_judged(standing: Standing, assignment: Assignment) -> int:
    """How many of its comparisons are judged, at most as many as are to be.

    In a single talk how many messages were answered.
    """
    if assignment.kind == "single":
        return standing.answered_alone.get(assignment.id, 0)
    return min(len(standing.verdicts.get(assignment.id, ())), assignment.messages)


def progress(standing: Standing) -> tuple[int, int]:
    """(judged, to judge) without the practice."""
    work = [one for one in standing.assignments if one.kind != "practice"]
    return sum(n_judged(standing, one) for one in work), sum(one.messages for one in work)


def minutes_left(standing: Standing, planned: int) -> int:
    """At this person's pace, or for all `planned` as long as that is not known; at least 1."""
    done, of = progress(standing)
    gaps = [b - a for a, b in pairwise(standing.verdict_seconds) if b - a < BREAK]
    pace = sum(gaps) / len(gaps) if len(gaps) >= FEW else 60 * planned / max(of, 1)
    return max(1, math.ceil((of - done) * pace / 60))

"""The desk of a study: who comes, what comes next for them, and what they say.

Everything is read from the log each time, so that people may leave at any moment and come back
on another day, to another page or another server, where they were.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from threading import Lock

from crsdemo.chat.admission import NO_LIMITS, Admission
from crsdemo.chat.side_by_side import Names, SideBySide
from crsdemo.chat.written import WithWritten, Written
from crsdemo.core.catalog import Catalog
from crsdemo.core.comparison import Answer, Comparison, Judgment, Series, Side
from crsdemo.core.conversation import message
from crsdemo.core.errors import BadInputError, CrsdemoError
from crsdemo.feedback.outbox import Answered
from crsdemo.feedback.studies import Decision, Standing, StudyLog
from crsdemo.studies.annotators import arrival, secret_beside
from crsdemo.studies.assignment import BAD, GOOD, Assignment, deal, replayed_pair
from crsdemo.studies.questionnaire import Questionnaire, Value
from crsdemo.studies.study import Replay, Study, Task

AT_THE_END = "study"  # what the last questionnaires are about
BREAK = 5 * 60.0  # seconds without a verdict that are no work any more
FEW = 3  # verdicts that tell of nobody's pace


@dataclass(frozen=True)
class Stay:
    """What somebody has still open though it is done: two judged replies, or answered questions."""

    comparison: str = ""
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

    @property
    def to_judge(self) -> Comparison | None:
        """The comparison that waits for a verdict; without one it is time to say something."""
        last = self.series.last
        return last if last and last.can_be_judged and last.verdict is None else None

    @property
    def is_practice(self) -> bool:
        return self.assignment.kind == "practice"

    @property
    def n_judged(self) -> int:
        """Of the messages of this task."""
        return sum(one.verdict is not None for one in self.series.comparisons)

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
    minutes_left: int


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


@dataclass(frozen=True)
class StudyDesk:
    """A study that runs. Holds no annotator: their names come with each event.

    Every method raises FeedbackError if the log cannot be used (KeptAsideError if what was said is
    safe all the same), BadInputError for what does not fit (an unknown annotator, a verdict on
    somebody else's replies, a step out of its order), and TooManyError for too much at once.
    """

    study: Study
    side_by_side: SideBySide
    catalog: Catalog
    secret: bytes = field(repr=False)
    code: str = field(default="", repr=False)
    _preparing: Lock = field(default_factory=Lock, repr=False, compare=False)

    @classmethod
    def open(cls, study: Study, side_by_side: SideBySide, catalog: Catalog) -> StudyDesk:
        """Raises BadInputError for a system that is not there or a code that cannot be read."""
        known = side_by_side.recommenders.names
        for name in study.systems:
            if name not in known:
                raise BadInputError(
                    f"the study {study.title!r} names the system {name!r}; "
                    f"there are: {', '.join(known)}"
                )
        secret = secret_beside(side_by_side.log.path)
        desk = cls(study, side_by_side, catalog, secret, study.code.read())
        desk.log.record_study(study)
        return desk

    @property
    def log(self) -> StudyLog:
        return StudyLog(self.side_by_side.log)

    # Coming and going

    def arrive(self, parameters: Mapping[str, str], visitor: str | None) -> str:
        """The annotator's id: the same person has the same, on any device that the link names."""
        who = arrival(parameters, visitor, self.secret)
        return self.log.record_arrival(self.study.sha256, who)

    def consent(self, annotator: str, given: bool) -> None:
        """Agree or not; who did not may agree later, who withdrew may not."""
        if self._standing(annotator).decision == "withdrawn":
            raise BadInputError("You have withdrawn from this study, so nothing more is kept.")
        decision: Decision = "given" if given else "declined"
        self.log.record_decision(annotator, decision, self.study.consent)

    def begin(self, annotator: str) -> None:
        """Draw what this person is to judge, once."""
        self._taking_part(annotator)
        self.prepare()
        shared = self.log.replays(self.study.sha256)
        self.log.deal(
            self.study.sha256,
            annotator,
            lambda tally: deal(self.study, annotator, shared, tally),
        )

    def withdraw(self, annotator: str, erase: bool) -> None:
        """Take the consent back: nothing of this person counts any more, or is there any more."""
        self._standing(annotator)
        if erase:
            self.side_by_side.outbox.drain()  # or what waits there would come later
            self.log.erase(annotator, self.study.consent)
        else:
            self.log.record_decision(annotator, "withdrawn", self.study.consent)

    # What comes next

    def step(self, annotator: str, stay: Stay = Stay()) -> Step:
        """Where this person is: at what comes next, or at what is done and still open."""
        standing = self._standing(annotator)
        match standing.decision:
            case None:
                return AskConsent()
            case "declined":
                return Declined()
            case "withdrawn":
                return Withdrawn(is_kept=bool(standing.assignments))
        if not standing.assignments:
            return Explain()
        return self._stayed(annotator, stay, standing) or self._next(annotator, standing)

    def _stayed(self, annotator: str, stay: Stay, standing: Standing) -> Work | Ask | None:
        for assignment in standing.assignments:
            if stay.comparison in standing.verdicts.get(assignment.id, ()):
                return self._work(annotator, assignment, standing)
        if (stay.questionnaire, stay.about) in standing.answers:
            asked = self._questionnaire(stay.questionnaire, stay.about, standing)
            return self._ask(asked, stay.about, standing)
        return None

    def _next(self, annotator: str, standing: Standing) -> Step:
        for assignment in standing.assignments:
            if _n_judged(standing, assignment) < assignment.messages:
                return self._work(annotator, assignment, standing)
            task = self.study.task(assignment.task)
            for questionnaire in task.questionnaires:
                if not _is_answered(standing, questionnaire, assignment.id):
                    return self._ask(questionnaire, assignment.id, standing)
        for questionnaire in self.study.questionnaires:
            if not _is_answered(standing, questionnaire, AT_THE_END):
                return self._ask(questionnaire, AT_THE_END, standing)
        return Done(standing.code or self.log.record_completion(annotator, self.code))

    def _work(self, annotator: str, assignment: Assignment, standing: Standing) -> Work:
        done, of = _progress(standing)
        return Work(
            assignment,
            self.study.task(assignment.task),
            done,
            of,
            self._series(annotator, assignment, standing),
            self._minutes_left(standing),
        )

    def _ask(self, questionnaire: Questionnaire, about: str, standing: Standing) -> Ask:
        answers = standing.answers.get((questionnaire.name, about), {})
        return Ask(questionnaire, about, answers, self._minutes_left(standing))

    def _minutes_left(self, standing: Standing) -> int:
        """At this person's pace, or as the study says as long as that is not known; at least 1."""
        done, of = _progress(standing)
        gaps = [b - a for a, b in pairwise(standing.verdict_seconds) if b - a < BREAK]
        planned = 60 * self.study.minutes / max(of, 1)
        pace = sum(gaps) / len(gaps) if len(gaps) >= FEW else planned
        return max(1, math.ceil((of - done) * pace / 60))

    # What people say

    def say(self, annotator: str, text: str) -> Generator[Comparison, None, None]:
        """Two replies to a message of the task at hand, as they grow.

        Nothing comes of a message that was said before, by a double click or in another tab.
        Raises BadInputError if it is not time to say something.
        """
        text = message(text)
        work = self._work_at_hand(annotator)
        if work.assignment.replay_of:
            raise BadInputError("Here is nothing to say: please judge the two replies.")
        last = work.series.last
        if last and (work.to_judge or not last.is_settled):
            if last.message == text:
                return
            raise BadInputError("Please judge the two replies first, then go on.")
        # The name of the click is the place of the message: two tabs cannot both take it
        place = f"{work.assignment.id} {len(work.series.comparisons)}"
        yield from self.side_by_side.say(work.series, text, work.assignment.names, place)

    def judge(
        self,
        annotator: str,
        comparison_id: str,
        judgment: Judgment,
        client_event_id: str | None = None,
    ) -> None:
        """Judge, as seen; or judge otherwise, as long as the study is not done."""
        standing = self._taking_part(annotator)
        assignment = self._assignment_of(annotator, comparison_id, standing)
        blind = judgment.details | {"names_shown": False}
        as_seen = replace(judgment, swapped=assignment.swapped, details=blind)
        self.side_by_side.judge(comparison_id, annotator, as_seen, client_event_id)

    def pick(self, annotator: str, comparison_id: str, side: Side) -> None:
        """Say from which reply to go on, where no verdict says it."""
        assignment = self._assignment_of(annotator, comparison_id, self._taking_part(annotator))
        if assignment.replay_of:
            raise BadInputError("Nothing follows here: please go on to the next task.")
        self.side_by_side.pick(comparison_id, annotator, side)

    def answer(
        self,
        annotator: str,
        questionnaire: str,
        about: str,
        question: str,
        value: object,
        client_event_id: str | None = None,
    ) -> None:
        """Answer a question of a questionnaire, or change the answer."""
        standing = self._taking_part(annotator)
        asked = self._questionnaire(questionnaire, about, standing)
        kept = asked.question(question).checked(value)
        self.side_by_side.admission.opinion(annotator)
        self.side_by_side.outbox.submit(
            Answered(annotator, questionnaire, about, question, kept, client_event_id)
        )

    # What all see alike

    def prepare(self) -> None:
        """Have both systems answer the messages that several people judge, if they have not yet.

        Raises CrsdemoError if one of them cannot; another call goes on from there.
        """
        with self._preparing:
            there = self.log.replays(self.study.sha256)
            replays = [one for task in self.study.tasks for one in task.replays]
            for n, one in enumerate(replays):
                if one.name not in there:
                    made = one.comparison or self._made(one, n)
                    self.log.record_replay(self.study.sha256, one.name, made)

    def _made(self, replay: Replay, nth: int) -> str:
        """The id of a new comparison with two whole replies to the message."""
        table = WithWritten(
            self.side_by_side.recommenders, (Written(BAD, replay.bad), Written(GOOD, replay.good))
        )
        staged = replace(self.side_by_side, recommenders=table, admission=Admission(NO_LIMITS))
        series = staged.start(f"study-{self.study.sha256[:16]}", self.study.policy)
        *_, made = staged.say(series, replay.message, _on_stage(replay, self.study, nth))
        if not made.can_be_judged:
            wrong = made.left.reply.error or made.right.reply.error
            raise CrsdemoError(
                f"the message of {replay.name!r} was not answered by both ({wrong}); try again"
            )
        return made.id

    # What is true

    def _standing(self, annotator: str) -> Standing:
        standing = self.log.standing(self.study.sha256, annotator)
        if standing is None:
            raise BadInputError("You are not known here: please open the link that you were given.")
        return standing

    def _taking_part(self, annotator: str) -> Standing:
        standing = self._standing(annotator)
        if standing.decision != "given":
            raise BadInputError("You have not agreed to take part, so nothing is kept.")
        return standing

    def _work_at_hand(self, annotator: str) -> Work:
        step = self.step(annotator)
        if not isinstance(step, Work):
            raise BadInputError("This task is done: reload the page to see what comes next.")
        return step

    def _series(self, annotator: str, assignment: Assignment, standing: Standing) -> Series:
        """What this person sees of it so far."""
        comparisons = self.side_by_side.comparisons
        if not assignment.replay_of:
            found = comparisons.restore(assignment.id, self.catalog)
            return found.series if found else Series(assignment.id, annotator, self.study.policy)
        name = comparisons.series_of(assignment.replay_of)
        found = comparisons.restore(name, self.catalog) if name else None
        if found is None:
            raise BadInputError(
                f"the comparison {assignment.replay_of} is not in this log any more"
            )
        verdicts = standing.verdicts.get(assignment.id, {})
        shown = next(c for c in found.series.comparisons if c.id == assignment.replay_of)
        shown = replace(shown, verdict=verdicts.get(shown.id), picked=None)
        shown = _swapped(shown) if assignment.swapped else shown
        return Series(found.series.id, annotator, found.series.policy, (shown,))

    def _assignment_of(self, annotator: str, comparison_id: str, standing: Standing) -> Assignment:
        name = self.side_by_side.comparisons.series_of(comparison_id)
        for assignment in standing.assignments:
            if comparison_id == assignment.replay_of or name == assignment.id:
                return assignment
        raise BadInputError("These replies are not yours to judge: please reload the page.")

    def _questionnaire(self, name: str, about: str, standing: Standing) -> Questionnaire:
        """The one of this name that is asked about this. Raises BadInputError."""
        asked = self.study.questionnaires if about == AT_THE_END else ()
        for assignment in standing.assignments:
            if assignment.id == about:
                asked = self.study.task(assignment.task).questionnaires
        for questionnaire in asked:
            if questionnaire.name == name:
                return questionnaire
        raise BadInputError(f"{name!r} is not asked here: please reload the page.")


def _on_stage(replay: Replay, study: Study, nth: int) -> Names:
    """Who answers a message that several people judge."""
    left, right = replayed_pair(study, nth)
    if replay.good:
        return (BAD, GOOD)
    return (left, BAD) if replay.bad else (left, right)


def _swapped(comparison: Comparison) -> Comparison:
    """The same, seen the other way round."""
    left: Answer = comparison.right
    return replace(comparison, left=left, right=comparison.left)


def _n_judged(standing: Standing, assignment: Assignment) -> int:
    """How many of its comparisons are judged, at most as many as are to be."""
    return min(len(standing.verdicts.get(assignment.id, ())), assignment.messages)


def _progress(standing: Standing) -> tuple[int, int]:
    """(judged, to judge) without the practice."""
    work = [one for one in standing.assignments if one.kind != "practice"]
    return sum(_n_judged(standing, one) for one in work), sum(one.messages for one in work)


def _is_answered(standing: Standing, questionnaire: Questionnaire, about: str) -> bool:
    return questionnaire.is_answered(standing.answers.get((questionnaire.name, about), {}))

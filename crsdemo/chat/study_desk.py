"""The desk of a study: who comes, what comes next for them, and what they say.

Everything is read from the log each time, so that people may leave at any moment and come back
on another day, to another page or another server, where they were.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock

from crsdemo.chat.scripted import answered
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.chat.study_steps import (
    Ask,
    AskConsent,
    Declined,
    Done,
    Explain,
    Stay,
    Step,
    Withdrawn,
    Work,
    minutes_left,
    n_judged,
    progress,
)
from crsdemo.chat.study_talks import StudyTalks
from crsdemo.core.catalog import Catalog
from crsdemo.core.comparison import Comparison, Judgment, Series, Side
from crsdemo.core.conversation import Conversation, message
from crsdemo.core.errors import BadInputError
from crsdemo.feedback.outbox import Answered
from crsdemo.feedback.studies import Decision, Standing, StudyLog
from crsdemo.studies.annotators import arrival, secret_beside
from crsdemo.studies.assignment import Assignment, deal
from crsdemo.studies.questionnaire import Questionnaire
from crsdemo.studies.study import Study

AT_THE_END = "study"  # what the last questionnaires are about
TEST_CODE = "TEST"  # instead of the completion code


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
        """The study in the words of the catalog.

        Raises BadInputError for a study that has `Study.problems` here.
        """
        study = study.worded(catalog.domain)
        if problems := study.problems(side_by_side.recommenders.names):
            raise BadInputError("; ".join(problems))
        secret = secret_beside(side_by_side.log.path)
        desk = cls(study, side_by_side, catalog, secret, study.read_code())
        desk.log.record_study(study)
        return desk

    @property
    def log(self) -> StudyLog:
        return StudyLog(self.side_by_side.log)

    # Coming and going

    def arrive(self, parameters: Mapping[str, str], visitor: str | None) -> str:
        """The annotator's id: the same person has the same, on any device that the link names."""
        who = arrival(parameters, visitor, self.secret, plain_names=self.study.plain_names)
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
        study = self.study
        self.log.deal(study.sha256, annotator, lambda tally: deal(study, annotator, shared, tally))

    def withdraw(self, annotator: str, erase: bool) -> None:
        """Take the consent back: nothing of this person counts any more, or is there any more."""
        self._standing(annotator)
        if erase:
            self.side_by_side.outbox.drain()  # or what waits there would come later
            self.side_by_side.outbox.forget(annotator)
            self.log.erase(annotator, self.study.consent)
        else:
            self.log.record_decision(annotator, "withdrawn", self.study.consent)

    def is_test(self, annotator: str) -> bool:
        """Whether a colleague tries the study: anybody could, so the real code is not for them."""
        return self.log.is_test(annotator)

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
        return self._stayed(stay, standing) or self._next(standing)

    def _stayed(self, stay: Stay, standing: Standing) -> Work | Ask | None:
        for assignment in standing.assignments:
            judged = standing.verdicts.get(assignment.id, ())
            if stay.comparison in judged or stay.talk == assignment.id:
                return self._work(assignment, standing)
        if (stay.questionnaire, stay.about) in standing.answers:
            asked = self._questionnaire(stay.questionnaire, stay.about, standing)
            return self._ask(asked, stay.about, standing)
        return None

    def _next(self, standing: Standing) -> Step:
        for assignment in standing.assignments:
            if n_judged(standing, assignment) < assignment.messages:
                return self._work(assignment, standing)
            if ask := self._unanswered(assignment.id, standing):
                return ask
        if ask := self._unanswered(AT_THE_END, standing):
            return ask
        if self.code and self.is_test(standing.annotator):
            return Done(TEST_CODE)
        return Done(standing.code or self.log.record_completion(standing.annotator, self.code))

    def _work(self, assignment: Assignment, standing: Standing) -> Work:
        (done, of), left = progress(standing), minutes_left(standing, self.study.minutes)
        talks, task = self._talks, self.study.task(assignment.task)
        annotator = standing.annotator
        if task.is_single:
            empty = Series(assignment.id, annotator, self.study.policy)
            talk = talks.alone(annotator, assignment)
            failed = self.log.n_unanswered(assignment.id)
            return Work(assignment, task, done, of, empty, left, talk, failed)
        verdicts = standing.verdicts.get(assignment.id, {})
        series = talks.series(annotator, assignment, self.study.policy, verdicts)
        return Work(assignment, task, done, of, series, left)

    @property
    def _talks(self) -> StudyTalks:
        return StudyTalks(self.side_by_side, self.catalog)

    def _unanswered(self, about: str, standing: Standing) -> Ask | None:
        """The first questions about this that have to be answered and are not."""
        asks = (self._ask(one, about, standing) for one in self._asked(about, standing))
        return next((a for a in asks if not a.questionnaire.is_answered(a.answers)), None)

    def _ask(self, questionnaire: Questionnaire, about: str, standing: Standing) -> Ask:
        answers = standing.answers.get((questionnaire.name, about), {})
        (done, of), left = progress(standing), minutes_left(standing, self.study.minutes)
        of_work = () if questionnaire.about == "person" else standing.assignments
        work = next((self._work(one, standing) for one in of_work if one.id == about), None)
        return Ask(questionnaire, about, answers, done, of, left, work)

    def _asked(self, about: str, standing: Standing) -> tuple[Questionnaire, ...]:
        """All that is asked about an assignment, or at the end."""
        if about == AT_THE_END:
            return self.study.questionnaires
        tasks = [one.task for one in standing.assignments if one.id == about]
        return self.study.task(tasks[0]).questionnaires if tasks else ()

    def _questionnaire(self, name: str, about: str, standing: Standing) -> Questionnaire:
        """The one of this name that is asked about this. Raises BadInputError."""
        for questionnaire in self._asked(about, standing):
            if questionnaire.name == name:
                return questionnaire
        raise BadInputError(f"{name!r} is not asked here: please reload the page.")

    # What people say

    def say(self, annotator: str, text: str) -> Generator[Comparison | Conversation, None, None]:
        """Two replies to a message of the task at hand, or the one of a single talk, as they grow.

        Nothing comes of a message that was said before, by a double click or in another tab.
        Raises BadInputError if it is not time to say something.
        """
        text = message(text)
        work = self._work_at_hand(annotator)
        if work.talk:
            yield from self._talks.say_alone(work, text)
            return
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
        assignment = self._assignment_of(comparison_id, standing)
        blind = judgment.details | {"names_shown": False}
        as_seen = replace(judgment, swapped=assignment.swapped, details=blind)
        self.side_by_side.judge(comparison_id, annotator, as_seen, client_event_id)

    def pick(self, annotator: str, comparison_id: str, side: Side) -> None:
        """Say from which reply to go on, where no verdict says it."""
        assignment = self._assignment_of(comparison_id, self._taking_part(annotator))
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
        said = Answered(annotator, questionnaire, about, question, kept, client_event_id)
        self.side_by_side.admission.opinion(annotator)
        self.side_by_side.outbox.submit(said)

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
                    made = one.comparison or answered(
                        self.side_by_side, self.catalog, self.study, one, n
                    )
                    self.log.record_replay(self.study.sha256, one.name, made)

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

    def _assignment_of(self, comparison_id: str, standing: Standing) -> Assignment:
        name = self.side_by_side.comparisons.series_of(comparison_id)
        for assignment in standing.assignments:
            if comparison_id == assignment.replay_of or name == assignment.id:
                return assignment
        raise BadInputError("These replies are not yours to judge: please reload the page.")

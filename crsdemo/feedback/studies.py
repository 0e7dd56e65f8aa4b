"""Studies in the log: who takes part, what each is to judge, and how far each has come."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter
from sqlite_utils import Database

from crsdemo import __version__
from crsdemo.core.comparison import SIDES, Verdict
from crsdemo.core.conversation import new_id
from crsdemo.core.errors import WithdrawnError
from crsdemo.feedback.copies import TakenBack, note_taken_back
from crsdemo.feedback.file import first_value
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.replayable import check_usable
from crsdemo.feedback.rights import admit
from crsdemo.feedback.rows import to_json
from crsdemo.feedback.schema import TWIN, queries, statements
from crsdemo.studies.annotators import Arrival
from crsdemo.studies.assignment import Assignment, Shared, Tally
from crsdemo.studies.questionnaire import Questionnaire, Value
from crsdemo.studies.study import Consent, Study

Row = dict[str, Any]
Decision = Literal["given", "declined", "withdrawn"]
K = TypeVar("K")
T = TypeVar("T")
Answers = Mapping[tuple[str, str], dict[str, Value]]  # of (questionnaire, about what)

_SQL = queries("studies", twin=TWIN)
_ASSIGNED = TypeAdapter(tuple[Assignment, ...])


@dataclass(frozen=True)
class Standing:
    """How far one annotator has come, as the log has it."""

    annotator: str
    decision: Decision | None
    assignments: tuple[Assignment, ...]
    verdicts: Mapping[str, dict[str, Verdict]]  # of each assignment: comparison -> verdict
    answered_alone: Mapping[str, int]  # of each single talk: messages that were answered
    answers: Answers
    code: str | None  # that was shown at the end
    verdict_seconds: tuple[float, ...]  # when each comparison was judged first, in order


@dataclass(frozen=True)
class StudyLog:
    """The part of the log that is about studies. Raises FeedbackError from every method."""

    log: FeedbackLog

    # Who

    def record_study(self, study: Study) -> None:
        """Keep the file of a study and its questions, once."""
        with self.log.file.writing() as db:
            row = {"sha256": study.sha256, "name": study.title, "file": study.text}
            db.table("studies").insert(row, ignore=True)
            for asked in study.asked:
                db.table("questions").insert_all(_question_rows(study, asked), ignore=True)

    def record_arrival(self, study: str, arrival: Arrival) -> str:
        """The annotator's id: a new one for a new person, else the one that the person has."""
        with self.log.file.writing() as db:
            known = first_value(db, _SQL["annotator"], study, *arrival)
            if known:
                return str(known)
            annotator = new_id()
            admit(db, annotator)
            row = {"id": annotator, "study": study, "is_test": arrival.is_test}
            db.table("annotators").insert(row | arrival._asdict())
            return annotator

    def record_decision(self, annotator: str, decision: Decision, consent: Consent) -> None:
        """Keep what somebody agreed to or not. What holds already is not written again.

        Raises WithdrawnError for another word of somebody who has withdrawn.
        """
        if decision == "withdrawn":
            self._note(_taken_back("withdrawal", annotator, consent))
        with self.log.file.writing() as db:
            _decide(db, annotator, decision, consent.version, consent.sha256)

    def standing(self, study: str, annotator: str) -> Standing | None:
        """None if nobody of this id takes part in the study."""
        with self.log.file.reading() as db:
            if not db.table("annotators").count_where("id = ? and study = ?", [annotator, study]):
                return None
            judged = list(db.query(_SQL["judged"], [annotator]))
            answers = db.query(_SQL["answers"], [annotator])
            return Standing(
                annotator=annotator,
                decision=first_value(db, _SQL["decision"], annotator),
                assignments=_ASSIGNED.validate_python(
                    db.query(_SQL["assignments"], [study, annotator])
                ),
                verdicts=_nested(
                    (row["assignment_id"], row["comparison_id"], row["verdict"]) for row in judged
                ),
                answered_alone=dict(db.execute(_SQL["answered_alone"], [annotator]).fetchall()),
                answers=_nested(
                    ((a["questionnaire"], a["about"]), a["question"], json.loads(a["value"]))
                    for a in answers
                ),
                code=first_value(db, _SQL["code"], annotator),
                verdict_seconds=tuple(row["judged_at"] for row in judged),
            )

    def n_unanswered(self, dialogue: str) -> int:
        """Messages of a talk since its last whole reply, however often one was said anew."""
        with self.log.file.reading() as db:
            return int(first_value(db, _SQL["unanswered"], dialogue))

    def is_test(self, annotator: str) -> bool:
        """Whether a colleague tries the study."""
        with self.log.file.reading() as db:
            return bool(first_value(db, _SQL["is_test"], annotator))

    # What each is to judge

    def deal(
        self, study: str, annotator: str, draw: Callable[[Tally], tuple[Assignment, ...]]
    ) -> None:
        """Draw what an annotator is to judge from what was drawn so far, once."""
        with self.log.file.writing() as db:
            admit(db, annotator)
            if not db.table("assignments").count_where("annotator = ?", [annotator]):
                dealt = draw(_tally(db, study))
                db.table("assignments").insert_all(_assignment_row(annotator, one) for one in dealt)

    def replays(self, study: str) -> dict[str, Shared]:
        """By the name of the replay."""
        with self.log.file.reading() as db:
            rows = list(db.query(_SQL["replays"], [study]))
        return {row.pop("task"): Shared(is_twin=bool(row.pop("is_twin")), **row) for row in rows}

    def record_replay(self, study: str, name: str, comparison_id: str) -> None:
        """Keep which comparison all see, if there is none yet.

        Raises FeedbackError if there is no such comparison, or one that could go: an annotator's
        own is forgotten on demand, and with it what others make of it would be.
        """
        with self.log.file.writing() as db:
            check_usable(db, name, comparison_id)
            row = {"study": study, "task": name, "comparison_id": comparison_id}
            db.table("replays").insert(row, ignore=True)

    # What each says

    def record_answer(
        self,
        annotator: str,
        questionnaire: str,
        about: str,
        question: str,
        value: Value,
        client_event_id: str | None = None,
    ) -> None:
        """Answer a question, or answer it otherwise: then it is a new revision."""
        row: Row = {"annotator": annotator, "questionnaire": questionnaire}
        row |= {"question": question, "about": about, "client_event_id": client_event_id}
        with self.log.file.writing() as db:
            admit(db, annotator)
            if first_value(db, _SQL["same_click"], annotator, client_event_id):
                return
            was, revision = db.execute(_SQL["last_answer"], row).fetchone() or (None, 0)
            if was != to_json(value):
                row |= {"value": to_json(value), "revision": revision + 1}
                db.table("answers").insert(row | {"app_version": __version__})

    def record_completion(self, annotator: str, code: str) -> str:
        """Keep that all is done; returns the code that was shown first."""
        with self.log.file.writing() as db:
            admit(db, annotator)
            db.table("completions").insert({"annotator": annotator, "code": code}, ignore=True)
            return str(first_value(db, _SQL["code"], annotator))

    # Taking it back

    def erase(self, annotator: str, consent: Consent) -> None:
        """Forget all words and judgments of a person, in the tables and on the disk.

        What stays: that somebody took part, agreed and took it back, so that it holds. Backups
        and exports made before are not touched; `copies` tells which there are. Raises
        FeedbackError also if the rows are gone and traces of them stay, since another program
        reads the log; the upkeep tries again.
        """
        erased = _taken_back("erasure", annotator, consent)
        self._note(erased)
        self._forget(erased)

    def take_back_again(self, taken: Iterable[TakenBack]) -> None:
        """Of a log that was copied before, those whom it still knows."""
        for one in taken:
            if not self._is_new(one):
                continue
            if one.what == "erasure":
                self._forget(one)
            else:
                with self.log.file.writing() as db:
                    _decide(db, one.annotator, "withdrawn", one.document, one.document_sha256)

    def _note(self, one: TakenBack) -> None:
        """First: a copy that is restored later must not bring them back."""
        if self._is_new(one):
            note_taken_back(self.log.path, one)

    def _is_new(self, one: TakenBack) -> bool:
        """Whether the log knows this person, and not yet that they took it back like this."""
        with self.log.file.reading() as db:
            known = db.table("annotators").count_where("id = ?", [one.annotator])
            held = "erasures" if one.what == "erasure" else "withdrawn"
            done = first_value(db, f"select 1 from {held} where annotator = ?", one.annotator)
            return bool(known) and not done

    def _forget(self, one: TakenBack) -> None:
        with self.log.file.writing() as db:
            _decide(db, one.annotator, "withdrawn", one.document, one.document_sha256)
            db.table("erasures").insert({"annotator": one.annotator}, ignore=True)
            for statement in statements(_SQL["forget"]):
                db.execute(statement, {"annotator": one.annotator})
        self.log.file.has_traces = True
        self.log.file.rewrite()
        self.log.file.wipe()


def _taken_back(
    what: Literal["withdrawal", "erasure"], annotator: str, consent: Consent
) -> TakenBack:
    return TakenBack(
        what=what,
        annotator=annotator,
        document=consent.version,
        document_sha256=consent.sha256,
        moment=datetime.now(UTC),
    )


def _decide(
    db: Database, annotator: str, decision: Decision, document: str, document_sha256: str
) -> None:
    """What holds already is not written again, and a withdrawal holds for good."""
    was = first_value(db, _SQL["decision"], annotator)
    if was == "withdrawn" != decision:
        raise WithdrawnError("You have withdrawn from this study, so nothing more is kept.")
    if was != decision:
        row = {"annotator": annotator, "decision": decision, "app_version": __version__}
        row |= {"document": document, "document_sha256": document_sha256}
        db.table("consents").insert(row)


def _question_rows(study: Study, asked: Questionnaire) -> Iterable[Row]:
    for one in asked.questions:
        row = one.model_dump(include={"text", "kind", "labels", "lowest"})
        of = {"study": study.sha256, "questionnaire": asked.name, "question": one.name}
        yield of | row | {"labels": to_json(row["labels"]), "about": asked.about}


def _tally(db: Database, study: str) -> Tally:
    pairs = {(left, right): n for left, right, n in db.execute(_SQL["pairs_dealt"], [study])}
    replays = {
        (of, bool(swapped)): n for of, swapped, n in db.execute(_SQL["replays_dealt"], [study])
    }
    return Tally(Counter(pairs), Counter(replays))


def _assignment_row(annotator: str, one: Assignment) -> Row:
    row = asdict(one) | {"annotator": annotator}
    del row["replay"]  # known by its comparison
    for side in SIDES:
        row[f"{side}_recommender"] = row.pop(side)
    return row


def _nested(rows: Iterable[tuple[K, str, T]]) -> dict[K, dict[str, T]]:
    """Values by two keys; of several the last."""
    found: defaultdict[K, dict[str, T]] = defaultdict(dict)
    for one, other, value in rows:
        found[one][other] = value
    return dict(found)

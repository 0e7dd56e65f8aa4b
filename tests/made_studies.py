"""Studies for tests: a file, a desk, and annotators who do what they are asked."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stand_in import CATALOG, NoLinker, StandIns, stand_ins

from crsdemo.chat.admission import NO_LIMITS, Admission
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.chat.study_desk import StudyDesk
from crsdemo.chat.study_steps import Ask, AskConsent, Done, Explain, Step, Work
from crsdemo.core.comparison import Comparison, Judgment, Verdict
from crsdemo.core.recommender import Recommender
from crsdemo.feedback.log import FeedbackLog
from crsdemo.studies.study import parse_study

CONSENT = """[consent]
version = "1"
text = "We keep what you write."
"""
PRACTICE = """[[tasks]]
name = "practice"
kind = "practice"
message = "Something light, please."
good = "Groundhog Day is light."
bad = "The Shining is not light."
"""

FILE = f"""
title = "Which reply helps more?"
seed = 20
minutes = 12
systems = ["red", "blue"]
questionnaires = ["about-you"]
completion_code = "C0FFEE"
plain_names = true

{CONSENT}
{PRACTICE}
[[tasks]]
name = "talk"
kind = "free"
messages = 2
each = 2
questionnaires = ["short-compared"]

[[tasks]]
name = "family"
kind = "scenario"
instruction = "Find a film for children."
messages = 1

[[tasks]]
name = "shared"
kind = "replay"
messages = ["A quiet film.", "A loud film.", "A strange film.", "An old film."]
each = 2
overlap = 3

[[tasks]]
name = "attention"
kind = "attention"
message = "A western?"
bad = "Boil the potatoes."
"""

SINGLE = f"""
title = "One at a time"
seed = 3
minutes = 5
systems = ["red", "blue"]
plain_names = true

{CONSENT}
[[tasks]]
name = "alone"
kind = "single"
messages = 2
each = 2
questionnaires = ["short"]
"""

SHORT = f"""
title = "Short"
seed = 1
minutes = 1
systems = ["red", "blue"]

{CONSENT}
[[tasks]]
name = "talk"
kind = "free"

[[tasks]]
name = "shared"
kind = "replay"
messages = ["A quiet film."]
"""


def prolific_id(name: str) -> str:
    """24 letters and digits, the same for the same name."""
    return hashlib.sha256(name.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Lab:
    """A study that runs in a folder, with a log that can be looked into."""

    desk: StudyDesk

    @property
    def log(self) -> FeedbackLog:
        return self.desk.side_by_side.log

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.log.path) as db:
            return db.execute(sql).fetchall()

    def annotator(self, name: str, *, begun: bool = True) -> Annotator:
        annotator = Annotator(
            self.desk, self.desk.arrive({"PROLIFIC_PID": prolific_id(name)}, None)
        )
        if begun:
            self.desk.consent(annotator.id, given=True)
            self.desk.begin(annotator.id)
        return annotator


@dataclass(frozen=True)
class Annotator:
    """Who does what the desk asks for, one act at a time."""

    desk: StudyDesk
    id: str
    likes: str = "red"  # the system whose replies win
    said: list[str] = field(default_factory=list)

    @property
    def step(self) -> Step:
        return self.desk.step(self.id)

    def act(self) -> None:
        """The next thing that the desk asks for."""
        match self.step:
            case AskConsent():
                self.desk.consent(self.id, given=True)
            case Explain():
                self.desk.begin(self.id)
            case Work(to_judge=None) as work:
                self.say(f"{self.id} says {work.done}")
            case Work(to_judge=comparison):
                assert comparison
                self.judge(comparison, self.verdict(comparison))
            case Ask(questionnaire, about, answers):
                question = next(q for q in questionnaire.questions if q.name not in answers)
                value = question.lowest if question.kind == "scale" else "fine"
                value = question.labels[0] if question.kind in ("choice", "sides") else value
                self.desk.answer(self.id, questionnaire.name, about, question.name, value)
            case step:
                raise AssertionError(f"nothing to do at {step}")

    def say(self, text: str) -> Comparison | None:
        """The two replies; None where one system answers alone, or nothing comes of it."""
        self.said.append(text)
        *_, last = None, *self.desk.say(self.id, text)
        return last if isinstance(last, Comparison) else None

    def judge(self, comparison: Comparison, verdict: Verdict, **details: Any) -> None:
        self.desk.judge(self.id, comparison.id, Judgment(verdict, 5000.0, details=details))

    def verdict(self, seen: Comparison) -> Verdict:
        return "left" if self.likes in seen.left.recommender else "right"

    def finish(self) -> str:
        """Everything, to the code."""
        for _ in range(200):
            step = self.step
            if isinstance(step, Done):
                return step.code
            self.act()
        raise AssertionError(f"never done: {self.step}")


def lab(
    folder: Path, text: str = FILE, *recommenders: Recommender, busy_seconds: float = 30.0
) -> Lab:
    """A lab whose systems answer at once."""
    file = folder / "study.toml"
    file.write_text(text)
    table = recommenders or stand_ins("red", "blue", "green")
    log = FeedbackLog(folder / "feedback.db", busy_seconds=busy_seconds)
    pair = SideBySide(StandIns(table), NoLinker(), log, Admission(NO_LIMITS))
    return Lab(StudyDesk.open(parse_study(file), pair, CATALOG))

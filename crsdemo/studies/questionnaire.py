"""Questions on paper: what is asked after a task or at the end of a study, out of a TOML file.

The ready-made ones lie in data/questionnaires; a study may name a file of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from crsdemo.core.conversation import typed
from crsdemo.core.errors import BadInputError
from crsdemo.studies.toml_file import Table, read_toml

QuestionKind = Literal["scale", "choice", "text"]
Value = int | str

READY_MADE = Path(__file__).parent / "questionnaires"


@dataclass(frozen=True)
class Question:
    """One question. A scale is answered by a number, a choice by one of its labels."""

    name: str
    text: str
    kind: QuestionKind
    labels: tuple[str, ...] = ()  # of a scale, from its lowest step up; of a choice
    lowest: int = 0  # the number of the first label of a scale
    optional: bool = False

    @property
    def steps(self) -> range:
        """The numbers of a scale."""
        return range(self.lowest, self.lowest + len(self.labels))

    def checked(self, value: object) -> Value:
        """The answer as it is kept. Raises BadInputError for one that does not fit."""
        if self.kind == "scale" and type(value) is int and value in self.steps:
            return value
        if self.kind == "choice" and isinstance(value, str) and value in self.labels:
            return value
        if self.kind == "text" and isinstance(value, str):
            return typed(value)
        wanted = {
            "scale": f"a number from {self.lowest} to {self.steps.stop - 1}",
            "choice": f"one of {', '.join(self.labels)}",
            "text": "a text",
        }
        raise BadInputError(f"{self.name!r} is answered by {wanted[self.kind]}; got {value!r}")


@dataclass(frozen=True)
class Questionnaire:
    """Questions that are asked together."""

    name: str
    title: str
    questions: tuple[Question, ...]
    source: str = ""  # where it is from, for the one who reads the data

    def question(self, name: str) -> Question:
        """Raises BadInputError."""
        for question in self.questions:
            if question.name == name:
                return question
        known = ", ".join(question.name for question in self.questions)
        raise BadInputError(f"{self.name} has no question {name!r}; there are: {known}")

    def is_answered(self, answers: dict[str, Value]) -> bool:
        """Whether all is answered that has to be."""
        return all(one.optional or one.name in answers for one in self.questions)


def ready_made() -> tuple[str, ...]:
    """The names of the questionnaires that come with the project."""
    return tuple(sorted(path.stem for path in READY_MADE.glob("*.toml")))


def parse_questionnaire(path: Path) -> Questionnaire:
    """Raises BadInputError that names file, line and key."""
    table = read_toml(path)
    title, source = table.text("title"), table.text("source", "")
    questions = tuple(_question(one) for one in table.tables("questions"))
    table.done()
    if all(question.optional for question in questions):
        table.wrong("questions", "at least one has to be answered: leave `optional` away")
    if len({question.name for question in questions}) < len(questions):
        table.wrong("questions", "each needs a `name` of its own")
    return Questionnaire(path.stem, title, questions, source)


def _question(table: Table) -> Question:
    name, text = table.text("name"), table.text("text")
    kind = table.choice("kind", get_args(QuestionKind), "scale")
    labels = () if kind == "text" else table.texts("labels")
    if kind != "text" and len(labels) < 2:
        table.wrong("labels", "one can choose only among two or more")
    lowest = table.number("lowest", 0, 1, 0) if kind == "scale" else 0
    optional = table.switch("optional", kind == "text")
    table.done()
    exact: QuestionKind = "scale" if kind == "scale" else "choice" if kind == "choice" else "text"
    return Question(name, text, exact, labels, lowest, optional)

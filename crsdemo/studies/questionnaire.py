"""Questions on paper: what is asked after a task or at the end of a study, out of a TOML file.

The ready-made ones lie in `questionnaires`; a study may name a file of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from crsdemo.core.conversation import typed
from crsdemo.core.errors import BadInputError
from crsdemo.studies.toml_file import Many, Part, Text, TomlFile, read_toml, wrong

QuestionKind = Literal["scale", "choice", "text"]
Value = int | str

READY_MADE = Path(__file__).parent / "questionnaires"


class Question(Part):
    """One question. A scale is answered by a number, a choice by one of its labels."""

    name: Text
    text: Text
    kind: QuestionKind = "scale"
    labels: Many[Text] = ()  # of a scale, from its lowest step up; of a choice
    lowest: Annotated[int, Field(ge=0, le=1)] = 0  # the number of the first label of a scale
    optional: bool = Field(default_factory=lambda question: question["kind"] == "text")

    @model_validator(mode="after")
    def _suits_its_kind(self) -> Self:
        if self.kind != "text" and len(self.labels) < 2:
            raise wrong("one can choose only among two or more", "labels")
        of_others = {"scale": set(), "choice": {"lowest"}, "text": {"lowest", "labels"}}
        for key in sorted(self.model_fields_set & of_others[self.kind]):
            raise wrong(f"a question of the kind {self.kind!r} has none", key)
        return self

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


class Questionnaire(TomlFile):
    """Questions that are asked together."""

    title: Text
    source: str = ""  # where it is from, for the one who reads the data
    questions: Many[Question]

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if all(question.optional for question in self.questions):
            raise wrong("at least one has to be answered: leave `optional` away", "questions")
        if len({question.name for question in self.questions}) < len(self.questions):
            raise wrong("each needs a `name` of its own", "questions")
        return self

    @property
    def name(self) -> str:
        return self._source.path.stem

    def question(self, name: str) -> Question:
        """Raises BadInputError."""
        for question in self.questions:
            if question.name == name:
                return question
        known = ", ".join(question.name for question in self.questions)
        raise BadInputError(f"{self.name} has no question {name!r}; there are: {known}")

    def is_answered(self, answers: Mapping[str, Value]) -> bool:
        """Whether all is answered that has to be."""
        return all(one.optional or one.name in answers for one in self.questions)


def ready_made() -> tuple[str, ...]:
    """The names of the questionnaires that come with the project."""
    return tuple(sorted(path.stem for path in READY_MADE.glob("*.toml")))


def parse_questionnaire(path: Path) -> Questionnaire:
    """Raises BadInputError that names file, line and key."""
    return read_toml(path, Questionnaire)

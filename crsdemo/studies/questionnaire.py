"""Questions on paper: what is asked after a task or at the end of a study, out of a TOML file.

The ready-made ones lie in `questionnaires`; a study may name a file of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from crsdemo.core.conversation import typed
from crsdemo.core.errors import BadInputError
from crsdemo.core.toml_file import Many, Name, Part, Text, TomlFile, read_toml, wrong

QuestionKind = Literal["scale", "choice", "sides", "text"]
About = Literal["system", "comparison", "person"]
Value = int | str

SIDES_SAID = ("A", "about the same", "B")  # the labels of a question about two

READY_MADE = Path(__file__).parent / "questionnaires"


class Question(Part):
    """One question. A scale is answered by a number, a choice by one of its labels.

    One of the kind "sides" asks which of two it was, in the words of `SIDES_SAID`.
    """

    name: Name
    text: Text
    kind: QuestionKind = "scale"
    labels: Many[Text] = Field(  # of a scale, from its lowest step up; of a choice
        default_factory=lambda question: SIDES_SAID if question["kind"] == "sides" else ()
    )
    lowest: Annotated[int, Field(ge=0, le=1)] = 0  # the number of the first label of a scale
    optional: bool = Field(default_factory=lambda question: question["kind"] == "text")

    @model_validator(mode="after")
    def _suits_its_kind(self) -> Self:
        if self.kind != "text" and len(self.labels) < 2:
            raise wrong("one can choose only among two or more", "labels")
        if self.kind == "choice" and len(set(self.labels)) < len(self.labels):
            raise wrong("name each once", "labels")
        none = {"lowest", "labels"}
        of_others = {"scale": set(), "choice": {"lowest"}, "sides": none, "text": none}
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
        if self.kind in ("choice", "sides") and isinstance(value, str) and value in self.labels:
            return value
        if self.kind == "text" and isinstance(value, str):
            return typed(value)
        wanted = {
            "scale": f"a number from {self.lowest} to {self.steps.stop - 1}",
            "choice": f"one of {', '.join(self.labels)}",
            "sides": f"one of {', '.join(self.labels)}",
            "text": "a text",
        }
        raise BadInputError(f"{self.name!r} is answered by {wanted[self.kind]}; got {value!r}")


class Questionnaire(TomlFile):
    """Questions that are asked together."""

    title: Text
    source: str = ""  # where it is from, for the one who reads the data
    questions: Many[Question]
    # "system": one that answered; "comparison": two; "person": who answers the questions.
    # What does not say it is about a system if its words name one.
    about: About = Field(default_factory=lambda given: _about(given))

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if all(question.optional for question in self.questions):
            raise wrong("at least one has to be answered: leave `optional` away", "questions")
        if len({question.name for question in self.questions}) < len(self.questions):
            raise wrong("each needs a `name` of its own", "questions")
        if self.about != "comparison" and any(one.kind == "sides" for one in self.questions):
            raise wrong('what asks for A or B needs `about = "comparison"`', "questions")
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


_ONE_SYSTEM = re.compile(
    r"\b(?:the|this|that|your)\s+(?:\w+\s+)?"
    r"(?:assistant|system|recommender|chat\s?bot|bot|agent|advis[eo]r|conversation partner)\b",
    re.IGNORECASE,
)


def _about(given: Mapping[str, Any]) -> About:
    questions: Sequence[Question] = given.get("questions", ())
    if any(question.kind == "sides" for question in questions):
        return "comparison"
    words = [given.get("title", ""), *(question.text for question in questions)]
    return "system" if any(map(_ONE_SYSTEM.search, words)) else "person"


def ready_made() -> tuple[str, ...]:
    """The names of the questionnaires that come with the project."""
    return tuple(sorted(path.stem for path in READY_MADE.glob("*.toml")))


def parse_questionnaire(path: Path) -> Questionnaire:
    """Raises BadInputError that names file, line and key."""
    return read_toml(path, Questionnaire)

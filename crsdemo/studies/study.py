"""A study out of its file: what annotators agree to, what they judge, and what they are asked.

docs/studies.md explains the file, docs/example-study.toml is one. Values only: nothing here
knows of the log or of who takes part.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from crsdemo.core.comparison import Policy
from crsdemo.core.conversation import MAX_TYPED
from crsdemo.core.errors import BadInputError
from crsdemo.studies.questionnaire import READY_MADE, Questionnaire, parse_questionnaire, ready_made
from crsdemo.studies.toml_file import Many, Part, Text, TomlFile, read_toml, wrong

Kind = Literal["practice", "free", "scenario", "replay", "attention"]

MOST = 50  # messages of a task, or times that an annotator meets it
FREE = "Talk about films as you would with a friend who knows many."
JUDGE = "Read both replies, then say which one helps more."
EXPLANATION = (
    "You write to an assistant that recommends films. Two of its replies stand side by side.",
    "You say which of the two helps more. The talk goes on from the better one.",
    "There is no right or wrong: we want to know what you think.",
)


def _asked(name: object, info: ValidationInfo) -> Questionnaire:
    """A file beside that of the study, or one that comes with the project."""
    if name in ready_made():
        return parse_questionnaire(READY_MADE / f"{name}.toml")
    context: Any = info.context
    path: Path = context.path.parent / str(name)
    if path.suffix != ".toml" or not os.path.isfile(path):  # also for a name that cannot be one
        raise wrong(f"{name!r} is neither a file there nor one of {', '.join(ready_made())}")
    return parse_questionnaire(path)


def _once(asked: tuple[Questionnaire, ...]) -> tuple[Questionnaire, ...]:
    if len({questionnaire.name for questionnaire in asked}) < len(asked):
        raise wrong("each is asked once")
    return asked


Asked = Annotated[Many[Annotated[Questionnaire, BeforeValidator(_asked)]], AfterValidator(_once)]
Message = Annotated[Text, Field(max_length=MAX_TYPED)]
Times = Annotated[int, Field(ge=1, le=MOST)]


class Consent(Part):
    """What people agree to. A text that changes needs a new version."""

    version: Text
    text: Text

    @property
    def sha256(self) -> str:
        return hashlib.sha256(f"{self.version}\n{self.text}".encode()).hexdigest()


@dataclass(frozen=True)
class Replay:
    """Two replies that all who judge them see alike: to a message, or those of a comparison."""

    name: str  # in the log, of this study
    message: str = ""
    comparison: str = ""  # the id of one in the log, instead of a message
    bad: str = ""  # a reply that is plainly worse, written in the file
    good: str = ""  # its counterpart; without it one of the systems answers


class _Task(Part):
    """One thing to do, `each` times, each time with other systems or messages.

    `to_judge` says how many comparisons each annotator judges in it.
    """

    name: Text
    kind: Kind
    questionnaires: Asked = ()  # asked each time it is done


class Talk(_Task):
    """A live one: two systems answer."""

    replays: ClassVar[tuple[Replay, ...]] = ()

    instruction: Text = FREE
    each: Times = 1
    messages: Times = 1  # to judge in each talk

    @property
    def to_judge(self) -> int:
        return self.each * self.messages


class Scenario(Talk):
    """A talk in a role, which has to be told."""

    instruction: Text


class Staged(_Task):
    """One message, of whose two replies one is written to be plainly worse."""

    each: ClassVar[int] = 1
    overlap: ClassVar[int] = 1
    to_judge: ClassVar[int] = 1

    instruction: Text = JUDGE
    message: Message
    bad: Text
    good: str = ""  # without it one of the systems answers

    @property
    def replays(self) -> tuple[Replay, ...]:
        return (Replay(self.name, self.message, bad=self.bad, good=self.good),)


class Replayed(_Task):
    """Messages that two systems answer once, or comparisons that are in the log already."""

    instruction: Text = JUDGE
    messages: Many[Message] = ()
    comparisons: Many[Text] = ()
    each: int = Field(default_factory=lambda task: len(task["messages"] or task["comparisons"]))
    overlap: Annotated[int, Field(ge=1, le=1000)] = 3  # judges before the next replay is begun

    @model_validator(mode="after")
    def _has_enough(self) -> Self:
        if bool(self.messages) == bool(self.comparisons):
            raise wrong("a replay has either `messages` or `comparisons`", "messages")
        given = self.messages or self.comparisons
        if len(set(given)) < len(given):
            raise wrong("name each once", "messages" if self.messages else "comparisons")
        if not 1 <= self.each <= len(given):
            raise wrong(f"it is a whole number from 1 to {len(given)}", "each")
        return self

    @property
    def to_judge(self) -> int:
        return self.each

    @property
    def replays(self) -> tuple[Replay, ...]:
        given = [*((m, "") for m in self.messages), *(("", c) for c in self.comparisons)]
        return tuple(Replay(f"{self.name} {n}", *one) for n, one in enumerate(given, 1))


def _form(part: Any) -> str:
    """The tag of the model that reads a part [[tasks]]."""
    kind = part.get("kind") if isinstance(part, dict) else None
    return "attention" if kind == "practice" and "message" in part else str(kind)


Task = Annotated[
    Annotated[Talk, Tag("free")]
    | Annotated[Talk, Tag("practice")]
    | Annotated[Scenario, Tag("scenario")]
    | Annotated[Staged, Tag("attention")]
    | Annotated[Replayed, Tag("replay")],
    Discriminator(
        _form,
        custom_error_type="wrong",
        custom_error_message=f"it is one of {', '.join(get_args(Kind))}",
        custom_error_context={"at": ["kind"]},
    ),
]


class Study(TomlFile):
    """A whole study. A file that is changed, by one letter even, is another study."""

    title: Text
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)]
    systems: Many[Text]
    policy: Policy = "shared"
    minutes: Annotated[int, Field(ge=1, le=600)]
    consent: Consent
    explanation: Many[Text] = EXPLANATION
    tasks: Many[Task]
    questionnaires: Asked = ()  # at the end
    plain_names: bool = False  # `participant=NAME` needs no key: whoever knows a name is let in
    completion_code: str = ""
    completion_code_env: str = ""
    completion_code_file: str = ""

    @field_validator("systems")
    @classmethod
    def _can_be_compared(cls, systems: tuple[str, ...]) -> tuple[str, ...]:
        if len(systems) < 2 or len(set(systems)) < len(systems):
            raise wrong('name two or more, each once, as ["gcrs", "reges"]')
        return systems

    @model_validator(mode="after")
    def _has_one_code(self) -> Self:
        ways = "completion_code", "completion_code_env", "completion_code_file"
        given = [key for key in ways if key in self.model_fields_set]
        if len(given) > 1:
            raise wrong(f"there is `{given[0]}` already; keep one of the two", given[1])
        return self

    @model_validator(mode="after")
    def _has_tasks_apart(self) -> Self:
        """Names are keys in the log, so that no two tasks may share one."""
        seen: set[str] = set()
        for n, task in enumerate(self.tasks):
            names = {task.name, *(replay.name for replay in task.replays)}
            if names & seen:
                raise wrong("another task has this name", "tasks", n, "name")
            seen |= names
        if all(task.kind in ("practice", "attention") for task in self.tasks):
            expectation = "nothing tells of the systems; add a free, scenario or replay task"
            raise wrong(expectation, "tasks")
        return self

    @property
    def text(self) -> str:
        """Of the file."""
        return self._source.text

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def read_code(self) -> str:
        """The completion code, empty if there is none. Raises BadInputError if it is not there."""
        if variable := self.completion_code_env:
            found, where = os.environ.get(variable, ""), f"the environment has no {variable}"
        elif self.completion_code_file:
            path = self._source.path.parent / self.completion_code_file
            try:
                found = path.read_text(encoding="utf-8") if os.path.isfile(path) else ""
            except (OSError, UnicodeDecodeError) as error:
                raise BadInputError(f"the completion code of {path} cannot be read") from error
            where = f"there is nothing in {path}"
        else:
            return self.completion_code
        if not found.strip():
            raise BadInputError(f"the study has no completion code: {where}; put the code there")
        return found.strip()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every two of the systems, in both orders."""
        two = combinations(self.systems, 2)
        return tuple(pair for left, right in two for pair in ((left, right), (right, left)))

    @property
    def to_judge(self) -> int:
        """How many comparisons each annotator judges after the practice."""
        return sum(task.to_judge for task in self.tasks if task.kind != "practice")

    def task(self, name: str) -> Task:
        """Raises BadInputError."""
        for task in self.tasks:
            if task.name == name:
                return task
        raise BadInputError(f"{self.title!r} has no task {name!r}")

    def check_systems(self, known: Sequence[str]) -> None:
        """Raises BadInputError for a system that is not among those known here."""
        for name in self.systems:
            if name not in known:
                raise BadInputError(
                    f"the study names the system {name!r}; there are: {', '.join(known)}"
                )


def parse_study(path: Path) -> Study:
    """Raises BadInputError that names the file, the line and the key, and what belongs there."""
    return read_toml(path, Study)

"""What annotators do in a study: the parts [[tasks]] of its file, one model for each kind."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    model_validator,
)

from crsdemo.core.conversation import MAX_TYPED
from crsdemo.core.toml_file import SEEN, Many, Name, Part, Text, wrong
from crsdemo.studies.questionnaire import READY_MADE, Questionnaire, parse_questionnaire, ready_made

Kind = Literal["practice", "free", "scenario", "single", "replay", "attention"]

BAD, GOOD = "written-bad", "written-good"  # who says the replies that a study file has
MOST = 50  # messages of a task, or times that an annotator meets it
FREE = "Talk about {items} as you would with a friend who knows many."
JUDGE = "Read both replies, then say which one helps more."


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
Message = Annotated[str, Field(max_length=MAX_TYPED), SEEN]
Times = Annotated[int, Field(ge=1, le=MOST)]


@dataclass(frozen=True)
class Replay:
    """Two replies that all who judge them see alike: to a message, or those of a comparison."""

    name: str  # in the log, of this study
    message: str = ""
    comparison: str = ""  # the id of one in the log, instead of a message
    bad: str = ""  # a reply that is plainly worse, written in the file
    good: str = ""  # its counterpart; without it one of the systems answers


def _short(kind: object) -> tuple[Questionnaire, ...]:
    """What is asked where a task names nothing: without a question a single talk tells nothing."""
    return (parse_questionnaire(READY_MADE / "short.toml"),) if kind == "single" else ()


class _Task(Part):
    """One thing to do, `each` times, each time with other systems or messages.

    `to_judge` says how many comparisons each annotator judges in it.
    """

    name: Name
    kind: Kind
    questionnaires: Asked = Field(
        default_factory=lambda task: _short(task.get("kind"))
    )  # each time

    @property
    def is_single(self) -> bool:
        """One system answers, and nothing is compared."""
        return self.kind == "single"


class Talk(_Task):
    """A live one: two systems answer, or in a single one one of them."""

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

    @model_validator(mode="after")
    def _has_a_worse_side(self) -> Self:
        if self.good == self.bad:
            raise wrong("`good` says the same, and neither is better; write two replies", "bad")
        return self

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
    | Annotated[Talk, Tag("single")]
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

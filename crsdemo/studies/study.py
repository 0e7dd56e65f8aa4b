"""A study out of its file: what annotators agree to, what they judge, and what they are asked.

docs/studies.md explains the file, docs/example-study.toml is one. Values only: nothing here
knows of the log or of who takes part.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar, cast

from pydantic import Field, field_validator, model_validator

from crsdemo.core.comparison import Policy
from crsdemo.core.domain import Domain
from crsdemo.core.errors import BadInputError
from crsdemo.core.toml_file import Many, Name, Part, Text, TomlFile, read_toml, wrong
from crsdemo.language.distress import is_in_distress
from crsdemo.recommenders.outside.systems import System
from crsdemo.studies.explanation import explained
from crsdemo.studies.questionnaire import Questionnaire
from crsdemo.studies.tasks import BAD, GOOD, Asked, Task
from crsdemo.studies.unfilled import is_unfilled

# {items} and the like become words of the catalog, see `Study.worded`
V = TypeVar("V")

LONGEST_CODE = 200  # characters


class Consent(Part):
    """What people agree to. A text that changes needs a new version."""

    version: Text
    text: Text

    @property
    def sha256(self) -> str:
        return hashlib.sha256(f"{self.version}\n{self.text}".encode()).hexdigest()


class Study(TomlFile):
    """A whole study. A file that is changed, by one letter even, is another study."""

    title: Name
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)]
    entrants: Many[System] = Field(alias="systems")
    policy: Policy = "shared"
    minutes: Annotated[int, Field(ge=1, le=600)]
    consent: Consent
    tasks: Many[Task]
    explanation: Many[Text] = Field(
        default_factory=lambda study: explained(study["tasks"], study["policy"])
    )
    questionnaires: Asked = ()  # at the end
    plain_names: bool = False  # `participant=NAME` needs no key: whoever knows a name is let in
    completion_code: Text = ""  # of these three one at most
    completion_code_env: Text = ""
    completion_code_file: Text = ""

    @field_validator("entrants")
    @classmethod
    def _can_be_compared(cls, entrants: tuple[System, ...]) -> tuple[System, ...]:
        if len(entrants) < 2 or len({one.name for one in entrants}) < len(entrants):
            raise wrong('name two or more, each once, as ["gcrs", "reges"]')
        if taken := {BAD, GOOD} & {one.name for one in entrants}:
            raise wrong(f"{min(taken)!r} is who says the replies of this file; name it otherwise")
        return entrants

    @property
    def systems(self) -> tuple[str, ...]:
        """The names of those who answer."""
        return tuple(one.name for one in self.entrants)

    @model_validator(mode="after")
    def _has_one_code(self) -> Self:
        ways = "completion_code", "completion_code_env", "completion_code_file"
        given = [key for key in ways if key in self.model_fields_set]
        if len(given) > 1:
            raise wrong(f"there is `{given[0]}` already; keep one of the two", given[1])
        return self

    @model_validator(mode="after")
    def _has_tasks_apart(self) -> Self:
        """Names and comparisons are keys in the log, so that no two tasks may share one."""
        seen: set[str] = set()
        shown_before: set[str] = set()
        for n, task in enumerate(self.tasks):
            names = {task.name, *(replay.name for replay in task.replays)}
            if names & seen:
                raise wrong("another task has this name", "tasks", n, "name")
            seen |= names
            shown = {replay.comparison for replay in task.replays} - {""}
            if shown & shown_before:
                raise wrong("another task shows one of these", "tasks", n, "comparisons")
            shown_before |= shown
        if all(task.kind in ("practice", "attention") for task in self.tasks):
            expectation = "nothing tells of the systems; add a free, scenario or replay task"
            raise wrong(expectation, "tasks")
        return self

    @model_validator(mode="after")
    def _asks_of_those_who_answered(self) -> Self:
        """An answer that cannot be put down to a system, or to two of them, tells nothing."""
        for n, task in enumerate(self.tasks):
            for asked in task.questionnaires:
                if not task.is_single and asked.about == "system":
                    raise wrong(
                        f"{asked.name!r} asks about one assistant, but two answer here. Ask it in "
                        'a task of the kind "single", whose talk is with one system, or ask here '
                        'about the two: "short-compared", or your own with about = "comparison"',
                        "tasks", n, "questionnaires",
                    )  # fmt: skip
                if task.is_single and asked.about == "comparison":
                    raise wrong(
                        f"{asked.name!r} compares two, but one system answers here; ask about it, "
                        'as "short" does',
                        "tasks", n, "questionnaires",
                    )  # fmt: skip
        for asked in self.questionnaires:
            if asked.about != "person":
                raise wrong(
                    f"{asked.name!r} is about {_ABOUT[asked.about]}, and at the end several have "
                    'answered. Ask it in a task: about one system in a task of the kind "single", '
                    'about two in any other. Here only what has about = "person" can be asked',
                    "questionnaires",
                )
        return self

    @model_validator(mode="after")
    def _has_questionnaires_apart(self) -> Self:
        """Their names are keys in the log, too."""
        asked: dict[str, Questionnaire] = {}
        for at, ones in [
            *((("tasks", n), task.questionnaires) for n, task in enumerate(self.tasks)),
            ((), self.questionnaires),
        ]:
            for one in ones:
                if asked.setdefault(one.name, one) != one:
                    raise wrong(
                        f"two files are called {one.name!r}, and answers are kept under that name; "
                        "rename one",
                        *at, "questionnaires",
                    )  # fmt: skip
        return self

    def worded(self, domain: Domain) -> Self:
        """The study with `Domain.worded` texts; it is the same study, of the same file."""
        return _worded(self, domain)

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
            found, where = self.completion_code, ""
        code = found.strip()
        if where and not code:
            raise BadInputError(f"the study has no completion code: {where}; put the code there")
        if len(code.splitlines()) > 1 or len(code) > LONGEST_CODE:
            raise BadInputError(
                f"the completion code has {len(code.splitlines())} lines and {len(code)} "
                f"characters; put there one code alone, of at most {LONGEST_CODE} characters"
            )
        if is_unfilled(code):
            raise BadInputError(
                f"the completion code {code!r} was not filled in; put there what your platform "
                "shows as the code"
            )
        return code

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every two of the systems, in both orders."""
        two = combinations(self.systems, 2)
        return tuple(pair for left, right in two for pair in ((left, right), (right, left)))

    @property
    def to_judge(self) -> int:
        """How many comparisons each annotator judges after the practice."""
        work = [task for task in self.tasks if task.kind != "practice" and not task.is_single]
        return sum(task.to_judge for task in work)

    @property
    def votes(self) -> int:
        """How many of these tell of two systems: a check of attention tells of who judges it."""
        return self.to_judge - sum(task.kind == "attention" for task in self.tasks)

    @property
    def to_say(self) -> int:
        """How many messages each annotator writes to one system alone."""
        return sum(task.to_judge for task in self.tasks if task.is_single)

    @property
    def talks_alone(self) -> int:
        """How many talks with one system each annotator has."""
        return sum(task.each for task in self.tasks if task.is_single)

    @property
    def asked(self) -> tuple[Questionnaire, ...]:
        """All its questionnaires, each once."""
        of_tasks = (asked for task in self.tasks for asked in task.questionnaires)
        return tuple({asked.name: asked for asked in (*of_tasks, *self.questionnaires)}.values())

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

    def check_messages(self) -> None:
        """Raises BadInputError for a message that gets the fixed reply, which nobody can judge."""
        for task in self.tasks:
            for replay in task.replays:
                if is_in_distress(replay.message):
                    raise BadInputError(
                        f"the message {replay.message!r} of the task {task.name!r} is answered "
                        "with care, in the same words whichever system is asked, so that nobody "
                        "could judge it; write another"
                    )

    def problems(self, known: Sequence[str]) -> tuple[str, ...]:
        """All that keeps the app from starting with this study, where these systems are known."""
        checks: tuple[Callable[[], object], ...] = (
            lambda: self.check_systems(known),
            self.read_code,
            self.check_messages,
        )
        return tuple(found for check in checks if (found := _problem(check)))


_ABOUT = {"system": "one assistant", "comparison": "two replies"}


def _worded(value: V, domain: Domain) -> V:
    """A value of a study with every text in the words of the domain, however deep it lies."""
    made: Any = value
    if isinstance(value, str):
        made = domain.worded(value)
    elif isinstance(value, tuple):
        made = tuple(_worded(one, domain) for one in value)
    elif isinstance(value, Part):
        texts = {name: _worded(one, domain) for name, one in value if name != "entrants"}
        made = value.model_copy(update=texts)
    return cast(V, made)


def _problem(check: Callable[[], object]) -> str:
    try:
        check()
    except BadInputError as error:
        return str(error)
    return ""


def parse_study(path: Path) -> Study:
    """Raises BadInputError that names the file, the line and the key, and what belongs there."""
    return read_toml(path, Study)

"""A study out of its file: what annotators agree to, what they judge, and what they are asked.

docs/studies.md explains the file, docs/example-study.toml is one. Values only: nothing here
knows of the log or of who takes part.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal, get_args

from crsdemo.core.comparison import Policy, checked_policy
from crsdemo.core.conversation import MAX_TYPED
from crsdemo.core.errors import BadInputError
from crsdemo.studies.questionnaire import READY_MADE, Questionnaire, parse_questionnaire, ready_made
from crsdemo.studies.toml_file import Table, read_toml

Kind = Literal["practice", "free", "scenario", "replay", "attention"]

MOST = 50  # messages of a task, or times that an annotator meets it
FREE = "Talk about films as you would with a friend who knows many."
JUDGE = "Read both replies, then say which one helps more."
EXPLANATION = (
    "You write to an assistant that recommends films. Two of its replies stand side by side.",
    "You say which of the two helps more. The talk goes on from the better one.",
    "There is no right or wrong: we want to know what you think.",
)


@dataclass(frozen=True)
class Consent:
    """What people agree to. A text that changes needs a new version."""

    version: str
    text: str

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


@dataclass(frozen=True)
class Task:
    """One thing to do. A live one is a talk; a replayed one shows what was said before."""

    name: str
    kind: Kind
    instruction: str
    each: int  # how often an annotator meets it, each time with other systems or messages
    messages: int = 1  # to judge, each time
    overlap: int = 1  # people who are to judge a replay before the next one is begun
    replays: tuple[Replay, ...] = ()
    questionnaires: tuple[Questionnaire, ...] = ()  # asked each time it is done

    @property
    def is_live(self) -> bool:
        return not self.replays

    @property
    def to_judge(self) -> int:
        """How many comparisons each annotator judges in it."""
        return self.each * self.messages


@dataclass(frozen=True)
class Code:
    """The completion code, or where it is kept: the environment, a file, or nowhere."""

    text: str = ""
    variable: str = ""
    file: Path | None = None

    def read(self) -> str:
        """The code, empty if the study has none. Raises BadInputError if it is not there."""
        if self.variable:
            found = os.environ.get(self.variable, "").strip()
            where = f"the environment has no {self.variable}"
        elif self.file:
            found = self.file.read_text().strip() if self.file.is_file() else ""
            where = f"there is nothing in {self.file}"
        else:
            return self.text
        if not found:
            raise BadInputError(f"the study has no completion code: {where}; put the code there")
        return found


@dataclass(frozen=True)
class Study:
    """A whole study. A file that is changed, by one letter even, is another study."""

    title: str
    text: str  # of the file
    seed: int
    systems: tuple[str, ...]
    policy: Policy
    minutes: int
    consent: Consent
    explanation: tuple[str, ...]
    tasks: tuple[Task, ...]
    questionnaires: tuple[Questionnaire, ...]  # at the end
    code: Code

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every two of the systems, in both orders."""
        both = [pair for two in combinations(self.systems, 2) for pair in (two, two[::-1])]
        return tuple((left, right) for left, right in both)

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


def parse_study(path: Path) -> Study:
    """Raises BadInputError that names the file, the line and the key, and what belongs there."""
    table = read_toml(path)
    study = Study(
        title=table.text("title"),
        text=table.source.text,
        seed=table.number("seed", 0, 2**31 - 1),
        systems=_systems(table),
        policy=checked_policy(table.choice("policy", get_args(Policy), "shared")),
        minutes=table.number("minutes", 1, 600),
        consent=_consent(table.table("consent")),
        explanation=table.texts("explanation", EXPLANATION),
        tasks=tuple(_task(one) for one in table.tables("tasks")),
        questionnaires=_questionnaires(table),
        code=_code(table),
    )
    table.done()
    _check_tasks(table, study.tasks)
    return study


def _systems(table: Table) -> tuple[str, ...]:
    systems = table.texts("systems")
    if len(set(systems)) < 2 or len(set(systems)) < len(systems):
        table.wrong("systems", 'name two or more, each once, as ["gcrs", "reges"]')
    return systems


def _consent(table: Table) -> Consent:
    consent = Consent(table.text("version"), table.text("text"))
    table.done()
    return consent


def _code(table: Table) -> Code:
    ways = ("completion_code", "completion_code_env", "completion_code_file")
    given = [key for key in ways if table.has(key)]
    if len(given) > 1:
        table.wrong(given[1], f"there is `{given[0]}` already; keep one of the two")
    text, variable, file = (table.text(key, "") for key in ways)
    return Code(text, variable, table.source.path.parent / file if file else None)


def _questionnaires(table: Table) -> tuple[Questionnaire, ...]:
    names = table.texts("questionnaires", ())
    if len({Path(name).stem for name in names}) < len(names):
        table.wrong("questionnaires", "each is asked once")
    return tuple(_questionnaire(table, name) for name in names)


def _questionnaire(table: Table, name: str) -> Questionnaire:
    """A file beside that of the study, or one that comes with the project."""
    if name in ready_made():
        return parse_questionnaire(READY_MADE / f"{name}.toml")
    path = table.source.path.parent / name
    if path.suffix != ".toml" or not path.is_file():
        known = ", ".join(ready_made())
        table.wrong("questionnaires", f"{name!r} is neither a file there nor one of {known}")
    return parse_questionnaire(path)


def _task(table: Table) -> Task:
    match table.choice("kind", get_args(Kind)):
        case "free":
            task = _live(table, "free", FREE)
        case "scenario":
            task = _live(table, "scenario", None)
        case "practice" if not table.has("message"):
            task = _live(table, "practice", FREE)
        case "practice":
            task = _staged(table, "practice")
        case "attention":
            task = _staged(table, "attention")
        case _:
            task = _replay(table)
    table.done()
    return task


def _live(table: Table, kind: Kind, instruction: str | None) -> Task:
    return Task(
        name=table.text("name"),
        kind=kind,
        instruction=table.text("instruction", instruction),
        each=1 if kind == "practice" else table.number("each", 1, MOST, 1),
        messages=table.number("messages", 1, MOST, 1),
        questionnaires=() if kind == "practice" else _questionnaires(table),
    )


def _staged(table: Table, kind: Kind) -> Task:
    """One message, of whose two replies one is written to be plainly worse."""
    name = table.text("name")
    good = table.text("good", "") if kind == "attention" else table.text("good")
    replay = Replay(name, _message(table, "message"), bad=table.text("bad"), good=good)
    instruction = table.text("instruction", JUDGE)
    return Task(name, kind, instruction, each=1, replays=(replay,))


def _replay(table: Table) -> Task:
    """Messages that two systems answer once, or comparisons that are in the log already."""
    name = table.text("name")
    if table.has("messages") == table.has("comparisons"):
        table.wrong("messages", "a replay has either `messages` or `comparisons`")
    given = table.texts("messages", ()) or table.texts("comparisons", ())
    if not given or len(set(given)) < len(given):
        table.wrong("messages" if table.has("messages") else "comparisons", "name each once")
    if table.has("messages"):
        _check_length(table, "messages", given)
        replays = [Replay(f"{name} {n}", message=one) for n, one in enumerate(given, 1)]
    else:
        replays = [Replay(f"{name} {n}", comparison=one) for n, one in enumerate(given, 1)]
    return Task(
        name=name,
        kind="replay",
        instruction=table.text("instruction", JUDGE),
        each=table.number("each", 1, len(given), len(given)),
        overlap=table.number("overlap", 1, 1000, 3),
        replays=tuple(replays),
        questionnaires=_questionnaires(table),
    )


def _message(table: Table, key: str) -> str:
    text = table.text(key)
    _check_length(table, key, (text,))
    return text


def _check_length(table: Table, key: str, texts: Sequence[str]) -> None:
    if max(map(len, texts)) > MAX_TYPED:
        table.wrong(key, f"a message has at most {MAX_TYPED:,} characters")


def _check_tasks(table: Table, tasks: Sequence[Task]) -> None:
    """Names are keys in the log, so that no two tasks may share one."""
    seen: Mapping[str, int] = {}
    for n, (task, part) in enumerate(zip(tasks, table.tables("tasks"), strict=True)):
        names = {task.name, *(replay.name for replay in task.replays)}
        if names & seen.keys():
            part.wrong("name", "another task has this name; each needs one of its own")
        seen = {**seen, **dict.fromkeys(names, n)}
    if all(task.kind in ("practice", "attention") for task in tasks):
        table.wrong("tasks", "nothing tells of the systems; add a free, scenario or replay task")

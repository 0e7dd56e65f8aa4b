"""The words of a study's own that annotators read, and which of them name a system."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from crsdemo.recommenders.outside.systems import Endpoint
from crsdemo.studies.study import Study
from crsdemo.studies.tasks import Staged


class Named(NamedTuple):
    """A name of a system where annotators read it."""

    where: str
    name: str


def named_systems(study: Study) -> tuple[Named, ...]:
    """Each system that the study's own words name, and where; they are shown as they stand."""
    names = [*study.systems, *(e.model for e in study.entrants if isinstance(e, Endpoint))]
    found = (
        Named(where, name) for where, text in _read(study) for name in names if _names(text, name)
    )
    return tuple(dict.fromkeys(found))


def _read(study: Study) -> Iterator[tuple[str, str]]:
    """What annotators read, and where it stands in the file."""
    yield "the title", study.title
    yield "the consent", study.consent.text
    for line in study.explanation:
        yield "the explanation", line
    for task in study.tasks:
        yield f"the instruction of the task {task.name!r}", task.instruction
        if isinstance(task, Staged):
            yield f"a written reply of the task {task.name!r}", f"{task.good}\n{task.bad}"
        for replay in task.replays:
            yield f"a message of the task {task.name!r}", replay.message
    for asked in study.asked:
        yield f"the questionnaire {asked.name!r}", asked.title
        for question in asked.questions:
            words = "\n".join((question.text, *question.labels))
            yield f"the questionnaire {asked.name!r}", words


def _names(text: str, name: str) -> bool:
    return bool(name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE))

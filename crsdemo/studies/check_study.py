"""A study file, checked, and told as an annotator will meet it.

python -m crsdemo check-study study.toml
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from crsdemo.core.errors import BadInputError
from crsdemo.recommenders.loading import BASELINES, CHECKPOINTS, names
from crsdemo.studies.questionnaire import Questionnaire
from crsdemo.studies.study import Staged, Study, Talk, Task, parse_study


def told(study: Study) -> str:
    """In plain words, one line each."""
    return "\n".join(_told(study))


def _told(study: Study) -> Iterator[str]:
    yield f"{study.title}: {', '.join(study.systems)}, drawn by seed {study.seed}"
    yield f"1. Consent, version {study.consent.version} ({len(study.consent.text.split())} words)"
    yield f"2. How it works, in {_count(len(study.explanation), 'line')}"
    practice = [task for task in study.tasks if task.kind == "practice"]
    yield f"3. Practice: {', '.join(task.name for task in practice) or 'none'}"
    yield f"4. {_count(study.to_judge, 'comparison')} to judge, in random order:"
    for task in study.tasks:
        if task.kind != "practice":
            yield f"   - {task.name}: {_met(task)}"
    yield f"5. Questions at the end: {_asked(study.questionnaires) or 'none'}"
    yield f"6. {_code(study)}"
    shared = "A talk goes on from the better reply."
    own = "In a talk each system goes on from its own replies."
    onward = shared if study.policy == "shared" else own
    yield f"About {study.minutes} minutes, as the study says. {onward}"


def _met(task: Task) -> str:
    questions = f", then {asked}" if (asked := _asked(task.questionnaires)) else ""
    if isinstance(task, Talk):
        talks = _count(task.each, "conversation")
        return f"{talks} ({task.kind}), in each {_count(task.messages, 'message')}{questions}"
    if isinstance(task, Staged):
        return "one message with a reply that is plainly worse"
    pool = f"{task.each} of {_count(len(task.replays), 'replay')}"
    return f"{pool}, each judged by {task.overlap} people before the next is begun{questions}"


def _asked(questionnaires: Sequence[Questionnaire]) -> str:
    return ", ".join(f"{one.title!r} ({len(one.questions)} questions)" for one in questionnaires)


def _code(study: Study) -> str:
    try:
        code = study.read_code()
    except BadInputError as error:
        return f"The code: {error}"
    return "A thank-you and the completion code" if code else "A thank-you, without a code"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="crsdemo check-study", description=__doc__)
    parser.add_argument("file", type=Path, help="the study, a TOML file")
    study = parse_study(parser.parse_args(argv).file)
    study.check_systems((*names(CHECKPOINTS), *BASELINES))
    print(told(study))

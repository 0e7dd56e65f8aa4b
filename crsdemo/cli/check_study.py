"""A study file, checked, and told as an annotator will meet it.

python -m crsdemo check-study study.toml
python -m crsdemo check-study study.toml --twins     # has the systems answer, counts same replies
python -m crsdemo check-study study.toml --db study.db     # are the `comparisons` in that log?
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import BadInputError, CrsdemoError
from crsdemo.feedback.replayable import check_replayable
from crsdemo.recommenders.loading import CATALOG, Shelf
from crsdemo.studies.own_words import named_systems
from crsdemo.studies.questionnaire import Questionnaire
from crsdemo.studies.statistics.power import study_note
from crsdemo.studies.study import Study, parse_study
from crsdemo.studies.systems import check_answers, load_all, tried
from crsdemo.studies.tasks import Staged, Talk, Task
from crsdemo.studies.twins import messages_of, twins


def told(study: Study, *, measures_twins: bool = False) -> str:
    """In plain words, one line each; how to measure identical replies, unless that is done."""
    return "\n".join(_told(study, measures_twins))


def _told(study: Study, measures_twins: bool) -> Iterator[str]:
    yield f"{study.title}: {', '.join(study.systems)}, drawn by seed {study.seed}"
    yield f"1. Consent, version {study.consent.version} ({len(study.consent.text.split())} words)"
    yield f"2. How it works, in {_count(len(study.explanation), 'line')}"
    practice = [task for task in study.tasks if task.kind == "practice"]
    yield f"3. Practice: {', '.join(task.name for task in practice) or 'none'}"
    alone = f", {_count(study.to_say, 'message')} to one system alone" if study.to_say else ""
    yield f"4. {_count(study.to_judge, 'comparison')} to judge{alone}, in random order:"
    for task in study.tasks:
        if task.kind != "practice":
            yield f"   - {task.name}: {_met(task)}"
    yield f"5. Questions at the end: {_asked(study.questionnaires) or 'none'}"
    has_code = study.completion_code or study.completion_code_env or study.completion_code_file
    yield f"6. A thank-you{' and the completion code' if has_code else ', without a code'}"
    shared = "A talk goes on from the better reply."
    own = "In a talk each system goes on from its own replies."
    onward = shared if study.policy == "shared" else own
    yield f"About {study.minutes} minutes, as the study says. {onward}"
    yield from _warned(study)
    if messages_of(study) and not measures_twins:
        yield (
            "Identical replies of two systems cannot be judged and count as ties. Their share is "
            "not measured yet: `check-study --twins` has the systems answer the messages of this "
            "file and tells it."
        )
    if study.votes:
        yield study_note(study.votes, len(study.pairs) // 2)


def _met(task: Task) -> str:
    questions = f", then {asked}" if (asked := _asked(task.questionnaires)) else ""
    if isinstance(task, Talk):
        talks = _count(task.each, "conversation")
        if task.is_single:
            words = "with one system, drawn evenly"
            return f"{talks} {words}, in each {_count(task.messages, 'message')}{questions}"
        return f"{talks} ({task.kind}), in each {_count(task.messages, 'message')}{questions}"
    if isinstance(task, Staged):
        return "one message with a reply that is plainly worse"
    pool = f"{task.each} of {_count(len(task.replays), 'replay')}"
    return f"{pool}, each judged by {task.overlap} people before the next is begun{questions}"


def _asked(questionnaires: Sequence[Questionnaire]) -> str:
    return ", ".join(f"{one.title!r} ({len(one.questions)} questions)" for one in questionnaires)


def _warned(study: Study) -> Iterator[str]:
    """What does not keep the app from starting, and should be known before people come."""
    for where, name in named_systems(study):
        yield (
            f"Careful: {where} names {name!r}, which is a system of this study. Annotators read it "
            "there as it stands and may guess who answers; write it without the name."
        )
    for task in study.tasks:
        if isinstance(task, Staged) and task.kind == "practice" and not task.good:
            yield (
                f"Careful: the practice {task.name!r} has no `good` reply. One of the systems "
                "answers there, and people are told that its reply was the better one, whatever "
                "it says. Write a `good` reply, too."
            )
        if isinstance(task, Staged) and task.kind == "attention" and not task.good:
            yield (
                f"Careful: the check {task.name!r} has no `good` reply. One of the systems answers "
                "there, and its reply may be bad as well: who then says so is honest and is not "
                "counted as inattentive. Write a `good` reply to make the check a sharp one."
            )


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def main(argv: Sequence[str]) -> int:
    """Exit status 2 if something would keep the app from starting. Raises CrsdemoError."""
    parser = argparse.ArgumentParser(prog="crsdemo check-study", description=__doc__)
    parser.add_argument("file", type=Path, help="the study, a TOML file")
    parser.add_argument(
        "--twins",
        action="store_true",
        help="have the systems answer the messages of the file and count identical replies; "
        "takes some seconds for each",
    )
    parser.add_argument("--catalog", type=Path, default=CATALOG, help="its folder")
    parser.add_argument(
        "--db", type=Path, help="the log of the study, in which its `comparisons` are looked for"
    )
    options = parser.parse_args(argv)
    study = parse_study(options.file)
    print(told(study, measures_twins=options.twins))
    problems = [*study.problems(study.systems), *_problems(lambda: _in_log(study, options.db))]
    problems = [*_problems(lambda: _answering(study, options, not problems)), *problems]
    for problem in problems:
        print(f"The app would not start: {problem}", file=sys.stderr)
    return 2 if problems else 0


def _answering(study: Study, options: argparse.Namespace, can_start: bool) -> None:
    """Whether all who take part can answer. Raises CrsdemoError for one that cannot."""
    shelf = Shelf(Catalog.load(options.catalog), options.catalog, systems=study.entrants)
    for line in tried(shelf):
        print(line)
    load_all(shelf)
    if can_start:
        check_answers(study, shelf)
    if options.twins and can_start:
        print(twins(study, shelf.get, shelf.linker.link).told)


def _in_log(study: Study, db: Path | None) -> None:
    """Whether what is replayed is in the log. Raises CrsdemoError."""
    replays = [one for task in study.tasks for one in task.replays if one.comparison]
    if replays and db is None:
        raise BadInputError(
            f"{replays[0].name!r} shows the comparison {replays[0].comparison} of a log; name that "
            "log with --db, so that it can be looked for"
        )
    if db and replays:
        check_replayable(db, {one.name: one.comparison for one in replays})


def _problems(check: Callable[[], None]) -> Iterator[str]:
    """What it raises, in its words."""
    try:
        check()
    except CrsdemoError as error:
        yield str(error)

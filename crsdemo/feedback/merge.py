"""Logs of several sites, or a log and a copy that went on, joined into one.

    python -m crsdemo merge a.db b.db --out all.db

The logs stay as they are: copies of them are brought to today's tables and joined (`joint.py`).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from crsdemo.core.config import flag, parse, positional
from crsdemo.core.conversation import is_simulated
from crsdemo.core.errors import BadInputError
from crsdemo.feedback.backup import checked_copy
from crsdemo.feedback.copies import Copied, TakenBack, list_of, note_copy, noted
from crsdemo.feedback.file import first_value
from crsdemo.feedback.joint import Merged, joined
from crsdemo.feedback.lines import append, n_waiting
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.outbox import outbox_of
from crsdemo.feedback.schema import queries
from crsdemo.feedback.studies import StudyLog
from crsdemo.studies.annotators import secret_of

_SQL = queries("merge")
TOLD = ("visitors", "turns", "ratings", "verdicts", "annotators", "answers")
SHOWN = 20  # conflicts that are told one by one


def merge(logs: Sequence[Path], out: Path) -> Merged:
    """Join logs, of today's version or older ones, into the new log `out`.

    Whoever withdrew or was erased in one of them is withdrawn or erased in it. Of rows with one
    id that say different things the first log's is kept, and the other stands, with the reason, in
    `conflicts_of(out)`. Raises BadInputError if `out` or what belongs beside it is there, if
    opinions wait beside a log, or for a log of people with one of a simulation; FeedbackError for
    one that cannot be read. Then nothing of it is left.
    """
    made = (out, conflicts_of(out), list_of(out), secret_of(out))
    for path in made:
        if path.exists():
            raise BadInputError(f"{path} is there already; name a new file with --out")
    _check_outboxes(logs)
    for log in logs:
        note_copy(log, "backup", out)
        note_copy(log, "export", conflicts_of(out))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
            copies = [_copied(log, Path(folder) / f"{n}.db") for n, log in enumerate(logs)]
            _check_people(logs, copies)
            whole = Path(folder) / "all.db"
            taken = _taken_back(logs, copies)
            twins = list(_of_twins(taken, copies))
            merged = _joined(copies, [str(log) for log in logs], whole, [*taken, *twins])
            for conflict in merged.conflicts:
                append(conflicts_of(out), json.dumps(vars(conflict), ensure_ascii=False).encode())
            _hand_over(logs, out, twins)
            with checked_copy(whole, out) as copy:
                os.replace(copy, out)
    except BaseException as error:
        for path in made:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise BadInputError(f"{out} cannot be written: {error}") from error
        raise
    return merged


def conflicts_of(out: Path) -> Path:
    """The file in which conflicts stand, one line of JSON each, if there are any."""
    return out.with_name(f"{out.name}.conflicts.jsonl")


def _check_outboxes(logs: Sequence[Path]) -> None:
    for log in logs:
        if n := n_waiting(outbox_of(log)):
            raise BadInputError(
                f"{n} opinions wait beside {log} and would be missed; bring them in first: "
                f"python -m crsdemo deliver --db {log}"
            )


def _check_people(logs: Sequence[Path], copies: Sequence[FeedbackLog]) -> None:
    kinds: dict[bool, Path] = {}
    for path, log in zip(logs, copies, strict=True):
        with log.file.reading() as db:
            somebody = first_value(db, "select id from visitors limit 1")
        if somebody:
            kinds.setdefault(is_simulated(somebody), path)
    if len(kinds) > 1:
        raise BadInputError(
            f"{kinds[True]} holds votes of a simulation and {kinds[False]} of people; they are "
            "never mixed: merge each with its like"
        )


def _copied(log: Path, to: Path) -> FeedbackLog:
    """A copy with the tables of today."""
    with checked_copy(log, to) as copy:
        os.replace(copy, to)
    return FeedbackLog(to)


def _taken_back(logs: Sequence[Path], copies: Sequence[FeedbackLog]) -> list[TakenBack]:
    """All that anybody took back in any log, by its tables and by the list beside it."""
    listed = (line for log in logs for line in noted(log) if isinstance(line, TakenBack))
    held: list[TakenBack] = []
    for log in copies:
        with log.file.reading() as db:
            held += map(TakenBack.model_validate, db.query(_SQL["taken_back"]))
    return [*listed, *held]


def _of_twins(taken: Sequence[TakenBack], copies: Sequence[FeedbackLog]) -> Iterator[TakenBack]:
    """The same for whoever took part as another annotator too, in whichever log."""
    people: dict[tuple[str, ...], set[str]] = {}
    for log in copies:
        with log.file.reading() as db:
            for who, *person in db.execute(_SQL["people"]).fetchall():
                people.setdefault(tuple(person), set()).add(who)
    twins = {who: ids for ids in people.values() for who in ids}
    for one in taken:
        for who in sorted(twins.get(one.annotator, set()) - {one.annotator}):
            yield one.model_copy(update={"annotator": who})


def _joined(
    copies: Sequence[FeedbackLog], names: Sequence[str], whole: Path, taken: Sequence[TakenBack]
) -> Merged:
    for log in copies:  # first, so that what is to be forgotten is in no conflict either
        StudyLog(log).take_back_again(one for one in taken if one.what == "erasure")
        log.close()
    log = FeedbackLog(whole)
    with closing(log):
        with log.file.writing() as db:
            merged = joined(db, {copy.path: name for copy, name in zip(copies, names, strict=True)})
        StudyLog(log).take_back_again(taken)
    return merged


def _hand_over(logs: Sequence[Path], out: Path, twins: Sequence[TakenBack]) -> None:
    """What lies beside the logs: which copies there are, and the key of the first that has one.

    The logs themselves are copies of what the joined one holds.
    """
    now = datetime.now(UTC)
    held = [Copied(what="backup", where=str(log.absolute()), moment=now) for log in logs]
    listed = [line for log in logs for line in noted(log)]
    known = list[Copied | TakenBack]()
    for line in sorted([*listed, *twins, *held], key=lambda line: line.moment):
        if line not in known and getattr(line, "where", "") != str(out.absolute()):
            append(list_of(out), line.model_dump_json().encode())
            known.append(line)
    keys = [secret_of(log) for log in logs if secret_of(log).is_file()]
    if keys:
        shutil.copyfile(keys[0], secret_of(out))
        secret_of(out).chmod(0o600)


@dataclass(frozen=True, kw_only=True)
class MergeConfig:
    """Logs of several sites, or a log and a copy that went on, joined into a new one."""

    logs: tuple[Path, ...] = positional("logs of the app; the first one's word holds")
    out: Path = flag(help="a new file")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.out, conflicts_of(self.out))


def main(argv: Sequence[str]) -> int:
    """Status 1 if there were conflicts."""
    config = parse(MergeConfig, argv, "crsdemo merge")
    merged = merge(config.logs, config.out)
    told = ", ".join(f"{merged.rows[table]:,} {table}" for table in TOLD)
    print(f"{' + '.join(map(str, config.logs))} -> {config.out}: {told}")
    for one, other in merged.twice:
        print(f"  the annotators {one} and {other} are one person, who took part twice")
    for conflict in merged.conflicts[:SHOWN]:
        print(f"  {conflict}")
    if n := len(merged.conflicts):
        print(f"{n} rows are set apart, with the reason, in {conflicts_of(config.out)}")
    return 1 if merged.conflicts else 0

"""Human judgments out of the log: examples in TRL's columns, or tables for analysis.

    python -m crsdemo export --db feedback.db --format dpo --out pairs

docs/export.md says what becomes what. The log is read as it was at one moment, one judgment after
the other, while the app may go on writing. `manifest.json` says what was read, left out and why.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args

from tqdm import tqdm

from crsdemo import __version__
from crsdemo.core.comparison import checked_policy
from crsdemo.core.config import flag, parse
from crsdemo.core.conversation import is_simulated
from crsdemo.core.errors import BadInputError
from crsdemo.export.beside import rows_beside
from crsdemo.export.examples import Considered, Example, Excluded, Reason, Text, dpo, kto, once, sft
from crsdemo.export.files import Split, new_folder, split_of
from crsdemo.export.filtered import Filtered, Rules
from crsdemo.export.tables import row_of
from crsdemo.export.tally import Tally
from crsdemo.feedback.copies import note_copy
from crsdemo.feedback.judgments import JudgedPair, Judgment, JudgmentReader, reading_judgments
from crsdemo.feedback.results import PSEUDONYM, pseudonym
from crsdemo.feedback.schema import MIGRATIONS
from crsdemo.studies.statistics.judging import Flag
from crsdemo.studies.tasks import Kind

Format = Literal["dpo", "kto", "sft", "csv", "jsonl"]
MANIFEST = "manifest.json"
TABLES = ("csv", "jsonl")
_NO_FILTERS = {"db", "format", "out", "text", "test_share", "winners"}
_NO_DATA: dict[Kind, Reason] = {"practice": Reason.PRACTICE, "attention": Reason.ATTENTION}
_BROKEN: dict[Flag, Reason] = {
    "too_fast": Reason.TOO_FAST,
    "one_sided": Reason.ONE_SIDED,
    "attention_failed": Reason.INATTENTIVE,
    "duplicate": Reason.TWICE_JUDGED,
}


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """Human judgments as examples to train on, or as tables. See docs/export.md."""

    db: Path = flag(help="the log that the app writes")
    format: str = flag(help="dpo, kto or sft: TRL's columns; csv or jsonl: tables of judgments")
    out: Path = flag(help="a new folder")
    text: str = flag(
        "exact", "exact: prompt and output of the model to the letter; messages: what people read"
    )
    test_share: float = flag(0.1, "share of the people whose judgments go to the test split")
    winners: bool = flag(False, "kto: take winners for good and losers for bad")
    recommenders: str = flag("", "only judgments of these, comma-separated; of a pair both")
    policy: str = flag("", "only comparisons under this policy, own or shared")
    since: str = flag("", "only judgments of this day or later, 2030-12-31, UTC")
    until: str = flag("", "only judgments before this day")
    min_seconds: float = flag(0.0, "only verdicts that took this long or whose time is unknown")
    study: str = flag("", "only verdicts of the study with this title or sha256")
    with_tests: bool = flag(False, "also judgments of colleagues who tried a study")
    with_left_out: bool = flag(False, "dpo, kto, sft: also what /results leaves out by its rules")
    without_visitors: str = flag(
        "", "leave out these people, by `participant` of the tables, comma-separated"
    )

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.out,)

    def __post_init__(self) -> None:
        for name, value, known in (("format", self.format, Format), ("text", self.text, Text)):
            if value not in get_args(known):
                raise BadInputError(
                    f"--{name} is one of {', '.join(get_args(known))}; got {value!r}"
                )
        if self.policy:
            checked_policy(self.policy)
        for name, day in (("since", self.since), ("until", self.until)):
            if day and not _is_day(day):
                raise BadInputError(f"--{name} is a day such as 2030-12-31, got {day!r}")
        for name in _listed(self.without_visitors):
            if not re.fullmatch(f"[0-9a-f]{{{PSEUDONYM}}}", name):
                raise BadInputError(
                    f"--without-visitors takes names of {PSEUDONYM} hexadecimal digits, as the "
                    f"column `participant` of the tables has them; got {name!r}"
                )
        if not 0 <= self.test_share < 1:
            raise BadInputError(f"--test-share is from 0 to below 1, got {self.test_share}")

    def why_not(self, one: Filtered) -> Reason | None:
        """Which filter leaves this out."""
        if one.kind in _NO_DATA:
            return _NO_DATA[one.kind]
        if one.is_test and not self.with_tests:
            return Reason.TEST
        if self.study and self.study not in one.study:
            return Reason.STUDY
        if self.recommenders and not one.systems <= _listed(self.recommenders):
            return Reason.RECOMMENDER
        if self.policy and self.policy not in one.policies:
            return Reason.POLICY
        if one.created_at < self.since or (self.until and one.created_at >= self.until):
            return Reason.TIME
        if pseudonym(one.visitor) in _listed(self.without_visitors):
            return Reason.VISITOR
        took = one.decided_ms
        return Reason.HASTE if took is not None and took < 1000 * self.min_seconds else None


def export(
    config: ExportConfig, command: str = "", *, is_handed_out: bool = False
) -> dict[str, Any]:
    """Write the folder and return its manifest; that there is such a copy is remembered.

    Raises BadInputError if the folder cannot be made or no study is called so, FeedbackError if the
    log cannot be read.
    """
    tally, digest = Tally(), hashlib.sha256()
    with new_folder(config.out) as files:
        note_copy(config.db, "export", None if is_handed_out else config.out)
        with reading_judgments(config.db) as log:
            log.check_study(config.study)
            held = log.totals()
            inattentive = log.inattentive() if config.format in TABLES else {}

            def told_of(visitor: str, split: Split) -> dict[str, Any]:
                return {"split": split, "inattentive": inattentive.get(visitor)}

            judgments = watched(log, held, config, digest)
            for one in considered(judgments, config, rules(log, config)):
                split = split_of(one.judgment.visitor, config.test_share)
                tally.count(one, split)
                if isinstance(one, Example):
                    more = told_of(one.judgment.visitor, split) if config.format in TABLES else {}
                    files.write(_file_of(one, split, config), one.columns | more)
            if config.format in TABLES:
                for said in rows_beside(log, digest):
                    visitor = said.about.visitor
                    split = split_of(visitor, config.test_share)
                    reason = config.why_not(said.about)
                    tally.add(said.of, visitor, split, reason)
                    if not reason:
                        row = said.row | told_of(visitor, split)
                        files.write(f"{said.table}.{config.format}", row)
        manifest = _manifest(config, command, held, digest.hexdigest(), tally)
        manifest["files"] = files.report()
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        (files.folder / MANIFEST).write_text(text, encoding="utf-8")
    return manifest


def watched(
    log: JudgmentReader, held: dict[str, int], config: ExportConfig, digest: hashlib._Hash
) -> Iterator[Judgment]:
    """What the format is made of, shown as progress and put into a digest as lines of JSON."""
    needs_pairs = config.format == "dpo"  # all else is made of both
    n = held["verdicts"] + (0 if needs_pairs else held["rated_replies"])
    judgments = chain(() if needs_pairs else log.opinions(), log.pairs())
    for judgment in tqdm(judgments, total=n, desc="exporting", unit="judgment"):
        digest.update(json.dumps(row_of(judgment), sort_keys=True).encode() + b"\n")
        yield judgment


def rules(log: JudgmentReader, config: ExportConfig) -> Rules:
    """Those by which `/results` leaves out; a table has everybody."""
    keeps_all = config.with_left_out or config.format in TABLES
    return Rules() if keeps_all else Rules.of(log.votes(config.study))


def why_not(judgment: Judgment, config: ExportConfig, broken: Rules) -> Reason | None:
    """Why a judgment is left out, whatever it says."""
    rule = broken.broken_by(judgment)
    return config.why_not(Filtered.of(judgment)) or (_BROKEN[rule] if rule else None)


def considered(
    judgments: Iterable[Judgment], config: ExportConfig, broken: Rules
) -> Iterator[Considered]:
    """The examples that the format makes of judgments, and those that it does not, with why."""
    found = (
        Excluded(judgment, reason) if reason else one
        for judgment in judgments
        for reason in [why_not(judgment, config, broken)]
        for one in _examples(judgment, config)
    )
    return once(found) if config.format == "sft" else found


def _examples(judgment: Judgment, config: ExportConfig) -> Iterator[Considered]:
    text: Text = "exact" if config.text == "exact" else "messages"
    if config.format == "kto":
        yield from kto(judgment, text, winners=config.winners)
    elif config.format == "sft":
        yield from sft(judgment, text)
    elif config.format == "dpo" and isinstance(judgment, JudgedPair):
        yield dpo(judgment, text)
    else:
        yield Example(judgment, row_of(judgment), ())


def _file_of(example: Example, split: Split, config: ExportConfig) -> str:
    """A file per split to train on; to analyse, a table per kind of judgment."""
    if config.format not in TABLES:
        return f"{split}.jsonl"
    kind = "verdicts" if isinstance(example.judgment, JudgedPair) else "ratings"
    return f"{kind}.{config.format}"


def _manifest(
    config: ExportConfig, command: str, held: dict[str, int], digest: str, tally: Tally
) -> dict[str, Any]:
    """All but the files."""
    return {
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "app_version": __version__,
        "format": config.format,
        "text": config.text,
        "winners": config.winners,
        "simulated": any(is_simulated(one) for side in tally.visitors.values() for one in side),
        "filters": {n: v for n, v in asdict(config).items() if v and n not in _NO_FILTERS},
        "database": {
            "file": config.db.name,
            "schema_version": len(MIGRATIONS),
            "judgments_sha256": digest,
            "holds": held,
        },
        "split": {
            "by": "visitor",
            "test_share": config.test_share,
            "visitors": {split: len(names) for split, names in tally.visitors.items()},
        },
        **tally.as_json(),
    }


def _listed(names: str) -> set[str]:
    return {name.strip() for name in names.split(",") if name.strip()}


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def render(manifest: dict[str, Any], out: Path) -> str:
    """The manifest in a few lines."""
    counts, split = manifest["counts"], manifest["split"]
    whose = " SIMULATED" if manifest["simulated"] else ""
    lines = [f"{counts['written']:,} of {counts['considered']:,}{whose} -> {out}"]
    lines += [f"  {name}: {file['rows']:,} rows" for name, file in manifest["files"].items()]
    lines += [f"  left out, {why}: {n:,}" for why, n in counts["excluded"].items()]
    for name, n_people in split["visitors"].items():
        if counts["written"] and split["test_share"] and not n_people:
            lines.append(f"  nobody is in the {name} split: few people came, or try --test-share")
    return "\n".join(lines)


def main(argv: Sequence[str]) -> None:
    config = parse(ExportConfig, argv, "crsdemo export")
    command = shlex.join(("python", "-m", "crsdemo", "export", *argv))
    print(render(export(config, command), config.out))

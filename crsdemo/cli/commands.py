"""The command line: flags in, one call, print."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag, parse, positional
from crsdemo.core.conversation import message
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Plan
from crsdemo.core.reply_json import as_json
from crsdemo.evaluation.checks.converse import converse
from crsdemo.evaluation.config import RecommenderConfig
from crsdemo.evaluation.evaluate import Source, files_of, load_unseen
from crsdemo.evaluation.evaluate import evaluate as evaluate_by
from crsdemo.evaluation.files import write_json
from crsdemo.evaluation.protocol import METRICS_SHOWN, protocol_named
from crsdemo.evaluation.report import Report
from crsdemo.evaluation.table import table
from crsdemo.language.corpus import CorpusDialogue, load_aliases, load_all
from crsdemo.language.mentions import MentionLinker

STAGES = ("all", "dialogue", "generative", "retrieval", "item")


@dataclass(frozen=True)
class ChatConfig(RecommenderConfig):
    """Talk to a recommender: with --say one message after the other, else in the terminal."""

    say: tuple[str, ...] = flag((), "a message; may be given several times")
    json: bool = flag(False, "one JSON object per reply, with its evidence")
    mode: str = flag("", "CHAT or REC: force what the reply does")
    item: str = flag("", "an item id: force what the reply speaks of")
    seed: int = flag(0, "of the choice of words")


def chat(argv: list[str]) -> None:
    config = parse(ChatConfig, argv, "crsdemo chat")
    recommender, catalog = config.load()
    linker = MentionLinker(catalog)
    messages = map(message, config.say or _typed())
    for _, answer in converse(recommender, linker, messages, _plan(config)):
        shown = json.dumps(as_json(answer), ensure_ascii=False) if config.json else answer.text
        print(shown, flush=True)


def _plan(config: ChatConfig) -> Plan:
    if config.mode not in {"", "CHAT", "REC"}:
        raise BadInputError(f"--mode must be CHAT or REC, got {config.mode!r}")
    if config.item and config.mode == "CHAT":
        raise BadInputError("--item needs --mode REC or none: a reply in mode CHAT has no item")
    mode = config.mode or None
    return Plan(mode=mode, item_id=config.item or None, seed=config.seed)  # type: ignore[arg-type]  # checked above


def _typed() -> Iterator[str]:
    """Lines from standard input, one message each; each is answered before the next is read."""
    if sys.stdin.isatty():
        print("Say what you are looking for; an empty line ends.", file=sys.stderr)
    return iter(lambda: sys.stdin.readline().strip(), "")


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig(RecommenderConfig):
    """How well films are recommended on the dialogues of a dataset; see docs/evaluation.md."""

    protocol: str = flag("ours", "ours, unicrs, he or pecrs: what is a sample and what is reported")
    state: Path | None = flag(
        None, "where an interrupted run is kept to go on with; by default a file in runs/"
    )
    dialogues: Path = flag(help="a ReDial .jsonl or an INSPIRED .tsv")
    without: str = flag(
        "", "training dialogues, comma-separated; what repeats one of them is left out"
    )
    stage: str = flag(
        "all",
        "all: recall; dialogue: what is said; generative, of gcrs: how an ID is written, level by "
        "level; of reges: retrieval (what it searches for) or item (what the item expert adds)",
    )
    limit: int = flag(0, "use only so many dialogues; 0 uses all")
    json: Path | None = flag(None, "write the report there")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.json, self.state) if path)


def evaluate(argv: list[str]) -> None:
    config = parse(EvaluateConfig, argv, "crsdemo evaluate")
    if config.stage not in STAGES:
        raise BadInputError(f"--stage must be one of {', '.join(STAGES)}, got {config.stage!r}")
    catalog = Catalog.load(config.catalog)
    aliases = load_aliases(config.catalog)
    training = load_all(config.without, catalog, aliases) if config.without else None
    source, dialogues = load_unseen(config.dialogues, training, catalog, aliases)
    dialogues = dialogues[: config.limit or None]
    if config.stage == "all":
        _evaluate_whole(config, catalog, dialogues, source)
        return
    from crsdemo.evaluation.stages.run import measured  # torch is loaded only when weights are
    from crsdemo.evaluation.stages.tables import told

    report = measured(config.stage, config.of(catalog), catalog, dialogues)
    report["left_out"] = source.left_out
    if config.json:
        write_json(config.json, report)
    print(told(config.stage, report))


def _evaluate_whole(
    config: EvaluateConfig, catalog: Catalog, dialogues: list[CorpusDialogue], source: Source
) -> None:
    protocol, recommender = protocol_named(config.protocol), config.of(catalog)
    source = replace(source, files=files_of(config.recommender, config.catalog))
    report = evaluate_by(recommender, catalog, dialogues, protocol, source, config.state)
    if config.json:
        report.save(config.json)
    for part in protocol.parts:
        print(table({report.recommender: report}, part, METRICS_SHOWN), end="\n\n")


@dataclass(frozen=True, kw_only=True)
class TabulateConfig:
    """One table of several reports of `evaluate --json`, with intervals and paired tests."""

    reports: tuple[Path, ...] = positional("reports of the same protocol and dialogues")
    against: str = flag("", "name of one of the files, without .json; others are tested against it")
    part: str = flag("", "part of the protocol: new, all, ...; by default the one it puts first")
    metrics: str = flag(",".join(METRICS_SHOWN), "comma-separated; recall, ndcg, mrr at 1 to 50")
    format: str = flag("markdown", "markdown or latex")


def tabulate(argv: list[str]) -> None:
    config = parse(TabulateConfig, argv, "crsdemo tabulate")
    reports = {path.stem: Report.load(path) for path in config.reports}
    if len(reports) < len(config.reports):
        raise BadInputError("two reports have one file name, and files name the rows; rename one")
    part = protocol_named(next(iter(reports.values())).protocol).part(config.part)
    metrics = tuple(name.strip() for name in config.metrics.split(","))
    print(table(reports, part, metrics, against=config.against, format=config.format))


@dataclass(frozen=True)
class ResultsConfig:
    """What the votes in a log say of recommenders, and how far that can be trusted."""

    db: Path = flag(Path("feedback.db"), "the log of the app")
    study: str = flag("", "only the study with this title or sha256")
    json: bool = flag(False, "one JSON object with every figure")
    recommenders: str = flag(
        "", "folders of versions that lie elsewhere than in checkpoints/, comma-separated"
    )


def results(argv: list[str]) -> None:
    from crsdemo.feedback.results import open_answers
    from crsdemo.feedback.votes import VoteFilter, open_votes
    from crsdemo.recommenders.loading import names as checkpoint_names
    from crsdemo.recommenders.loading import version_of
    from crsdemo.recommenders.outside.systems import Named
    from crsdemo.studies.statistics.answers import choice_counts, counting, scale_means
    from crsdemo.studies.statistics.exclusion import counted, flagged, left_out
    from crsdemo.studies.statistics.report import results as judged
    from crsdemo.studies.systems import read_systems
    from crsdemo.web.results import tuning
    from crsdemo.web.results.answer import text

    config = parse(ResultsConfig, argv, "crsdemo results")
    given = read_systems([config.recommenders])
    votes = flagged(open_votes(config.db, VoteFilter(config.study)))
    answers = counting(open_answers(config.db, config.study), left_out(votes))
    found, ready = judged(votes), tuning.ready(config.db, config.study)
    if config.json:
        asked = [asdict(one) for one in scale_means(answers)]
        chosen = [asdict(one) for one in choice_counts(answers)]
        beside = {"answers": [*asked, *chosen], "learning": asdict(ready)}
        print(json.dumps(found.as_json() | beside, indent=1))
    else:
        places = {name: name for name in (*checkpoint_names(), *found.recommenders)}
        places |= {one.name: one.folder for one in given if isinstance(one, Named) and one.folder}
        kept = counted(votes)
        tuned = tuning.tuned_among(places, lambda name: version_of(places[name]))
        more = tuning.exhibits(ready, tuning.Commands(config.db, places, config.study), kept, tuned)
        print(text(found, answers, more))


def semantic_ids(argv: list[str]) -> None:
    from crsdemo.training.items import semantic_ids as stages

    stages.make_semantic_ids(parse(stages.SemanticIDConfig, argv, "crsdemo semantic-ids"))


def compare_ids(argv: list[str]) -> None:
    from crsdemo.training.items import compare_ids as comparison

    comparison.compare(parse(comparison.CompareConfig, argv, "crsdemo compare-ids"))


def check_written(argv: list[str]) -> int:
    from crsdemo.training.written import check_written as written

    config = parse(written.CheckWrittenConfig, argv, "crsdemo check-written")
    report = written.check_written(Catalog.load(config.catalog), config.written)
    print(written.render(report))
    return 1 if report.violations else 0


def fit_prior(argv: list[str]) -> None:
    from crsdemo.training.ranking import fit_prior as fitting

    fitting.fit_prior(parse(fitting.PriorConfig, argv, "crsdemo fit-prior"))

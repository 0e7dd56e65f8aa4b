"""The command line: flags in, one call, print."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag, parse, positional
from crsdemo.core.conversation import message
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.dialogue import Speaker as Who
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Plan, Recommender, Reply, reply
from crsdemo.evaluation.protocol import METRICS_SHOWN, protocol_named
from crsdemo.language.corpus import CorpusDialogue, load_aliases, load_all, load_dialogues
from crsdemo.language.mentions import MentionLinker
from crsdemo.language.overlap import without_copies
from crsdemo.recommenders.loading import (
    ALONE,
    BASELINES,
    CATALOG,
    DEFAULT,
    HOME,
    Shelf,
    checkpoint_folder,
)

if TYPE_CHECKING:
    from crsdemo.evaluation.bench.benchmark import Figure


@dataclass(frozen=True)
class Speaker:
    """Which recommender, over which catalog."""

    recommender: str = flag(
        DEFAULT, f"a checkpoint's name or its folder, or one of {', '.join(BASELINES)}"
    )
    catalog: Path = flag(CATALOG, "folder of the catalog")

    def load(self) -> tuple[Recommender, Catalog]:
        catalog = Catalog.load(self.catalog)
        return self.of(catalog), catalog

    def of(self, catalog: Catalog) -> Recommender:
        return Shelf(catalog, self.catalog).get(self.recommender)


@dataclass(frozen=True)
class ChatConfig(Speaker):
    """Talk to a recommender: with --say one message after the other, else in the terminal."""

    say: tuple[str, ...] = flag((), "a message; may be given several times")
    json: bool = flag(False, "one JSON object per reply, with its evidence")
    mode: str = flag("", "CHAT or REC: force what the reply does")
    item: str = flag("", "an item id: force what the reply speaks of")
    seed: int = flag(0, "of the choice of words")


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig(Speaker):
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


@dataclass(frozen=True, kw_only=True)
class TabulateConfig:
    """One table of several reports of `evaluate --json`, with intervals and paired tests."""

    reports: tuple[Path, ...] = positional("reports of the same protocol and dialogues")
    against: str = flag("", "name of one of the files, without .json; others are tested against it")
    part: str = flag("", "part of the protocol: new, all, ...; by default the one it puts first")
    metrics: str = flag(",".join(METRICS_SHOWN), "comma-separated; recall, ndcg, mrr at 1 to 50")
    format: str = flag("markdown", "markdown or latex")


@dataclass(frozen=True)
class WishesConfig(Speaker):
    """Ask 80 hand-written wishes and see how many of the top ten fit."""

    verbose: bool = flag(False, "show every wish with its top ten")
    late: bool = flag(False, "ask each after a talk about something else")
    nuance: bool = flag(False, "ask for what no keyword says: 200 wishes of another hand")
    json: Path | None = flag(None, "write the report there")


@dataclass(frozen=True)
class TalkConfig(Speaker):
    """Play short conversations and see whether the last line of each is answered."""

    verbose: bool = flag(False, "show every conversation that went wrong")
    json: Path | None = flag(None, "write the report there")


@dataclass(frozen=True)
class FactsConfig(Speaker):
    """Let the recommender reply and compare what it says of films with the catalog."""

    replies: int = flag(300, "how many replies to read")
    verbose: bool = flag(False, "show every reply")


@dataclass(frozen=True)
class SideBySideConfig:
    """Measure how fast two recommenders answer, alone and side by side."""

    left: str = flag(DEFAULT, "name of a recommender")
    right: str = flag("reges", "name of another")
    catalog: Path = flag(CATALOG, "folder of the catalog")
    json: Path | None = flag(None, "write the figures there")


@dataclass(frozen=True)
class BenchmarkConfig(Speaker):
    """Measure speed and memory, as ratios where machines differ."""

    port: int = flag(7899, "free port on which the app is started once")
    json: Path | None = flag(None, "write the figures there")


@dataclass(frozen=True)
class RetrievalBenchmarkConfig:
    """Measure how fast items are found: in the catalog, and among as many as you like."""

    catalog: Path = flag(CATALOG, "folder of the catalog")
    items: int = flag(1_000_000, "made-up items")
    exact_up_to: int = flag(100_000, "items up to which every vector is compared")
    json: Path | None = flag(None, "write the figures there")


@dataclass(frozen=True)
class ResultsConfig:
    """What the votes in a log say of recommenders, and how far that can be trusted."""

    db: Path = flag(Path("feedback.db"), "the log of the app")
    json: bool = flag(False, "one JSON object with every figure")


STAGES = ("all", "dialogue", "generative", "retrieval", "item")

# A beam is ranked from the middle of a conversation, as most are.
MIDDLE_OF_A_TALK: tuple[tuple[Who, str], ...] = (
    ("user", "Hi, I want something scary but not too bloody, for two people on a rainy evening."),
    ("assistant", "A ghost story would suit that. Do you prefer an old one or a new one?"),
    ("user", "Rather an old one, with a big dark house, a slow beginning and a good ending."),
    (
        "assistant",
        "Then I know a few. Is black and white all right, or should it be colour?",
    ),
    ("user", "Both are fine. My sister liked the quiet ones best, so maybe something like those?"),
)


def chat(argv: list[str]) -> None:
    config = parse(ChatConfig, argv, "crsdemo chat")
    recommender, catalog = config.load()
    linker = MentionLinker(catalog)
    plan = _plan(config)
    dialogue = Dialogue()
    for said in config.say or _typed():
        text = message(said)
        dialogue = dialogue.say(Turn("user", text, linker.link(text, dialogue)))
        answer = reply(recommender, dialogue, plan)
        dialogue = dialogue.say(answer.turn())
        print(_shown(answer, as_json=config.json), flush=True)


def _plan(config: ChatConfig) -> Plan:
    if config.mode not in {"", "CHAT", "REC"}:
        raise BadInputError(f"--mode must be CHAT or REC, got {config.mode!r}")
    if config.item and config.mode == "CHAT":
        raise BadInputError("--item needs --mode REC or none: a reply in mode CHAT has no item")
    mode = None if not config.mode else "CHAT" if config.mode == "CHAT" else "REC"
    return Plan(mode=mode, item_id=config.item or None, seed=config.seed)  # type: ignore[arg-type]


def _typed() -> Iterator[str]:
    """Lines from standard input, one message each; each is answered before the next is read."""
    if sys.stdin.isatty():
        print("Say what you feel like watching; an empty line ends.", file=sys.stderr)
    return iter(lambda: sys.stdin.readline().strip(), "")


def _shown(answer: Reply, *, as_json: bool) -> str:
    from crsdemo.core.reply_json import as_json as to_json

    return json.dumps(to_json(answer), ensure_ascii=False) if as_json else answer.text


def evaluate(argv: list[str]) -> None:
    config = parse(EvaluateConfig, argv, "crsdemo evaluate")
    if config.stage not in STAGES:
        raise BadInputError(f"--stage must be one of {', '.join(STAGES)}, got {config.stage!r}")
    catalog = Catalog.load(config.catalog)
    dialogues, n_left_out = _not_trained_on(config, catalog)
    dialogues = dialogues[: config.limit or None]
    if config.stage == "all":
        _evaluate_whole(config, catalog, dialogues, n_left_out)
        return
    from crsdemo.evaluation.stages.run import measured  # torch is loaded only when weights are
    from crsdemo.evaluation.stages.text import told

    report = measured(config.stage, config.of(catalog), catalog, dialogues)
    report["left_out"] = n_left_out
    _write(config.json, report)
    print(told(config.stage, report))


def _evaluate_whole(
    config: EvaluateConfig, catalog: Catalog, dialogues: list[CorpusDialogue], n_left_out: int
) -> None:
    from crsdemo.evaluation import evaluate as evaluation
    from crsdemo.evaluation.table import table

    protocol = protocol_named(config.protocol)
    recommender = config.of(catalog)
    files = [config.catalog]
    if config.recommender not in BASELINES:
        files.append(checkpoint_folder(config.recommender.removesuffix(ALONE)))
    source = evaluation.Source(config.dialogues.name, n_left_out, tuple(files))
    report = evaluation.evaluate(
        recommender, catalog, dialogues, protocol, source, state=config.state
    )
    if config.json:
        report.save(config.json)
    for part in protocol.parts:
        print(table({report.recommender: report}, part, METRICS_SHOWN), end="\n\n")


def tabulate(argv: list[str]) -> None:
    from crsdemo.evaluation.report import Report
    from crsdemo.evaluation.table import table

    config = parse(TabulateConfig, argv, "crsdemo tabulate")
    reports = {path.stem: Report.load(path) for path in config.reports}
    if len(reports) < len(config.reports):
        raise BadInputError("two reports have one file name, and files name the rows; rename one")
    part = protocol_named(next(iter(reports.values())).protocol).part(config.part)
    metrics = tuple(name.strip() for name in config.metrics.split(","))
    print(table(reports, part, metrics, against=config.against, format=config.format))


def _not_trained_on(config: EvaluateConfig, catalog: Catalog) -> tuple[list[CorpusDialogue], int]:
    """The dialogues to evaluate on, and how many were left out as copies of `--without`."""
    aliases = load_aliases(config.catalog)
    read = load_dialogues(config.dialogues, catalog, aliases)
    if not config.without:
        return read, 0
    kept = without_copies(read, load_all(config.without, catalog, aliases))
    if not kept:
        raise BadInputError(
            f"every dialogue of {config.dialogues} repeats one of {config.without}; evaluate on "
            "dialogues that were not trained on"
        )
    return kept, len(read) - len(kept)


def check_wishes(argv: list[str]) -> None:
    from crsdemo.evaluation.checks import check_wishes as wishes
    from crsdemo.evaluation.checks import check_wishes_text as text

    config = parse(WishesConfig, argv, "crsdemo check-wishes")
    recommender, catalog = config.load()
    asked = wishes.nuances() if config.nuance else wishes.load_wishes()
    asked = wishes.late_wishes(asked) if config.late else asked
    report = wishes.check(recommender, catalog, MentionLinker(catalog), asked)
    row = report.as_json()
    _write(config.json, row)
    print(text.render([row]))
    if config.verbose:
        print(text.outcomes(report))


def check_talk(argv: list[str]) -> None:
    from tqdm import tqdm

    from crsdemo.evaluation.checks import check_talk as talks

    config = parse(TalkConfig, argv, "crsdemo check-talk")
    recommender, catalog = config.load()
    asked = talks.load_talks()
    playing = talks.check_talk(recommender, MentionLinker(catalog), asked)
    played = list(tqdm(playing, total=len(asked), unit="talk"))
    _write(config.json, talks.as_json(recommender.name, played))
    print(talks.render(recommender.name, played))
    if config.verbose:
        print("\n".join(talks.transcript(one) for one in played if one.faults))


def check_facts(argv: list[str]) -> int:
    from crsdemo.evaluation.checks import check_facts as facts

    config = parse(FactsConfig, argv, "crsdemo check-facts")
    recommender, catalog = config.load()
    report = facts.check(recommender, catalog, MentionLinker(catalog), config.replies)
    print(facts.render(report, verbose=config.verbose))
    return 1 if report.wrong else 0


def benchmark(argv: list[str]) -> None:
    from crsdemo.evaluation.bench import benchmark as speed
    from crsdemo.recommenders.gcrs import Gcrs

    config = parse(BenchmarkConfig, argv, "crsdemo benchmark")
    recommender, _ = config.load()
    if not isinstance(recommender, Gcrs):
        raise BadInputError(f"the benchmark needs a generative checkpoint, not {recommender.name}")
    history = Dialogue()
    for speaker, text in MIDDLE_OF_A_TALK:
        history = history.say(Turn(speaker, text))
    prompt = recommender.talker.history(history).ids
    tokenizer = recommender.talker.loaded.tokenizer
    measured = speed.measure(recommender, recommender.decoder, tokenizer, prompt)
    url = f"http://127.0.0.1:{config.port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            str(HOME / "app.py"),
            "--port",
            str(config.port),
            "--db",
            f"{folder}/f.db",
        ]
        _tell(chain(measured, speed.app_start(command, url)), config.json)


def bench_side_by_side(argv: list[str]) -> None:
    from crsdemo.evaluation.bench import bench_side_by_side as bench

    config = parse(SideBySideConfig, argv, "crsdemo bench-side-by-side")
    catalog = Catalog.load(config.catalog)
    shelf = Shelf(catalog, config.catalog)
    _tell(bench.measure(catalog, shelf, config.left, config.right), config.json)


def bench_retrieval(argv: list[str]) -> None:
    from crsdemo.evaluation.bench import bench_retrieval as bench
    from crsdemo.items.encoder import TextEncoder

    config = parse(RetrievalBenchmarkConfig, argv, "crsdemo bench-retrieval")
    if config.items < 1:
        raise BadInputError(f"--items must be at least 1, got {config.items}")
    encoder = TextEncoder()
    themes = bench.catalog_themes(config.catalog, encoder)
    queries = bench.wish_queries(encoder)
    _tell(bench.measure(themes, queries, config.items, config.exact_up_to), config.json)


def _tell(figures: Iterable[Figure], out: Path | None) -> None:
    """Print each as soon as it is measured; then write all to `out`."""
    from crsdemo.evaluation.bench.benchmark import to_json

    told = []
    for figure in figures:
        print(figure, flush=True)
        told.append(figure)
    if out:
        out.write_text(to_json(told) + "\n")


def results(argv: list[str]) -> None:
    from crsdemo.feedback.votes import open_votes
    from crsdemo.studies.statistics.report import results as judged
    from crsdemo.studies.statistics.text import render

    config = parse(ResultsConfig, argv, "crsdemo results")
    found = judged(open_votes(config.db))
    print(json.dumps(found.as_json(), indent=1) if config.json else render(found))


def semantic_ids(argv: list[str]) -> None:
    from crsdemo.training import ground as stages

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


def _write(path: Path | None, report: object) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")

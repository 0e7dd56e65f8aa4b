"""Everything that docs/results.md and the page `/report` show of the shipped systems, in one go.

What is measured is listed here: every system by every protocol on the development dialogues of
both datasets (`SYSTEMS`, `PROTOCOLS`), the parts of ReGeS alone, and the wishes. What was measured
with the same weights, data and code is not measured again: it is kept in `runs/measured`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from crsdemo import check_wishes, evaluate_stages
from crsdemo.catalog import Catalog
from crsdemo.config import flag, parse
from crsdemo.corpus import CorpusDialogue, load_aliases, load_all, load_dialogues
from crsdemo.errors import BadInputError
from crsdemo.evaluate import STATES, Source, evaluate, provenance_of
from crsdemo.evaluate_folder import REPORTS
from crsdemo.evaluate_rankings import run_key
from crsdemo.evaluate_report import Report
from crsdemo.evaluate_table import table
from crsdemo.loading import BASELINES, CATALOG, DEFAULT, Shelf, checkpoint_folder
from crsdemo.mentions import MentionLinker
from crsdemo.overlap import without_copies
from crsdemo.protocol import METRICS_SHOWN, PROTOCOLS, Protocol, protocol_named
from crsdemo.recommender import Recommender

REGES = "reges"
SYSTEMS = (DEFAULT, REGES, *BASELINES)
AGAINST = DEFAULT  # the others are tested against it
DEV = {"redial": "redial/dev_data.jsonl", "inspired": "inspired/dev.tsv"}
TRAINING = ("redial/train_data.jsonl", "inspired/train.tsv")
TABLES = "tables.md"


@dataclass(frozen=True, kw_only=True)
class MeasureConfig:
    """Measure every shipped system; write the reports and the tables."""

    data: Path = flag(help="a folder with redial/ and inspired/, each with training and dev files")
    out: Path = flag(REPORTS, "folder for the reports, their tables and, in stages/, the rest")
    kept: Path = flag(STATES / "measured", "folder for what need not be measured again")
    catalog: Path = flag(CATALOG, "folder of the catalog")
    systems: str = flag(",".join(SYSTEMS), "comma-separated names of recommenders")
    protocols: str = flag(",".join(p.name for p in PROTOCOLS), "comma-separated names of protocols")
    stages: bool = flag(True, "measure the parts of the systems, the dialogue and the wishes too")
    limit: int = flag(0, "use only so many dialogues of each dataset; 0 uses all")


@dataclass(frozen=True)
class Data:
    """Dialogues that no system was trained on."""

    name: str
    source: Source
    dialogues: Sequence[CorpusDialogue]


@dataclass(frozen=True)
class Bench:
    """What measurements share."""

    shelf: Shelf
    out: Path
    kept: Path

    @property
    def catalog(self) -> Catalog:
        return self.shelf.catalog

    def report(self, system: str, data: Data, protocol: Protocol) -> Report:
        """Of `evaluate`; made, or as it was kept, samples and all."""
        recommender = self.shelf.get(system)
        path = self._kept(system, recommender, data, protocol.name)
        if not path.is_file():
            source = replace(data.source, files=self._files(system))
            evaluate(recommender, self.catalog, data.dialogues, protocol, source).save(path)
        return Report.load(path)

    def stage(self, stage: Stage, data: Data) -> None:
        """Measured, or as it was kept, into the folder of stages."""
        recommender = self.shelf.get(stage.system)
        path = self._kept(stage.system, recommender, data, stage.name)
        if not path.is_file():
            _write(path, stage.measure(recommender, self.catalog, data.dialogues))
        name = "-".join(filter(None, (stage.name, stage.system, data.name)))
        _write(self.out / "stages" / f"{name}.json", json.loads(path.read_text(encoding="utf-8")))

    def _kept(self, system: str, recommender: Recommender, data: Data, what: str) -> Path:
        provenance = provenance_of(recommender)
        key = run_key(provenance, data.dialogues, what, self._files(system))
        return self.kept / f"{system}-{data.name}-{what}-{key[:16]}.json"

    def _files(self, system: str) -> tuple[Path, ...]:
        weights = () if system in BASELINES else (checkpoint_folder(system),)
        return (self.shelf.catalog_folder, *weights)


Measure = Callable[[Recommender, Catalog, Sequence[CorpusDialogue]], dict[str, Any]]


@dataclass(frozen=True)
class Stage:
    """A measurement of one system beside `evaluate`."""

    name: str
    system: str
    measure: Measure
    on_dialogues: bool = True  # otherwise once, on what it brings along


def stages(systems: Sequence[str]) -> list[Stage]:
    """All that are measured of these systems."""
    found = [
        Stage("retrieval", REGES, lambda r, c, d: evaluate_stages.retrieval(r, c, d).as_json()),
        Stage("item", REGES, lambda r, _, d: evaluate_stages.item(r, d)),
        Stage("generative", DEFAULT, lambda r, _, d: evaluate_stages.generative(r, d)),
        Stage("dialogue", DEFAULT, evaluate_stages.dialogue),
        Stage("dialogue", REGES, evaluate_stages.dialogue),
    ]
    for system in systems:
        found.append(Stage("wishes", system, partial(_wishes, late=False), on_dialogues=False))
        found.append(Stage("late-wishes", system, partial(_wishes, late=True), on_dialogues=False))
    return [stage for stage in found if stage.system in systems]


def measure(config: MeasureConfig) -> Path:
    """Everything; returns the file with the tables. Raises BadInputError for what is missing."""
    catalog = Catalog.load(config.catalog)
    systems = tuple(name.strip() for name in config.systems.split(","))
    protocols = [protocol_named(name.strip()) for name in config.protocols.split(",")]
    data = list(_data(config, catalog))
    bench = Bench(Shelf(catalog, config.catalog), config.out, config.kept)
    texts: list[str] = []
    for one in data:
        for protocol in protocols:
            reports = {system: bench.report(system, one, protocol) for system in systems}
            for system, report in reports.items():
                path = config.out / f"{system}-{one.name}-{protocol.name}.json"
                replace(report, samples=()).save(path)
            texts += _tables(reports, protocol)
    for stage in stages(systems) if config.stages else ():
        for one in data if stage.on_dialogues else [Data("", Source(), ())]:
            bench.stage(stage, one)
    path = config.out / TABLES
    path.write_text("\n\n".join(texts) + "\n", encoding="utf-8")
    return path


def main(argv: list[str]) -> None:
    print(measure(parse(MeasureConfig, argv, "crsdemo measure")))


def _data(config: MeasureConfig, catalog: Catalog) -> Iterator[Data]:
    needed = [config.data / name for name in (*DEV.values(), *TRAINING)]
    if missing := [str(path) for path in needed if not path.is_file()]:
        raise BadInputError(
            f"missing: {', '.join(missing)}; put training and development dialogues there"
        )
    aliases = load_aliases(config.catalog)
    training = load_all(",".join(str(config.data / name) for name in TRAINING), catalog, aliases)
    for name, file in DEV.items():
        read = load_dialogues(config.data / file, catalog, aliases)
        own = without_copies(read, training)
        source = Source(Path(file).name, len(read) - len(own))
        yield Data(name, source, own[: config.limit or None])


def _wishes(
    recommender: Recommender, catalog: Catalog, _: Sequence[CorpusDialogue], *, late: bool
) -> dict[str, Any]:
    asked = check_wishes.late_wishes() if late else check_wishes.load_wishes()
    return check_wishes.check(recommender, catalog, MentionLinker(catalog), asked).as_json()


def _tables(reports: Mapping[str, Report], protocol: Protocol) -> Iterator[str]:
    """One per part; the first, which is there to compare by, with paired tests."""
    for part in protocol.parts:
        is_tested = part is protocol.parts[0] and AGAINST in reports and len(reports) > 1
        yield table(reports, part, METRICS_SHOWN, against=AGAINST if is_tested else "")


def _write(path: Path, report: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")

"""Everything that docs/results.md and the page `/report` show of the shipped systems, in one go.

What is measured is listed here: every system by every protocol on the development dialogues of
both datasets (`SYSTEMS`, `PROTOCOLS`), the parts of the systems, what they say, and the wishes.
Other checkpoints can be named instead. What was measured with the same weights, data and code is
not measured again: it is kept in `runs/measured`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag, parse
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Recommender
from crsdemo.core.text_files import write_whole
from crsdemo.evaluation.checks import check_wishes
from crsdemo.evaluation.evaluate import (
    STATES,
    Source,
    evaluate_all,
    files_of,
    load_unseen,
    provenance_of,
)
from crsdemo.evaluation.files import write_json
from crsdemo.evaluation.protocol import METRICS_SHOWN, PROTOCOLS, Protocol, protocol_named
from crsdemo.evaluation.rankings import run_key
from crsdemo.evaluation.report import Report
from crsdemo.evaluation.stages.folder import (
    DATASETS,
    FOLDER,
    LATE_WISHES,
    ON_DIALOGUES,
    WISHES,
    StageName,
)
from crsdemo.evaluation.stages.run import measured
from crsdemo.evaluation.stages.sheets import Row
from crsdemo.evaluation.stages.tables import DIALOGUE, GENERATIVE, ITEM, RETRIEVAL, told
from crsdemo.evaluation.table import table
from crsdemo.language.corpus import CorpusDialogue, load_aliases, load_all
from crsdemo.recommenders.loading import ALONE, BASELINES, CATALOG, DEFAULT, Shelf

REGES = "reges"
SYSTEMS = (DEFAULT, DEFAULT + ALONE, REGES, *BASELINES)
DEV = {"redial": "redial/dev_data.jsonl", "inspired": "inspired/dev.tsv"}
TRAINING = ("redial/train_data.jsonl", "inspired/train.tsv")


@dataclass(frozen=True, kw_only=True)
class MeasureConfig:
    """Measure every shipped system; write the reports and the tables."""

    data: Path = flag(help="a folder with redial/ and inspired/, each with training and dev files")
    out: Path = flag(help="folder for the reports, their tables and, in stages/, the rest")
    kept: Path = flag(STATES / "measured", "folder for what need not be measured again")
    catalog: Path = flag(CATALOG, "folder of the catalog")
    systems: str = flag(
        ",".join(SYSTEMS), "comma-separated names of recommenders, or folders of checkpoints"
    )
    against: str = flag(DEFAULT, "the others are tested against this one, where it is measured")
    protocols: str = flag(",".join(p.name for p in PROTOCOLS), "comma-separated names of protocols")
    stages: bool = flag(True, "measure the parts of the systems, the dialogue and the wishes too")
    tables: str = flag("tables.md", "file in the folder of reports for all of it as tables")
    limit: int = flag(0, "use only so many dialogues of each dataset; 0 uses all")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.out, self.kept)


@dataclass(frozen=True)
class Data:
    """Dialogues that no system was trained on."""

    name: str
    source: Source
    dialogues: Sequence[CorpusDialogue]


NO_DATA = Data("", Source(), ())  # for what brings along what it asks


@dataclass(frozen=True)
class Bench:
    """What measurements share."""

    shelf: Shelf
    out: Path
    kept: Path

    @property
    def catalog(self) -> Catalog:
        return self.shelf.catalog

    def reports(self, system: str, data: Data, protocols: Sequence[Protocol]) -> list[Report]:
        """Of `evaluate`; made, or as they were kept, samples and all."""
        recommender = self.shelf.get(system)
        paths = [self._kept(system, recommender, data, p.name) for p in protocols]
        missing = [p for p, path in zip(protocols, paths, strict=True) if not path.is_file()]
        if missing:
            source = replace(data.source, files=self._files(system))
            made = evaluate_all(recommender, self.catalog, data.dialogues, missing, source)
            for report in made:
                report.save(self._kept(system, recommender, data, report.protocol))
        return [Report.load(path) for path in paths]

    def stage(self, stage: str, system: str, data: Data) -> tuple[StageName, Row]:
        """Measured, or as it was kept, into the folder of stages."""
        recommender = self.shelf.get(system)
        path = self._kept(system, recommender, data, stage)
        if not path.is_file():
            write_json(path, measured(stage, recommender, self.catalog, data.dialogues))
        name = StageName(stage, recommender.name, data.name)
        row: Row = json.loads(path.read_text(encoding="utf-8"))
        write_json(self.out / FOLDER / name.file, row)
        return name, row

    def _kept(self, system: str, recommender: Recommender, data: Data, what: str) -> Path:
        provenance = provenance_of(recommender)
        key = run_key(provenance, data.dialogues, what, self._files(system))
        return self.kept / f"{recommender.name}-{data.name}-{what}-{key[:16]}.json"

    def _files(self, system: str) -> tuple[Path, ...]:
        return files_of(system, self.shelf.catalog_folder, self.shelf.checkpoints)


def stages(systems: Sequence[str]) -> list[tuple[str, str]]:
    """All that is measured of these systems beside `evaluate`: (stage, system)."""
    on_dialogues = (
        (RETRIEVAL, REGES),
        (ITEM, REGES),
        (GENERATIVE, DEFAULT),
        (GENERATIVE, DEFAULT + ALONE),
        (DIALOGUE, DEFAULT),
        (DIALOGUE, REGES),
    )
    wishes = [(stage, system) for system in systems for stage in (WISHES, LATE_WISHES)]
    return [one for one in (*on_dialogues, *wishes) if one[1] in systems]


def measure(config: MeasureConfig) -> Path:
    """Everything; returns the file with the tables. Raises BadInputError for what is missing."""
    catalog = Catalog.load(config.catalog)
    systems = _systems(config)
    protocols = [protocol_named(name.strip()) for name in config.protocols.split(",")]
    data = list(_data(config, catalog))
    bench = Bench(Shelf(catalog, config.catalog), config.out, config.kept)
    texts: list[str] = []
    for one in data:
        made = [bench.reports(system, one, protocols) for system in systems]
        for protocol, of_systems in zip(protocols, zip(*made, strict=True), strict=True):
            reports = {report.recommender: report for report in of_systems}
            for name, report in reports.items():
                path = config.out / f"{name}-{one.name}-{protocol.name}.json"
                replace(report, samples=()).save(path)
            texts += _tables(reports, protocol, config.against)
    if config.stages:
        found = [
            bench.stage(stage, system, one)
            for stage, system in stages(systems)
            for one in (data if stage in ON_DIALOGUES else [NO_DATA])
        ]
        texts += _stage_tables(found)
    path = config.out / config.tables
    write_whole(path, "\n\n".join(texts) + "\n")
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
        source, own = load_unseen(config.data / file, training, catalog, aliases)
        yield Data(name, source, own[: config.limit or None])


def _systems(config: MeasureConfig) -> tuple[str, ...]:
    """Raises BadInputError if two have one name, which their files would share."""
    systems = tuple(name.strip() for name in config.systems.split(","))
    if len({Path(system).name for system in systems}) < len(systems):
        raise BadInputError(
            f"two systems of {config.systems} have one name, and files are named after them; "
            "rename the folder of one"
        )
    return systems


def _tables(reports: Mapping[str, Report], protocol: Protocol, against: str) -> Iterator[str]:
    """One per part; the first, which is there to compare by, with paired tests."""
    for part in protocol.parts:
        is_tested = part is protocol.parts[0] and against in reports and len(reports) > 1
        yield table(reports, part, METRICS_SHOWN, against=against if is_tested else "")


def _stage_tables(found: Sequence[tuple[StageName, Row]]) -> Iterator[str]:
    """As each stage is printed; the wishes of all systems together."""
    for wishes, head in ((WISHES, "Wishes"), (LATE_WISHES, "Wishes late in a talk")):
        if rows := [row for name, row in found if name.stage == wishes]:
            yield f"## {head}\n\n{check_wishes.render(rows)}"
    for name, row in found:
        if name.dataset:
            head = f"## Stage {name.stage}: {name.system} on {DATASETS[name.dataset]}"
            yield f"{head}\n\n{told(name.stage, row)}"

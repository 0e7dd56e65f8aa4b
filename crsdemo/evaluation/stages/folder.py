"""A folder of stages: one JSON file for each stage, system and dataset, named after these.

`dialogue-gcrs-redial.json` is what `evaluate --stage dialogue` found of gcrs on ReDial. Wishes are
of no dataset: `wishes-gcrs.json`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.stages.sheets import Row
from crsdemo.evaluation.stages.tables import DIALOGUE, GENERATIVE, ITEM, RETRIEVAL, findings, wishes

FOLDER = "stages"  # in a folder of reports
WISHES, LATE_WISHES = "wishes", "late-wishes"
ON_DIALOGUES = (RETRIEVAL, ITEM, GENERATIVE, DIALOGUE)
DATASETS = {"redial": "ReDial", "inspired": "INSPIRED"}  # in names of files -> as it is written
NAME = re.compile(
    rf"({'|'.join(ON_DIALOGUES)})-(.+)-({'|'.join(DATASETS)})|({WISHES}|{LATE_WISHES})-(.+)"
)


@dataclass(frozen=True)
class StageName:
    """What a file is of."""

    stage: str
    system: str
    dataset: str  # one of `DATASETS`; empty for wishes

    @property
    def file(self) -> str:
        return f"{'-'.join(filter(None, (self.stage, self.system, self.dataset)))}.json"

    @classmethod
    def of(cls, path: Path) -> StageName:
        """Raises BadInputError for a file that is named otherwise."""
        if found := NAME.fullmatch(path.stem):
            stage, system, dataset, asked, wisher = found.groups()
            return cls(stage or asked, system or wisher, dataset or "")
        raise BadInputError(
            f"{path} is no stage: its name should be STAGE-SYSTEM-DATASET.json with one of "
            f"{', '.join(ON_DIALOGUES)} and one of {', '.join(DATASETS)}, or {WISHES}-SYSTEM.json "
            f"or {LATE_WISHES}-SYSTEM.json; rename or remove it"
        )


@dataclass(frozen=True)
class Measured:
    """What a stage found of one system: JSON of which its tables can be made."""

    name: StageName
    row: Row


def load_stages(folder: Path) -> tuple[Measured, ...]:
    """Every `*.json` of a folder, sorted by file name; nothing if there is no such folder.

    Raises BadInputError for a file that is no stage, by its name or by what it holds.
    """
    return tuple(_load(path, StageName.of(path)) for path in sorted(folder.glob("*.json")))


def _load(path: Path, name: StageName) -> Measured:
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        if name.dataset:
            findings(name.stage, row)
        else:
            wishes([(name.system, "", row)])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise BadInputError(
            f"{path} is no stage of `python -m crsdemo measure` of this version "
            f"({type(error).__name__}: {error}); measure again or remove it"
        ) from error
    return Measured(name, row)

"""A folder of stages: one JSON file for each stage, system and dataset, named after these.

`dialogue-gcrs-redial.json` is what `evaluate --stage dialogue` found of gcrs on ReDial. Wishes are
of no dataset: `wishes-gcrs.json`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.stages.figures import ItemExpert, Retrieval, Wishes
from crsdemo.evaluation.stages.figures_ids import Generation
from crsdemo.evaluation.stages.figures_words import Talk

FOLDER = "stages"  # in a folder of reports
RETRIEVAL, ITEM, GENERATIVE, DIALOGUE = "retrieval", "item", "generative", "dialogue"
WISHES, LATE_WISHES = "wishes", "late-wishes"
ON_DIALOGUES = (RETRIEVAL, ITEM, GENERATIVE, DIALOGUE)
DATASETS = {"redial": "ReDial", "inspired": "INSPIRED"}  # in names of files -> as it is written

T = TypeVar("T")


@dataclass(frozen=True)
class Measured(Generic[T]):
    """What a stage found of one system."""

    system: str
    dataset: str  # one of the values of `DATASETS`; empty for wishes
    found: T


@dataclass(frozen=True)
class Stages:
    """Everything that a folder holds, by stage."""

    wishes: tuple[Measured[Wishes], ...] = ()
    late_wishes: tuple[Measured[Wishes], ...] = ()
    retrieval: tuple[Measured[Retrieval], ...] = ()
    item: tuple[Measured[ItemExpert], ...] = ()
    generative: tuple[Measured[Generation], ...] = ()
    dialogue: tuple[Measured[Talk], ...] = ()


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
        for stage in (WISHES, LATE_WISHES):
            if system := _between(path.stem, f"{stage}-", ""):
                return cls(stage, system, "")
        for stage in ON_DIALOGUES:
            for dataset in DATASETS:
                if system := _between(path.stem, f"{stage}-", f"-{dataset}"):
                    return cls(stage, system, dataset)
        raise BadInputError(
            f"{path} is no stage: its name should be STAGE-SYSTEM-DATASET.json with one of "
            f"{', '.join(ON_DIALOGUES)} and one of {', '.join(DATASETS)}, or {WISHES}-SYSTEM.json "
            f"or {LATE_WISHES}-SYSTEM.json; rename or remove it"
        )


def load_stages(folder: Path) -> Stages:
    """Every `*.json` of a folder, sorted by file name; nothing if there is no such folder.

    Raises BadInputError for a file that is no stage, by its name or by what it holds.
    """
    named = [(path, StageName.of(path)) for path in sorted(folder.glob("*.json"))]

    def of(stage: str, read: Callable[[Mapping[str, Any]], T]) -> tuple[Measured[T], ...]:
        return tuple(
            Measured(name.system, DATASETS.get(name.dataset, ""), _load(path, read))
            for path, name in named
            if name.stage == stage
        )

    return Stages(
        of(WISHES, Wishes.from_row),
        of(LATE_WISHES, Wishes.from_row),
        of(RETRIEVAL, Retrieval.from_row),
        of(ITEM, ItemExpert.from_row),
        of(GENERATIVE, Generation.from_row),
        of(DIALOGUE, Talk.from_row),
    )


def _load(path: Path, read: Callable[[Mapping[str, Any]], T]) -> T:
    try:
        return read(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise BadInputError(
            f"{path} is no stage of `python -m crsdemo measure` of this version "
            f"({type(error).__name__}: {error}); measure again or remove it"
        ) from error


def _between(text: str, start: str, end: str) -> str:
    """What stands there; empty if the text has not both or nothing stands there."""
    if not (text.startswith(start) and text.endswith(end) and len(text) > len(start) + len(end)):
        return ""
    return text[len(start) : len(text) - len(end)]

"""What an evaluation found, as a value and as JSON. The keys of the JSON are documented here.

    schema        2; another number is of another version of this program
    recommender   its name
    provenance    what was measured: sha256 of weights and catalog, decoding as JSON
    protocol      its name, one of `protocol.PROTOCOLS`
    data          name of the file with the dialogues
    dialogues     how many were evaluated
    left_out      how many were not, because they repeat training dialogues
    turns         recommender turns with something said before
    parts         part -> n, dialogues, metrics: {"recall@1": {"value", "low", "high"}, ...}
    lists         part -> n, coverage, gini, popularity of the ten best, as metrics
    slices        rows of part, by, name, n, metrics
    mode          n, accuracy, precision, recall, f1 of the choice to recommend; null if not made
    samples       rows as `Sample`; `rank` and `rank_new` are null if not among the first 50

`low` and `high` are the ends of the 95% interval, null if unknown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any

from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Provenance
from crsdemo.evaluation.protocol import Part
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.studies.statistics.metrics import BinaryScores

SCHEMA = 2
DIGITS = 5


@dataclass(frozen=True)
class Sample:
    """One film that was recommended, and where the recommender ranks it."""

    dialogue: str  # its id
    turn: int  # position of the recommender turn in its dialogue, from 0
    n_turns: int  # of the dialogue
    target: str  # item id
    is_new: bool  # not named before
    n_named: int  # films named before
    popularity: int | None  # mentions of the target in training dialogues; None: not in the catalog
    rank: int | None  # in the list with nothing hidden
    rank_new: int | None  # in the list without films named before; None for those

    def rank_in(self, part: Part) -> int | None:
        return self.rank_new if part.hides_named else self.rank


@dataclass(frozen=True)
class PartFigures:
    """The metrics of one part of the samples."""

    n: int
    dialogues: int  # that they come from
    metrics: Mapping[str, Estimate]


@dataclass(frozen=True)
class Slice:
    """The metrics of those samples of a part that have something in common."""

    part: str
    by: str  # what they are told apart by
    name: str
    n: int
    metrics: Mapping[str, Estimate]


@dataclass(frozen=True)
class ListFigures:
    """What the lists of the ten best look like, whatever was right."""

    n: int  # lists
    coverage: Estimate  # share of the catalog that is in one of them
    gini: Estimate  # of how often items are in them; 0 all alike, 1 always the same
    popularity: Estimate  # mean percentile of popularity in the catalog, 0 to 1


@dataclass(frozen=True)
class Report:
    """Everything that an evaluation found."""

    recommender: str
    provenance: Provenance
    protocol: str
    data: str
    dialogues: int
    left_out: int
    turns: int
    parts: Mapping[str, PartFigures]
    lists: Mapping[str, ListFigures]
    slices: tuple[Slice, ...]
    mode: BinaryScores | None
    samples: tuple[Sample, ...]

    def samples_of(self, part: Part) -> list[Sample]:
        return [sample for sample in self.samples if part.holds(sample.is_new)]

    def as_json(self) -> dict[str, Any]:
        """See the top of this module."""
        return {"schema": SCHEMA} | {name: _plain(value) for name, value in vars(self).items()}

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.as_json(), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Report:
        """Raises BadInputError for a file that is no report of this version."""
        try:
            return _report(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInputError(
                f"{path} is no report of `python -m crsdemo evaluate --json` of this version "
                f"({type(error).__name__}: {error}); evaluate again"
            ) from error


def _plain(value: Any) -> Any:
    """A value of a report as JSON has it."""
    if isinstance(value, Estimate):
        return {name: None if v is None else round(v, DIGITS) for name, v in vars(value).items()}
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return (
        {name: _plain(one) for name, one in vars(value).items()} if is_dataclass(value) else value
    )


def _report(row: dict[str, Any]) -> Report:
    if row.pop("schema") != SCHEMA:
        raise ValueError("it has another schema")
    return Report(
        **row
        | {
            "provenance": Provenance(**row["provenance"]),
            "parts": {
                name: PartFigures(**_with_metrics(one)) for name, one in row["parts"].items()
            },
            "lists": {name: _lists(one) for name, one in row["lists"].items()},
            "slices": tuple(Slice(**_with_metrics(one)) for one in row["slices"]),
            "mode": None if row["mode"] is None else BinaryScores(**row["mode"]),
            "samples": tuple(Sample(**one) for one in row["samples"]),
        }
    )


def _with_metrics(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"metrics": {name: Estimate(**one) for name, one in row["metrics"].items()}}


def _lists(row: dict[str, Any]) -> ListFigures:
    n = row["n"]
    return ListFigures(n, *(Estimate(**row[k]) for k in ("coverage", "gini", "popularity")))

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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Provenance
from crsdemo.evaluation.files import fault, write_json
from crsdemo.evaluation.protocol import Part
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.studies.statistics.shares import BinaryScores

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

    schema: Literal[2] = field(default=2, kw_only=True)
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
        row: dict[str, Any] = json.loads(JSON.dump_json(self), parse_float=_rounded)
        return row

    def save(self, path: Path) -> None:
        write_json(path, self.as_json())

    @classmethod
    def load(cls, path: Path) -> Report:
        """Raises BadInputError for a file that is no report of this version."""
        try:
            return JSON.validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            why = fault(error) if isinstance(error, ValidationError) else error
            raise BadInputError(
                f"{path} is no report of `python -m crsdemo evaluate --json` of this version "
                f"({why}); evaluate again"
            ) from error


JSON = TypeAdapter(Report)


def _rounded(figure: str) -> float:
    return round(float(figure), DIGITS)

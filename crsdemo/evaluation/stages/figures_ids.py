"""How a semantic ID is written, as values read from the JSON of the stage `generative`.

Reading raises as in `evaluation/stages/figures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crsdemo.evaluation.stages.figures import Recalls, Row, Share


@dataclass(frozen=True)
class Level:
    """One code of the ID."""

    after_right_codes: Share
    probability: float  # of the right code, mean
    choices: float  # codes to choose from, mean
    allowed_mass: float  # probability on these where no trie holds the model to them, mean
    greedy_after_right_greedy: Share
    greedy_up_to_here: Share
    recall_where_right: Recalls

    @classmethod
    def from_row(cls, row: Row) -> Level:
        return cls(
            Share.from_row(row["after_right_codes"]),
            float(row["probability"]),
            float(row["choices"]),
            float(row["allowed_mass"]),
            Share.from_row(row["greedy_after_right_greedy"]),
            Share.from_row(row["greedy_up_to_here"]),
            Recalls.from_row(row["recall_where_right"]),
        )


@dataclass(frozen=True)
class Beam:
    """A beam of one width, and where the targets are that it misses."""

    recall: Recalls
    lost_at: Mapping[int, Share]  # by level, from 1
    kept: Share  # those that are only ranked too low

    @classmethod
    def from_row(cls, row: Row) -> Beam:
        lost = {int(n): Share.from_row(one) for n, one in row["missed_first_lost_at"].items()}
        return cls(Recalls.from_row(row), lost, Share.from_row(row["missed_but_kept"]))


@dataclass(frozen=True)
class Generation:
    """What `generative_stage.evaluate_generative` says."""

    targets: int
    mode: Share  # right
    levels: tuple[Level, ...]
    beams: Mapping[int, Beam]  # by width
    first_codes_forced: tuple[Recalls, ...]  # with 0, 1, .. of them
    mode_not_forced: Recalls

    @classmethod
    def from_row(cls, row: Row) -> Generation:
        return cls(
            int(row["targets"]),
            Share.from_row(row["mode"]),
            tuple(Level.from_row(one) for one in row["levels"]),
            {int(width): Beam.from_row(one) for width, one in row["beams"].items()},
            tuple(Recalls.from_row(one) for one in row["first_codes_forced"]),
            Recalls.from_row(row["mode_not_forced"]),
        )

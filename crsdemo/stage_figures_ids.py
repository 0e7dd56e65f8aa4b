"""How a semantic ID is written, as values read from the JSON of the stage `generative`.

Reading raises as in `stage_figures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crsdemo.stage_figures import Recalls, Row, Share


@dataclass(frozen=True)
class Level:
    """One code of the ID."""

    after_right_codes: Share
    probability: float  # of the right code, mean
    choices: float  # codes to choose from, mean
    greedy_after_right_greedy: Share
    greedy_up_to_here: Share
    recall_where_right: Recalls

    @classmethod
    def from_row(cls, row: Row) -> Level:
        return cls(
            Share.from_row(row["after_right_codes"]),
            float(row["probability"]),
            float(row["choices"]),
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
class Writing:
    """The ID with the prior or without."""

    item_asked_for: Share
    levels: tuple[Level, ...]
    beams: Mapping[int, Beam]  # by width
    first_codes_forced: tuple[Recalls, ...]  # with 0, 1, .. of them
    mode_not_forced: Recalls

    @classmethod
    def from_row(cls, row: Row) -> Writing:
        return cls(
            Share.from_row(row["item_asked_for"]),
            tuple(Level.from_row(one) for one in row["levels"]),
            {int(width): Beam.from_row(one) for width, one in row["beams"].items()},
            tuple(Recalls.from_row(one) for one in row["first_codes_forced"]),
            Recalls.from_row(row["mode_not_forced"]),
        )


@dataclass(frozen=True)
class WithoutTrie:
    """What is written where nothing forbids an ID that no item has."""

    greedy_is_an_item: Share
    beam_is_an_item: Share
    greedy: Recalls
    recall: Recalls
    recall_of_items: Recalls  # what is no item, or was named before, struck

    @classmethod
    def from_row(cls, row: Row) -> WithoutTrie:
        return cls(
            Share.from_row(row["greedy_is_an_item"]),
            Share.from_row(row["beam_is_an_item"]),
            Recalls.from_row(row["greedy"]),
            Recalls.from_row(row["recall"]),
            Recalls.from_row(row["recall_of_items"]),
        )


@dataclass(frozen=True)
class Generation:
    """What `evaluate_generative.evaluate_generative` says."""

    targets: int
    mode: Share  # right at 0.5
    with_prior: Writing | None
    without_prior: Writing
    any_token: WithoutTrie
    any_code: WithoutTrie

    @classmethod
    def from_row(cls, row: Row) -> Generation:
        return cls(
            int(row["targets"]),
            Share.from_row(row["mode"]),
            Writing.from_row(row["with_prior"]) if "with_prior" in row else None,
            Writing.from_row(row["without_prior"]),
            WithoutTrie.from_row(row["any_token"]),
            WithoutTrie.from_row(row["any_code"]),
        )

    @property
    def as_used(self) -> Writing:
        """With the prior, if the model has one."""
        return self.with_prior or self.without_prior

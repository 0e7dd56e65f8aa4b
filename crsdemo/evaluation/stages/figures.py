"""What stages found, as values read from their JSON: wishes, and the parts of ReGeS.

Reading raises KeyError, TypeError, ValueError or AttributeError for what is no such JSON. How an
ID is written is in `figures_ids.py`, what is said in `figures_words.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crsdemo.studies.statistics.bootstrap import Estimate

Row = Mapping[str, Any]  # an object of the JSON


@dataclass(frozen=True)
class Share:
    """A share and how many it is of."""

    estimate: Estimate
    n: int

    @classmethod
    def from_row(cls, row: Row) -> Share:
        """As `shares.share` makes it; a share of nothing is not known."""
        n = int(row["n"])
        return cls(estimate(row["share"], row["ci95"]) if n else Estimate(None), n)


@dataclass(frozen=True)
class Recalls:
    """Recall at several cut-offs."""

    n: int  # targets
    at: Mapping[int, Estimate]  # by cut-off

    @classmethod
    def from_row(cls, row: Row) -> Recalls:
        """As `evaluate_statistics.recalls` makes it; a recall of nothing is not known."""
        n = int(row["n"])
        found = {_cutoff(name): estimate(row[name], ends) for name, ends in row["ci95"].items()}
        return cls(n, found if n else dict.fromkeys(found, Estimate(None)))


def estimate(value: Any, ends: Any) -> Estimate:
    """A number and its interval, whose ends may be unknown."""
    low, high = (None if end is None else float(end) for end in ends)
    return Estimate(float(value), low, high)


def _cutoff(name: str) -> int:
    """10 of `recall@10`"""
    metric, k = name.split("@")
    if metric != "recall":
        raise ValueError(f"no recall: {name!r}")
    return int(k)


@dataclass(frozen=True)
class WishKind:
    """Wishes of one kind."""

    n: int
    fit: float  # share of the ten best that fits


@dataclass(frozen=True)
class Wishes:
    """What `check_wishes.Report` says."""

    n: int
    fit: float
    disliked: float
    kinds: Mapping[str, WishKind]

    @classmethod
    def from_row(cls, row: Row) -> Wishes:
        kinds = {
            name: WishKind(int(one["n"]), float(one["fit"])) for name, one in row["kinds"].items()
        }
        return cls(int(row["wishes"]), float(row["fit"]), float(row["disliked"]), kinds)


@dataclass(frozen=True)
class Search:
    """What one search found."""

    query: str
    ranker: str
    all: Recalls
    new: Recalls
    better_by: Mapping[int, Estimate]  # than the whole dialogue, of new targets; empty for itself

    @classmethod
    def from_row(cls, row: Row) -> Search:
        gains = row.get("better_by", {}).items()
        return cls(
            str(row["query"]),
            str(row["ranker"]),
            Recalls.from_row(row["all"]),
            Recalls.from_row(row["new"]),
            {_cutoff(name): estimate(one["mean"], one["ci95"]) for name, one in gains},
        )


@dataclass(frozen=True)
class Cosines:
    """How near queries are to what they should find."""

    query: str
    ranker: str
    n: int
    mean: float | None
    median: Estimate  # with the lower and the upper quartile in the place of an interval

    @classmethod
    def from_row(cls, row: Row) -> Cosines:
        about = str(row["query"]), str(row["ranker"]), int(row["n"])
        if not about[2]:
            return cls(*about, None, Estimate(None))
        low, median, high = row["quartiles"]
        return cls(*about, float(row["mean"]), estimate(median, (low, high)))


@dataclass(frozen=True)
class Retrieval:
    """What `retrieval_stage.RetrievalReport` says."""

    dialogues: int
    searches: tuple[Search, ...]
    cosines: tuple[Cosines, ...]

    @classmethod
    def from_row(cls, row: Row) -> Retrieval:
        return cls(
            int(row["dialogues"]),
            tuple(Search.from_row(one) for one in row["searches"]),
            tuple(Cosines.from_row(one) for one in row["cosines"]),
        )


@dataclass(frozen=True)
class Choice:
    """ReGeS with some number of candidates: recall by order."""

    retriever_alone: Recalls
    expert_alone: Recalls
    overall: Recalls  # both together
    gold_forced_in: Recalls  # the same with the right film among the candidates

    @classmethod
    def from_row(cls, row: Row) -> Choice:
        return cls(
            Recalls.from_row(row["retriever_alone"]),
            Recalls.from_row(row["expert_alone"]),
            Recalls.from_row(row["overall"]),
            Recalls.from_row(row["item_generation"]),
        )


@dataclass(frozen=True)
class ItemExpert:
    """What `item_stage.evaluate_item_expert` says."""

    turns: int
    candidates: Mapping[int, Choice]  # by their number

    @classmethod
    def from_row(cls, row: Row) -> ItemExpert:
        sizes = {int(k): Choice.from_row(one) for k, one in row["candidates"].items()}
        return cls(int(row["turns"]), sizes)

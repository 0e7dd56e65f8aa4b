"""What is said, as values read from the JSON of the stage `dialogue`.

Reading raises as in `evaluation/stages/figures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crsdemo.evaluation.stages.figures import Row, Share, estimate
from crsdemo.studies.statistics.bootstrap import Estimate

ROUGES = {"rouge1": "ROUGE-1", "rouge2": "ROUGE-2", "rougeL": "ROUGE-L"}


@dataclass(frozen=True)
class Variety:
    """How much is said and how differently."""

    words_per_reply: float
    item_ratio: Share
    by_ngrams: Mapping[int, float]  # distinct n-grams, of all n-grams
    by_replies: Mapping[int, float]  # distinct n-grams per reply

    @classmethod
    def from_row(cls, row: Row) -> Variety:
        return cls(
            float(row["words_per_reply"]),
            Share.from_row(row["item_ratio"]),
            {int(n): float(value) for n, value in row["distinct_by_ngrams"].items()},
            {int(n): float(value) for n, value in row["distinct_by_replies"].items()},
        )


@dataclass(frozen=True)
class Keeping:
    """Whether words keep to the facts and to the item that was chosen."""

    wrong: Mapping[str, Share]  # claims that are, by kind
    replies_with_wrong: Share
    names_chosen: Share
    names_another: Share

    @classmethod
    def from_row(cls, row: Row) -> Keeping:
        facts, faithful = row["facts"], row["faithfulness"]
        return cls(
            {str(kind): Share.from_row(one) for kind, one in facts["wrong"].items()},
            Share.from_row(facts["replies"]),
            Share.from_row(faithful["names_the_chosen_item"]),
            Share.from_row(faithful["names_another_item"]),
        )


@dataclass(frozen=True)
class Replies:
    """All replies of a system that were made one way."""

    bleu: float  # from 0 to 100
    rouge: Mapping[str, float]  # by its name, from 0 to 1
    variety: Variety
    outside: Share  # items that the catalog lacks, of those chosen or named
    keeping: Keeping

    @classmethod
    def from_row(cls, row: Row) -> Replies:
        return cls(
            float(row["bleu"]),
            {name: float(row[key]) for key, name in ROUGES.items()},
            Variety.from_row(row),
            Share.from_row(row["items_outside_the_catalog"]),
            Keeping.from_row(row),
        )


@dataclass(frozen=True)
class ModeChoice:
    """The choice to recommend."""

    n: int
    accuracy: Estimate
    precision: float
    recall: float
    f1: float

    @classmethod
    def from_row(cls, row: Row) -> ModeChoice:
        precision, recall, f1 = (float(row[name]) for name in ("precision", "recall", "f1"))
        return cls(int(row["n"]), estimate(row["accuracy"], row["ci95"]), precision, recall, f1)


@dataclass(frozen=True)
class Perplexity:
    """Of what people said. Unknown where there was nothing to read."""

    turns: int
    per_token: float | None
    per_word: float | None

    @classmethod
    def from_row(cls, row: Row) -> Perplexity:
        if "per_token" not in row:
            return cls(int(row["turns"]), None, None)
        return cls(int(row["turns"]), float(row["per_token"]), float(row["per_word"]))


@dataclass(frozen=True)
class Talk:
    """What `dialogue_stage.evaluate_dialogue` says."""

    turns: int
    people: Variety  # the references
    forced: Replies  # with the right mode forced
    free: Replies
    mode: ModeChoice
    wrong_item: Keeping  # with a wrong item forced
    perplexity: Mapping[str, Perplexity]  # of all turns, of those with an item, after a wrong one;
    # empty for what is no language model

    @classmethod
    def from_row(cls, row: Row) -> Talk:
        read = row.get("references")
        return cls(
            int(row["turns"]),
            Variety.from_row(row["reference"]),
            Replies.from_row(row["forced"]),
            Replies.from_row(row["free"]),
            ModeChoice.from_row(row["free"]["mode"]["as_said"]),
            Keeping.from_row(row["wrong_item"]),
            {n: Perplexity.from_row(read[n]) for n in ("all", "gold", "wrong")} if read else {},
        )

"""Recommendation recall and mode choice of any recommender on dialogues of a dataset.

Protocol: consecutive messages of one speaker are one turn; every recommender turn with something
said before it is a case; every distinct item of the turn is one target. Reported for all targets,
and for new ones (not named before) with the items named before struck from the list, because
repeating what was named scores well and helps nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from crsdemo.corpus import CorpusDialogue
from crsdemo.dialogue import Dialogue
from crsdemo.errors import BadInputError
from crsdemo.metrics import binary_scores, mrr, ndcg, rank_of, recall
from crsdemo.recommender import Mode, Recommendation, Recommender

CUTOFFS = (1, 10, 50)
BATCH = 16
RESAMPLES = 1000  # of dialogues, for the intervals


@runtime_checkable
class BatchRecommender(Protocol):
    """A recommender that ranks for several dialogues at once faster than for one at a time."""

    def recommend_batch(
        self, dialogues: Sequence[Dialogue], k: int, excludes: Sequence[frozenset[str]]
    ) -> list[list[Recommendation]]: ...


@runtime_checkable
class ModeRecommender(Protocol):
    """A recommender that can say how likely it recommends in the next turn of each dialogue."""

    def mode_probabilities(self, dialogues: Sequence[Dialogue]) -> list[dict[Mode, float]]: ...


@dataclass(frozen=True)
class Case:
    """A recommender turn: what was said before, and the items that it names."""

    dialogue: int  # position among the dialogues
    context: Dialogue  # never empty
    targets: tuple[str, ...]  # distinct; empty if the turn recommends nothing

    @property
    def new_targets(self) -> tuple[str, ...]:
        return tuple(item for item in self.targets if item not in self.context.mentioned)


@dataclass(frozen=True)
class Hit:
    """Where a target was found."""

    dialogue: int
    rank: int | None  # from 1; None if not among the last cutoff


def cases(dialogues: Sequence[CorpusDialogue]) -> list[Case]:
    """Every recommender turn that something was said before, in order."""
    return [
        Case(number, one.dialogue.before(position), turn.item_ids)
        for number, one in enumerate(dialogues)
        for position, turn in enumerate(one.dialogue.turns)
        if turn.speaker == "assistant" and position > 0
    ]


def evaluate(recommender: Recommender, dialogues: Sequence[CorpusDialogue]) -> dict[str, Any]:
    """Figures over `dialogues`, ready for JSON; shows progress on stderr.

    `all` and `new` hold `n` targets, recall at 1, 10 and 50, NDCG@10, MRR@10 and, under `ci95`,
    the 95% interval of each recall from resampling dialogues. Items that the catalog does not hold
    count as missed. A recommender with `mode_probabilities` gets `mode` as well: the choice of
    REC over all recommender turns. Raises BadInputError if there is no recommender turn.
    """
    turns = cases(dialogues)
    if not turns:
        raise BadInputError(
            f"none of the {len(dialogues)} dialogues has a recommender turn after another turn; "
            "nothing can be evaluated"
        )
    report: dict[str, Any] = {
        "recommender": recommender.name,
        "dialogues": len(dialogues),
        "turns": len(turns),
        "all": _figures(_hits(recommender, turns, new=False), len(dialogues)),
        "new": _figures(_hits(recommender, turns, new=True), len(dialogues)),
    }
    if isinstance(recommender, ModeRecommender):
        report["mode"] = _mode_figures(recommender, turns)
    return report


def _hits(recommender: Recommender, turns: Sequence[Case], new: bool) -> list[Hit]:
    """Where the targets were found; of the `new` ones, without the items named before."""
    wanted = [(case, case.new_targets if new else case.targets) for case in turns]
    wanted = [(case, targets) for case, targets in wanted if targets]
    struck = [frozenset(case.context.mentioned if new else ()) for case, _ in wanted]
    rankings = _rankings(recommender, [case.context for case, _ in wanted], struck)
    return [
        Hit(case.dialogue, rank_of(target, ranking))
        for (case, targets), ranking in zip(wanted, rankings, strict=True)
        for target in targets
    ]


def _rankings(
    recommender: Recommender, contexts: Sequence[Dialogue], excludes: Sequence[frozenset[str]]
) -> Iterator[list[str]]:
    """For each dialogue the ids of the best items without those excluded."""
    with tqdm(total=len(contexts), desc=f"ranking by {recommender.name}", unit="list") as progress:
        for start in range(0, len(contexts), BATCH):
            batch = slice(start, start + BATCH)
            for recommendations in _ranked(recommender, contexts[batch], excludes[batch]):
                progress.update()
                yield [recommendation.item.id for recommendation in recommendations]


def _ranked(
    recommender: Recommender, contexts: Sequence[Dialogue], excludes: Sequence[frozenset[str]]
) -> list[list[Recommendation]]:
    if isinstance(recommender, BatchRecommender):
        return recommender.recommend_batch(contexts, CUTOFFS[-1], excludes)
    return [
        recommender.recommend(context, CUTOFFS[-1], exclude=exclude)
        for context, exclude in zip(contexts, excludes, strict=True)
    ]


def _figures(hits: Sequence[Hit], n_dialogues: int) -> dict[str, Any]:
    ranks = [hit.rank for hit in hits]
    ranked = {"ndcg@10": round(ndcg(ranks, 10), 5), "mrr@10": round(mrr(ranks, 10), 5)}
    return recalls(hits, n_dialogues, CUTOFFS) | ranked


def recalls(hits: Sequence[Hit], n_dialogues: int, cutoffs: Sequence[int]) -> dict[str, Any]:
    """`n` targets, the recall at each cut-off, and under `ci95` the interval of each."""
    ranks = [hit.rank for hit in hits]
    return {
        "n": len(hits),
        **{f"recall@{k}": round(recall(ranks, k), 5) for k in cutoffs},
        "ci95": {f"recall@{k}": recall_interval(hits, k, n_dialogues) for k in cutoffs},
    }


def recall_interval(hits: Sequence[Hit], k: int, n_dialogues: int) -> tuple[float, float]:
    """95% bootstrap interval. Dialogues are resampled, for targets of one are not independent."""
    found = np.array([hit.rank is not None and hit.rank <= k for hit in hits], float)
    return mean_interval(found, [hit.dialogue for hit in hits], n_dialogues)


def mean_interval(
    values: NDArray[np.floating], dialogue_of: Sequence[int], n_dialogues: int
) -> tuple[float, float]:
    """95% bootstrap interval of the mean of `values` (n,), each from one of the dialogues."""
    sums = np.zeros((n_dialogues, 2))  # of the values, and how many there are
    np.add.at(sums, list(dialogue_of), np.stack([values, np.ones(len(values))], 1))
    rows = np.random.default_rng(0).integers(n_dialogues, size=(RESAMPLES, n_dialogues))
    drawn = sums[rows].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / np.maximum(drawn[:, 1], 1), (0.025, 0.975))
    return round(float(low), 5), round(float(high), 5)


def _mode_figures(recommender: ModeRecommender, turns: Sequence[Case]) -> dict[str, float]:
    """Accuracy, and precision, recall and F1 of REC, which is right if the turn names an item."""
    predicted = []
    for start in tqdm(range(0, len(turns), BATCH), desc="choosing modes", unit="batch"):
        contexts = [case.context for case in turns[start : start + BATCH]]
        for probabilities in recommender.mode_probabilities(contexts):
            predicted.append(probabilities["REC"] > probabilities["CHAT"])
    scores = binary_scores(predicted, [bool(case.targets) for case in turns])
    return {name: round(value, 5) for name, value in asdict(scores).items()}

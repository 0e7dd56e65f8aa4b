"""What the retriever finds, by what is searched for: the figures 5 and 7 of ReGeS (sec. 3.5, 3.6).

Three queries are compared: the whole dialogue, the user's last turn, and the search that the model
writes. Each searches by the nearness of texts alone, with the encoder as it came and as it was
tuned, and in the candidate set of the retriever, where all signals count. Cases, targets and
intervals are those of `evaluate`.

Shapes: n items of the catalog, c cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.protocol import Case, cases
from crsdemo.evaluation.rankings import batches
from crsdemo.evaluation.statistics import Hit, ends, mean, recalls
from crsdemo.items.arrays import Floats
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.recommenders.reges import Reges
from crsdemo.recommenders.retriever import Documents, Retriever
from crsdemo.studies.statistics.shares import rank_of

CUTOFFS = (5, 20, 50)
WHOLE, LAST, EXPERT = "whole dialogue", "last user turn", "query of the expert"
UNTUNED, TUNED, SIGNALS = "untuned encoder", "tuned encoder", "all signals"
LAST_WORDS = 140  # of a dialogue: as much of its end as a sentence encoder reads

Rows = Mapping[str, int]  # item id -> row of the catalog
# The ranks of targets, from 1, in the list that is made for the nth case without some items
Ranker = Callable[[int, Sequence[str], frozenset[str]], Sequence[int | None]]


@dataclass(frozen=True)
class Found:
    """What one search found, of all targets and of new ones."""

    query: str  # WHOLE, LAST or EXPERT
    ranker: str  # UNTUNED, TUNED or SIGNALS
    all: tuple[Hit, ...]
    new: tuple[Hit, ...]
    cosines: Floats | None = None  # of the query with each new target that the catalog holds


def evaluate_retrieval(
    retriever: Retriever,
    untuned: Documents,
    expert: Reges,
    rows: Rows,
    dialogues: Sequence[CorpusDialogue],
) -> dict[str, Any]:
    """Every search on every recommender turn that names an item; shows progress on stderr.

    Per search `n`, recall at each cut-off with its interval, for all targets and new ones.
    `better_by` is the recall on new targets less that of the whole dialogue, by the same ranker,
    with the interval of the difference over resampled dialogues. Raises BadInputError if no turn
    names an item.
    """
    turns = [case for case in cases(dialogues) if case.targets]
    if not turns:
        raise BadInputError(
            f"none of the {len(dialogues)} dialogues has a recommender turn that names an item "
            "after another turn; nothing can be evaluated"
        )
    found = list(searched(retriever, untuned, expert, rows, turns))
    whole = {one.ranker: one.new for one in found if one.query == WHOLE}
    return {
        "dialogues": len(dialogues),
        "turns": len(turns),
        "searches": [_figures(one, whole[one.ranker]) for one in found],
        "cosines": [_spread(one, one.cosines) for one in found if one.cosines is not None],
    }


def searched(
    retriever: Retriever, untuned: Documents, expert: Reges, rows: Rows, turns: Sequence[Case]
) -> Iterator[Found]:
    """Each query by each ranker, in `turns` (c,) that name an item."""
    contexts = [case.context for case in turns]
    queries = {
        WHOLE: [whole_dialogue(context) for context in contexts],
        LAST: [last_user_turn(context) for context in contexts],
        EXPERT: [
            search
            for some in batches(contexts, "searches are written")
            for search in expert.searches(some)
        ],
    }
    for ranker, documents in ((UNTUNED, untuned), (TUNED, retriever.documents)):
        for query, texts in queries.items():
            cosines = documents.reader.embed(texts) @ documents.vectors.T  # (c, n)
            ranks = _by_nearness(cosines, rows)
            new = [
                cosines[n, rows[target]]
                for n, case in enumerate(turns)
                for target in case.new_targets
                if target in rows
            ]
            yield Found(query, ranker, *_hits(turns, ranks), np.array(new, np.float32))
    for query, texts in queries.items():
        shown = tqdm(turns, desc=f"candidates by {query}", unit="set")
        yield Found(query, SIGNALS, *_hits(shown, _by_candidates(retriever, turns, texts)))


def _hits(turns: Sequence[Case], ranks: Ranker) -> tuple[tuple[Hit, ...], tuple[Hit, ...]]:
    """Of all targets and of new ones, which are not searched for among those named before."""
    hits: tuple[list[Hit], list[Hit]] = [], []
    for n, case in enumerate(turns):
        hits[0].extend(Hit(case.dialogue, rank) for rank in ranks(n, case.targets, frozenset()))
        if new := case.new_targets:
            struck = frozenset(case.context.mentioned)
            hits[1].extend(Hit(case.dialogue, rank) for rank in ranks(n, new, struck))
    return tuple(hits[0]), tuple(hits[1])


def _by_nearness(cosines: Floats, rows: Rows) -> Ranker:
    """By `cosines` (c, n), the last among equals; no rank of what the catalog does not hold."""

    def ranks(n: int, targets: Sequence[str], struck: frozenset[str]) -> list[int | None]:
        scores = cosines[n].copy()
        scores[[rows[item] for item in struck if item in rows]] = -np.inf
        return [int((scores >= scores[rows[t]]).sum()) if t in rows else None for t in targets]

    return ranks


def _by_candidates(retriever: Retriever, turns: Sequence[Case], texts: Sequence[str]) -> Ranker:
    def ranks(n: int, targets: Sequence[str], struck: frozenset[str]) -> list[int | None]:
        best = retriever.look(turns[n].context, texts[n], CUTOFFS[-1], struck)
        return [rank_of(target, best.shortlist) for target in targets]

    return ranks


def whole_dialogue(dialogue: Dialogue) -> str:
    """What both said, or as much of its end as an encoder reads."""
    words = " ".join(turn.text for turn in dialogue.turns).split()
    return " ".join(words[-LAST_WORDS:])


def last_user_turn(dialogue: Dialogue) -> str:
    """Empty if the user said nothing yet."""
    said = (turn.text for turn in reversed(dialogue.turns) if turn.speaker == "user")
    return next(said, "")


def difference(hits: Sequence[Hit], others: Sequence[Hit], k: int) -> dict[str, Any]:
    """How much higher recall@k of `hits` is than that of `others`, of the same targets."""
    pairs = zip(hits, others, strict=True)
    gain = [float(one.within(k)) - float(other.within(k)) for one, other in pairs]
    by = mean(gain, [hit.dialogue for hit in hits])
    return {"mean": round(by.value or 0.0, 5), "ci95": ends(by)}


def _figures(one: Found, whole: Sequence[Hit]) -> dict[str, Any]:
    row = {"query": one.query, "ranker": one.ranker}
    found = {"all": recalls(one.all, CUTOFFS), "new": recalls(one.new, CUTOFFS)}
    gains = {f"recall@{k}": difference(one.new, whole, k) for k in CUTOFFS}
    return row | found | ({} if one.query == WHOLE else {"better_by": gains})


def _spread(one: Found, cosines: Floats) -> dict[str, Any]:
    """How the cosines lie."""
    quartiles = np.quantile(cosines, (0.25, 0.5, 0.75)) if len(cosines) else ()
    return {
        "query": one.query,
        "ranker": one.ranker,
        "n": len(cosines),
        "mean": round(float(cosines.mean()), 5) if len(cosines) else None,
        "quartiles": [round(float(q), 5) for q in quartiles],
    }

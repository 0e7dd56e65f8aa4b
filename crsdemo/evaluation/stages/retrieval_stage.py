"""What the retriever finds, by what is searched for: the figures 5 and 7 of ReGeS (sec. 3.5, 3.6).

Three queries are compared: the whole dialogue, the user's last turn, and the search that the model
writes. Each searches by the nearness of texts alone, with the encoder as it came and as it was
tuned, and in the candidate set of the retriever, where all signals count. Cases, targets and
intervals are those of `evaluate`.

Shapes: n items of the catalog, c cases, d numbers per vector.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.protocol import Case, cases
from crsdemo.evaluation.rankings import BATCH
from crsdemo.evaluation.statistics import Hit, ends, means, recalls
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.recommenders.candidate_scores import CandidateScores
from crsdemo.recommenders.retriever import Documents
from crsdemo.studies.statistics.metrics import rank_of

Floats = NDArray[np.float32]

CUTOFFS = (5, 20, 50)
WHOLE, LAST, EXPERT = "whole dialogue", "last user turn", "query of the expert"
UNTUNED, TUNED, SIGNALS = "untuned encoder", "tuned encoder", "all signals"
LAST_WORDS = 140  # of a dialogue: as much of its end as a sentence encoder reads


class CandidateFinder(Protocol):
    """What of `retriever.Retriever` is measured."""

    @property
    def documents(self) -> Documents: ...

    def look(
        self, dialogue: Dialogue, query: str, k: int, exclude: Collection[str] = frozenset()
    ) -> CandidateScores:
        """With a shortlist of at most `k`, best first, without those in `exclude`."""
        ...


class QueryWriter(Protocol):
    """Writes what to search for, as `Reges` does."""

    def searches(self, dialogues: Sequence[Dialogue]) -> list[str]: ...


@dataclass(frozen=True)
class Search:
    """What was searched for and what ranked."""

    query: str  # WHOLE, LAST or EXPERT
    ranker: str  # UNTUNED, TUNED or SIGNALS


@dataclass(frozen=True)
class Found:
    """What one search found, of all targets and of new ones."""

    search: Search
    all: tuple[Hit, ...]
    new: tuple[Hit, ...]


@dataclass(frozen=True)
class Nearness:
    """Cosine of a query with each new target that the catalog holds."""

    search: Search
    cosines: Floats


@dataclass(frozen=True)
class RetrievalReport:
    """All searches on the same cases."""

    dialogues: int
    turns: int
    found: tuple[Found, ...]
    nearness: tuple[Nearness, ...]

    def as_json(self) -> dict[str, Any]:
        """Per search `n`, recall at each cut-off with its interval, for all targets and new ones.

        `better_by` is the recall on new targets less that of the whole dialogue, by the same
        ranker, with the interval of the difference over resampled dialogues.
        """
        return {
            "dialogues": self.dialogues,
            "turns": self.turns,
            "searches": [self._row(one) for one in self.found],
            "cosines": [_spread(one) for one in self.nearness],
        }

    def _row(self, one: Found) -> dict[str, Any]:
        row = _named(one.search) | {
            "all": recalls(one.all, CUTOFFS),
            "new": recalls(one.new, CUTOFFS),
        }
        if one.search.query != WHOLE:
            whole = next(f for f in self.found if f.search == Search(WHOLE, one.search.ranker))
            row["better_by"] = {f"recall@{k}": difference(one.new, whole.new, k) for k in CUTOFFS}
        return row


def difference(hits: Sequence[Hit], others: Sequence[Hit], k: int) -> dict[str, Any]:
    """How much higher recall@k of `hits` is than that of `others`, of the same targets."""
    pairs = list(zip(hits, others, strict=True))
    gain = [[float(one.within(k)) - float(other.within(k))] for one, other in pairs]
    by = means(np.reshape(gain, (len(hits), 1)), [str(hit.dialogue) for hit in hits])[0]
    return {"mean": round(by.value or 0.0, 5), "ci95": ends(by)}


def evaluate_retrieval(
    retriever: CandidateFinder,
    untuned: Documents,
    expert: QueryWriter,
    catalog: Catalog,
    dialogues: Sequence[CorpusDialogue],
) -> RetrievalReport:
    """Every search on every recommender turn that names an item; shows progress on stderr.

    Raises BadInputError if no turn names one.
    """
    turns = [case for case in cases(dialogues) if case.targets]
    if not turns:
        raise BadInputError(
            f"none of the {len(dialogues)} dialogues has a recommender turn that names an item "
            "after another turn; nothing can be evaluated"
        )
    evaluation = _Evaluation(retriever, untuned, catalog, turns)
    queries = _queries([case.context for case in turns], expert)
    return RetrievalReport(len(dialogues), len(turns), *evaluation.searched(queries))


def _queries(contexts: Sequence[Dialogue], expert: QueryWriter) -> Mapping[str, Sequence[str]]:
    """(c,) of each kind."""
    return {
        WHOLE: [whole_dialogue(context) for context in contexts],
        LAST: [last_user_turn(context) for context in contexts],
        EXPERT: list(_searches(contexts, expert)),
    }


def _searches(contexts: Sequence[Dialogue], expert: QueryWriter) -> Iterator[str]:
    for start in tqdm(range(0, len(contexts), BATCH), desc="searches are written", unit="batch"):
        yield from expert.searches(contexts[start : start + BATCH])


def whole_dialogue(dialogue: Dialogue) -> str:
    """What both said, or as much of its end as an encoder reads."""
    words = " ".join(turn.text for turn in dialogue.turns).split()
    return " ".join(words[-LAST_WORDS:])


def last_user_turn(dialogue: Dialogue) -> str:
    """Empty if the user said nothing yet."""
    said = (turn.text for turn in reversed(dialogue.turns) if turn.speaker == "user")
    return next(said, "")


@dataclass(frozen=True)
class _Evaluation:
    """The cases and what searches for them."""

    retriever: CandidateFinder
    untuned: Documents
    catalog: Catalog
    turns: Sequence[Case]

    def searched(
        self, queries: Mapping[str, Sequence[str]]
    ) -> tuple[tuple[Found, ...], tuple[Nearness, ...]]:
        found, nearness = [], []
        for ranker, dense in ((UNTUNED, self.untuned), (TUNED, self.retriever.documents)):
            for kind, texts in queries.items():
                search = Search(kind, ranker)
                cosines = dense.reader.embed(texts) @ dense.vectors.T
                found.append(Found(search, self._dense(cosines, False), self._dense(cosines, True)))
                nearness.append(Nearness(search, self._to_targets(cosines)))
        for kind, texts in queries.items():
            search = Search(kind, SIGNALS)
            found.append(Found(search, self._set(texts, kind, False), self._set(texts, kind, True)))
        return tuple(found), tuple(nearness)

    def _dense(self, cosines: Floats, new: bool) -> tuple[Hit, ...]:
        """By `cosines` (c, n)."""
        return tuple(
            Hit(case.dialogue, self._rank(row, target, _struck(case, new)))
            for case, row in zip(self.turns, cosines, strict=True)
            for target in _wanted(case, new)
        )

    def _rank(self, scores: Floats, target: str, struck: frozenset[str]) -> int | None:
        """From 1, the last among equals; None for a target that the catalog does not hold."""
        if target not in self.catalog.row:
            return None
        as_good = scores >= scores[self.catalog.row[target]]
        as_good[[self.catalog.row[item] for item in struck if item in self.catalog.row]] = False
        return int(as_good.sum())

    def _set(self, queries: Sequence[str], kind: str, new: bool) -> tuple[Hit, ...]:
        """By the candidates of the retriever."""
        progress = tqdm(queries, desc=f"candidates by {kind}", unit="set")
        hits: list[Hit] = []
        for case, query in zip(self.turns, progress, strict=True):
            if wanted := _wanted(case, new):
                best = self.retriever.look(case.context, query, CUTOFFS[-1], _struck(case, new))
                hits += [Hit(case.dialogue, rank_of(t, best.shortlist)) for t in wanted]
        return tuple(hits)

    def _to_targets(self, cosines: Floats) -> Floats:
        return np.array(list(self._target_cosines(cosines)), np.float32)

    def _target_cosines(self, cosines: Floats) -> Iterator[float]:
        for case, row in zip(self.turns, cosines, strict=True):
            known = (target for target in case.new_targets if target in self.catalog.row)
            yield from (float(row[self.catalog.row[target]]) for target in known)


def _wanted(case: Case, new: bool) -> tuple[str, ...]:
    return case.new_targets if new else case.targets


def _struck(case: Case, new: bool) -> frozenset[str]:
    """Where new items are wanted those named before are not searched among."""
    return frozenset(case.context.mentioned if new else ())


def _named(search: Search) -> dict[str, Any]:
    return {"query": search.query, "ranker": search.ranker}


def _spread(one: Nearness) -> dict[str, Any]:
    """How the cosines lie."""
    values = one.cosines
    quartiles = np.quantile(values, (0.25, 0.5, 0.75)) if len(values) else ()
    return _named(one.search) | {
        "n": len(values),
        "mean": round(float(values.mean()), 5) if len(values) else None,
        "quartiles": [round(float(q), 5) for q in quartiles],
    }

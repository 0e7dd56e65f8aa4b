"""Searches on dialogues whose answers are worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Mention, Speaker, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.protocol import cases
from crsdemo.evaluation.stages.retrieval_stage import (
    CUTOFFS,
    EXPERT,
    LAST,
    SIGNALS,
    TUNED,
    UNTUNED,
    WHOLE,
    Found,
    difference,
    evaluate_retrieval,
    searched,
    whole_dialogue,
)
from crsdemo.evaluation.statistics import Hit
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.recommenders.candidate_scores import CandidateScores
from crsdemo.recommenders.reges import Reges
from crsdemo.recommenders.retriever import Documents, Retriever

TITLES = ("Harbour Lights", "Paper Moose", "Seven Kettles", "The Long Way Down", "Zebra Street")
N_ITEMS = 30  # films without a title of their own come last
CATALOG = Catalog(
    tuple(
        Item(f"f{n}", TITLES[n] if n < len(TITLES) else f"Film {n}", 2000) for n in range(N_ITEMS)
    )
)


class Titles:
    """As an encoder: each item has a direction of its own; a text points to those it names."""

    dim = N_ITEMS

    def __init__(self, deaf_to: str = "") -> None:
        self.deaf_to = deaf_to

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        heard = [[self._hears(item.title, text) for item in CATALOG] for text in texts]
        vectors = np.array(heard, np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: NDArray[np.float32] = vectors / np.maximum(lengths, 1e-9)
        return unit

    def _hears(self, title: str, text: str) -> bool:
        return title in text and title != self.deaf_to

    def documents(self) -> Documents:
        return Documents(self, np.eye(N_ITEMS, dtype=np.float32))  # type: ignore[arg-type]  # a stand-in


class Backwards:
    """Goes backwards through the catalog, whatever is asked, and keeps what was asked."""

    def __init__(self) -> None:
        self.documents = Titles().documents()
        self.asked: list[tuple[int, str, int, frozenset[str]]] = []

    def look(
        self, dialogue: Dialogue, query: str, k: int, exclude: Collection[str] = frozenset()
    ) -> CandidateScores:
        self.asked.append((len(dialogue.turns), query, k, frozenset(exclude)))
        kept = [item.id for item in reversed(CATALOG.items) if item.id not in exclude]
        return CandidateScores(shortlist=tuple(kept[:k]))


class Seer:
    """Always asks for Zebra Street."""

    def searches(self, dialogues: Sequence[Dialogue]) -> list[str]:
        return ["like Zebra Street"] * len(dialogues)


def stand_ins(retriever: Backwards | None = None) -> tuple[Retriever, Reges]:
    return cast(Retriever, retriever or Backwards()), cast(Reges, Seer())


def said(speaker: Speaker, text: str, *items: str) -> Turn:
    mentions = tuple(Mention(len(text), len(text), item) for item in items)
    return Turn(speaker, text, mentions)


DIALOGUES = [
    CorpusDialogue(
        "1",
        Dialogue(
            (
                said("user", "I like Paper Moose", "f1"),
                said("assistant", "Then Zebra Street", "f4"),
                said("user", "Or Seven Kettles?", "f2"),
                said("assistant", "No, Paper Moose or Nowhere", "f1", "inspired:Nowhere"),
            )
        ),
    ),
    CorpusDialogue("2", Dialogue((said("user", "hi"), said("assistant", "hello")))),
]


def found(deaf_to: str = "", retriever: Backwards | None = None) -> dict[tuple[str, str], Found]:
    """By query and ranker. The untuned encoder may be deaf to a title."""
    untuned = Titles(deaf_to).documents()
    turns = [case for case in cases(DIALOGUES) if case.targets]
    backwards, seer = stand_ins(retriever)
    made = searched(backwards, untuned, seer, CATALOG.row, turns)
    return {(one.query, one.ranker): one for one in made}


def ranks(found: Found) -> tuple[list[int | None], list[int | None]]:
    """Of all targets and of new ones."""
    return [hit.rank for hit in found.all], [hit.rank for hit in found.new]


def test_each_target_is_ranked_by_each_query() -> None:
    made = found()
    # Zebra Street after the first turn; Paper Moose and Nowhere after the third. Equals come
    # behind: of what a query does not name all are equal.
    assert ranks(made[EXPERT, TUNED]) == ([1, 30, None], [1, None])
    assert ranks(made[LAST, TUNED]) == ([30, 30, None], [29, None])
    assert ranks(made[WHOLE, TUNED]) == ([30, 3, None], [29, None])
    assert ranks(made[EXPERT, SIGNALS]) == ([26, 29, None], [26, None])


def test_films_named_before_are_struck_where_new_ones_are_wanted() -> None:
    retriever = Backwards()
    found(retriever=retriever)
    struck = [exclude for turns, _, _, exclude in retriever.asked]
    assert struck.count(frozenset({"f1"})) == 3  # one for each query
    assert struck.count(frozenset()) == 6
    assert frozenset({"f1", "f4", "f2"}) in struck
    assert {k for _, _, k, _ in retriever.asked} == {CUTOFFS[-1]}


def test_candidates_are_found_by_each_kind_of_query() -> None:
    retriever = Backwards()
    found(retriever=retriever)
    assert {text for turns, text, _, _ in retriever.asked if turns == 3} == {
        "I like Paper Moose Then Zebra Street Or Seven Kettles?",
        "Or Seven Kettles?",
        "like Zebra Street",
    }


def test_both_encoders_are_measured_and_may_differ() -> None:
    made = found(deaf_to="Zebra Street")
    assert ranks(made[EXPERT, UNTUNED])[1][0] == 29
    assert ranks(made[EXPERT, TUNED])[1][0] == 1
    deaf, hearing = made[EXPERT, UNTUNED].cosines, made[EXPERT, TUNED].cosines
    assert deaf is not None and deaf.tolist() == [0.0]
    assert hearing is not None and hearing.tolist() == [1.0]  # a film outside the catalog has none


def test_the_report_says_how_many_and_by_how_much_better() -> None:
    documents, rows = Titles().documents(), CATALOG.row
    backwards, seer = stand_ins()
    report = evaluate_retrieval(backwards, documents, seer, rows, DIALOGUES)
    row = json.loads(json.dumps(report))
    assert (row["dialogues"], row["turns"], len(row["searches"])) == (2, 2, 9)
    by = {(one["query"], one["ranker"]): one for one in row["searches"]}
    expert, whole = by[EXPERT, TUNED], by[WHOLE, TUNED]
    assert (expert["all"]["n"], expert["new"]["n"]) == (3, 2)
    assert expert["new"]["recall@5"] == 0.5
    assert whole["new"]["recall@5"] == 0
    assert expert["better_by"]["recall@5"]["mean"] == 0.5
    assert "better_by" not in whole
    cosines = next(one for one in row["cosines"] if one["query"] == EXPERT)
    assert (cosines["n"], cosines["mean"]) == (1, 1.0)


def test_a_difference_is_sure_only_if_most_dialogues_agree() -> None:
    hits = [Hit(n, 1 if n % 2 else None) for n in range(40)]
    worse = [Hit(n, None) for n in range(40)]
    assert difference(hits, hits, 5) == {"mean": 0.0, "ci95": (0.0, 0.0)}
    gain = difference(hits, worse, 5)
    assert gain["mean"] == 0.5
    assert 0.3 < gain["ci95"][0] < 0.5 < gain["ci95"][1] < 0.7
    one_of_many = difference([Hit(0, 1), *worse[1:]], worse, 5)
    assert one_of_many["ci95"][0] == 0


def test_of_a_long_dialogue_the_end_is_searched_for() -> None:
    long = Dialogue(tuple(said("user", f"word{n} and more") for n in range(500)))
    assert whole_dialogue(long).endswith("word499 and more")
    assert "word1 " not in whole_dialogue(long)


def test_dialogues_that_recommend_nothing_are_refused() -> None:
    backwards, seer = stand_ins()
    with pytest.raises(BadInputError, match="none of the 1 dialogues"):
        evaluate_retrieval(backwards, Titles().documents(), seer, CATALOG.row, DIALOGUES[1:])

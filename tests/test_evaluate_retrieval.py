"""Searches on dialogues whose answers are worked out by hand, and the pictures made of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from crsdemo.catalog import Catalog, Item
from crsdemo.corpus import CorpusDialogue
from crsdemo.dialogue import Dialogue, Mention, Turn
from crsdemo.errors import BadInputError
from crsdemo.evaluate import Hit
from crsdemo.evaluate_retrieval import (
    CUTOFFS,
    EXPERT,
    LAST,
    SIGNALS,
    TUNED,
    UNTUNED,
    WHOLE,
    EncodedItems,
    RetrievalReport,
    Search,
    difference,
    evaluate_retrieval,
    whole_dialogue,
)
from crsdemo.query import PseudoQuery
from crsdemo.recommender import Recommendation
from crsdemo.retrieval_figures import write_figures

TITLES = ("Harbour Lights", "Paper Moose", "Seven Kettles", "The Long Way Down", "Zebra Street")
N_ITEMS = 30  # films without a title of their own come last
CATALOG = Catalog(
    tuple(
        Item(f"f{n}", TITLES[n] if n < len(TITLES) else f"Film {n}", 2000) for n in range(N_ITEMS)
    )
)


class Titles:
    """Each item has a direction of its own; a text points to the items whose titles it holds."""

    documents = np.eye(N_ITEMS, dtype=np.float32)

    def __init__(self, deaf_to: str = "") -> None:
        self.deaf_to = deaf_to
        self.asked: list[tuple[int, str, int, frozenset[str]]] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        heard = [[self._hears(item.title, text) for item in CATALOG] for text in texts]
        vectors = np.array(heard, np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def _hears(self, title: str, text: str) -> bool:
        return title in text and title != self.deaf_to

    def candidates(
        self, dialogue: Dialogue, query: PseudoQuery, k: int, exclude: frozenset[str]
    ) -> list[Recommendation]:
        """Backwards through the catalog, whatever is asked."""
        self.asked.append((len(dialogue.turns), query.text, k, exclude))
        kept = [item for item in reversed(CATALOG.items) if item.id not in exclude]
        return [Recommendation(item, 0.0) for item in kept][:k]


class Seer:
    """Always asks for Zebra Street."""

    def write_all(self, dialogues: Sequence[Dialogue]) -> list[PseudoQuery]:
        return [PseudoQuery(("like ", CATALOG.item("f4"))) for _ in dialogues]


def said(speaker: str, text: str, *items: str) -> Turn:
    mentions = tuple(Mention(len(text), len(text), item) for item in items)
    return Turn(speaker, text, mentions)  # type: ignore[arg-type]


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


def report(untuned: Titles | None = None, tuned: Titles | None = None) -> RetrievalReport:
    return evaluate_retrieval(tuned or Titles(), untuned or Titles(), Seer(), CATALOG, DIALOGUES)


def ranks(made: RetrievalReport, query: str, ranker: str) -> tuple[list, list]:
    """Of all targets and of new ones."""
    found = next(one for one in made.found if one.search == Search(query, ranker))
    return [hit.rank for hit in found.all], [hit.rank for hit in found.new]


def test_each_target_is_ranked_by_each_query() -> None:
    made = report()
    assert (made.dialogues, made.turns) == (2, 2)
    # Zebra Street after the first turn; Paper Moose and Nowhere after the third. Equals come
    # behind: of what a query does not name all are equal.
    assert ranks(made, EXPERT, TUNED) == ([1, 30, None], [1, None])
    assert ranks(made, LAST, TUNED) == ([30, 30, None], [29, None])
    assert ranks(made, WHOLE, TUNED) == ([30, 3, None], [29, None])
    assert ranks(made, EXPERT, SIGNALS) == ([26, 29, None], [26, None])


def test_films_named_before_are_struck_where_new_ones_are_wanted() -> None:
    tuned = Titles()
    report(tuned=tuned)
    struck = [exclude for turns, _, _, exclude in tuned.asked]
    assert struck.count(frozenset({"f1"})) == 3  # one for each query
    assert struck.count(frozenset()) == 6
    assert frozenset({"f1", "f4", "f2"}) in struck
    assert {k for _, _, k, _ in tuned.asked} == {CUTOFFS[-1]}


def test_candidates_are_found_by_each_kind_of_query() -> None:
    tuned = Titles()
    report(tuned=tuned)
    assert {text for turns, text, _, _ in tuned.asked if turns == 3} == {
        "I like Paper Moose Then Zebra Street Or Seven Kettles?",
        "Or Seven Kettles?",
        "like Zebra Street (2000)",
    }


def test_both_encoders_are_measured_and_may_differ() -> None:
    made = report(untuned=Titles(deaf_to="Zebra Street"))
    assert ranks(made, EXPERT, UNTUNED)[1][0] == 29
    assert ranks(made, EXPERT, TUNED)[1][0] == 1
    cosines = {one.search: one.cosines.tolist() for one in made.nearness}
    assert cosines[Search(EXPERT, UNTUNED)] == [0.0]
    assert cosines[Search(EXPERT, TUNED)] == [1.0]  # a film outside the catalog has none


def test_the_report_says_how_many_and_by_how_much_better() -> None:
    row = json.loads(json.dumps(report().as_json()))
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
    assert difference(hits, hits, 5, 40) == {"mean": 0.0, "ci95": (0.0, 0.0)}
    gain = difference(hits, worse, 5, 40)
    assert gain["mean"] == 0.5
    assert 0.3 < gain["ci95"][0] < 0.5 < gain["ci95"][1] < 0.7
    one_of_many = difference([Hit(0, 1), *worse[1:]], worse, 5, 40)
    assert one_of_many["ci95"][0] == 0


def test_of_a_long_dialogue_the_end_is_searched_for() -> None:
    long = Dialogue(tuple(said("user", f"word{n} and more") for n in range(500)))
    assert whole_dialogue(long).endswith("word499 and more")
    assert "word1 " not in whole_dialogue(long)


def test_dialogues_that_recommend_nothing_are_refused() -> None:
    with pytest.raises(BadInputError, match="none of the 1 dialogues"):
        evaluate_retrieval(Titles(), Titles(), Seer(), CATALOG, DIALOGUES[1:])


def test_an_encoder_as_it_came_finds_the_film_that_a_text_describes() -> None:
    from films import BY_TITLE
    from films import CATALOG as FILMS

    from crsdemo.encoder import TextEncoder

    items = EncodedItems.of(FILMS, TextEncoder())
    scores = items.embed(["a western by Clint Eastwood about revenge"]) @ items.documents.T
    assert FILMS[int(scores.argmax())] == BY_TITLE["Unforgiven"]


def test_the_pictures_show_the_recalls_and_cosines_of_the_report(tmp_path: Path) -> None:
    made = report(untuned=Titles(deaf_to="Zebra Street"))
    folder = tmp_path / "deep" / "figures"
    assert {path.name for path in write_figures(made, folder)} == {
        "recall.html", "recall.json", "cosine.html", "cosine.json"
    }  # fmt: skip
    assert (folder / "plotly.min.js").is_file()
    assert 'src="plotly.min.js"' in (folder / "recall.html").read_text()
    recall = json.loads((folder / "recall.json").read_text())
    assert "2 targets in 2 dialogues" in recall["layout"]["title"]["text"]
    bars = [(trace["name"], trace["xaxis"], trace["y"]) for trace in recall["data"]]
    assert (EXPERT, "x2", [0.5, 0.5, 0.5, 0.5]) in bars
    assert (EXPERT, "x", [0.0, 0.0, 0.5, 0.5]) in bars
    cosine = json.loads((folder / "cosine.json").read_text())
    shapes = {(trace["name"], trace["xaxis"]): trace["x"] for trace in cosine["data"]}
    assert (shapes[EXPERT, "x"], shapes[EXPERT, "x2"]) == ([0.0], [1.0])
    assert "n = 1" in cosine["layout"]["title"]["text"]

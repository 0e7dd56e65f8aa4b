"""The baselines that count: what they rank, hide and say."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Trained
from films import BY_TITLE
from scipy import sparse

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.errors import CatalogError
from crsdemo.core.recommender import Plan, Recommender, reply
from crsdemo.recommenders.loading import BASELINES, PLAIN, Shelf
from crsdemo.recommenders.signal_baselines import CoOccurrence

COUNTS = {"a": 1, "b": 7, "c": 3, "d": 5}
ITEMS = Catalog(tuple(Item(name, name.upper(), popularity=n) for name, n in COUNTS.items()))
TOGETHER = sparse.csr_matrix(
    np.array([[0, 0, 2, 1], [0, 0, 0, 3], [2, 0, 0, 0], [1, 3, 0, 0]], np.float32)
)


def naming(*item_ids: str) -> Dialogue:
    mentions = tuple(Mention(n, n + 1, one) for n, one in enumerate(item_ids))
    return Dialogue((Turn("user", "x" * len(item_ids), mentions),))


def ranking(recommender: Recommender, dialogue: Dialogue, **options: Any) -> list[str]:
    return [r.item.id for r in recommender.recommend(dialogue, 4, **options)]


def test_co_occurrence_counts_shared_dialogues_and_falls_back_to_popularity() -> None:
    system = CoOccurrence(ITEMS, TOGETHER)
    assert ranking(system, Dialogue()) == ["b", "d", "c", "a"]
    assert ranking(system, naming("a")) == ["c", "d", "b", "a"]
    assert ranking(system, naming("a", "b", "unknown")) == ["d", "c", "b", "a"]  # 1 + 3, then 2
    assert ranking(system, naming("a"), exclude=frozenset("cb")) == ["d", "a"]
    best = system.recommend(naming("a", "b"), 1)[0]
    assert best.signals[0].value == 4


def test_co_occurrence_says_what_it_is_and_repeats_nothing() -> None:
    answer = reply(CoOccurrence(ITEMS, TOGETHER), naming("a", "c"))
    assert answer.item == ITEMS.item("d")
    assert "baseline" not in answer.text and "occurrence" not in answer.text
    assert answer.provenance.recommender == "co-occurrence"


@pytest.mark.parametrize("name", ["signals", "signals-trees"])
def test_the_sum_of_signals_ranks_and_names_no_system(trained: Trained, name: str) -> None:
    system = Shelf(trained_catalog(trained), trained.catalog).get(name)
    dialogue = Dialogue((Turn("user", "something scary, please"),))
    ranked = system.recommend(dialogue, 5)
    scores = [one.score for one in ranked]
    assert len(ranked) == 5 and scores == sorted(scores, reverse=True)
    answer = reply(system, dialogue)
    assert not {"signal", "sum", "trees", "model"} & set(answer.text.lower().split())
    first = ranked[0].item.id
    assert first not in ranking(system, dialogue, exclude=frozenset({first}))


def test_what_the_user_refuses_is_hidden(trained: Trained) -> None:
    system = Shelf(trained_catalog(trained), trained.catalog).get("signals")
    alien = BY_TITLE["Alien"]
    genre = alien.genres[0]
    refused = Dialogue((Turn("user", f"Anything, but no {genre}, I hate {genre}"),))
    kept = ranking(system, refused)
    hidden = {i.id for i in trained_catalog(trained) if genre in i.genres}
    assert hidden and not hidden & set(kept)


def test_the_shelf_offers_what_the_catalog_can_answer(trained: Trained, tmp_path: Path) -> None:
    catalog = trained_catalog(trained)
    assert Shelf(catalog, trained.catalog, tmp_path).names == BASELINES
    bare = Shelf(catalog, tmp_path, tmp_path)
    assert bare.names[-2:] == PLAIN
    shelf = Shelf(catalog, trained.catalog, tmp_path)
    assert shelf.get("co-occurrence").name == "co-occurrence"
    with pytest.raises(CatalogError):
        bare.get("signals")


def trained_catalog(trained: Trained) -> Catalog:
    return Catalog.load(trained.catalog)


@pytest.mark.parametrize("name", BASELINES)
def test_no_reply_says_whose_it_is(trained: Trained, name: str) -> None:
    catalog = trained_catalog(trained)
    system = Shelf(catalog, trained.catalog).get(name)
    dialogue = Dialogue((Turn("user", "who are you? something scary, please"),))
    everything = frozenset(item.id for item in catalog)
    plans = Plan(), Plan(mode="CHAT"), Plan(avoid=everything), Plan(item_id=catalog[0].id)
    telling = {
        *name.split("-"),
        *["baseline", "system", "model", "signal", "trees", "popularity", "gcrs", "reges"],
    }
    for plan in plans:
        *_, answer = system.stream(dialogue, plan)
        words = [p.lower() for p in answer.pieces if isinstance(p, str)]
        assert not {w for w in telling for text in words if re.search(rf"\b{w}", text)}, words

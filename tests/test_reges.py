"""ReGeS end to end on tiny models: search, candidates, choice, words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from films import CATALOG
from talks import said

from crsdemo.catalog import Catalog, Item
from crsdemo.commons import Commons
from crsdemo.encoder import TextEncoder
from crsdemo.errors import CatalogError, CheckpointError
from crsdemo.generative import Generative, Words
from crsdemo.recommender import Plan, reply
from crsdemo.reges import RetrievalGuide, load_reges
from crsdemo.retriever import FILE, SEARCH_SIGNALS, Documents, QueryReader, search_signals
from crsdemo.train import reges_stage
from crsdemo.train.fit_prior import FOLDS, PriorConfig, dealt
from crsdemo.train.query_pairs import talk_pairs
from crsdemo.train.stages import lay_ground

TALKS = [
    said("I want something creepy tonight"),
    said("I loved Alien", "It is great. What else do you like?", "space and robots"),
    said("a quiet drama, please"),
]


@pytest.fixture
def few(reges: Generative) -> Generative:
    """The same with a shortlist of six."""
    assert isinstance(reges.guide, RetrievalGuide)
    guide = replace(reges.guide, k=6)
    return Generative("few", reges.speaker, CATALOG, guide, words=reges.words)


def test_the_item_is_one_of_the_candidates(few) -> None:
    for talk in TALKS:
        last = reply(few, talk, Plan(mode="REC"))
        shortlist = few.guide.look(talk, frozenset(talk.mentioned)).shortlist
        assert len(shortlist) == 6
        assert last.item is not None
        assert last.item.id in shortlist
        assert {one.item.id for one in last.evidence.candidates} == set(shortlist)


def test_evidence_holds_query_signals_and_times_and_no_trie_path(few) -> None:
    evidence = reply(few, TALKS[0], Plan(mode="REC")).evidence
    assert evidence.query
    assert evidence.path == ()
    assert all(one.signals for one in evidence.candidates)
    assert [t.step for t in evidence.timings][:2] == [
        "putting the search into words",
        "finding 6 candidates",
    ]


def test_what_was_named_is_not_retrieved(few) -> None:
    talk = TALKS[1]
    assert talk.mentioned
    found = few.recommend(talk, 10, exclude=frozenset(talk.mentioned))
    assert len(found) == 6
    assert not {one.item.id for one in found} & set(talk.mentioned)


def test_without_the_retrievers_scores_the_item_expert_orders_the_same_candidates(few) -> None:
    alone = Generative(
        "alone", few.speaker, CATALOG, replace(few.guide, scored=False), words=few.words
    )
    mine, its = few.recommend(TALKS[0], 6), alone.recommend(TALKS[0], 6)
    assert {one.item.id for one in mine} == {one.item.id for one in its}
    assert [one.score for one in mine] != [one.score for one in its]


def test_the_prompt_shows_the_candidates_before_the_dialogue(few) -> None:
    last = reply(few, TALKS[0], Plan(mode="REC"))
    assert last.prompt.startswith("<CARD>")
    assert last.prompt.index("</CARD>") < last.prompt.index("<USER>")


def test_preferences_stand_between_the_dialogue_and_the_choice(trained, reges_folder) -> None:
    commons = Commons(CATALOG, trained.catalog)
    thinking = load_reges(reges_folder, commons, think=True)
    thinking.words = Words(max_tokens=16)
    last = reply(thinking, TALKS[0], Plan(mode="REC"))
    assert last.prompt.rpartition("<ASSISTANT>")[2].startswith("<RESP>")
    assert last.item is not None


def test_overlapping_requests_get_what_each_gets_alone(reges, generative) -> None:
    """Two systems over one base, each a merged model of its own: nothing leaks between threads."""
    asks = [(model, talk) for model in (reges, generative) for talk in TALKS] * 3

    def ask(one) -> tuple:
        last = reply(one[0], one[1], Plan(mode="REC"))
        return last.output_ids, last.evidence.query, last.evidence.modes

    alone = [ask(one) for one in asks]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, asks)) == alone


def test_a_film_added_to_the_catalog_is_retrieved_without_training(trained, reges_folder) -> None:
    new = Item(
        "new",
        "The Lamp of Zanzibar",
        2025,
        {"genres": ("western",), "cast": ("Zelda Quux",), "keywords": ("lighthouse",)},
    )
    larger = Catalog((*CATALOG.items, new))
    reges = load_reges(reges_folder, Commons(larger, trained.catalog))
    guide = reges.guide
    assert isinstance(guide, RetrievalGuide)
    near = guide.retriever.documents.nearest(["a western about a lighthouse with Zelda Quux"], 1)
    assert larger[int(near.rows[0, 0])].id == "new"
    assert guide.retriever.look(TALKS[0], "western lighthouse", len(larger)).shortlist.count("new")
    assert reply(reges, TALKS[0], Plan(item_id="new")).item == new


def test_descriptions_are_encoded_only_when_they_changed(tmp_path) -> None:
    encoder = TextEncoder()
    documents = Documents.of(CATALOG, QueryReader(encoder))
    documents.save(CATALOG, tmp_path)
    read: list[str] = []

    class Counting(TextEncoder):
        def __init__(self) -> None:
            self.dim = encoder.dim

        def embed(self, texts, batch_size=64):
            read.extend(texts)
            return encoder.embed(texts)

    again = Documents.of(CATALOG, QueryReader(Counting()), tmp_path)
    assert read == []
    assert np.allclose(again.vectors, documents.vectors, atol=1e-3)
    first = CATALOG[0]
    changed = replace(first, facts={**first.facts, "keywords": ("submarine",)})
    Documents.of(Catalog((changed, *CATALOG.items[1:])), QueryReader(Counting()), tmp_path)
    assert len(read) == 1
    assert "submarine" in read[0]


def test_damaged_descriptions_are_named(tmp_path) -> None:
    (tmp_path / FILE).write_bytes(b"no tensors")
    with pytest.raises(CheckpointError, match=r"documents.safetensors is damaged"):
        Documents.of(CATALOG, QueryReader(TextEncoder()), tmp_path)


def test_a_ranker_of_other_signals_is_refused(trained, reges_folder, tmp_path) -> None:
    from crsdemo.ranker import FILE as RANKER
    from crsdemo.ranker import Ranker

    with pytest.raises(CatalogError, match="weighs other signals"):
        Ranker.load(trained.catalog / RANKER, SEARCH_SIGNALS)


def test_the_search_and_the_talk_are_signals_of_their_own(reges) -> None:
    retriever = reges.guide.retriever
    first, second = retriever.documents.vectors[:2]
    near = search_signals(retriever.prior, retriever.documents, "a western", first, second)
    assert near.shape == (len(SEARCH_SIGNALS), len(CATALOG))
    assert near[0].argmax() == 0 and near[1].argmax() == 1
    genre = near[SEARCH_SIGNALS.index("a genre in my search")]
    assert genre.tolist() == ["western" in item.genres for item in CATALOG]


def test_a_training_turn_is_read_by_a_map_that_did_not_learn_from_it(
    trained, reges, monkeypatch
) -> None:
    config = PriorConfig(**trained.sources)
    monkeypatch.chdir(trained.folder)
    ground = lay_ground(config)
    learned_from: list[set[str]] = []

    def spy(queries, documents, pairs, catalog, config):
        learned_from.append({pair.query for pair in pairs})
        return np.concatenate([np.eye(queries.shape[1]), np.zeros((1, queries.shape[1]))])

    monkeypatch.setattr(reges_stage, "query_map", spy)
    readers = list(reges_stage.fold_readers(config, ground, reges.guide.retriever.documents))
    assert len(readers) == FOLDS == len(learned_from)
    for fold, one in dealt(ground, config.seed):
        for pair in talk_pairs([one], ground.catalog):
            others = [f for f in range(FOLDS) if pair.query in learned_from[f]]
            assert fold not in others and others, pair.query

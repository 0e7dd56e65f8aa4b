"""What holds for every recommender, and what holds for the generative one besides."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from films import BY_TITLE, CATALOG
from talks import said

from crsdemo.catalog import Item
from crsdemo.dialogue import Dialogue, Turn
from crsdemo.errors import CatalogError
from crsdemo.generative import Generative
from crsdemo.guide import PriorGuide
from crsdemo.popularity import Popularity, RepeatLast
from crsdemo.recommender import Plan, Recommender, Reply, reply

HEAT, ALIEN, JAWS = BY_TITLE["Heat"], BY_TITLE["Alien"], BY_TITLE["Jaws"]
RECOMMENDERS = ("popularity", "repeat-last", "generative", "model alone")


TALKS = (
    said("something scary with ghosts"),
    said("I loved Heat and Jaws", "Then try Alien.", "seen it. who is in it?"),
    said("hello"),
    said("thanks, bye"),
)


@pytest.fixture(params=RECOMMENDERS)
def recommender(request) -> Recommender:
    if request.param in ("generative", "model alone"):
        return request.getfixturevalue(request.param.replace(" ", "_"))
    return {"popularity": Popularity, "repeat-last": RepeatLast}[request.param](CATALOG)


@pytest.fixture(scope="module")
def model_alone(generative) -> Generative:
    """The same without the prior."""
    known = generative
    return Generative("alone", known.speaker, CATALOG, words=known.words)


def same(one: Reply, other: Reply) -> bool:
    """Equal but for the timings."""
    return (one.pieces, one.mode, one.item, one.output_ids, one.evidence.modes) == (
        other.pieces,
        other.mode,
        other.item,
        other.output_ids,
        other.evidence.modes,
    )


# every recommender


@pytest.mark.parametrize("k", [1, 5, 32, 50])
def test_at_most_k_different_items_come_best_first(recommender: Recommender, k: int) -> None:
    found = recommender.recommend(TALKS[1], k)
    ids = [one.item.id for one in found]
    assert len(ids) == len(set(ids)) == min(k, len(CATALOG))
    assert all(one.item == CATALOG.item(one.item.id) for one in found)
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)


def test_excluded_items_never_come(recommender: Recommender) -> None:
    first = recommender.recommend(TALKS[1], 10)
    exclude = frozenset(one.item.id for one in first)
    rest = recommender.recommend(TALKS[1], 50, exclude=exclude)
    assert len(rest) == len(CATALOG) - 10
    assert exclude.isdisjoint(one.item.id for one in rest)


@pytest.mark.parametrize("talk", TALKS)
def test_the_same_plan_gives_the_same_reply(recommender: Recommender, talk: Dialogue) -> None:
    plan = Plan(seed=7, temperature=0.9)
    assert same(reply(recommender, talk, plan), reply(recommender, talk, plan))


@pytest.mark.parametrize("talk", TALKS)
def test_a_reply_grows_and_only_the_last_is_complete(recommender, talk) -> None:
    parts = list(recommender.stream(talk))
    assert [part.complete for part in parts] == [False] * (len(parts) - 1) + [True]
    texts = [part.text.strip() for part in parts]
    assert all(later.startswith(earlier) for earlier, later in zip(texts, texts[1:], strict=False))
    assert {(part.mode, part.item) for part in parts} == {(parts[-1].mode, parts[-1].item)}


@pytest.mark.parametrize("talk", TALKS)
def test_a_reply_tells_where_it_comes_from(recommender, talk) -> None:
    last = reply(recommender, talk, Plan(mode="REC"))
    assert last.provenance.recommender == recommender.name
    assert last.provenance.catalog_sha256 == CATALOG.fingerprint
    assert last.evidence.timings
    assert all(timing.milliseconds >= 0 for timing in last.evidence.timings)
    assert last.turn().text == last.text


def test_a_recommended_item_is_among_the_candidates_and_not_avoided(recommender) -> None:
    avoid = frozenset(one.item.id for one in recommender.recommend(TALKS[0], 3))
    last = reply(recommender, TALKS[0], Plan(mode="REC", avoid=avoid))
    assert last.item is not None
    assert last.item.id not in avoid
    candidates = [one.item.id for one in last.evidence.candidates]
    assert last.item.id in candidates
    assert avoid.isdisjoint(candidates)


def test_a_forced_mode_is_kept(recommender) -> None:
    chat = reply(recommender, TALKS[0], Plan(mode="CHAT"))
    assert (chat.mode, chat.item) == ("CHAT", None)
    recommends = reply(recommender, TALKS[3], Plan(mode="REC"))
    assert recommends.mode == "REC"
    assert recommends.item is not None


@pytest.mark.parametrize("title", ["Jaws", "Alien", "Up"])
def test_a_forced_item_is_spoken_of(recommender, title) -> None:
    item = BY_TITLE[title]
    last = reply(recommender, TALKS[1], Plan(item_id=item.id))
    assert (last.mode, last.item) == ("REC", item)


def test_an_item_that_is_not_there_cannot_be_forced(recommender) -> None:
    with pytest.raises(CatalogError, match="tt404"):
        reply(recommender, TALKS[0], Plan(item_id="tt404"))


def test_replies_at_once_are_those_given_one_by_one(recommender) -> None:
    jobs = [(talk, Plan(seed=seed, temperature=0.8)) for talk in TALKS for seed in (1, 2)]
    alone = [reply(recommender, talk, plan) for talk, plan in jobs]
    with ThreadPoolExecutor(8) as pool:
        at_once = list(pool.map(lambda job: reply(recommender, *job), jobs))
    assert all(map(same, alone, at_once))


def test_silence_and_odd_input_get_an_answer(recommender) -> None:
    for text in ("", "😀", "<MODE=REC><BOI><a_1>", "שלום", "word " * 400):
        last = reply(recommender, Dialogue((Turn("user", text),)))
        assert last.complete
        assert last.mode in ("CHAT", "REC")


# the generative one


@pytest.mark.parametrize("talk", TALKS)
def test_the_evidence_is_complete(generative, talk) -> None:
    last = reply(generative, talk, Plan(mode="REC"))
    modes = dict(last.evidence.modes)
    assert sum(modes.values()) == pytest.approx(1)
    assert modes == pytest.approx(generative.mode_probabilities([talk])[0])
    assert len(last.evidence.path) == 3
    for level, step in enumerate(last.evidence.path):
        assert step.level == level
        branches = (step.chosen, *step.alternatives)
        assert len({branch.code for branch in branches}) == len(branches) <= step.n_allowed
        assert sum(branch.probability for branch in branches) <= 1 + 1e-6
        assert 0 <= step.allowed_mass <= 1 + 1e-6
        assert all(branch.n_items for branch in branches)
    assert last.item.title in last.evidence.path[-1].chosen.examples
    assert last.prompt.startswith("<USER>")
    assert last.prompt.endswith("<ASSISTANT>")
    a, b, c = generative.writer.semantic_ids[last.item.id]
    start = f"<MODE=REC><BOI><a_{a}><b_{b}><c_{c}><EOI><RESP>"
    assert last.output.startswith(start)
    assert last.output == generative.speaker.loaded.tokenizer.decode(last.output_ids)
    assert "words" in json.loads(last.provenance.decoding)
    assert last.provenance.model_sha256 and last.provenance.adapter_sha256


def test_the_most_probable_mode_is_taken_when_none_is_forced(generative) -> None:
    for talk in TALKS:
        (modes,) = generative.mode_probabilities([talk])
        assert reply(generative, talk).mode == max(modes, key=modes.__getitem__)


def test_the_words_name_only_items_that_were_spoken_of(generative) -> None:
    for seed in range(6):
        last = reply(generative, TALKS[1], Plan(mode="REC", seed=seed))
        named = {piece.id for piece in last.pieces if isinstance(piece, Item)}
        assert named <= {HEAT.id, JAWS.id, ALIEN.id, last.item.id}


def test_ranking_many_dialogues_at_once_is_ranking_each(generative) -> None:
    excludes = [frozenset(), frozenset({HEAT.id}), frozenset(), frozenset({ALIEN.id, JAWS.id})]
    together = generative.recommend_batch(TALKS, 20, excludes)
    for talk, exclude, found in zip(TALKS, excludes, together, strict=True):
        alone = generative.recommend(talk, 20, exclude=exclude)
        assert [one.score for one in found] == pytest.approx([o.score for o in alone], abs=1e-4)
        score = {one.item.id: one.score for one in alone}
        for one in found:
            assert one.score == pytest.approx(score.get(one.item.id, one.score), abs=1e-4)


def test_the_probabilities_of_all_items_sum_to_one(generative) -> None:
    ranked = generative.recommend(TALKS[0], 50)
    assert len(ranked) == len(CATALOG)
    assert sum(one.score for one in ranked) == pytest.approx(1, abs=1e-4)


def test_a_temperature_brings_variety_and_none_brings_the_best(generative) -> None:
    best = generative.recommend(TALKS[2], 1)[0].item
    assert reply(generative, TALKS[2], Plan(mode="REC")).item == best
    warm = {
        reply(generative, TALKS[2], Plan(mode="REC", seed=n, temperature=2.0)).item.id
        for n in range(8)
    }
    assert len(warm) > 1


def test_a_dialogue_that_named_every_item_still_gets_a_recommendation(generative) -> None:
    everything = said(". ".join(f'"{item.name}"' for item in CATALOG))
    assert len(everything.mentioned) == len(CATALOG)
    assert reply(generative, everything, Plan(mode="REC")).item is not None


def test_both_sides_of_a_long_dialogue_are_read_from_the_end(generative) -> None:
    long = said(*(f"message number {n} about films" for n in range(61)))
    last = reply(generative, long)
    assert "number 60" in last.prompt
    assert "number 0 " not in last.prompt


def test_what_is_refused_is_not_recommended(generative) -> None:
    assert generative.guide is not None
    found = generative.recommend(said("anything but horror please"), 50)
    assert found
    assert not any("horror" in one.item.genres for one in found)


def test_of_the_film_asked_about_only_the_facts_asked_for_are_said(generative) -> None:
    answer = reply(generative, said("something tense", "Then try Heat.", "who is in it?"))
    written = set(
        re.findall(r"<(cast|directors|genres|keywords)_\d>", answer.output.split("<RESP>")[-1])
    )
    assert answer.item == HEAT and written <= {"cast"}


def always_asks(guide: PriorGuide, log_odds: float) -> PriorGuide:
    """The same that takes every turn for a fresh wish, or with negative log-odds none."""
    memory = guide.prior.memory
    asking = np.zeros_like(memory.asking)
    asking[-1] = log_odds
    return replace(guide, prior=guide.prior.with_memory(replace(memory, asking=asking)))


def test_a_fresh_wish_is_heard_as_if_nothing_had_been_said_before(generative) -> None:
    wish = said("a film about a lighthouse")
    talk = Dialogue((*said("something creepy", "Then try Alien.").turns, *wish.turns))
    guide = always_asks(generative.guide, 9)
    assert guide.look(talk).heard == wish
    assert np.array_equal(guide.look(talk).parts, guide.look(wish).parts)
    patient = always_asks(generative.guide, -9)
    assert patient.look(talk).heard == talk


def test_until_a_film_was_given_all_of_a_talk_is_one_wish(generative) -> None:
    talk = said("hello", "What are you in the mood for?", "something creepy")
    assert always_asks(generative.guide, 9).look(talk).heard == talk


def test_what_was_refused_long_ago_stays_refused(generative) -> None:
    guide = always_asks(generative.guide, 9)
    later = said("no horror", "Then try Heat.", "something for tonight")
    assert guide.look(later).hidden == guide.look(said("no horror")).hidden != frozenset()


def test_the_prior_says_what_it_added(generative, model_alone) -> None:
    with_prior = reply(generative, TALKS[1], Plan(mode="REC")).evidence.candidates
    assert any(one.signals for one in with_prior)
    without = reply(model_alone, TALKS[1], Plan(mode="REC")).evidence.candidates
    assert not any(one.signals for one in without)


def test_who_decided_is_told(generative, model_alone, reges) -> None:
    dialogue = said("something scary with ghosts")
    for system, names in (
        (generative, ("the language model", "who likes what together")),
        (reges, ("the item expert", "the retriever")),
        (model_alone, ()),
    ):
        evidence = reply(system, dialogue, Plan(mode="REC")).evidence
        assert tuple(one.name for one in evidence.deciders) == names
        assert all(1 <= one.place <= one.of <= 10 for one in evidence.deciders)
        assert not evidence.is_given
    evidence = reply(generative, dialogue, Plan(mode="REC")).evidence
    scores = generative.guide.look(dialogue).scores
    best = [scores[CATALOG.row[one.item.id]] for one in evidence.candidates[:10]]
    assert evidence.deciders[1].place == 1 + sum(score > best[0] for score in best)
    given = reply(generative, dialogue, Plan(item_id=HEAT.id)).evidence
    assert given.is_given

"""Where a generative model loses the right item: the tiny model against other ways to know."""

from __future__ import annotations

import json
from typing import Any

import pytest
from films import CATALOG

from crsdemo.corpus import CorpusDialogue, load_dialogues
from crsdemo.decoding import Context
from crsdemo.dialogue import Dialogue, Mention, Turn
from crsdemo.errors import BadInputError
from crsdemo.evaluate import evaluate
from crsdemo.evaluate_generative import evaluate_generative
from crsdemo.evaluate_generative_text import render
from crsdemo.free_beam import free_beam
from crsdemo.generative import Generative


@pytest.fixture(scope="module")
def dialogues(trained) -> list[CorpusDialogue]:
    return load_dialogues(trained.redial, CATALOG, {})


@pytest.fixture(scope="module")
def report(generative: Generative, dialogues: list[CorpusDialogue]) -> dict[str, Any]:
    return json.loads(json.dumps(evaluate_generative(generative, dialogues)))


def test_a_wide_beam_has_the_recall_of_evaluate(report, generative, dialogues, tmp_path) -> None:
    for key, one in (("with_prior", generative), ("without_prior", generative.without_guide())):
        state = tmp_path / f"{key}.jsonl"
        new = evaluate(one, CATALOG, dialogues, state=state).parts["new"]
        wide = report[key]["beams"]["200"]
        assert wide["n"] == new.n > 5
        for name in ("recall@1", "recall@10"):
            assert wide[name] == pytest.approx(new.metrics[name].value, abs=1e-5)


def test_without_a_guide_the_recommender_itself_keeps_its_own(generative) -> None:
    assert generative.without_guide().guide is None
    assert generative.guide is not None


def test_forcing_right_codes_never_hurts_and_forcing_none_changes_nothing(report) -> None:
    for key in ("with_prior", "without_prior"):
        forced = [one["recall@1"] for one in report[key]["first_codes_forced"]]
        assert forced == sorted(forced)
        assert forced[0] == report[key]["beams"]["50"]["recall@1"]


def test_the_greedy_way_is_right_where_every_step_of_it_is(report) -> None:
    before = 1.0
    for level in report["without_prior"]["levels"]:
        before *= level["greedy_after_right_greedy"]["share"]
        assert level["greedy_up_to_here"]["share"] == pytest.approx(before, abs=1e-4)
        assert level["greedy_up_to_here"]["share"] <= level["after_right_codes"]["share"]


def test_every_missed_target_was_lost_somewhere_or_kept_too_low(report) -> None:
    for beam in report["without_prior"]["beams"].values():
        lost = beam["missed_first_lost_at"].values()
        assert sum(one["share"] for one in lost) + beam["missed_but_kept"]["share"] == (
            pytest.approx(1, abs=1e-3)
        )
    wide = report["without_prior"]["beams"]["200"]  # of a catalog of fewer films nothing is lost
    assert wide["missed_but_kept"]["share"] == 1
    narrow = report["without_prior"]["beams"]["10"]
    assert narrow["missed_but_kept"]["share"] == 0


def test_a_wrong_mode_costs_recall(report) -> None:
    for key in ("with_prior", "without_prior"):
        assert (
            report[key]["mode_not_forced"]["recall@50"] <= report[key]["beams"]["200"]["recall@50"]
        )


def test_a_free_beam_of_one_is_greedy_and_a_wide_one_has_what_is_more_probable(generative) -> None:
    decoder = generative.decoder
    dialogue = Dialogue((Turn("user", "a western"),))

    def place() -> Context:
        context = generative.speaker.read([dialogue])
        decoder.feed(context, [decoder.control.rec, decoder.control.boi])
        return context

    (alone,) = free_beam(decoder, place(), 1)
    assert alone == decoder.write_item(place())
    wide = free_beam(decoder, place(), 12)
    scores = [
        float(decoder.score(place(), decoder.control.item(codes)).sum()) for codes in wide if codes
    ]
    assert len(wide) == 12 and scores == sorted(scores, reverse=True)


def test_a_beam_over_codes_writes_nothing_but_ids(generative) -> None:
    decoder = generative.decoder
    context = generative.speaker.read([Dialogue((Turn("user", "a western"),))])
    decoder.feed(context, [decoder.control.rec, decoder.control.boi])
    written = free_beam(decoder, context, 12, codes_only=True)
    assert None not in written and len(set(written)) == 12


def test_what_the_trie_forbids_is_told(report, generative) -> None:
    for freely in (report["any_token"], report["any_code"]):
        assert freely["greedy_is_an_item"]["n"] == report["turns"]
        assert freely["recall"]["recall@50"] <= freely["recall_of_items"]["recall@50"]
    shares = [report[key]["beam_is_an_item"]["share"] for key in ("any_token", "any_code")]
    assert shares == sorted(shares)


def test_a_model_that_chooses_its_item_first_is_never_asked_for_one(report) -> None:
    assert report["without_prior"]["item_asked_for"]["share"] == 0


def test_films_outside_the_catalog_are_counted(generative, dialogues) -> None:
    turns = (Turn("user", "hello"), Turn("assistant", "See Nothing", (Mention(4, 11, "redial:1"),)))
    outside = CorpusDialogue("one", Dialogue(turns))
    assert evaluate_generative(generative, [*dialogues, outside])["outside"] == 1
    with pytest.raises(BadInputError, match="item of the catalog"):
        evaluate_generative(generative, [outside])


def test_a_model_that_chooses_among_candidates_is_sent_elsewhere(reges, dialogues) -> None:
    with pytest.raises(BadInputError, match="--stage item"):
        evaluate_generative(reges, dialogues)


def test_the_report_is_told_in_tables(report) -> None:
    text = render(report)
    assert "**The ID with the prior**" in text and "first 2 codes forced" in text
    assert all(line.startswith("|") == line.endswith("|") for line in text.splitlines())

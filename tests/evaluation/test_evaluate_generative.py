"""Where a generative model loses the right item: the tiny model against other ways to know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Trained
from films import BY_TITLE, CATALOG

from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Plan, reply
from crsdemo.evaluation.evaluate import evaluate
from crsdemo.evaluation.stages.generative_stage import evaluate_generative
from crsdemo.evaluation.stages.run import measured
from crsdemo.evaluation.stages.tables import GENERATIVE, told
from crsdemo.language.corpus import CorpusDialogue, load_dialogues
from crsdemo.recommenders.gcrs import Gcrs
from crsdemo.recommenders.loading import Shelf

HEAT = BY_TITLE["Heat"]


@pytest.fixture(scope="module")
def shelf(trained: Trained, talking: Path) -> Shelf:
    return Shelf(CATALOG, trained.catalog, talking)


@pytest.fixture(scope="module", params=["gcrs", "gcrs-alone"])
def system(shelf: Shelf, request: pytest.FixtureRequest) -> Gcrs:
    found = shelf.get(request.param)
    assert isinstance(found, Gcrs)
    return found


@pytest.fixture(scope="module")
def dialogues(trained: Trained) -> list[CorpusDialogue]:
    return load_dialogues(trained.redial, CATALOG, {})


@pytest.fixture(scope="module")
def report(system: Gcrs, dialogues: list[CorpusDialogue]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(evaluate_generative(system, dialogues)))
    return told


def test_a_wide_beam_has_the_recall_of_evaluate(
    report: dict[str, Any], system: Gcrs, dialogues: list[CorpusDialogue], tmp_path: Path
) -> None:
    new = evaluate(system, CATALOG, dialogues, state=tmp_path / "state").parts["new"]
    wide = report["beams"]["200"]
    assert wide["n"] == new.n > 5
    for name in ("recall@1", "recall@10"):
        assert wide[name] == pytest.approx(new.metrics[name].value, abs=1e-5)


def test_a_level_is_what_the_path_of_a_reply_tells(system: Gcrs) -> None:
    turns = (Turn("user", "robbers"), Turn("assistant", "See Heat", (Mention(4, 8, HEAT.id),)))
    levels = evaluate_generative(system, [CorpusDialogue("one", Dialogue(turns))])["levels"]
    path = reply(system, Dialogue(turns[:1]), Plan("REC", HEAT.id)).evidence.path
    assert len(levels) == len(path) == 3
    for level, step in zip(levels, path, strict=True):
        assert level["probability"] == pytest.approx(step.chosen.probability, abs=1e-3)
        assert level["allowed_mass"] == pytest.approx(step.allowed_mass, abs=1e-3)
        assert level["choices"] == step.n_allowed
        is_best = all(step.chosen.probability > one.probability for one in step.alternatives)
        assert level["after_right_codes"]["share"] == is_best


def test_forcing_right_codes_never_hurts_and_forcing_none_changes_nothing(
    report: dict[str, Any],
) -> None:
    forced = [one["recall@1"] for one in report["first_codes_forced"]]
    assert forced == sorted(forced)
    assert forced[0] == report["beams"]["50"]["recall@1"]


def test_the_greedy_way_is_right_where_every_step_of_it_is(report: dict[str, Any]) -> None:
    before = 1.0
    for level in report["levels"]:
        before *= level["greedy_after_right_greedy"]["share"]
        assert level["greedy_up_to_here"]["share"] == pytest.approx(before, abs=1e-4)
        assert level["greedy_up_to_here"]["share"] <= level["after_right_codes"]["share"]


def test_every_missed_target_was_lost_somewhere_or_kept_too_low(report: dict[str, Any]) -> None:
    for beam in report["beams"].values():
        lost = beam["missed_first_lost_at"].values()
        assert sum(one["share"] for one in lost) + beam["missed_but_kept"]["share"] == (
            pytest.approx(1, abs=1e-3)
        )
    wide = report["beams"]["200"]  # of a catalog of fewer films nothing is lost
    assert wide["missed_but_kept"]["share"] == 1
    assert report["beams"]["10"]["missed_but_kept"]["share"] == 0


def test_a_wrong_mode_costs_recall(
    report: dict[str, Any],
    system: Gcrs,
    dialogues: list[CorpusDialogue],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert report["mode_not_forced"]["recall@50"] <= report["beams"]["200"]["recall@50"]
    chats = {"CHAT": 0.9, "REC": 0.1}
    monkeypatch.setattr(system, "mode_probabilities", lambda some: [chats for _ in some])
    found = evaluate_generative(system, dialogues[:1])
    assert found["mode_not_forced"]["recall@50"] == found["mode"]["share"] == 0
    assert found["beams"]["200"]["recall@50"] == 1


def test_films_outside_the_catalog_are_counted(
    system: Gcrs, dialogues: list[CorpusDialogue]
) -> None:
    turns = (Turn("user", "hello"), Turn("assistant", "See Nothing", (Mention(4, 11, "redial:1"),)))
    outside = CorpusDialogue("one", Dialogue(turns))
    assert evaluate_generative(system, [dialogues[0], outside])["outside"] == 1
    with pytest.raises(BadInputError, match="item of the catalog"):
        evaluate_generative(system, [outside])


def test_a_model_that_chooses_among_candidates_is_refused(
    shelf: Shelf, dialogues: list[CorpusDialogue]
) -> None:
    with pytest.raises(BadInputError, match="such as gcrs, not reges"):
        measured("generative", shelf.get("reges"), CATALOG, dialogues)


def test_the_report_is_told_in_tables(report: dict[str, Any]) -> None:
    text = told(GENERATIVE, report)
    assert "first 2 codes forced" in text and "without the trie" in text
    assert all(line.startswith("|") == line.endswith("|") for line in text.splitlines())

"""What the item expert adds: by hand where it can be, with the tiny model where it must."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Trained
from films import BY_TITLE, CATALOG

from crsdemo.__main__ import main
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Plan, reply
from crsdemo.evaluation.checks.compare_systems import without_model
from crsdemo.evaluation.evaluate import evaluate
from crsdemo.evaluation.stages.item_stage import (
    by_both,
    by_expert,
    by_retriever,
    evaluate_item_expert,
    with_forced,
)
from crsdemo.evaluation.stages.run import measured
from crsdemo.evaluation.stages.tables import told
from crsdemo.language.corpus import CorpusDialogue, load_dialogues
from crsdemo.recommenders.loading import Shelf
from crsdemo.recommenders.popularity import Popularity
from crsdemo.recommenders.reges import Choice, Reges

HEAT = BY_TITLE["Heat"]


def choice(*rows: int, expert: list[float], retriever: list[float]) -> Choice:
    shares = np.full(len(rows), 1 / len(rows))
    return Choice(np.array(rows), shares, np.array(expert), np.array(retriever))


FOUND = choice(7, 3, 5, 9, expert=[-1, -4, -2, -3], retriever=[-2, -1, -4, -3])


def test_each_order_has_the_candidates_that_the_retriever_has_first() -> None:
    assert by_retriever(FOUND, 4) == [3, 7, 9, 5]
    assert by_expert(FOUND, 4) == [7, 5, 9, 3]
    assert by_both(FOUND, 4) == [7, 3, 5, 9]
    assert by_retriever(FOUND, 3) == [3, 7, 9]
    assert by_expert(FOUND, 3) == [7, 9, 3]
    assert by_both(FOUND, 3) == [7, 3, 9]


def test_the_right_film_takes_the_last_place_unless_it_is_there() -> None:
    with_gold = choice(4, *FOUND.rows, expert=[0.0] * 5, retriever=[0.0] * 5)
    assert with_forced(FOUND, with_gold, 4, 3) == [4, 7, 3]
    assert with_forced(FOUND, with_gold, 4, 1) == [4]
    assert with_forced(FOUND, with_gold, 7, 3) == [7, 3, 9]


@pytest.fixture(scope="module")
def system(trained: Trained, talking: Path) -> Reges:
    found = Shelf(CATALOG, trained.catalog, talking).get("reges")
    assert isinstance(found, Reges)
    return found


@pytest.fixture(scope="module")
def dialogues(trained: Trained) -> list[CorpusDialogue]:
    return load_dialogues(trained.redial, CATALOG, {})


def figures(system: Reges, dialogues: list[CorpusDialogue]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(
        json.dumps(evaluate_item_expert(system, dialogues, (50, 10, 1)))
    )
    return told


@pytest.fixture(scope="module")
def report(system: Reges, dialogues: list[CorpusDialogue]) -> dict[str, Any]:
    return figures(system, dialogues)


def test_the_end_to_end_figures_are_those_of_evaluate(
    report: dict[str, Any], system: Reges, dialogues: list[CorpusDialogue], tmp_path: Path
) -> None:
    overall = report["candidates"]["50"]["overall"]
    new = evaluate(system, CATALOG, dialogues, state=tmp_path / "state").parts["new"]
    assert overall["n"] == new.n > 5
    for name in ("recall@1", "recall@10", "recall@50"):
        assert overall[name] == pytest.approx(new.metrics[name].value, abs=1e-5)
    assert "recall@50" not in report["candidates"]["10"]["overall"]


def test_choosing_reorders_what_was_retrieved_and_adds_nothing(report: dict[str, Any]) -> None:
    ten = report["candidates"]["10"]
    found = [ten[name]["recall@10"] for name in ("retriever_alone", "expert_alone", "overall")]
    assert found[0] == found[1] == found[2] > 0


def test_an_expert_to_whom_all_are_alike_leaves_the_order_of_the_retriever(
    report: dict[str, Any], system: Reges, dialogues: list[CorpusDialogue]
) -> None:
    bare = without_model(system)
    assert isinstance(bare, Reges)
    for k, found in figures(bare, dialogues)["candidates"].items():
        assert found["overall"] == found["retriever_alone"]
        assert found["retriever_alone"] == report["candidates"][k]["retriever_alone"]


def test_without_the_retrievers_scores_the_expert_decides_alone(
    report: dict[str, Any], system: Reges, dialogues: list[CorpusDialogue]
) -> None:
    deaf = copy.copy(system)
    deaf.retriever_weight = 0
    for k, found in figures(deaf, dialogues)["candidates"].items():
        assert found["overall"] == report["candidates"][k]["expert_alone"]


def test_with_the_right_film_among_the_candidates_it_is_found_among_them(
    report: dict[str, Any],
) -> None:
    made = report["candidates"]
    assert made["10"]["item_generation"]["recall@10"] == 1
    assert made["1"]["item_generation"]["recall@1"] == 1  # there is no other
    assert made["10"]["item_generation"]["recall@1"] < 1


def test_a_film_outside_the_catalog_is_missed_and_cannot_be_forced(system: Reges) -> None:
    said = (Mention(4, 8, HEAT.id), Mention(12, 19, "redial:1"))
    turns = (Turn("user", "hello"), Turn("assistant", "See Heat or Nothing", said))
    found = figures(system, [CorpusDialogue("one", Dialogue(turns))])["candidates"]["50"]
    assert (found["overall"]["n"], found["overall"]["recall@50"]) == (2, 0.5)
    assert (found["item_generation"]["n"], found["item_generation"]["recall@50"]) == (1, 1)


def test_what_is_added_is_chosen_among_as_well(system: Reges) -> None:
    talk = Dialogue((Turn("user", "robbers"),))
    (plain,) = system.choices([talk], [frozenset({HEAT.id})])
    row = CATALOG.row[HEAT.id]
    assert row not in plain.rows
    (added,) = system.choices([talk], [frozenset()], [[HEAT.id]])
    assert row in added.rows and len(set(added.rows.tolist())) == len(added.rows)


def test_searches_are_those_of_the_replies(system: Reges) -> None:
    talks = [Dialogue((Turn("user", text),)) for text in ("hi", "robbers in a small town, old")]
    found = system.searches(talks)
    assert found == [reply(system, talk, Plan("REC")).evidence.query for talk in talks]


def test_what_cannot_be_measured_is_refused(system: Reges, dialogues: list[CorpusDialogue]) -> None:
    with pytest.raises(BadInputError, match="--stage item needs a ReGeS checkpoint, not popular"):
        measured("item", Popularity(CATALOG), CATALOG, dialogues)
    talk = Dialogue((Turn("user", "hello"), Turn("assistant", "hello")))
    with pytest.raises(BadInputError, match="recommends something new"):
        evaluate_item_expert(system, [CorpusDialogue("one", talk)])


@pytest.mark.parametrize(
    ("name", "stage"),
    [("reges", "retrieval"), ("reges", "item"), ("gcrs-alone", "generative"), ("gcrs", "dialogue")],
)
def test_each_stage_is_measured_from_the_command_line(
    capsys: pytest.CaptureFixture[str],
    trained: Trained,
    talking: Path,
    tmp_path: Path,
    name: str,
    stage: str,
) -> None:
    path = tmp_path / "report.json"
    flags = ["--recommender", str(talking / name), "--catalog", str(trained.catalog)]
    flags += ["--dialogues", str(trained.redial), "--stage", stage, "--limit", "2"]
    assert main(["evaluate", *flags, "--json", str(path)]) == 0
    row, text = json.loads(path.read_text()), capsys.readouterr().out.strip()
    assert text == told(stage, row)
    assert all(line.startswith("|") == line.endswith("|") for line in text.splitlines())
    assert (row["recommender"], row["dialogues"], row["left_out"]) == (name, 2, 0)
    if stage == "retrieval":
        assert len(row["searches"]) == 9
        assert all(one["new"]["recall@50"] == 1 for one in row["searches"])  # there are 32 films


def test_the_model_alone_is_evaluated_by_its_name(
    trained: Trained, talking: Path, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    flags = ["--recommender", str(talking / "gcrs-alone"), "--catalog", str(trained.catalog)]
    flags += ["--dialogues", str(trained.redial), "--state", str(tmp_path / "state")]
    assert main(["evaluate", *flags, "--limit", "1", "--json", str(path)]) == 0
    assert json.loads(path.read_text())["recommender"] == "gcrs-alone"

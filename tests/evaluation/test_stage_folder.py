"""A folder of stages: what is read from it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_up_stages import (
    TARGETS,
    dialogue,
    item,
    recalls,
    share,
    wishes,
    write,
    write_stages,
)

from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.stages.folder import Measured, StageName, load_stages
from crsdemo.evaluation.stages.sheets import flat
from crsdemo.evaluation.stages.tables import Findings, findings, told


def found(stages: tuple[Measured, ...], stage: str, system: str) -> Findings:
    """Of ReDial."""
    (one,) = (one for one in stages if one.name == StageName(stage, system, "redial"))
    return findings(stage, one.row)


def rows(made: Findings, place: int = 0) -> list[dict[str, str]]:
    sheet = made.sheets[place]
    return [dict(zip(sheet.head, row, strict=True)) for row in sheet.rows]


def test_every_stage_is_read(tmp_path: Path) -> None:
    stages = load_stages(write_stages(tmp_path, "repeat-last"))
    assert [one.name.file for one in stages] == sorted(path.name for path in tmp_path.iterdir())
    wished = {one.name.system: one.row["fit"] for one in stages if one.name.stage == "late-wishes"}
    assert wished == pytest.approx({"gcrs": 0.7, "reges": 0.6, "repeat-last": 0.5})


def test_searches_are_compared(tmp_path: Path) -> None:
    made = found(load_stages(write_stages(tmp_path)), "retrieval", "reges")
    expert = {"searched for": "query of the expert", "ranked by": "tuned encoder"}
    new = next(row for row in rows(made) if row | expert == row)
    assert (new["n"], new["recall@20"]) == (f"{TARGETS:,}", "14.0 [12.0, 16.0]")
    more = next(row for row in rows(made, 2) if row | expert == row)
    assert more["recall@5"] == "2.0 [-1.0, 3.0]"
    assert {row["searched for"] for row in rows(made, 2)} == {
        "query of the expert", "last user turn"
    }  # fmt: skip
    assert len(rows(made, 3)) == 6
    assert made.summary["recall@50, searched by query of the expert"] == "40.0 [38.0, 42.0]"


def test_the_choice_is_told_for_both_sizes(tmp_path: Path) -> None:
    made = found(load_stages(write_stages(tmp_path)), "item", "reges")
    of = {(row["candidates"], row["order"]): row for row in rows(made)}
    assert of["10", "expert alone"]["recall@1"] == "1.5 [0.0, 3.5]"
    assert of["10", "retriever alone"]["recall@50"] == ""  # there are ten
    assert made.summary["recall@10 of 50 candidates, overall"] == "21.0 [19.0, 23.0]"
    assert made.summary["recall@10 of 50 candidates, item generation"] == "42.0 [40.0, 44.0]"


def test_an_id_is_taken_apart(tmp_path: Path) -> None:
    made = found(load_stages(write_stages(tmp_path)), "generative", "gcrs")
    levels, beams, given = (rows(made, place) for place in range(3))
    assert [row["level"] for row in levels] == ["1", "2", "3", "4"]
    assert levels[0]["after right codes"] == made.summary["first code right"]
    assert levels[1]["allowed mass"] == "0.92"
    assert beams[1]["missed first lost at: 1"].startswith("40.0 [")
    assert given[-1]["given"] == "no code, nor the mode"


def test_what_is_said_has_all_its_numbers(tmp_path: Path) -> None:
    made = found(load_stages(write_stages(tmp_path)), "dialogue", "gcrs")
    words = {row[""]: row for row in rows(made)}
    assert words["faithfulness: names another item"]["a wrong item forced"].endswith("(n=700)")
    assert words["facts: wrong: name"]["free"] == "(n=0)"  # of nothing
    assert words["distinct by replies: 1"]["people"] == "1.5"
    assert words["mode: accuracy"]["free"] == "68.0 [66.0, 70.0]"
    every, _, wrong = rows(made, 1)
    assert (every["per token"], every["per word"], wrong["per word"]) == ("21.5", "52.25", "")
    assert made.summary["BLEU"] == "1.50"


def test_a_figure_of_nothing_is_not_known() -> None:
    assert flat(share(0.0, 0), "a") == {"a": "(n=0)"}
    assert flat(recalls(0.1, 0.2) | {"n": 0}) == {"n": "0", "recall@1": "", "recall@10": ""}


def test_what_a_system_lacks_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, StageName("dialogue", "popularity", "redial"), dialogue("p", 1, is_model=False))
    assert len(found(load_stages(tmp_path), "dialogue", "popularity").sheets) == 1


def test_without_a_folder_there_is_nothing(tmp_path: Path) -> None:
    assert load_stages(tmp_path / "nowhere") == ()


@pytest.mark.parametrize(
    "name",
    [
        StageName("wishes", "signals-trees", ""),
        StageName("late-wishes", "wishes", ""),
        StageName("wishes", "of-redial", ""),
        StageName("generative", "gcrs-alone", "inspired"),
        StageName("item", "item-item", "redial"),
    ],
)
def test_a_name_is_read_as_it_was_written(name: StageName) -> None:
    assert StageName.of(Path(name.file)) == name


@pytest.mark.parametrize("file", ["gcrs.json", "dialogue-gcrs.json", "wishes.json", "wishes-.json"])
def test_a_file_of_another_name_is_refused(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("{}")
    with pytest.raises(BadInputError, match=f"{file} is no stage: its name should be"):
        load_stages(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "JSONDecodeError"),
        ("[]", "TypeError"),
        ("{}", "KeyError: 'turns'"),
        (json.dumps(dialogue("gcrs", 1) | {"forced": {}}), "KeyError: 'faithfulness'"),
        (json.dumps(dialogue("gcrs", 1) | {"turns": "many"}), "ValueError"),
        (json.dumps(item("reges")), "KeyError"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "dialogue-gcrs-redial.json").write_text(content)
    with pytest.raises(BadInputError, match=f"dialogue-gcrs-redial.json is no stage .*{message}"):
        load_stages(tmp_path)


def test_the_made_up_files_are_told_in_markdown_too(tmp_path: Path) -> None:
    for path in write_stages(tmp_path).glob("*-redial.json"):
        text = told(StageName.of(path).stage, json.loads(path.read_text()))
        assert all(line.startswith("|") == line.endswith("|") for line in text.splitlines())


def test_the_app_says_which_stage_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from app import main

    write(tmp_path / "stages", StageName("wishes", "gcrs", ""), wishes("gcrs", 0.8) | {"fit": None})
    arguments = ["--reports", str(tmp_path), "--port", "0", "--db", str(tmp_path / "f.db")]
    assert main(arguments) == 2
    assert "wishes-gcrs.json is no stage" in capsys.readouterr().err

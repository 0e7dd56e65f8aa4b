"""A folder of stages: what is read from it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_up_stages import TARGETS, dialogue, item, share, wishes, write, write_stages

from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.stages.figures import Share
from crsdemo.evaluation.stages.folder import StageName, Stages, load_stages
from crsdemo.evaluation.stages.text import told
from crsdemo.studies.statistics.bootstrap import Estimate


def test_every_stage_is_read(tmp_path: Path) -> None:
    found = load_stages(write_stages(tmp_path, "repeat-last"))
    assert [one.system for one in found.wishes] == ["gcrs", "reges", "repeat-last"]
    assert [one.found.fit for one in found.late_wishes] == pytest.approx([0.7, 0.6, 0.5])
    assert found.wishes[0].found.kinds["genre"].n == 30
    assert [(one.system, one.dataset) for one in found.retrieval] == [
        ("reges", "INSPIRED"), ("reges", "ReDial")
    ]  # fmt: skip
    expert = found.retrieval[0].found.searches[2]
    assert (expert.query, expert.new.n) == ("query of the expert", TARGETS)
    assert expert.new.at[20] == Estimate(0.08, 0.06, 0.1)
    assert expert.better_by[5] == Estimate(0.02, -0.01, 0.03)
    assert found.retrieval[0].found.searches[0].better_by == {}
    assert list(found.item[0].found.candidates) == [50, 10]
    assert found.item[0].found.candidates[10].expert_alone.at[1].value == 0.015
    written = found.generative[0].found
    assert written.beams[50].lost_at[1].estimate.value == 0.4
    masses = [level.allowed_mass for level in written.levels]
    assert masses == pytest.approx([0.9, 0.92, 0.94, 0.96])
    said = found.dialogue[0].found
    assert said.perplexity["all"].per_word == 52.25
    assert said.perplexity["wrong"].per_word is None


def test_a_share_of_nothing_is_not_known() -> None:
    assert Share.from_row(share(0.0, 0)) == Share(Estimate(None), 0)


def test_what_a_system_lacks_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, StageName("dialogue", "popularity", "redial"), dialogue("p", 1, is_model=False))
    assert load_stages(tmp_path).dialogue[0].found.perplexity == {}


def test_without_a_folder_there_is_nothing(tmp_path: Path) -> None:
    assert load_stages(tmp_path / "nowhere") == Stages()


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
        ("[]", "AttributeError"),
        ("{}", "KeyError: 'turns'"),
        (json.dumps(dialogue("gcrs", 1) | {"forced": {}}), "KeyError: 'bleu'"),
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

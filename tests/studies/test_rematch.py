"""A study of a version against its parent can be started as it is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from films import CATALOG

from crsdemo.__main__ import main
from crsdemo.recommenders.loading import Shelf
from crsdemo.studies.study import parse_study


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalog whose checkpoints are `gcrs` and `gcrs-2`, by their cards."""
    CATALOG.save(tmp_path / "catalog")
    tuned = {"parent": "gcrs", "votes": 480, "annotators": 31, "judgments_sha256": "a" * 64}
    cards = {"gcrs": {}, "gcrs-2": {"tuned": tuned | {"simulated": False, "shuffled": False}}}
    for name, card in cards.items():
        folder = tmp_path / "catalog" / "checkpoints" / name
        folder.mkdir(parents=True)
        (folder / "crsdemo.json").write_text(json.dumps(card))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_version_meets_its_parent_in_a_study_that_can_be_run(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rematch", "--of", "gcrs-2", "--catalog", "catalog", "--seed", "7"]) == 0
    said = capsys.readouterr().out
    assert "python -m crsdemo check-study rematch.toml" in said
    study = parse_study(Path("rematch.toml"))
    assert study.systems == ("gcrs", "gcrs-2") and study.seed == 7
    assert study.title == "gcrs-2 against gcrs" and study.to_judge == 12
    assert list(study.problems(study.systems)) == []
    Shelf(CATALOG, Path("catalog"), systems=study.entrants)  # raises for what is not there
    assert not {"TITLE", "SEED", "SYSTEMS", "FILE"} & set(study.text.split())


def test_a_version_in_a_folder_meets_the_parent_beside_it_or_ours(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoints = home / "catalog" / "checkpoints"
    shutil.move(checkpoints / "gcrs-2", home / "mine" / "gcrs-2")
    asked = ["rematch", "--of", "mine/gcrs-2", "--catalog", "catalog", "--out"]
    assert main([*asked, "ours.toml"]) == 0
    shutil.copytree(checkpoints / "gcrs", home / "mine" / "gcrs-1")
    card = home / "mine" / "gcrs-2" / "crsdemo.json"
    card.write_text(card.read_text().replace('"gcrs"', '"gcrs-1"'))
    assert main([*asked, "beside.toml"]) == 0
    for file, parent in (("ours.toml", "gcrs"), ("beside.toml", "gcrs-1")):
        study = parse_study(Path(file))
        assert study.systems == (parent, "gcrs-2") and study.title == f"gcrs-2 against {parent}"
        assert list(study.problems(study.systems)) == []
        Shelf(CATALOG, Path("catalog"), systems=study.entrants)  # raises for what is not there


@pytest.mark.parametrize("name", ["PROFILE-2", "SEED of TITLE", "gcrs-\N{GRINNING FACE}"])
def test_a_version_may_be_called_anything(home: Path, name: str) -> None:
    checkpoints = home / "catalog" / "checkpoints"
    (checkpoints / "gcrs-2").rename(checkpoints / name)
    assert main(["rematch", "--of", name, "--catalog", "catalog"]) == 0
    study = parse_study(Path("rematch.toml"))
    assert study.systems == ("gcrs", name) and study.title == f"{name} against gcrs"


def test_what_was_not_tuned_has_no_rematch_and_no_file_is_written_over(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rematch", "--of", "gcrs", "--catalog", "catalog"]) == 2
    assert "'gcrs' is no version" in capsys.readouterr().err
    (home / "mine.toml").write_text("kept")
    assert main(["rematch", "--of", "gcrs-2", "--catalog", "catalog", "--out", "mine.toml"]) == 2
    assert "mine.toml is there already" in capsys.readouterr().err
    assert (home / "mine.toml").read_text() == "kept"

"""Everything in one command: what it writes, and what it does not measure again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import made_up_stages
import pytest
from conftest import Trained
from films import CATALOG, write_inspired, write_redial

from crsdemo.core.errors import BadInputError
from crsdemo.evaluation import measure
from crsdemo.evaluation.checks import check_wishes
from crsdemo.evaluation.folder import load_reports
from crsdemo.evaluation.protocol import PROTOCOLS
from crsdemo.evaluation.report import Report
from crsdemo.evaluation.stages.folder import LATE_WISHES, load_stages
from crsdemo.evaluation.stages.tables import told


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> measure.MeasureConfig:
    """Two systems; the dialogues trained on are others, and the wishes name no film."""
    monkeypatch.chdir(tmp_path)
    CATALOG.save(tmp_path / "catalog")
    for name, write in (("redial", write_redial), ("inspired", write_inspired)):
        (tmp_path / name).mkdir()
        _split(write, tmp_path / measure.DEV[name], tmp_path / name)
    wishes = (check_wishes.DATA / "wishes.jsonl").read_text().splitlines()
    kept = [line for line in wishes if "similar_to" not in line][:3]
    (tmp_path / "wishes.jsonl").write_text("\n".join(kept))
    (tmp_path / "openings.jsonl").write_text((check_wishes.DATA / "openings.jsonl").read_text())
    monkeypatch.setattr(check_wishes, "DATA", tmp_path)
    return measure.MeasureConfig(
        data=tmp_path, out=tmp_path / "out", kept=tmp_path / "kept", catalog=tmp_path / "catalog",
        systems="popularity, repeat-last",
    )  # fmt: skip


def _split(write: Callable[[Path], Path], dev: Path, folder: Path) -> None:
    """One dialogue to train on, the others to develop with."""
    lines = write(dev).read_text().splitlines()
    head = lines[:1] if dev.suffix == ".tsv" else []
    rows = lines[len(head) :]
    name = [row.split("\t")[0] if head else row for row in rows]
    first = [row for row, n in zip(rows, name, strict=True) if n == name[0]]
    rest = [row for row, n in zip(rows, name, strict=True) if n != name[0]]
    dev.write_text("\n".join([*head, *rest]) + "\n")
    training = next(file for file in measure.TRAINING if file.startswith(folder.name))
    (folder.parent / training).write_text("\n".join([*head, *first]) + "\n")


def test_all_is_measured_once(config: measure.MeasureConfig) -> None:
    tables = measure.measure(config).read_text()
    reports = load_reports(config.out)
    assert len(reports) == 2 * 2 * len(PROTOCOLS)
    assert all(not report.samples for report in reports)
    assert tables.count("protocol ours, part new") == 2
    stages = load_stages(config.out / "stages")
    late = [one for one in stages if one.name.stage == LATE_WISHES]
    assert [(one.name.system, one.row["wishes"]) for one in late] == [
        ("popularity", 3), ("repeat-last", 3)
    ]  # fmt: skip
    assert "## Wishes late in a talk" in tables and tables.count("| disliked items") == 2
    made = {path: path.stat().st_mtime_ns for path in config.kept.iterdir()}
    assert len(made) == len(reports) + 4
    assert measure.measure(config).read_text() == tables
    assert {path: path.stat().st_mtime_ns for path in config.kept.iterdir()} == made


def test_each_stage_is_told_as_it_is_printed(
    config: measure.MeasureConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = made_up_stages.item("popularity")

    monkeypatch.setattr(measure, "stages", lambda _: [("item", "popularity")])
    monkeypatch.setattr(measure, "measured", lambda *_: row)
    tables = measure.measure(replace(config, protocols="ours")).read_text()
    assert f"## Stage item: popularity on INSPIRED\n\n{told('item', row)}" in tables
    assert "Wishes" not in tables
    assert json.loads((config.out / "stages" / "item-popularity-redial.json").read_text()) == row


def test_a_checkpoint_is_measured_with_the_prior_and_alone(
    config: measure.MeasureConfig, trained: Trained, talking: Path
) -> None:
    folder = talking / "gcrs"
    here = replace(
        config, catalog=trained.catalog, systems=f"popularity,{folder},{folder}-alone",
        against="popularity", protocols="ours", stages=False, tables="models.md",
    )  # fmt: skip
    tables = measure.measure(here)
    assert tables.name == "models.md"
    assert "What each scores more than popularity" in tables.read_text()
    with_prior, alone = (
        Report.load(config.out / f"{name}-redial-ours.json").provenance
        for name in ("gcrs", "gcrs-alone")
    )
    assert with_prior.adapter_sha256 == alone.adapter_sha256
    assert with_prior.decoding != alone.decoding
    assert len(list(config.kept.glob("gcrs-*redial-ours-*.json"))) == 2
    assert not list(folder.parent.glob("*.json"))  # nothing is written beside the weights


def test_two_systems_of_one_name_are_refused(config: measure.MeasureConfig) -> None:
    with pytest.raises(BadInputError, match="have one name"):
        measure.measure(replace(config, systems="gcrs, popularity, elsewhere/gcrs"))


def test_missing_data_are_named(config: measure.MeasureConfig) -> None:
    (config.data / "inspired" / "train.tsv").unlink()
    with pytest.raises(BadInputError, match=r"missing: .*inspired/train\.tsv; put"):
        measure.measure(config)


def test_the_stages_are_those_of_the_systems() -> None:
    assert [stage for stage, _ in measure.stages(["gcrs"])] == [
        "generative", "dialogue", "wishes", "late-wishes"
    ]  # fmt: skip
    assert [stage for stage, _ in measure.stages(["gcrs-alone"])] == [
        "generative", "wishes", "late-wishes"
    ]  # fmt: skip
    assert [stage for stage, _ in measure.stages(["reges"])][:3] == [
        "retrieval", "item", "dialogue"
    ]  # fmt: skip


def test_less_can_be_measured(config: measure.MeasureConfig) -> None:
    measure.measure(replace(config, systems="popularity", protocols="he", stages=False))
    assert [report.protocol for report in load_reports(config.out)] == ["he", "he"]
    assert not (config.out / "stages").exists()

"""Ways to make semantic IDs, held against each other without a generator."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Trained

from crsdemo.__main__ import main
from crsdemo.training.items import compare_ids
from crsdemo.training.items.compare_ids import VARIANTS, beam, surprise

CODES = np.array([[0, 0], [0, 1], [1, 0], [2, 0]])
SCORES = np.log(np.array([0.3, 0.25, 0.35, 0.1], np.float32))


def test_a_beam_prunes_by_the_mass_of_prefixes() -> None:
    assert beam(SCORES, CODES, 4).tolist() == [2, 0, 1, 3]
    assert beam(SCORES, CODES, 2).tolist() == [2, 0]
    assert beam(SCORES, CODES, 1).tolist() == [0], "the best item lies under a lighter prefix"


def test_surprise_is_the_entropy_of_the_first_code() -> None:
    shares = np.array([0.55, 0.35, 0.1])
    assert surprise(SCORES, CODES) == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-5)
    sure = np.array([0, -np.inf, -np.inf, -np.inf], np.float32)
    assert surprise(sure, CODES) == pytest.approx(0)


def test_the_command_prints_a_row_for_each_way(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(trained.folder)
    monkeypatch.setattr(compare_ids, "VARIANTS", VARIANTS[1:3])
    sources = ["--dialogues", str(trained.redial), "--catalog", str(trained.catalog)]
    assert main(["compare-ids", *sources, "--dev", str(trained.redial), "--width", "10"]) == 0
    said = capsys.readouterr().out
    assert "500 wishes, beam 10" in said
    rows = [line.split(" | ") for line in said.splitlines() if line.startswith("| RQ-KMeans")]
    assert [row[0] for row in rows] == [f"| {variant.name}" for variant in VARIANTS[1:3]]
    for row in rows:
        *_, at_10, at_50, dev, wish = row
        assert 0 < float(at_10) <= float(at_50) <= 100
        assert 0 < float(wish.rstrip(" |")) < float(dev), "words narrow the first code more"

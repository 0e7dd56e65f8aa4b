"""The benchmark of retrieval measures what it says, on made-up items that lie as real ones do."""

from __future__ import annotations

import json
from pathlib import Path

import faiss
import numpy as np
import pytest
from conftest import Trained
from numpy.typing import NDArray

from crsdemo.__main__ import main
from crsdemo.evaluation.bench.bench_retrieval import measure, recall, scattered
from crsdemo.items.index import ItemIndex, units

RNG = np.random.default_rng(0)


def noise(n: int) -> NDArray[np.float32]:
    return RNG.normal(size=(n, 16)).astype(np.float32)


THEMES = units(np.repeat(noise(30), 10, 0) + noise(300) / np.float32(4))
THEMES = THEMES.astype(np.float32)


def test_made_up_items_are_as_near_to_films_as_films_are_to_each_other() -> None:
    made = scattered(THEMES, 2_000)
    assert made.shape == (2_000, 16)
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    index = ItemIndex.build(THEMES)
    apart = np.median(index.search(made, 1).scores[:, 0])
    films = np.median(index.search(THEMES, 2).scores[:, 1])
    strangers = np.median(index.search(units(noise(300)), 1).scores[:, 0])
    assert strangers < apart < 1
    assert abs(films - apart) < abs(films - strangers)
    assert not np.array_equal(made, scattered(THEMES, 2_000, seed=1))


def test_recall_is_the_share_that_was_found_in_any_order() -> None:
    found = np.array([[3, 1, 2], [7, 8, 9]])
    assert recall(found, np.array([[1, 2, 3], [9, 0, 4]])) == (1 + 1 / 3) / 2


def test_all_targets_stand_beside_their_figures_and_threads_are_given_back() -> None:
    before = faiss.omp_get_max_threads()
    figures = {figure.name: figure for figure in measure(THEMES, THEMES[:9], 3_000, 1_000)}
    assert faiss.omp_get_max_threads() == before
    assert figures["finding 50 of 300 items exactly, median"].at_most == 5
    assert figures["finding 50 of 3,000 items approximately, median"].at_most == 20
    found = figures["recall@50 against exact"]
    assert found.met
    assert found.at_least == 0.95
    exact = {figure.name: figure for figure in measure(THEMES, THEMES[:9], 3_000, 3_000)}
    assert exact["recall@50 against exact"].value == 1
    assert "finding 50 of 3,000 items exactly, median" in exact


def test_the_command_prints_and_keeps_the_figures(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "figures.json"
    sizes = ("--items", "3000", "--exact-up-to", "1000")
    catalog = ("--catalog", str(trained.catalog))
    assert main(["bench-retrieval", *sizes, *catalog, "--json", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = json.loads(path.read_text())
    assert all(line.startswith(row["name"]) for line, row in zip(lines, rows, strict=True))
    assert main(["bench-retrieval", "--items", "0"]) == 2

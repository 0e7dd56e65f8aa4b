"""Two processes learn one model: each from its own examples, with the same steps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from chatml import save_base
from conftest import Trained

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.recommender import reply
from crsdemo.recommenders.loading import Shelf
from crsdemo.training.lm.processes import Processes

TESTS = Path(__file__).parent.parent
ROOT = TESTS.parent


def launched(folder: Path, *command: str) -> None:
    """Two processes on the CPU."""
    start = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    path = os.pathsep.join([str(ROOT), str(TESTS), str(TESTS / "training")])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    environment["XDG_CACHE_HOME"] = str(folder / "cache")
    done = subprocess.run(
        [sys.executable, *start, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_alone_nothing_is_shared() -> None:
    alone = Processes.joined()
    weight = torch.zeros(2, requires_grad=True)
    weight.grad = torch.tensor([1.0, 2.0])
    alone.average([weight])
    assert (alone.is_first, alone.count, alone.of_first(3.5)) == (True, 1, 3.5)
    assert weight.grad.tolist() == [1.0, 2.0]


@pytest.mark.slow
def test_both_have_the_same_weights_and_one_writes(tmp_path: Path) -> None:
    launched(tmp_path, str(TESTS / "training" / "together.py"), str(tmp_path))
    told = [(tmp_path / f"told-{n}").read_text().split() for n in (0, 1)]
    assert told[0][0] == told[1][0], "the same steps from the mean of their gradients"
    assert told[0][1] != told[1][1], "from examples of their own"
    assert {path.name for path in tmp_path.iterdir()} - {"cache"} == {
        "saved-0", "state-0.pt", "told-0", "told-1",
    }  # fmt: skip


@pytest.mark.slow
def test_a_recommender_that_two_trained_talks(trained: Trained, tmp_path: Path) -> None:
    base, out = tmp_path / "base", tmp_path / "out" / "gcrs"
    save_base(base)
    options = ["--dialogues", str(trained.redial), "--catalog", str(trained.catalog)]
    options += ["--written", str(trained.written), "--tokens", "300", "--minutes", "0.05"]
    options += ["--base-model", str(base), "--out", str(out)]
    launched(trained.folder, "-m", "crsdemo", "train-gcrs", *options)
    assert sorted(p.name for p in out.parent.iterdir()) == ["gcrs", "gcrs.pt"]
    catalog = Catalog.load(trained.catalog)
    shelf = Shelf(catalog, trained.catalog, out.parent)
    said = reply(shelf.get("gcrs"), Dialogue((Turn("user", "something with a heist"),)))
    assert said.complete and said.provenance.adapter_sha256

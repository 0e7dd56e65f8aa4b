"""The benchmark of votes keeps as many votes as it says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import connect

import pytest
from films import CATALOG

from crsdemo.__main__ import main
from crsdemo.evaluation.bench import bench_votes
from crsdemo.feedback.votes import open_votes
from crsdemo.recommenders.loading import Shelf


def test_every_vote_that_is_counted_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def kept(dir: Path) -> Iterator[str]:
        yield str(dir)

    monkeypatch.setattr(bench_votes, "TemporaryDirectory", kept)
    figures = [*bench_votes.measure(CATALOG, Shelf(CATALOG), tmp_path, 12, (1, 3))]
    assert [figure.name for figure in figures[::2]] == [
        "votes a second, 1 visitors at once",
        "votes a second, 3 visitors at once",
    ]
    assert all(figure.value > 0 for figure in figures)
    votes = open_votes(tmp_path / "votes.db")
    assert len(votes) == 4
    with closing(connect(tmp_path / "votes.db")) as db:
        assert db.execute("select count(*), max(revision) from verdicts").fetchone() == (24, 12)


def test_numbers_that_make_no_sense_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench-votes", "--votes", "3", "--visitors", "4"]) == 2
    assert "--visitors must be" in capsys.readouterr().err

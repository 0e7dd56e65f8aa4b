"""The benchmark of trie and automaton measures what it says, on IDs that are all different."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Trained

from crsdemo.__main__ import main
from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.bench.bench_trie import made_up


def test_made_up_ids_are_different_and_no_more_than_there_are() -> None:
    ids = made_up(64, 3, 4)
    assert len(set(ids.values())) == len(ids) == 64
    assert {len(codes) for codes in ids.values()} == {3}
    assert {code for codes in ids.values() for code in codes} == {0, 1, 2, 3}
    with pytest.raises(BadInputError, match="no more than 64 items, got 65"):
        made_up(65, 3, 4)


def test_the_command_prints_and_keeps_the_figures(
    talking: Path, trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "figures.json"
    given = ("--catalog", str(trained.catalog), "--checkpoint", str(talking / "gcrs"))
    sizes = ("--items", "200", "--grammars", "100")
    assert main(["bench-trie", *given, *sizes, "--json", str(path)]) == 0
    names = [row["name"].strip() for row in json.loads(path.read_text())]
    assert "building the trie of 200 items" in names
    assert "building the automaton of 100 items" in names and "reading it back" in names
    assert main(["bench-trie", *given, "--grammars", "none"]) == 2
    assert "'none'" in capsys.readouterr().err

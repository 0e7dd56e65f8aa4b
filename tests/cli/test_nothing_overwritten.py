"""No command writes over what came with crsdemo, unless it is told to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from films import CATALOG

from crsdemo.__main__ import STAGES, main
from crsdemo.core import shipped
from crsdemo.core.errors import BadInputError
from crsdemo.training.items import film_catalog

# What each command that writes files is told, and with which flags they may be named
TALKS = ("--dialogues", "talks.jsonl")
WRITES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "evaluate": (TALKS, ("--json", "--state")),
    "measure": (("--data", "data"), ("--out", "--kept")),
    "get-data": (("redial",), ("--out",)),
    "check-wishes": ((), ("--json",)),
    "check-talk": ((), ("--json",)),
    "benchmark": ((), ("--json",)),
    "bench-side-by-side": ((), ("--json",)),
    "bench-retrieval": ((), ("--json",)),
    "bench-trie": ((), ("--json",)),
    "bench-votes": ((), ("--json",)),
    "export": (("--db", "a.db", "--format", "csv"), ("--out",)),
    "backup": (("--db", "a.db"), ("--out",)),
    "rematch": (("--of", "gcrs-2"), ("--out",)),
    "merge": (("a.db", "b.db"), ("--out",)),
    "restore": (("--from", "a.db"), ("--db",)),
    "build-catalog": (("books.csv",), ("--out",)),
    "semantic-ids": (TALKS, ("--catalog",)),
    "fit-prior": (TALKS, ("--out",)),
    "tune-retriever": (TALKS, ("--out",)),
    "distil": (TALKS, ("--out",)),
    "train-gcrs": (TALKS, ("--out", "--state")),
    "train-reges": (TALKS, ("--out", "--head", "--state")),
    "whole-weights": ((), ("--out",)),
    "train-stance": ((), ("--out",)),
    "fit-retriever": (TALKS, ("--out",)),
}
# Where they would write, if nothing were named, over the shipped catalog
BY_DEFAULT = (
    "semantic-ids", "fit-prior", "tune-retriever", "distil", "train-gcrs", "train-reges",
    "fit-retriever",
)  # fmt: skip
# Writes a new folder, which the app finds in checkpoints/, and over nothing but what it wrote
# itself (`test_tune.py`)
NEW_ONLY = ("tune",)
NAMED = [(stage, flag) for stage, (_, flags) in WRITES.items() for flag in flags]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A stand-in for what came with crsdemo, which is the same in the end."""
    folders = {name: tmp_path / name for name in ("catalog", "checkpoints", "reports")}
    for folder in folders.values():
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "file.json").write_text("shipped")
    CATALOG.save(folders["catalog"])
    monkeypatch.setattr(shipped, "FOLDERS", tuple(folders.values()))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "books.csv").write_text("id,title\n1,Ink\n")
    before = state(tmp_path)
    yield tmp_path
    assert state(tmp_path) == before


def state(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> bool:
    status = main(list(argv))
    return status == 2 and "came with crsdemo and would be overwritten" in capsys.readouterr().err


@pytest.mark.parametrize(("stage", "flag"), NAMED)
@pytest.mark.parametrize("place", ["catalog", "checkpoints/new", "books/../reports/deep/file.json"])
def test_no_command_writes_into_shipped_folders(
    home: Path, capsys: pytest.CaptureFixture[str], stage: str, flag: str, place: str
) -> None:
    needed, flags = WRITES[stage]
    others = [word for one in flags if one != flag for word in (one, f"mine{one}")]
    assert refused(capsys, stage, *needed, *others, flag, place)


def test_a_link_into_a_shipped_folder_is_seen(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine").symlink_to(home / "catalog")
    assert refused(capsys, "build-catalog", "books.csv", "--out", "mine/new")
    Path("mine").unlink()


@pytest.mark.parametrize("stage", BY_DEFAULT)
def test_over_the_shipped_catalog_a_place_must_be_named(
    capsys: pytest.CaptureFixture[str], stage: str
) -> None:
    assert refused(capsys, stage, *TALKS)


def test_the_film_catalog_is_not_made_over_the_shipped_one(home: Path) -> None:
    flags = ("movies", "extracts", "redial", "inspired")
    argv = [word for flag in flags for word in (f"--{flag}", "x")]
    with pytest.raises(BadInputError, match="would be overwritten"):
        film_catalog.main([*argv, "--out", "catalog"])


def test_force_overwrites(home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    kept = state(home)
    assert main(["build-catalog", "books.csv", "--out", "catalog", "--force"]) == 0
    assert '"Ink"' in (home / "catalog" / "items.jsonl").read_text()
    for path, text in kept.items():
        path.write_bytes(text)


def test_what_is_of_ones_own_is_written_and_its_folder_made(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("books.csv").write_text("id,title\n1,Ink\n")
    assert main(["build-catalog", "books.csv", "--out", "new/deep/books"]) == 0
    assert Path("new/deep/books/items.jsonl").is_file()


@pytest.mark.parametrize("stage", STAGES)
def test_every_command_that_names_a_file_to_write_is_among_these(
    capsys: pytest.CaptureFixture[str], stage: str
) -> None:
    with pytest.raises(SystemExit):
        main([stage, "--help"])
    told = capsys.readouterr().out
    is_named = stage in WRITES or stage in NEW_ONLY
    assert ("--force" in told) == is_named
    assert bool(re.search(r"--(out|json|state|head|kept) [A-Z]", told)) <= is_named

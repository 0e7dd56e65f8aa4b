"""The command line, as it is typed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Trained
from films import BY_TITLE, CATALOG

from crsdemo.__main__ import STAGES, main

ROOT = Path(__file__).parents[2]


def typed(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Status, standard output and the last line of standard error."""
    status = main(list(argv))
    done = capsys.readouterr()
    return status, done.out, (done.err.strip().splitlines() or [""])[-1]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("catalog")
    CATALOG.save(folder)
    return str(folder)


@pytest.fixture
def tiny(trained: Trained, talking: Path) -> tuple[str, ...]:
    """Flags that choose the tiny generative recommender."""
    return "--recommender", str(talking / "gcrs"), "--catalog", str(trained.catalog)


# chat


def test_chat_prints_one_object_per_reply_with_its_evidence(
    capsys: pytest.CaptureFixture[str], tiny: tuple[str, ...]
) -> None:
    said = ("--say", "something scary please", "--say", "I loved Alien. More?")
    status, out, _ = typed(capsys, "chat", *tiny, *said, "--mode", "REC", "--json")
    first, second = map(json.loads, out.splitlines())
    assert status == 0
    for row in (first, second):
        keys = {"intent", "item", "text", "candidates", "trie_path", "timings"}
        assert keys <= row.keys()
        assert row["intent"] == "REC"
        assert row["item"].keys() == {"id", "title", "year"}
        assert row["item"]["id"] in CATALOG.row
        assert row["candidates"][0].keys() >= {"rank", "id", "title", "year", "score"}
        assert [step["level"] for step in row["trie_path"]] == [0, 1, 2]
        assert {timing["step"] for timing in row["timings"]} >= {"reading", "writing"}
    assert second["item"]["id"] not in {first["item"]["id"], BY_TITLE["Alien"].id}


def test_chat_without_a_recommendation_has_no_item(
    capsys: pytest.CaptureFixture[str], tiny: tuple[str, ...]
) -> None:
    _, out, _ = typed(capsys, "chat", *tiny, "--say", "hello", "--mode", "CHAT", "--json")
    row = json.loads(out)
    assert (row["intent"], row["item"], row["trie_path"]) == ("CHAT", None, [])


def test_chat_answers_each_line_of_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, catalog: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("hello\nI loved The Matrix\n\nnot read\n"))
    status, out, _ = typed(capsys, "chat", "--recommender", "repeat-last", "--catalog", catalog)
    assert status == 0
    assert len(out.splitlines()) == 2
    assert "The Matrix (1999)" in out.splitlines()[1]


def test_chat_can_be_told_which_film_to_speak_of(
    capsys: pytest.CaptureFixture[str], tiny: tuple[str, ...]
) -> None:
    jaws = BY_TITLE["Jaws"]
    _, out, _ = typed(capsys, "chat", *tiny, "--say", "well?", "--item", jaws.id, "--json")
    assert json.loads(out)["item"] == {"id": jaws.id, "title": "Jaws", "year": 1975}


def test_the_module_runs_from_a_shell() -> None:
    command = [sys.executable, "-m", "crsdemo", "chat", "--recommender", "popularity"]
    said = ["--say", "hi", "--json"]
    done = subprocess.run([*command, *said], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert json.loads(done.stdout)["intent"] == "REC"


# evaluate and checks


@pytest.mark.parametrize("name", ["popularity", "repeat-last", "generative"])
@pytest.mark.parametrize("data", ["redial", "inspired"])
def test_evaluate_reads_both_datasets(
    capsys: pytest.CaptureFixture[str],
    trained: Trained,
    tiny: tuple[str, ...],
    tmp_path: Path,
    name: str,
    data: str,
) -> None:
    chosen = tiny if name == "generative" else ("--recommender", name, *tiny[2:])
    path, out = str(getattr(trained, data)), tmp_path / "deep" / "report.json"
    flags = ("--limit", "4", "--json", str(out), "--state", str(tmp_path / "state"))
    status, printed, _ = typed(capsys, "evaluate", *chosen, "--dialogues", path, *flags)
    assert status == 0
    report = json.loads(out.read_text())
    assert "protocol ours, part new" in printed and "protocol ours, part all" in printed
    assert report["recommender"] == ("gcrs" if name == "generative" else name)
    assert report["dialogues"] == 4
    assert report["turns"] > 4
    for part in ("all", "new"):
        value = {name: one["value"] for name, one in report["parts"][part]["metrics"].items()}
        assert report["parts"][part]["n"] > 0
        assert 0 <= value["recall@1"] <= value["recall@10"]
        assert value["recall@50"] == 1.0  # there are 32 films
    assert (report["mode"] is not None) == (name == "generative")


def test_reports_are_tabulated(
    capsys: pytest.CaptureFixture[str], trained: Trained, tmp_path: Path
) -> None:
    flags = ("--catalog", str(trained.catalog), "--dialogues", str(trained.redial))
    reports = [str(tmp_path / f"{name}.json") for name in ("popularity", "repeat-last")]
    for name, path in zip(("popularity", "repeat-last"), reports, strict=True):
        state = ("--state", str(tmp_path / "state"))
        typed(capsys, "evaluate", *flags, "--recommender", name, "--json", path, *state)
    chosen = ("--against", "popularity", "--part", "all", "--metrics", "recall@1, mrr@10")
    status, out, _ = typed(capsys, "tabulate", *reports, *chosen, "--format", "latex")
    assert status == 0
    assert out.count("\\toprule") == 2
    assert "more than popularity" in out and "repeat-last" in out
    status, _, err = typed(capsys, "tabulate", *reports, reports[0])
    assert (status, "one file name" in err) == (2, True)


def test_dialogues_that_were_trained_on_can_be_left_out(
    capsys: pytest.CaptureFixture[str], trained: Trained, tmp_path: Path
) -> None:
    learned = tmp_path / "train.jsonl"
    learned.write_text("\n".join(trained.redial.read_text().splitlines()[:2]) + "\n")
    flags = ["--recommender", "popularity", "--catalog", str(trained.catalog)]
    report, state = tmp_path / "report.json", str(tmp_path / "state")
    flags += ["--dialogues", str(trained.redial), "--state", state, "--without"]
    typed(capsys, "evaluate", *flags, f"{learned},{trained.inspired}", "--json", str(report))
    assert {"dialogues": 4, "left_out": 2}.items() <= json.loads(report.read_text()).items()
    status, _, err = typed(capsys, "evaluate", *flags, str(trained.redial))
    assert (status, "were not trained on" in err) == (2, True)


def test_facts_are_checked_and_the_status_says_whether_all_are_true(
    capsys: pytest.CaptureFixture[str], catalog: str
) -> None:
    flags = ("--recommender", "popularity", "--catalog", catalog, "--replies", "8")
    status, out, _ = typed(capsys, "check-facts", *flags)
    assert status == 0
    assert "8 replies read" in out
    assert "replies with a wrong claim: 0" in out


# what goes wrong


def test_no_stage_or_an_unknown_one_shows_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(capsys)[0] == 0
    assert typed(capsys, "--help")[0] == 0
    status, out, err = typed(capsys, "sing")
    assert status == 2
    assert "no stage 'sing'" in err
    assert all(stage in out for stage in STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_explains_its_flags(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([stage, "--help"])
    assert left.value.code == 0
    assert "usage" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("chat", "--recommender", "oracle", "--say", "hi"), "no recommender 'oracle'"),
        (("chat", "--recommender", "popularity", "--say", "  "), "nothing to answer"),
        (("chat", "--recommender", "popularity", "--say", "x" * 9999), "9,999 characters"),
        (("chat", "--recommender", "popularity", "--mode", "SING", "--say", "hi"), "CHAT or REC"),
        (
            (
                "chat",
                "--recommender",
                "popularity",
                "--mode",
                "CHAT",
                "--item",
                "f01",
                "--say",
                "x",
            ),
            "mode CHAT has no item",
        ),
        (("chat", "--recommender", "popularity", "--item", "f99", "--say", "x"), "no item 'f99'"),
        (("evaluate", "--recommender", "popularity", "--dialogues", "no.jsonl"), "no dialogues at"),
        (("evaluate", "--recommender", "popularity", "--dialogues", __file__), "ends in '.py'"),
    ],
)
def test_what_was_wrong_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], catalog: str, argv: tuple[str, ...], message: str
) -> None:
    status, _, err = typed(capsys, argv[0], "--catalog", catalog, *argv[1:])
    assert status == 2
    assert err.startswith("crsdemo: ")
    assert message in err


def test_a_catalog_that_is_missing_or_damaged_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    say = ("--recommender", "popularity", "--say", "hi")
    status, _, err = typed(capsys, "chat", "--catalog", str(tmp_path), *say)
    assert (status, "no catalog at" in err, "build-catalog" in err) == (2, True, True)
    (tmp_path / "items.jsonl").write_text("{}\n")
    status, _, err = typed(capsys, "chat", "--catalog", str(tmp_path), *say)
    assert (status, "line 1" in err) == (2, True)


def test_training_data_that_is_not_there_is_named(
    capsys: pytest.CaptureFixture[str], catalog: str, trained: Trained
) -> None:
    for stage in ("semantic-ids", "fit-prior", "train-gcrs", "train-reges", "fit-retriever"):
        flags = ["--catalog", catalog, "--dialogues", "nowhere.tsv"]
        status, _, err = typed(capsys, stage, *flags)
        assert (status, "no dialogues at nowhere.tsv" in err) == (2, True)
    flags = ["--catalog", catalog, "--dialogues", str(trained.redial), "--likes", "no.csv"]
    status, _, err = typed(capsys, "semantic-ids", *flags)
    assert (status, "no file at no.csv" in err) == (2, True)


def test_the_dialogues_to_evaluate_must_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["evaluate"])
    assert left.value.code == 2
    assert "--dialogues" in capsys.readouterr().err

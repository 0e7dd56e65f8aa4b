"""Whether votes are enough to learn from, and how versions fare against their parents."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from ballots import ballots
from judged import study

from crsdemo.__main__ import main
from crsdemo.export import preferences
from crsdemo.export.examples import Reason
from crsdemo.export.files import split_of
from crsdemo.export.preferences import Readiness
from crsdemo.recommenders.loading import Version
from crsdemo.web.results import tuning
from crsdemo.web.results.figures import Dot
from crsdemo.web.results.tuning import Commands

VERSION = Version("blue", 480, 31, "abcdef0123456789" * 4, simulated=False, shuffled=False)
TRAINED, FROZEN = (
    [name for name in map(str, range(500)) if split_of(name, 0.1) == side][:20]
    for side in ("train", "test")
)
DB = Path("mine/study.db")


def test_the_command_names_log_study_parent_and_a_new_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Readiness(train=120, frozen=14, needed=100, missing="", adapter="gcrs-alone")
    monkeypatch.chdir(tmp_path)
    places = {"gcrs": "gcrs", "gcrs-2": "mine/gcrs-2", "popularity": "popularity"}
    shown = tuning.learning(found, Commands(DB, places, "Which one?"))
    assert "120 pairs" in shown.answer and "100 are needed" in shown.answer
    assert shown.answer.endswith(
        "`python -m crsdemo tune --db mine/study.db --study 'Which one?' --from gcrs "
        "--out versions/gcrs-3`"
    )
    Path("versions/gcrs-3").mkdir(parents=True)
    more = Commands(DB, {**places, "gcrs-2-2": "x"})
    shown = tuning.learning(replace(found, adapter="gcrs-2"), more)
    assert shown.answer.endswith("--from mine/gcrs-2 --out versions/gcrs-2-3`")
    assert "versions/gcrs-4`" in tuning.learning(found, Commands(DB, places)).answer


def test_too_few_pairs_say_how_many_are_needed() -> None:
    missing = "12 votes can be learned from and 100 are needed; collect more"
    found = Readiness(train=12, frozen=0, needed=100, missing=missing, adapter="")
    shown = tuning.learning(found, Commands(DB, {}))
    assert shown.answer == f"Not enough yet: {missing}."
    assert shown.table.rows == ((12, 100, 0),)


def test_pairs_in_a_log_are_counted_as_tune_counts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preferences, "ENOUGH", 2)
    lab = study(tmp_path)
    for name in (*TRAINED[:3], *FROZEN[:2]):
        series = lab.judged(lab.start(name), f"a western for {name}", "left")
        lab.judged(series, f"another for {name}", "both_bad")
    lab.log.close()
    found = tuning.ready(lab.log.path)
    assert (found.train, found.frozen, found.needed, found.missing) == (3, 2, 2, "")
    assert found.left_out == {Reason.NO_WINNER: 5}
    said = tuning.learning(found, Commands(DB, {})).answer
    assert said.endswith("Left out: the verdict names no winner: 5.")
    assert tuning.ready(lab.log.path, "another study").train == 0


def test_a_version_is_shown_against_its_parent_from_its_own_side() -> None:
    """Three of four decided votes are for red, whichever side or name comes first."""
    votes = ballots("ann: l l l g / bob: r ?")
    for name, parent, share in (("red", "blue", 3 / 4), ("blue", "red", 1 / 4)):
        shown = tuning.versions(votes, {name: replace(VERSION, parent=parent)}, Commands(DB, {}))
        (dot,) = shown.figure.rows
        assert dot.name == f"{name} against {parent}"
        assert isinstance(dot, Dot) and dot.estimate.value == share
        assert dot.estimate.low is not None and dot.estimate.high is not None
        assert dot.estimate.low < share < dot.estimate.high
    assert "blue, tuned from red on 480 votes: too few votes to tell" in shown.answer
    row = dict(zip((one.name for one in shown.table.columns), shown.table.rows[0], strict=True))
    assert (row["wins"], row["losses"], row["people"]) == (1, 3, 31)
    assert row["judgments"] == "abcdef012345" and row["kind"] == ""


def test_a_version_that_has_not_met_its_parent_is_given_the_rematch() -> None:
    simulated = replace(VERSION, parent="gcrs", simulated=True, shuffled=True)
    places = {"gcrs-2": "my versions/gcrs-2"}
    shown = tuning.versions(ballots("ann: l"), {"gcrs-2": simulated}, Commands(DB, places))
    assert "`python -m crsdemo rematch --of 'my versions/gcrs-2'`" in shown.answer
    books = Commands(DB, places, catalog=Path("my books"))
    shown = tuning.versions((), {"gcrs-2": simulated}, books)
    assert "--of 'my versions/gcrs-2' --catalog 'my books'`" in shown.answer
    assert "a control with shuffled labels, from gcrs on 480 SIMULATED votes" in shown.answer
    assert "simulated, control" in shown.table.rows[0] and not shown.figure.rows


@pytest.mark.parametrize("names", [("red", "red-alone"), ()])
def test_only_versions_are_listed(names: tuple[str, ...]) -> None:
    found = Readiness(0, 0, 100, "nothing", "")
    places = dict(zip(names, names, strict=True))
    tuned = tuning.tuned_among(names, lambda name: VERSION)
    shown = tuning.exhibits(found, Commands(DB, places), (), tuned)
    assert ("versions" in shown) == bool(names)
    if names:
        assert [row[0] for row in shown["versions"].table.rows] == ["red"]


def test_the_command_results_tells_it_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = study(tmp_path)
    lab.judged(lab.start("v"), "a western", "left")
    lab.log.close()
    assert main(["results", "--db", str(lab.log.path)]) == 0
    assert "Can a system learn from these votes? Not enough yet" in capsys.readouterr().out
    assert main(["results", "--db", str(lab.log.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["learning"]["needed"] == preferences.ENOUGH


def test_the_command_results_knows_versions_in_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = study(tmp_path)
    lab.judged(lab.start("v"), "a western", "left")
    lab.log.close()
    folder = tmp_path / "mine" / "red"
    folder.mkdir(parents=True)
    card = {"tuned": asdict(replace(VERSION, votes=479))}
    (folder / "crsdemo.json").write_text(json.dumps(card))
    assert main(["results", "--db", str(lab.log.path), "--recommenders", str(folder)]) == 0
    assert "red, tuned from blue on 479 votes" in capsys.readouterr().out

"""What the results page reads of a real study, and what its operator takes home."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path

import pytest
from judged import Scribe, study
from made_studies import SHORT, Annotator, Lab, lab
from stand_in import StandIn

from crsdemo.core.errors import BadInputError
from crsdemo.export.take_home import KEPT_FOR, Handouts, TakeHome
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.outbox import Outbox
from crsdemo.feedback.results import ResultsLog
from crsdemo.web.upkeep import Upkeep


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def short(folder: Path) -> Lab:
    return lab(folder, SHORT)


def half_way(lab: Lab, name: str) -> Annotator:
    """Somebody who has judged one of two."""
    annotator = lab.annotator(name)
    for _ in range(20):
        if lab.rows(f"select 1 from verdicts where visitor = '{annotator.id}'"):
            return annotator
        annotator.act()
    raise AssertionError("nothing to judge")


def test_the_progress_of_a_study_is_told_per_person(tmp_path: Path) -> None:
    running = short(tmp_path)
    half, new = half_way(running, "half"), running.annotator("new", begun=False)
    gone = running.annotator("gone")
    running.desk.withdraw(gone.id, erase=False)
    tester = running.desk.arrive({"test": "colleague"}, None)
    log = ResultsLog(running.log.file)
    found = {one.annotator: one for one in log.participants()}
    assert log.studies() == ("Short",) and tester not in found
    assert (found[half.id].planned, found[half.id].judged) == (2, 1)
    assert found[half.id].state == "under way" and found[half.id].study == "Short"
    assert (found[new.id].state, found[new.id].planned) == ("not begun", 0)
    assert found[gone.id].state == "withdrawn"
    assert log.participants("Another study") == ()


def test_a_pair_is_read_with_what_was_said_before_it(tmp_path: Path) -> None:
    running = short(tmp_path)
    half_way(running, "half")
    ((name,),) = running.rows("select comparison_id from verdicts")
    seen = ResultsLog(running.log.file).seen_pairs([name, "unknown"])
    assert set(seen) == {name}
    assert {seen[name].left, seen[name].right} == {"red", "blue"}
    assert seen[name].heard.turns[-1].speaker == "user"
    assert seen[name].text_of("red") and seen[name].text_of("blue")


def test_an_export_is_one_file_with_the_folder_and_its_manifest(tmp_path: Path) -> None:
    running = short(tmp_path)
    half_way(running, "half")
    home = TakeHome(running.log.path, Handouts())
    handout = home.export("jsonl", "Short")
    with zipfile.ZipFile(handout.path) as folder:
        names = {Path(name).name: name for name in folder.namelist()}
        manifest = json.loads(folder.read(names["manifest.json"]))
        assert manifest["counts"]["written"] == 1
        assert manifest["filters"]["study"] == "Short"
        assert len(folder.read(names["verdicts.jsonl"]).splitlines()) == 1
    with pytest.raises(BadInputError, match="--format"):
        home.export("xlsx")


def test_an_export_for_training_takes_systems_that_read_no_prompt(tmp_path: Path) -> None:
    """As another's system at an address, of which the log has no prompt."""
    made = study(tmp_path, StandIn(name="red"), Scribe(name="blue"))
    made.judged(made.start("ann"), "a western", "left")
    home = TakeHome(made.log.path, Handouts())
    assert home.export("dpo").told == "1 of 1 written."
    exact = home.export("dpo", text="exact").told
    assert exact.startswith("0 of 1 written. Left out: a recommender that reads no prompt")
    made.log.close()


def test_a_backup_is_a_whole_log(tmp_path: Path) -> None:
    running = short(tmp_path)
    half_way(running, "half")
    home = TakeHome(running.log.path, Handouts())
    handout = home.backup()
    with sqlite3.connect(handout.path) as copy:
        assert copy.execute("select count(*) from verdicts").fetchone() == (1,)
        assert copy.execute("pragma integrity_check").fetchone() == ("ok",)


def test_a_file_is_gone_after_a_while_and_no_other_ticket_finds_it() -> None:
    clock = Clock()
    handouts = Handouts(clock)
    handout = handouts.make("a.txt", lambda path: path.touch())
    assert handouts.find(handout.ticket) == handout and handout.path.exists()
    assert handouts.find(handout.ticket[:-1]) is None and handouts.find("") is None
    assert handout.path.parent.stat().st_mode & 0o077 == 0
    clock.now += KEPT_FOR
    assert handouts.find(handout.ticket) is None and not handout.path.exists()


def test_a_file_that_could_not_be_made_leaves_nothing() -> None:
    handouts = Handouts()

    def fail(path: Path) -> None:
        path.write_text("half")
        raise OSError("no room")

    with pytest.raises(BadInputError, match="a.txt cannot be written: no room"):
        handouts.make("a.txt", fail)
    assert list(Path(handouts._folder.name).iterdir()) == []


def test_a_file_is_gone_when_its_time_is_over_though_nobody_asks(tmp_path: Path) -> None:
    now = [0.0]
    handouts = Handouts(lambda: now[0])
    made = handouts.make("a.txt", lambda path: path.touch())
    log = FeedbackLog(tmp_path / "feedback.db")
    upkeep = Upkeep(Outbox(log), handouts=handouts)
    upkeep.round()
    assert made.path.exists()
    now[0] = KEPT_FOR
    upkeep.round()
    assert list(Path(handouts._folder.name).iterdir()) == []
    log.close()

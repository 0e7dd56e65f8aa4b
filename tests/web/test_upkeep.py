"""Backups come on time and go in turn; the operator alone sees what is wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from stand_in import CATALOG, NoLinker, StandIn, StandIns
from test_feedback import answered
from test_outbox import kept_aside, locked

from app import open_pages
from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.errors import FeedbackError
from crsdemo.feedback.backup import NEWEST, Backups, restore
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.outbox import Outbox, Rated
from crsdemo.studies.tasks import GOOD
from crsdemo.web.demo import Demo
from crsdemo.web.health import Health, examine
from crsdemo.web.operator import Operator
from crsdemo.web.serving import _private
from crsdemo.web.upkeep import Upkeep

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PASSWORD = "open: sésame"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FeedbackLog]:
    log = FeedbackLog(tmp_path / "feedback.db", busy_seconds=0.05)
    yield log
    log.close()


def test_a_backup_is_made_each_hour_and_can_be_restored(log: FeedbackLog, tmp_path: Path) -> None:
    conversation = answered(log)
    backups = Backups(log.path, tmp_path / "copies")
    assert backups.is_due(NOON)
    made = backups.make(NOON)
    (tmp_path / "copies" / "feedback-of-a-friend.db").write_text("not ours")
    assert backups.made() == (NOON,)
    assert not backups.is_due(NOON + timedelta(minutes=59))
    assert backups.is_due(NOON + timedelta(hours=1))
    restore(made, tmp_path / "restored.db")
    again = FeedbackLog(tmp_path / "restored.db")
    assert again.restore(conversation.id, CATALOG)
    again.close()


@pytest.mark.parametrize("name", ["feed[1].db", "what?.db", "a*b.db"])
def test_a_log_may_be_called_as_its_owner_likes(tmp_path: Path, name: str) -> None:
    log = FeedbackLog(tmp_path / name)
    backups = Backups(log.path, tmp_path / "copies")
    backups.make(NOON)
    assert backups.made() == (NOON,) and not backups.is_due(NOON)
    pair = SideBySide(StandIns((StandIn(),)), NoLinker(), log)
    demo = Demo(Exchange(StandIn(), NoLinker(), log), pair, CATALOG, Operator())
    beside = [str(tmp_path / f"{name}{ending}") for ending in ("", "-shm", "-wal", ".copies.jsonl")]
    assert set(_private(demo)) == set(beside)  # which is never served
    log.close()


def test_the_newest_backups_stay_and_older_ones_go(log: FeedbackLog, tmp_path: Path) -> None:
    backups = Backups(log.path, tmp_path / "copies")
    for n in range(NEWEST + 2):
        backups.make(NOON + timedelta(hours=n))
    assert backups.made() == tuple(NOON + timedelta(hours=n) for n in range(2, NEWEST + 2))


def test_a_backup_that_fails_drops_none_and_is_said(
    log: FeedbackLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "copies"
    folder.write_text("a file where the folder should be")
    upkeep = Upkeep(Outbox(log), Backups(log.path, folder))
    upkeep.round()
    upkeep.round()
    assert "back up the log" in upkeep.troubles
    assert capsys.readouterr().err.count("could not back up the log") == 1
    assert any("back up the log" in problem for problem in examine(upkeep).problems())


def test_the_upkeep_runs_by_itself_and_stops(
    log: FeedbackLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crsdemo.web.upkeep.PAUSE", 0.05)
    reply = answered(log, "ann").turns[-1].id
    upkeep = Upkeep(Outbox(log), Backups(log.path, tmp_path / "copies"))
    upkeep.start()
    assert len(upkeep.backups.made()) == 1  # type: ignore[union-attr]  # there are some
    with locked(log):
        kept_aside(upkeep.outbox, Rated(reply, "ann", {"thumbs": 1}))
    deadline = datetime.now() + timedelta(seconds=10)
    while upkeep.outbox.n_waiting() and datetime.now() < deadline:
        pass
    upkeep.stop()
    with sqlite3.connect(log.path) as db:
        assert db.execute("select visitor from ratings").fetchall() == [("ann",)]


def test_health_counts_what_failed_waits_and_was_given_up(log: FeedbackLog) -> None:
    upkeep = Upkeep(Outbox(log))
    assert examine(upkeep).is_well
    reply = answered(log, "ann").turns[-1].id
    with locked(log):
        kept_aside(upkeep.outbox, Rated(reply, "ann", {"thumbs": 1}))
    health = examine(upkeep)
    assert health.failed_writes == {"database is locked": 1} and health.n_waiting == 1
    assert not health.is_well and "outbox" in next(health.problems())
    assert health.activity.generations == {"ok": 1}
    assert 0 <= health.activity.latency_p95["double"] < 5
    upkeep.round()
    assert examine(upkeep).is_well and examine(upkeep).activity.n_ratings == 1


def test_many_replies_given_up_are_a_problem(log: FeedbackLog) -> None:
    answered(log)
    for _ in range(12):
        answered(log)
    with log.file.writing() as db:
        db.execute("drop trigger generations_stay")
        db.execute("update generations set status = 'abandoned' where rowid % 4 = 0")
    health = examine(Upkeep(Outbox(log)))
    assert 0.2 < health.abandoned_share < 0.3
    assert any("given up" in problem for problem in health.problems())


def test_a_system_that_keeps_failing_is_a_problem_until_it_answers_again(log: FeedbackLog) -> None:
    pair = SideBySide(StandIns((StandIn(name="red"), StandIn(name="blue"))), NoLinker(), log)
    series = pair.start("ann", "shared")

    def say(text: str) -> Health:
        *_, _ = pair.say(series, text, ("red", "blue"))
        return examine(Upkeep(Outbox(log)))

    assert say("hello").is_well
    assert say("break down: red").is_well and say("break down: red").is_well
    health = say("break down: red")
    assert health.as_json()["failing"] == {"red": 3} and not health.is_well
    (problem,) = health.problems()
    assert "red has failed 3 times in a row" in problem and "as told" in problem
    assert say("I want to kill myself").as_json()["failing"] == {"red": 3}  # nobody was asked
    assert say("hello again").is_well


def test_the_replies_that_a_study_file_has_are_no_systems(log: FeedbackLog) -> None:
    pair = SideBySide(StandIns((StandIn(name="red"), StandIn(name=GOOD))), NoLinker(), log)
    *_, _ = pair.say(pair.start("ann", "shared"), "hello", ("red", GOOD))
    assert list(examine(Upkeep(Outbox(log))).activity.latency_p95) == ["red"]


def test_a_log_that_cannot_be_read_is_said_and_the_rest_still_shown(log: FeedbackLog) -> None:
    log.path.rename(log.path.with_name("elsewhere.db"))
    with pytest.raises(FeedbackError):
        answered(log)
    health = examine(Upkeep(Outbox(log)))
    assert list(health.problems())[0] == "The log cannot be read."
    assert health.as_json()["failed_writes"] and health.free_bytes > 0


def test_a_folder_that_is_gone_is_said_and_the_rest_still_shown(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    log = FeedbackLog(tmp_path / "here" / "feedback.db")
    (tmp_path / "here").rename(tmp_path / "gone")
    health = examine(Upkeep(Outbox(log)))
    assert not health.is_well and "No such file" in health.troubles["read the disk"]
    log.close()


# Clocks and files that misbehave


def test_a_clock_that_is_set_back_three_days_stops_no_backup(
    log: FeedbackLog, tmp_path: Path
) -> None:
    backups = Backups(log.path, tmp_path / "copies")
    for n in range(NEWEST):
        backups.make(NOON + timedelta(hours=n))
    back = NOON - timedelta(days=3)
    assert backups.is_due(back)
    for n in range(3):
        backups.make(back + timedelta(hours=n))
    made = backups.made()
    assert len(made) == NEWEST and made[:3] == tuple(back + timedelta(hours=n) for n in range(3))
    now = back + timedelta(hours=2, minutes=1)
    assert backups.last(now) == made[2] and not backups.is_due(now)
    assert backups.is_due(now + timedelta(hours=1))


class Clocks:
    """A wall clock and a monotonic one that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.ticks = NOON, 1000.0
        monkeypatch.setattr("crsdemo.web.upkeep.datetime", self)
        monkeypatch.setattr("crsdemo.web.health.datetime", self)
        monkeypatch.setattr("crsdemo.web.upkeep.time.monotonic", lambda: self.ticks)

    def now(self, zone: object) -> datetime:
        return self.wall


def test_a_backup_is_made_each_hour_of_the_process_whatever_the_wall_clock_says(
    log: FeedbackLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks(monkeypatch)
    upkeep = Upkeep(Outbox(log), Backups(log.path, tmp_path / "copies"))
    upkeep.round()
    clocks.wall -= timedelta(days=3)
    upkeep.round()
    assert len(upkeep.backups.made()) == 2  # type: ignore[union-attr]  # there are some
    clocks.wall += timedelta(seconds=1)  # nearly stands still
    upkeep.round()
    assert len(upkeep.backups.made()) == 2  # type: ignore[union-attr]  # there are some
    clocks.ticks += 3600
    upkeep.round()
    assert len(upkeep.backups.made()) == 3  # type: ignore[union-attr]  # there are some
    clocks.wall += timedelta(hours=3)  # no backup since
    assert any("No backup" in problem for problem in examine(upkeep).problems())


def test_an_old_backup_that_cannot_be_dropped_is_said_and_ends_nothing(
    log: FeedbackLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks(monkeypatch)
    backups = Backups(log.path, tmp_path / "copies")
    upkeep = Upkeep(Outbox(log), backups)
    for n in range(NEWEST):
        backups.make(NOON - timedelta(days=5, hours=n))
    oldest = tmp_path / "copies" / f"feedback-{backups.made()[0]:%Y%m%dT%H%M%SZ}.db"
    oldest.unlink()
    oldest.mkdir()
    upkeep.round()
    assert "old ones stay" in upkeep.troubles["back up the log"]
    assert backups.last(NOON) == NOON and oldest.is_dir()
    upkeep.round()
    clocks.wall += timedelta(hours=1)
    upkeep.round()
    assert len(backups.made()) == NEWEST + 1, "the others go in turn"


def test_upkeep_and_start_survive_anything(
    log: FeedbackLog, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("crsdemo.web.upkeep.PAUSE", 0.01)
    upkeep = Upkeep(Outbox(log))
    rounds = []

    def fail() -> int:
        rounds.append(1)
        raise [TypeError("\ud800"), OSError("gone"), RecursionError(), MemoryError()][
            len(rounds) % 4
        ]

    monkeypatch.setattr(log, "record_abandoned", fail)
    monkeypatch.setattr(upkeep.outbox, "drain", fail)
    upkeep.start()
    deadline = datetime.now() + timedelta(seconds=10)
    while len(rounds) < 20 and datetime.now() < deadline:
        pass
    assert len(rounds) >= 20 and "give up silent replies" in upkeep.troubles
    upkeep.stop()
    assert "could not empty the outbox" in capsys.readouterr().err


def test_an_outbox_that_cannot_be_read_is_said_and_the_rest_still_shown(log: FeedbackLog) -> None:
    outbox = Outbox(log)
    outbox.path.mkdir()
    outbox.damaged.mkdir()
    upkeep = Upkeep(outbox)
    upkeep.round()
    health = examine(upkeep)
    assert not health.is_well and health.is_readable
    problems = " ".join(health.problems())
    assert "read the outbox" in problems and "read what was set apart" in problems
    assert health.as_json()["outbox"] == 0


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demo with a password."""
    log = FeedbackLog(tmp_path_factory.mktemp("guarded") / "feedback.db")
    exchange = Exchange(StandIn(name="<b>red</b>"), NoLinker(), log)
    *_, _ = exchange.say(exchange.start("ann"), "hello")
    pair = SideBySide(StandIns((StandIn(),)), NoLinker(), log)
    blocks, url = open_pages(Demo(exchange, pair, CATALOG, Operator(PASSWORD)), "127.0.0.1", None)
    yield url
    blocks.close()
    log.close()


def test_only_the_operator_sees_how_the_demo_is(guarded: str) -> None:
    page = httpx.get(guarded + "health")
    assert page.status_code == 401 and "Basic" in page.headers["www-authenticate"]
    assert "outbox" not in page.text
    assert httpx.get(guarded + "health.json").status_code == 401
    assert httpx.get(guarded + "health", auth=("operator", "open sesame")).status_code == 401
    odd = httpx.get(guarded + "health", headers={"Authorization": "Basic %%%"})
    assert odd.status_code == 401


def test_the_operator_reads_it_and_a_monitor_too(guarded: str) -> None:
    known = ("operator", PASSWORD)
    page = httpx.get(guarded + "health", auth=known)
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    assert "All is well" in page.text and "&lt;b&gt;red" in page.text
    numbers = httpx.get(guarded + "health.json", auth=known)
    assert numbers.status_code == 200
    assert numbers.json()["well"] is True and numbers.json()["replies"] == {"ok": 1}

"""What waited while the log was away comes into it by a command; files are their owner's alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_feedback import answered
from test_outbox import kept_aside, locked, log, ratings  # noqa: F401  the fixture

from crsdemo.__main__ import main
from crsdemo.core.conversation import ItemMark
from crsdemo.feedback.backup import Backups, backup, restore
from crsdemo.feedback.deliver import deliver
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.outbox import Marked, Outbox, Rated


def test_opinions_of_a_log_that_was_gone_come_back_after_a_restore(
    log: FeedbackLog,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reply, saved = answered(log).turns[-1].id, tmp_path / "monday.db"
    backup(log.path, saved)
    with locked(log):
        kept_aside(Outbox(log), Rated(reply, "visitor", {"thumbs": 1}))
        kept_aside(Outbox(log), Marked("visitor", ItemMark(reply, "f1", "want"), True))
    log.close()
    for ending in ("", "-wal", "-shm"):
        log.path.with_name(log.path.name + ending).unlink(missing_ok=True)
    lost = FeedbackLog(log.path)  # the app starts on nothing
    assert Outbox(lost).drain() == 0 and Outbox(lost).n_damaged() == 2
    lost.close()
    db = str(log.path)
    assert main(["restore", "--from", str(saved), "--db", db]) == 0
    assert "deliver" in capsys.readouterr().out
    assert main(["deliver", "--db", db]) == 0
    assert "0 opinions saved" in (said := capsys.readouterr().out) and "2 set apart" in said
    assert main(["deliver", "--db", db, "--again"]) == 0
    assert "2 opinions saved" in (said := capsys.readouterr().out) and "apart" not in said
    assert ratings(log) == [("thumbs", "1")]
    assert deliver(log.path, again=True)[:2] == (0, 0)


def test_what_still_fits_nowhere_is_set_apart_again(log: FeedbackLog) -> None:  # noqa: F811
    reply, outbox = answered(log).turns[-1].id, Outbox(log)
    with locked(log):
        kept_aside(outbox, Rated(reply, "visitor", {"thumbs": 1}))
    good = outbox.path.read_bytes()
    outbox.damaged.write_bytes(b"\xff\nnot json\n" + good + b'{"line": "{}"}\n')
    assert deliver(log.path)[:2] == (1, 4)
    assert deliver(log.path, again=True)[:2] == (1, 3)
    assert deliver(log.path, again=True)[:2] == (0, 3)
    assert ratings(log) == [("thumbs", "1")]


def test_no_log_is_made_and_a_locked_one_loses_nothing(
    log: FeedbackLog,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert main(["deliver", "--db", str(tmp_path / "none.db")]) == 2
    assert "restore a backup first" in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()
    reply, outbox = answered(log).turns[-1].id, Outbox(log)
    with locked(log):
        kept_aside(outbox, Rated(reply, "visitor", {"thumbs": 1}))
        monkeypatch.setattr("crsdemo.feedback.log.LogFile", lambda path, _: log.file)
        assert main(["deliver", "--db", str(log.path)]) == 2
    assert outbox.n_waiting() == 1


@pytest.fixture
def open_handed() -> Iterator[None]:
    """A umask that takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_all_files_are_their_owners_alone(tmp_path: Path, open_handed: None) -> None:
    log = FeedbackLog(tmp_path / "feedback.db", busy_seconds=0.05)  # noqa: F811
    reply, outbox = answered(log).turns[-1].id, Outbox(log)
    with locked(log):
        kept_aside(outbox, Rated(reply, "visitor", {"thumbs": 1}))
    outbox.path.write_bytes(outbox.path.read_bytes() + b"{}\n")
    outbox.drain()
    backup(log.path, tmp_path / "copy.db")
    Backups(log.path, tmp_path / "copies").make(datetime.now(UTC))
    names = {p.name for p in tmp_path.iterdir() if p.is_file()}
    assert names >= {"feedback.db", "feedback.db-wal", "copy.db", outbox.path.name}
    assert outbox.damaged.name in names
    log.close()
    kept = restore(tmp_path / "copy.db", log.path)
    assert kept
    for path in (p for p in tmp_path.rglob("*") if p.is_file()):
        assert path.stat().st_mode & 0o777 == 0o600, path.name

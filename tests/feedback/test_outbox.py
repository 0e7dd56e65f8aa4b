"""What people think is not lost while the log cannot be written, and comes in the right order."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from test_feedback import CATALOG, answered

from crsdemo.core.conversation import ItemMark
from crsdemo.core.errors import BadInputError, FeedbackError, KeptAsideError, RefusedError
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.outbox import Marked, Outbox, Rated
from crsdemo.web.upkeep import Upkeep


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FeedbackLog]:
    log = FeedbackLog(tmp_path / "feedback.db", busy_seconds=0.05)
    yield log
    log.close()


@contextmanager
def locked(log: FeedbackLog) -> Iterator[None]:
    """Another program holds the log."""
    other = sqlite3.connect(log.path, isolation_level=None)
    other.execute("begin immediate")
    try:
        yield
    finally:
        other.execute("rollback")
        other.close()


def ratings(log: FeedbackLog) -> list[tuple[object, ...]]:
    with sqlite3.connect(log.path) as db:
        return db.execute("select aspect, value from ratings order by number").fetchall()


def kept_aside(outbox: Outbox, opinion: Rated | Marked) -> None:
    with pytest.raises(KeptAsideError, match="will be saved when the log is well again"):
        outbox.submit(opinion)


def test_what_the_log_cannot_take_waits_and_is_delivered_before_the_next(log: FeedbackLog) -> None:
    reply, outbox = answered(log).turns[-1].id, Outbox(log)
    with locked(log):
        kept_aside(outbox, Rated(reply, "visitor", {"thumbs": 1, "reasons": ("good film",)}))
        kept_aside(outbox, Rated(reply, "visitor", {"thumbs": -1}))
        assert outbox.n_waiting() == 2 and ratings(log) == []
    outbox.submit(Rated(reply, "visitor", {"comment": 'she said "why?" <b>\n'}))
    assert ratings(log) == [
        ("thumbs", "1"),
        ("reasons", '["good film"]'),
        ("thumbs", "-1"),
        ("comment", '"she said \\"why?\\" <b>"'),
    ]
    assert outbox.n_waiting() == 0


def test_the_next_start_delivers_what_waits(
    log: FeedbackLog, capsys: pytest.CaptureFixture[str]
) -> None:
    conversation = answered(log)
    reply = conversation.turns[-1].id
    with locked(log):
        kept_aside(Outbox(log), Marked("visitor", ItemMark(reply, "f1", "want"), on=True))
        upkeep = Upkeep(Outbox(log))
        upkeep.round()
        assert "locked" in upkeep.troubles["empty the outbox"]
        assert "locked" in capsys.readouterr().err
    again = FeedbackLog(log.path)
    upkeep = Upkeep(Outbox(again))
    upkeep.round()
    restored = again.restore(conversation.id, CATALOG)
    assert restored and restored.marks == (ItemMark(reply, "f1", "want"),)
    with sqlite3.connect(log.path) as db:
        assert db.execute("select visitor, kind from item_events").fetchall() == [
            ("visitor", "want")
        ]
    assert upkeep.troubles == {} and "saved 1 opinions" in capsys.readouterr().out


def test_a_delivery_that_a_crash_cut_off_is_done_again_without_harm(
    log: FeedbackLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply, outbox = answered(log).turns[-1].id, Outbox(log)
    with locked(log):
        for thumb in (1, -1, 1):
            kept_aside(outbox, Rated(reply, "visitor", {"thumbs": thumb}))
    written = []

    def crash(file: int, line: bytes, at: int) -> int:
        written.append(1)
        if len(written) == 2:  # the second opinion is in the log, its line is not crossed out
            raise KeyboardInterrupt
        return real(file, line, at)

    real = os.pwrite
    with monkeypatch.context() as patched:
        patched.setattr("crsdemo.feedback.outbox.os.pwrite", crash)
        with pytest.raises(KeyboardInterrupt):
            outbox.drain()
    assert outbox.n_waiting() == 2
    Outbox(log).drain()
    assert ratings(log) == [("thumbs", "1"), ("thumbs", "-1"), ("thumbs", "1")]


def test_a_damaged_line_is_set_apart_and_the_others_are_delivered(log: FeedbackLog) -> None:
    reply, outbox = answered(log).turns[-1].id, Outbox(log)
    with locked(log):
        kept_aside(outbox, Rated(reply, "visitor", {"thumbs": 1}))
    torn = b'{"kind": "Rated", "gener'
    unknown = json.dumps({"kind": "Rated", "generation_id": "x", "visitor": "y", "ratings": {}})
    nowhere = unknown.replace("{}", '{"thumbs": 1}')
    outbox.path.write_bytes(b"\xff\n" + nowhere.encode() + b"\n" + outbox.path.read_bytes() + torn)
    with locked(log):
        kept_aside(outbox, Rated(reply, "visitor", {"interest": 2}))
    assert outbox.drain() == 2
    assert ratings(log) == [("thumbs", "1"), ("interest", "2")]
    lines = [json.loads(line)["line"] for line in outbox.damaged.read_text().splitlines()]
    assert lines == ["\\xff", nowhere, torn.decode()] and outbox.n_damaged() == 3
    upkeep = Upkeep(outbox)
    upkeep.round()
    assert "3 lines" in upkeep.troubles["empty the outbox"]


def test_what_the_log_would_never_take_is_refused_and_not_kept(log: FeedbackLog) -> None:
    outbox = Outbox(log)
    with pytest.raises(RefusedError):
        outbox.submit(Rated("no such reply", "visitor", {"thumbs": 1}))
    with locked(log), pytest.raises(BadInputError):
        outbox.submit(Rated("any", "visitor", {"comment": "x" * 2**20}))
    assert outbox.n_waiting() == 0


def test_where_nothing_can_be_kept_both_reasons_are_named(log: FeedbackLog) -> None:
    reply, outbox = answered(log).turns[-1].id, Outbox(log)
    outbox.path.mkdir()  # stands in the way
    with locked(log), pytest.raises(FeedbackError, match=r"locked.*not be kept aside.*directory"):
        outbox.submit(Rated(reply, "visitor", {"thumbs": 1}))
    outbox.submit(Rated(reply, "visitor", {"thumbs": 1}))
    assert ratings(log) == [("thumbs", "1")], "a log that is well does not need the outbox"


def test_nobody_queues_up_behind_a_log_that_takes_long_to_fail(log: FeedbackLog) -> None:
    reply = answered(log).turns[-1].id
    slow = FeedbackLog(log.path, busy_seconds=1.4)
    outbox = Outbox(slow)
    with locked(log):
        kept_aside(outbox, Rated(reply, "visitor", {"thumbs": 1}))
        began = time.monotonic()
        kept_aside(outbox, Rated(reply, "visitor", {"thumbs": -1}))
        assert time.monotonic() - began < 1.2, "it waited for the log once more"
    time.sleep(0.5)
    outbox.submit(Rated(reply, "visitor", {"thumbs": 1}))
    assert len(ratings(log)) == 3
    slow.close()

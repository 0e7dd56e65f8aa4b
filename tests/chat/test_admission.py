"""A visitor who asks too much is told how long to wait; the others notice nothing."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from stand_in import NoLinker, StandIn, StandIns

from crsdemo.chat.admission import NO_LIMITS, Admission, Limits
from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.errors import BadInputError, TooManyError
from crsdemo.feedback.log import FeedbackLog


def test_one_visitor_is_held_the_others_are_not() -> None:
    admission = Admission(Limits(visitor_messages="2/minute"))
    for visitor in ("ann", "ann", "bob"):
        admission.message(visitor)
    with pytest.raises(TooManyError, match=r"You have sent many messages.*wait \d\d seconds"):
        admission.message("ann")
    admission.message("bob")
    admission.opinion("ann")


def test_all_together_are_held_whatever_they_call_themselves() -> None:
    admission = Admission(Limits(all_messages="5/minute"))
    for n in range(5):
        admission.message(f"visitor {n}")
    with pytest.raises(TooManyError, match="Many people"):
        admission.message("one more")


def test_the_time_to_wait_is_true() -> None:
    admission = Admission(Limits(visitor_opinions="1/second; 3/hour"))
    admission.opinion("ann")
    with pytest.raises(TooManyError, match="wait 1 second,"):
        admission.opinion("ann")
    hourly = Admission(Limits(visitor_opinions="1/hour"))
    hourly.opinion("ann")
    with pytest.raises(TooManyError, match=re.escape("wait 60 minutes")):
        hourly.opinion("ann")


def test_a_clock_that_is_set_back_makes_nobody_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    admission = Admission(Limits(visitor_messages="2/minute"))
    admission.message("ann")
    wall, ticks = time.time() - 3 * 86400, time.monotonic()
    monkeypatch.setattr(time, "time", lambda: wall)
    admission.message("ann")
    with pytest.raises(TooManyError, match="wait (60|59) seconds"):
        admission.message("ann")
    monkeypatch.setattr(time, "monotonic", lambda: ticks + 61)
    admission.message("ann")


def test_whoever_has_gone_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    admission, ticks = Admission(Limits(visitor_messages="2/minute")), time.monotonic()
    for n in range(500):
        admission.message(f"visitor {n}")
    monkeypatch.setattr(time, "monotonic", lambda: ticks + 200)
    admission.message("ann")
    assert len(admission._admitted) == 2, "ann's and everybody's"


def test_no_limits_hold_nobody_and_wrong_ones_are_named() -> None:
    admission = Admission(NO_LIMITS)
    for _ in range(1000):
        admission.message("ann")
    with pytest.raises(BadInputError, match="got 'twenty'"):
        Admission(Limits(all_messages="twenty"))


def test_a_message_too_many_leaves_no_trace(tmp_path: Path) -> None:
    log = FeedbackLog(tmp_path / "feedback.db")
    admission = Admission(Limits(visitor_messages="2/minute"))
    exchange = Exchange(StandIn(), NoLinker(), log, admission)
    pair = SideBySide(StandIns((StandIn(),)), NoLinker(), log, admission)
    begun = exchange.start("ann")
    *_, answered = exchange.say(begun, "hello")
    *_, answered = exchange.regenerate(answered)
    with pytest.raises(TooManyError):
        next(exchange.say(answered, "again"))
    with pytest.raises(TooManyError):
        next(exchange.regenerate(answered))
    with pytest.raises(TooManyError):
        next(pair.say(pair.start("ann", "shared"), "again", ("stand-in", "stand-in")))
    with log.file.reading() as db:
        assert db.execute("select count(*) from turns where speaker = 'user'").fetchone() == (1,)
    log.close()

"""Whatever a page sends is refused before anything is kept, and stops nothing that comes after."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stand_in import NoLinker, StandIn, StandIns
from test_feedback import answered
from test_outbox import kept_aside, locked, log, ratings  # noqa: F401  the fixture

from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.comparison import Judgment
from crsdemo.core.conversation import Aspect, Conversation, ItemMark
from crsdemo.core.errors import BadInputError, CrsdemoError, KeptAsideError
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.outbox import Answered, Judged, Marked, Opinion, Outbox, Picked, Rated
from crsdemo.web.upkeep import Upkeep


def nested(depth: int = 5_000) -> list[Any]:
    deep: list[Any] = []
    for _ in range(depth):
        deep = [deep]
    return deep


NO_IDS = (
    {"evil": 1}, ["a"], None, True, 1.5, 2**70, float("nan"), nested(),
    "", "\ud800", "a\n", "é", "<b>", "x" * 65, "x" * 5_000_000,
)  # fmt: skip
NO_FLAGS: tuple[object, ...] = ("yes", 1, None, [], {})
NO_NUMBERS = (float("nan"), float("inf"), -1.0, 10**400, "5", nested())
NO_VALUES = (2**70, float("nan"), {"a": 1}, nested(), ("x",) * 3_000, ("x" * 5_000,), (1,), b"x")


def rated(aspect: Aspect, junk: Any) -> Rated:
    return Rated("r", "v", {aspect: junk})


VALUES: dict[Aspect, tuple[object, ...]] = {
    "thumbs": (*NO_VALUES, True, "1"),
    "relevance": NO_VALUES,
    "reasons": NO_VALUES,
    "comment": (*NO_VALUES, 5, "x" * 5_000_000),
}
IDS: dict[str, Callable[[Any], object]] = {
    "reply of a rating": lambda junk: Rated(junk, "v", {"thumbs": 1}),
    "visitor of a rating": lambda junk: Rated("r", junk, {"thumbs": 1}),
    "reply of a mark": lambda junk: Marked("v", ItemMark(junk, "f1", "want"), True),
    "visitor of a mark": lambda junk: Marked(junk, ItemMark("r", "f1", "want"), True),
    "comparison of a verdict": lambda junk: Judged(junk, "v", Judgment("left")),
    "visitor of a verdict": lambda junk: Judged("c", junk, Judgment("left")),
    "comparison of a pick": lambda junk: Picked(junk, "v", "left"),
    "visitor of a pick": lambda junk: Picked("c", junk, "left"),
    "annotator": lambda junk: Answered(junk, "q", "study", "one", 1),
}
OTHERS: dict[str, tuple[Callable[[Any], object], tuple[Any, ...]]] = {
    "item": (
        lambda junk: Marked("v", ItemMark("r", junk, "want"), True),
        ({"evil": 1}, ["f1"], 2**70, "\ud800", "", "x" * 201, nested()),
    ),
    "kind": (lambda junk: Marked("v", ItemMark("r", "f1", junk), True), ("loved", None, {}, 1)),
    "on": (lambda junk: Marked("v", ItemMark("r", "f1", "want"), junk), NO_FLAGS),
    "mark": (lambda junk: Marked("v", junk, True), ({"item_id": "f1"}, None, "f1")),
    "ratings": (lambda junk: Rated("r", "v", junk), (None, [], {"taste": 1}, {1: 1}, nested())),
    **{f"value of {aspect}": (partial(rated, aspect), wrong) for aspect, wrong in VALUES.items()},
    "verdict": (lambda junk: Judged("c", "v", Judgment(junk)), ("better", None, {}, 1)),
    "judgment": (lambda junk: Judged("c", "v", junk), ({"verdict": "left"}, None, "left")),
    "time": (lambda junk: Judged("c", "v", Judgment("left", junk)), NO_NUMBERS),
    "swapped": (lambda junk: Judged("c", "v", Judgment("left", swapped=junk)), NO_FLAGS),
    "detail": (
        lambda junk: Judged("c", "v", Judgment("left", details={"by": junk})),
        (nested(), {"a": {"b": 1}}, float("nan"), 2**70, "x" * 3_000, "\ud800"),
    ),
    "details": (
        lambda junk: Judged("c", "v", Judgment("left", details=junk)),
        ({str(n): n for n in range(3_000)}, {"x" * 5_000: 1}, nested(), None),
    ),
    "reasons of a verdict": (
        lambda junk: Judged("c", "v", Judgment("left", details={"reasons": {"left": junk}})),
        (["dull"] * 3_000, ["x" * 5_000], [1], "dull", nested()),
    ),
    "click": (lambda junk: Judged("c", "v", Judgment("left"), junk), ({}, "x" * 65, 5, "\ud800")),
    "side": (lambda junk: Picked("c", "v", junk), ("middle", None, 1, {})),
    "answer": (
        lambda junk: Answered("a", "q", "study", "one", junk),
        (2**70, True, None, float("nan"), "x" * 3_000, "\ud800", nested()),
    ),
}


@pytest.mark.parametrize("place", IDS)
def test_what_is_no_id_is_refused_as_it_comes(place: str) -> None:
    for junk in NO_IDS:
        with pytest.raises(BadInputError) as refusal:
            IDS[place](junk)
        assert len(str(refusal.value)) < 400 and "reload" in str(refusal.value)
        str(refusal.value).encode()


@pytest.mark.parametrize("place", OTHERS)
def test_what_is_of_a_wrong_type_size_or_value_is_refused_as_it_comes(place: str) -> None:
    make, wrong = OTHERS[place]
    for junk in wrong:
        with pytest.raises(BadInputError) as refusal:
            make(junk)
        assert len(str(refusal.value)) < 400
        str(refusal.value).encode()


def test_pages_keep_nothing_of_junk_while_the_log_is_locked(log: FeedbackLog) -> None:  # noqa: F811
    reply = answered(log).turns[-1].id
    exchange = Exchange(StandIn(), NoLinker(), log)
    pair = SideBySide(StandIns((StandIn(),)), NoLinker(), log)
    evil: Any = {"evil": 1}
    clicks: tuple[Callable[[], object], ...] = (
        lambda: exchange.mark("visitor", ItemMark(reply, evil, "want")),
        lambda: exchange.mark("visitor", ItemMark(reply, "f1", "want"), on=evil),
        lambda: exchange.rate(reply, evil, {"thumbs": 1}),
        lambda: pair.judge(evil, "visitor", Judgment("left")),
        lambda: pair.pick("c", evil, "left"),
    )
    with locked(log):
        for click in clicks:
            with pytest.raises(BadInputError):
                click()
        assert exchange.outbox.n_waiting() == 0
        kept_aside(exchange.outbox, Rated(reply, "visitor", {"thumbs": 1}))
    assert exchange.outbox.drain() == 1 and ratings(log) == [("thumbs", "1")]


@pytest.mark.parametrize("junk", [{"evil": 1}, "\ud800", "x" * 5_000_000, 2**70, ["a"], None])
def test_no_talk_begins_under_what_is_no_id(log: FeedbackLog, junk: Any) -> None:  # noqa: F811
    exchange = Exchange(StandIn(), NoLinker(), log)
    for conversation in (Conversation(junk, "visitor"), Conversation("d", junk)):
        with pytest.raises(BadInputError):
            next(exchange.say(conversation, "hello"))
    with pytest.raises(BadInputError):
        next(exchange.say(Conversation("d", "visitor"), {"evil": 1}))  # type: ignore[arg-type]  # no text on purpose
    with log.file.reading() as db:
        assert db["dialogues"].count == db["visitors"].count == 0


# Lines that came into the outbox all the same


MARK = {"kind": "Marked", "visitor": "visitor", "on": True}
BAD_LINES = [
    b'{"kind": "Marked", "visitor": "visitor", "on": true, "mark": {"item_id": {"evil": 1}}}',
    b'{"kind": "Rated", "generation_id": "r", "visitor": "v", "ratings": {"thumbs": NaN}}',
    b'{"kind": "Rated", "generation_id": "r", "visitor": "v", "ratings": {"thumbs": 1e999}}',
    b'{"kind": "Rated", "generation_id": "\\ud800", "visitor": "v", "ratings": {"thumbs": 1}}',
    b'{"kind": "Answered", "value": ' + b"9" * 5_000 + b"}",
    b'{"kind": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"kind": ["Picked"]}',
    b'{"kind": "Picked"}',
    b'{"kind": "Picked", "comparison_id": {"evil": 1}, "side": "left"}',
    b'["Picked"]', b"null", b"7", b'"kind"', b"\xff\xfe", b"\x00", b"{}",
]  # fmt: skip


def test_a_line_that_fails_in_any_way_is_set_apart_and_the_next_one_comes(
    log: FeedbackLog,  # noqa: F811
) -> None:
    reply, outbox = answered(log).turns[-1].id, Outbox(log)
    with locked(log):
        kept_aside(outbox, Rated(reply, "visitor", {"thumbs": 1}))
    outbox.path.write_bytes(b"\n".join([*BAD_LINES, outbox.path.read_bytes()]))
    upkeep = Upkeep(outbox)
    upkeep.round()
    assert ratings(log) == [("thumbs", "1")] and outbox.n_waiting() == 0
    apart = [json.loads(line) for line in outbox.damaged.read_text().splitlines()]
    assert len(apart) == len(BAD_LINES) == outbox.n_damaged()
    assert all(one["why"] for one in apart)
    assert f"{len(BAD_LINES)} lines" in upkeep.troubles["empty the outbox"]


@pytest.mark.parametrize(
    "error",
    [
        TypeError("no"), OverflowError("no"), RecursionError("no"), MemoryError(), KeyError("no"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "no"), sqlite3.ProgrammingError("\ud800"),
        BadInputError("no"), AssertionError(),
    ],
)  # fmt: skip
def test_whatever_a_line_raises_draining_goes_on(
    log: FeedbackLog,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    reply, outbox = answered(log).turns[-1].id, Outbox(log)
    with locked(log):
        kept_aside(outbox, Marked("visitor", ItemMark(reply, "f1", "want"), True))
        kept_aside(outbox, Rated(reply, "visitor", {"thumbs": 1}))

    def record_mark(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(log, "record_mark", record_mark)
    assert outbox.drain() == 1 and outbox.n_damaged() == 1
    assert ratings(log) == [("thumbs", "1")]


def test_a_log_that_is_not_well_still_stops_the_delivery(log: FeedbackLog) -> None:  # noqa: F811
    reply, outbox = answered(log).turns[-1].id, Outbox(log)
    with locked(log):
        for thumb in (1, -1):
            kept_aside(outbox, Rated(reply, "visitor", {"thumbs": thumb}))
        with pytest.raises(CrsdemoError, match="locked"):
            outbox.drain()
    assert outbox.n_waiting() == 2 and outbox.n_damaged() == 0


ODD = ("\ud800", "x" * 65, 2**70, 10**400, float("nan"), "left", "thumbs", "want", 1, True)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(ODD),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=6,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(ANYTHING, min_size=5, max_size=5))
def test_anything_at_all_is_refused_or_delivered(
    log: FeedbackLog,  # noqa: F811
    junk: list[Any],
) -> None:
    """No error but ours, no line that cannot be read back."""
    a, b, c, d, e = junk
    outbox = Outbox(log)
    named: Any = {c: d} if isinstance(c, str) else d
    makers: tuple[Callable[[], Opinion], ...] = (
        lambda: Rated(a, b, named),
        lambda: Marked(a, ItemMark(b, c, d), e),
        lambda: Judged(a, b, Judgment("left", c, details=d), e),
        lambda: Judged("c", "v", Judgment("left", details={"reasons": a, "by": b})),
        lambda: Answered(a, b, c, d, e),
    )
    with locked(log):
        for make in makers:
            try:
                outbox._rests_until = 0.0
                outbox.submit(make())
            except (BadInputError, KeptAsideError):
                pass
    outbox.drain()
    outbox.submit(Rated(answered(log).turns[-1].id, "visitor", {"thumbs": 1}))
    for line in outbox.damaged.read_bytes().splitlines() if outbox.damaged.exists() else ():
        assert json.loads(line)["why"].startswith(("RefusedError", "WithdrawnError"))

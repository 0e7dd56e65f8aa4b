"""What no page sends is refused in words, whatever event it is said to be, and leaves nothing."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_type_hints
from uuid import uuid4

import gradio as gr
import httpx
import pytest
from pages import Server
from stand_in import StandIn
from test_many_at_once import judged
from test_operator import WORD
from test_page import Caller, events_of

from crsdemo.chat.admission import Limits
from crsdemo.core.comparison import Series
from crsdemo.studies.annotators import secret_beside
from crsdemo.web.guard import housekeeping
from crsdemo.web.guard.events import MOST_CHANGES, shapes_of
from crsdemo.web.operator import Operator
from crsdemo.web.shared.opinions import MOST_PENDING
from crsdemo.web.shared.remembered import signed

FORGED: tuple[Any, ...] = (
    None,
    {},
    [],
    "x",
    5,
    {"text": 5, "reply": {"a": 1}, "comparison": ["c"], "click": 1},
    {"reply": "<b>", "click": "first", "changes": [1], "comparison": "", "judgment": 5},
    {"reply": "r" * 65, "comparison": "c\n", "click": 2**40, "changes": {}},
)
VISITS: tuple[object, ...] = (
    "x",
    5,
    [],
    {"visitor": 5},
    {"visitor": {"a": 1}},
    {"dialogue": "d"},
    {},
    None,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pair = StandIn(0, "red"), StandIn(0, "blue")
    server = Server(tmp_path_factory.mktemp("forged"), *pair, limits=Limits("", "", "", "", ""))
    yield server
    server.close()


def handlers(server: Server) -> list[Any]:
    return [one for one in server.blocks.fns.values() if one.fn is not None]


def names_of(function: Any) -> set[str]:
    """Of the events that call it."""
    return {name for _, name in function.targets}


def send(
    server: Server, function: Any, data: list[Any], event: Any, session: str = "s"
) -> httpx.Response:
    body = {"data": data, "event_data": event, "fn_index": function._id, "session_hash": session}
    return httpx.post(f"{server.url}gradio_api/queue/join", json=body, timeout=30)


def remembered(server: Server, **names: str) -> dict[str, str]:
    """As a browser has it that was given these names."""
    return signed(names, secret_beside(server.db))


def honest(server: Server, function: Any) -> list[Any]:
    """What a page would hold when it calls this handler."""
    held = remembered(server, visitor="v", dialogue="d", series="s")
    kinds: dict[type, object] = {gr.BrowserState: held, gr.Textbox: "hello"}
    kinds |= {gr.Checkbox: False, gr.CheckboxGroup: []}
    return [kinds.get(type(component)) for component in function.inputs]


def takes_event(function: Any) -> bool:
    names = inspect.signature(function.fn).parameters
    hints = get_type_hints(getattr(function.fn, "__func__", function.fn))
    return any(hints.get(name) is gr.EventData for name in names)


def test_every_event_that_a_handler_looks_at_has_a_shape(server: Server) -> None:
    looked_at = [one for one in handlers(server) if takes_event(one)]
    assert len(looked_at) >= 12
    for function in looked_at:
        names = names_of(function)
        assert names & shapes_of(function.page).keys(), (function.page, names)


def test_forged_events_are_refused_in_words(
    server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    for function in handlers(server):
        if not takes_event(function):
            continue
        for forged in FORGED:
            if function.targets[0][1] == "again" and isinstance(forged, dict) and forged:
                continue  # a click is all that it looks at
            answer = send(server, function, honest(server, function), forged)
            about = (function.page, function.targets, forged)
            assert answer.status_code == 400 and "reload" in answer.json()["detail"], about
    assert "Traceback" not in capfd.readouterr().err
    assert server.rows("select count(*) from visitors") == [(0,)]


def test_what_a_browser_remembers_is_names(
    server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    for function in handlers(server):
        places = [n for n, c in enumerate(function.inputs) if type(c) is gr.BrowserState]
        if not places or function.inputs[places[0]].default_value == "":
            continue
        first = "load" in names_of(function)
        for visit in VISITS[: 5 if first else None]:
            data = honest(server, function)
            data[places[0]] = visit
            event = {"click": 1, "reply": "r", "comparison": "c", "item": "f", "kind": "want"}
            event |= {"on": True, "changes": {}, "text": "t", "origin": "thread", "again": False}
            answer = send(server, function, data, event | {"side": "left"})
            assert answer.status_code == 400, (function.page, function.targets, visit)
    assert "Traceback" not in capfd.readouterr().err


def test_a_text_is_a_text_and_nothing_is_left_out(
    server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    (submit,) = [one for one in handlers(server) if one.page == "" and "submit" in names_of(one)]
    for junk in (5, None, {"a": 1}, ["x"], True):
        assert send(server, submit, [junk, *honest(server, submit)[1:]], None).status_code == 400
    for data in (honest(server, submit)[:-1], [*honest(server, submit), None], []):
        assert send(server, submit, data, None).status_code == 400
    assert "Traceback" not in capfd.readouterr().err


CHOSEN = (gr.Dropdown, gr.Radio, gr.Checkbox, gr.CheckboxGroup)


def test_a_choice_is_one_that_the_page_offers(
    server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nobody writes to the operator's console: Gradio would print all that was sent."""
    n_asked = 0
    for function in handlers(server):
        for place, component in enumerate(function.inputs):
            if not isinstance(component, CHOSEN):
                continue
            for forged in ("x" * 1_000_000, "x", 5, {"a": 1}, ["x"], ["x"] * 100, [["x"]]):
                data = honest(server, function)
                data[place] = forged
                answer = send(server, function, data, {"click": 1})
                assert answer.status_code in (400, 413), (function.page, function.targets, forged)
                n_asked += 1
    assert n_asked > 200
    assert capfd.readouterr().err == ""


def test_what_was_offered_later_may_be_chosen(server: Server) -> None:
    """The choices are those of the session, as the page was last drawn."""
    (show,) = [one for one in handlers(server) if one.page == "results" and "load" in names_of(one)]
    pair, chosen = show.inputs[2], ["", "all votes", "red and blue", False, []]
    assert send(server, show, chosen, None, "later").status_code == 400
    server.blocks.app.state_holder["later"][pair._id] = gr.Dropdown(
        ["all pairs", "red and blue"], render=False
    )
    assert send(server, show, chosen, None, "later").status_code == 200
    assert send(server, show, chosen, None, "another").status_code == 400


def test_what_is_remembered_orders_nothing(
    server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    for function in handlers(server):
        if "load" in names_of(function) and function.page != "results":
            data = [{"__type__": "update", "visitor": "v"}, *honest(server, function)[1:]]
            assert send(server, function, data, None).status_code == 400
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("session", ["\ud800", "a\x00b", "../x", " ", "", "é", "x" * 65])
@pytest.mark.parametrize("route", ["call/say", "call/compare_say", "queue/join", "cancel", "reset"])
def test_a_session_has_a_plain_name(
    server: Server, session: str, route: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("session_hash", "event_id"):
        body = {"data": ["hi", ""], "fn_index": 1, "session_hash": "s", name: session}
        answer = httpx.post(f"{server.url}gradio_api/{route}", content=json.dumps(body).encode())
        assert answer.status_code == 400 and name in answer.json()["detail"]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("data", [[], ["hi"], ["hi", "", "more"], None])
def test_a_program_is_told_how_many_values_are_taken(
    server: Server, data: list[str] | None, capfd: pytest.CaptureFixture[str]
) -> None:
    body = {} if data is None else {"data": data}
    answer = httpx.post(f"{server.url}gradio_api/call/say", json=body)
    said = f"/say takes 2 values in `data`, this has {len(data or [])}."
    assert (answer.status_code, answer.json()["detail"]) == (400, said)
    assert capfd.readouterr().err == ""


def test_the_operators_token_is_a_text(tmp_path: Path) -> None:
    server = Server(tmp_path, StandIn(0), operator=Operator(WORD))
    for function in handlers(server):
        places = [n for n, c in enumerate(function.inputs) if type(c) is gr.BrowserState]
        if places and function.inputs[places[0]].default_value == "":
            data = honest(server, function)
            data[places[0]] = {"evil": 1}
            assert send(server, function, data, None).status_code == 400
    server.close()


# What cannot be saved now


def test_what_waits_of_one_visitor_has_a_bound(tmp_path: Path) -> None:
    """Clicks past the limit, on made-up comparisons, each with as much as fits."""
    limits = Limits(visitor_opinions="1/minute")
    server = Server(tmp_path, StandIn(0, "red"), StandIn(0, "blue"), limits=limits)
    config = httpx.get(server.url + "config").json()
    caller = Caller(server.url, config)
    for n in range(MOST_PENDING + 10):
        said = {"reply": f"made up {n}", "click": n, "changes": {"comment": "x" * 1_000}}
        caller.call("rate", [caller.visit, None, None, None], said)
    held = server.blocks.app.state_holder.session_data[caller.session].state_data
    pending = [one for one in held.values() if isinstance(one, dict) and one]
    assert [len(one) for one in pending] == [MOST_PENDING]
    caller.events = events_of(config, "blind")
    look = [caller.visit, {"series": "s"}, None, None, False]
    comments = [{"about": "comment", "value": "y" * 1_000}] * (MOST_CHANGES + 1)
    one = judged("made up", "left", 1)
    for n in range(MOST_PENDING + 10):
        for k in range(2):
            one["judgment"]["changes"] += comments[: MOST_CHANGES - 1]
            caller.call("judge", look, one | {"comparison": f"made up {n}", "click": k})
            one = judged("made up", "left", 1)
    pending = [of for of in held.values() if isinstance(of, dict) and "made up 29" in of]
    (by_comparison,) = [of for of in pending if "changes" in of["made up 29"]]
    assert len(by_comparison) == MOST_PENDING
    assert {len(of["changes"]) for of in by_comparison.values()} == {2}
    one["judgment"]["changes"] = comments
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        caller.call("judge", look, one)
    server.close()


# What was begun before


def on_blind(server: Server, visitor: str, series: str) -> str:
    """What the blind page shows to somebody who comes back."""
    config = httpx.get(server.url + "config").json()
    caller = Caller(server.url, config)
    caller.events = events_of(config, "blind")
    return str(
        caller.call(
            "load", [remembered(server, visitor=visitor), {"series": series}, None, {}, False]
        )
    )


@pytest.mark.parametrize(("names_shown", "shown"), [(False, True), (True, False)])
def test_a_blind_series_with_an_old_id_is_still_shown(
    server: Server, names_shown: bool, shown: bool
) -> None:
    """And no other: what was judged with the names in sight is not judged blind as well."""
    visitor, series = uuid4().hex, Series(uuid4().hex, uuid4().hex, "shared")
    series = replace(series, visitor=visitor)
    pair = server.demo.side_by_side
    *_, comparison = pair.say(series, f"words of {series.id}", ("red", "blue"))
    with server.log.file.writing() as db:  # as logs of before have it
        of = {"comparison_id": comparison.id, "visitor": visitor, "revision": 1}
        said = {"verdict": "left", "layout": "side_by_side", "app_version": "0"}
        db.table("verdicts").insert(of | said | {"details": {"names_shown": names_shown}})
    assert (f"words of {series.id}" in on_blind(server, visitor, series.id)) is shown
    assert f"words of {series.id}" not in on_blind(server, uuid4().hex, series.id)


# Clocks


def test_the_operators_limits_do_not_follow_the_clock_on_the_wall() -> None:
    assert inspect.signature(Operator).parameters["clock"].default is time.monotonic


def test_a_clock_that_was_set_back_keeps_no_session(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "CLOSED", 0.5)
    config = httpx.get(server.url + "config").json()
    caller = Caller(server.url, config)
    caller.call("submit", ["hello", caller.visit, None, None, None])
    holder = server.blocks.app.state_holder
    holder.time_last_used[caller.session] = datetime.now() + timedelta(days=3)
    deadline = time.monotonic() + 30
    while caller.session in holder.session_data and time.monotonic() < deadline:
        time.sleep(0.2)
    assert caller.session not in holder.session_data


def test_a_clock_that_was_set_forward_drops_no_session(server: Server) -> None:
    config = httpx.get(server.url + "config").json()
    caller = Caller(server.url, config)
    caller.call("submit", ["hello", caller.visit, None, None, None])
    holder = server.blocks.app.state_holder
    holder.time_last_used[caller.session] = datetime.now() - timedelta(days=3)
    time.sleep(3 * housekeeping.PAUSE)
    assert caller.session in holder.session_data

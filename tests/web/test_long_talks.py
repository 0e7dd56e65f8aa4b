"""A long talk costs no more with each message, on the wire or in memory, and can be read back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pages import Judge, Server, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, expect
from stand_in import StandIn
from test_page import Caller, Talker, events_of

from crsdemo.chat.admission import Limits
from crsdemo.web.guard import housekeeping
from crsdemo.web.shared.render import N_SHOWN

EARLY, LATE = 5, {"": 40, "compare": 14, "blind": 14}  # the last two cost two replies each


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pair = StandIn(0, "red"), StandIn(0, "blue")
    limits = Limits("", "", "", "", "")
    server = Server(tmp_path_factory.mktemp("long"), *pair, limits=limits)
    yield server
    server.close()


class Counting(Caller):
    """Counts what the server sends for one message."""

    def __init__(self, server: Server, page: str) -> None:
        config = httpx.get(server.url + "config").json()
        super().__init__(server.url, config)
        self.events = events_of(config, page)
        self.look: list[Any] = [self.visit, None, None, None]
        if page:
            self.look = [self.visit, {"series": uuid4().hex}, None, {}, False]
        if page == "compare":
            self.look += ["red", "blue", "shared"]

    def bytes_of(self, text: str) -> int:
        body = {"data": [text, *self.look], "fn_index": self.events["submit"]}
        body["session_hash"] = self.session
        self.http.post("queue/join", json=body).raise_for_status()
        size = 0
        with self.http.stream("GET", f"queue/data?session_hash={self.session}") as stream:
            for line in stream.iter_lines():
                size += len(line)
                if '"process_completed"' in line:
                    break
        return size


@pytest.mark.parametrize("page", ["", "compare", "blind"])
def test_a_message_late_in_a_talk_sends_no_more_than_an_early_one(
    server: Server, page: str
) -> None:
    caller = Counting(server, page)
    sizes = [caller.bytes_of(f"message {n}") for n in range(LATE[page])]
    assert sizes[-1] < 1.5 * sizes[EARLY - 1], sizes
    assert max(sizes) < 300_000


def test_earlier_messages_are_a_click_away(browser: Browser, server: Server) -> None:  # noqa: F811
    caller = Counting(server, "")
    visitor = Talker(browser, server)
    page, shown = visitor.page, visitor.page.locator("#thread .said-by-user")
    for n in range(2 * N_SHOWN + 1):
        visitor.type(f"number {n} of the talk")
        expect(page.locator("#live .growing")).to_have_count(0)
        expect(shown.last).to_have_text(f"number {n} of the talk")
    expect(shown).to_have_count(N_SHOWN)
    page.get_by_role("button", name=f"{N_SHOWN + 1} earlier messages").click()
    expect(shown).to_have_count(2 * N_SHOWN)
    page.locator("#thread .rating").first.get_by_label("Good answer").click()
    expect(page.locator("#thread .rating .saved").first).to_have_text("saved")
    expect(shown).to_have_count(2 * N_SHOWN)
    page.get_by_role("button", name="1 earlier message").click()
    expect(shown.first).to_have_text("number 0 of the talk")
    visitor.type("one more")
    expect(shown.last).to_have_text("one more")
    expect(shown).to_have_count(N_SHOWN)
    visitor.leave()
    assert caller.http


def test_earlier_comparisons_are_a_click_away(browser: Browser, server: Server) -> None:  # noqa: F811
    judge = Judge(browser, server)
    for n in range(N_SHOWN + 1):
        judge.type(f"number {n}")
        expect(judge.page.locator("#thread .said-by-user").last).to_have_text(f"number {n}")
    expect(judge.rounds).to_have_count(N_SHOWN)
    judge.page.get_by_role("button", name="1 earlier message").click()
    expect(judge.rounds).to_have_count(N_SHOWN + 1)
    expect(judge.page.locator("#thread .said-by-user").first).to_have_text("number 0")
    judge.leave()


def test_sessions_are_bounded_and_closed_ones_go(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "CLOSED", 0.5)
    caller = Counting(server, "")
    sessions = server.blocks.app.state_holder.session_data
    assert server.blocks.app.state_holder.capacity == housekeeping.MOST_SESSIONS
    with caller.http.stream("GET", f"heartbeat/{caller.session}") as open_tab:
        lines = open_tab.iter_lines()  # held, or the tab is closed
        next(lines)
        caller.call("load", caller.look)
        time.sleep(3 * housekeeping.PAUSE)
        assert caller.session in sessions
    deadline = time.monotonic() + 60
    while caller.session in sessions and time.monotonic() < deadline:
        time.sleep(0.2)
    assert caller.session not in sessions


def test_what_was_drawn_for_a_session_is_not_kept(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "DRAWN", 0.5)
    caller = Counting(server, "")
    caller.bytes_of("to be forgotten by the session")
    state = server.blocks.app.state_holder.session_data[caller.session]
    deadline = time.monotonic() + 15
    while state.config_values and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not state.config_values
    assert caller.bytes_of("and it goes on")

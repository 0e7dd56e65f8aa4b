"""What happens to people's words when tabs close, networks fail and servers are killed.

Real browser, real server, real SQLite; what counts is read from the file, by another process.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, Page, expect
from test_page import Talker

TESTS = Path(__file__).parents[1]
HOSTILE = """'); drop table ratings; -- <script>document.title = "taken"</script> ${1} {{2}} "é\""""


class Process:
    """A server that can be killed and started again at the same address."""

    def __init__(self, db: Path) -> None:
        self.db = db
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "serve.py", str(self.db), str(self.port)]
        path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": path}
        self.process = subprocess.Popen(
            command, cwd=TESTS, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout and "is ready" in self.process.stdout.readline()

    def kill(self) -> None:
        """As a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.db) as db:
            return db.execute(query).fetchall()

    def wait_for(self, query: str, holds: Callable[[list[tuple[Any, ...]]], object]) -> None:
        """Until the log says so."""
        deadline = time.monotonic() + 15
        while not holds(self.rows(query)):
            assert time.monotonic() < deadline, self.rows(query)
            time.sleep(0.05)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    server = Process(tmp_path_factory.mktemp("reliability") / "feedback.db")
    yield server
    server.kill()


@pytest.fixture
def visitor(browser: Browser, server: Process) -> Iterator[Talker]:  # noqa: F811
    visitor = Talker(browser, server)
    yield visitor
    visitor.page.context.close()


def reply_to(text: str) -> str:
    """The rows of the replies to a message."""
    return (
        "select g.status, t.text from generations g join turns t on t.id = g.id "
        f"join turns u on u.id = t.parent where u.text = '{text}'"
    )


def said_so_far(rows: list[tuple[Any, ...]]) -> bool:
    return bool(rows) and len(rows[0][1]) > 10


def ended(rows: list[tuple[Any, ...]]) -> bool:
    return bool(rows) and rows[0][0] != "running"


def test_what_was_said_before_a_kill_is_kept_and_the_talk_goes_on(
    visitor: Talker, server: Process
) -> None:
    text = "very slowly, before the kill"
    visitor.type(text)
    server.wait_for(reply_to(text), said_so_far)  # while it is still growing
    assert server.rows(reply_to(text))[0][0] == "running"
    server.kill()
    ((_, kept),) = server.rows(reply_to(text))
    server.start()
    server.wait_for(reply_to(text), lambda rows: rows == [("abandoned", kept)])
    visitor.go(visitor.page.reload)
    expect(visitor.page.locator(".said-by-user")).to_have_text(text)
    expect(visitor.answers.locator(".cut")).to_have_text("stopped here")
    expect(visitor.answers.locator(".words")).to_contain_text(kept.split(".")[0][:20])
    visitor.say("after the kill")
    expect(visitor.answers).to_have_count(2)


def test_a_tab_closed_in_mid_stream_leaves_what_was_written(
    visitor: Talker, server: Process
) -> None:
    text = "very slowly, then the tab is closed"
    visitor.type(text)
    expect(visitor.page.locator("#live .growing")).to_be_visible()
    server.wait_for(reply_to(text), said_so_far)
    again = visitor.page.context.new_page()
    visitor.page.close()
    server.wait_for(reply_to(text), ended)
    ((status, kept),) = server.rows(reply_to(text))
    assert status in ("stopped", "ok") and len(kept) > 10
    again.goto(server.url)
    expect(again.locator(".said-by-user")).to_have_text(text)
    expect(again.locator("#thread .answer .words")).to_contain_text(kept[:10])


def test_a_reload_in_mid_stream_loses_nothing(visitor: Talker, server: Process) -> None:
    text = "slowly, then the page is loaded again"
    visitor.type(text)
    server.wait_for(reply_to(text), bool)
    visitor.go(visitor.page.reload)
    expect(visitor.page.locator(".said-by-user")).to_have_text(text)
    server.wait_for(reply_to(text), ended)
    visitor.go(visitor.page.reload)
    expect(visitor.answers).to_have_count(1)  # or `say` would count none
    visitor.say("and one more")
    expect(visitor.page.locator(".said-by-user")).to_have_text([text, "and one more"])
    assert len(server.rows(reply_to(text))) == 1


def test_a_double_click_says_it_once(visitor: Talker, server: Process) -> None:
    visitor.box.fill("said with a double click")
    visitor.page.locator("#box .submit-button").dblclick()
    expect(visitor.answers).to_have_count(1)
    assert len(server.rows(reply_to("said with a double click"))) == 1


def test_two_tabs_of_one_visitor_lose_nothing(visitor: Talker, server: Process) -> None:
    visitor.say("begun in the first tab")
    other: Page = visitor.page.context.new_page()
    other.goto(server.url)
    good = other.locator("#thread .rating").get_by_label("Good answer")
    expect(good).to_be_visible()
    visitor.page.locator("#thread .rating").get_by_label("Bad answer").click()
    expect(visitor.page.locator("#thread .rating .saved")).to_have_text("saved")
    good.click()
    expect(other.locator("#thread .rating .saved")).to_have_text("saved")
    reply = visitor.answers.get_attribute("data-reply")
    kept = server.rows(f"select value from ratings where generation_id = '{reply}' and "
                       "aspect = 'thumbs' order by number")  # fmt: skip
    assert kept == [("-1",), ("1",)]
    for n, page in enumerate((visitor.page, other)):
        page.locator("#box textarea").fill(f"from tab {n}")
        page.locator("#box textarea").press("Enter")
    for n in range(2):
        server.wait_for(reply_to(f"from tab {n}"), lambda rows: rows[:1] and rows[0][0] == "ok")


def test_a_rating_given_offline_is_saved_once_the_network_is_back(
    visitor: Talker, server: Process
) -> None:
    visitor.say("rate me in a tunnel")
    context, row = visitor.page.context, visitor.page.locator("#thread .rating")
    context.set_offline(True)
    row.get_by_label("Good answer").click()
    visitor.page.wait_for_timeout(1000)
    expect(row.locator(".saved")).not_to_be_visible()
    context.set_offline(False)
    expect(row.locator(".saved")).to_have_text("saved")
    expect(row.locator(".saved")).to_be_visible()
    reply = visitor.answers.get_attribute("data-reply")
    assert server.rows(f"select value from ratings where generation_id = '{reply}'") == [("1",)]


def test_hostile_comments_are_kept_as_they_are_or_refused_in_words(
    visitor: Talker, server: Process
) -> None:
    visitor.say("what do you say to this?")
    row = visitor.page.locator("#thread .rating")
    row.get_by_label("Good answer").click()
    comment = row.get_by_label("Comment")
    comment.fill(HOSTILE)
    comment.press("Enter")
    expect(row.locator(".saved")).to_have_text("saved")
    comment.fill("x" * 2**20)
    comment.press("Enter")
    expect(visitor.page.locator("#notice")).to_contain_text("1,048,576 characters")
    visitor.go(visitor.page.reload)
    expect(comment).to_have_value(HOSTILE)
    assert visitor.page.title() == "crsdemo"
    kept = server.rows("select json_extract(value, '$') from ratings where aspect = 'comment'")
    assert kept == [(HOSTILE,)]

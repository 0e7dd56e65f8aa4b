"""The instrument under force: servers killed a hundred times, a full disk, a log that is locked.

What was acknowledged is looked for in the file, by another process. Minutes: `make test-slow`.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from pages import browser  # noqa: F401  the fixture
from playwright.sync_api import expect
from stand_in import NoLinker, StandIn, StandIns
from test_page import Caller
from test_reliability import Process, visitor  # noqa: F401  the fixture

from crsdemo.chat.admission import NO_LIMITS, Admission
from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.comparison import VERDICTS, Comparison, Judgment
from crsdemo.core.errors import FeedbackError, KeptAsideError
from crsdemo.feedback.log import FeedbackLog

pytestmark = pytest.mark.slow
KILLS = 100
MEGABYTE = 2**20


def pair(path: Path, busy_seconds: float = 30.0) -> SideBySide:
    log = FeedbackLog(path, busy_seconds=busy_seconds)
    stand_ins = StandIns((StandIn(name="red"), StandIn(name="blue")))
    return SideBySide(stand_ins, NoLinker(), log, Admission(NO_LIMITS))


def compared(bench: SideBySide, visitor: str) -> Comparison:  # noqa: F811
    *_, comparison = bench.say(bench.start(visitor, "shared"), "a film", ("red", "blue"))
    return comparison


def comments(path: Path, visitor: str) -> set[int]:  # noqa: F811
    """The numbers in the comments of one visitor's verdicts."""
    query = "select json_extract(details, '$.comment') from verdicts where visitor = ?"
    with sqlite3.connect(path) as db:
        return {int(comment) for (comment,) in db.execute(query, [visitor])}


def vote_on(bench: SideBySide, comparison: str, visitor: str, acknowledge: int) -> None:  # noqa: F811
    """Vote until killed; the number of each vote goes into the pipe once it is acknowledged."""
    n = 0
    while True:
        judgment = Judgment(VERDICTS[n % len(VERDICTS)], details={"comment": str(n)})
        bench.judge(comparison, visitor, judgment, f"{visitor} {n}")
        os.write(acknowledge, f"{n} ".encode())
        n += 1


def test_a_hundred_kills_during_votes_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    bench = pair(tmp_path / "feedback.db")
    chance, n_acknowledged = random.Random(1), 0
    for kill in range(KILLS):
        comparison = compared(bench, f"victim {kill}").id
        ours, theirs = os.pipe()
        process = multiprocessing.get_context("fork").Process(
            target=vote_on, args=(bench, comparison, f"victim {kill}", theirs)
        )
        process.start()
        os.close(theirs)
        heard = os.read(ours, 64)  # at least one vote
        time.sleep(chance.random() / 20)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        while more := os.read(ours, 65536):
            heard += more
        os.close(ours)
        acknowledged = {int(number) for number in heard.split()}
        n_acknowledged += len(acknowledged)
        assert acknowledged <= comments(bench.log.path, f"victim {kill}")
    assert n_acknowledged > KILLS
    with sqlite3.connect(bench.log.path) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    bench.log.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    server = Process(tmp_path_factory.mktemp("slow") / "feedback.db")
    yield server
    server.kill()


def grown(least: int, rows: list[tuple[Any, ...]]) -> bool:
    return bool(rows[0][0] >= least)


def rate_until_killed(caller: Caller, reply: str) -> set[str]:
    """The comments that the server called saved."""
    saved: set[str] = set()
    for n in range(10_000):
        comment = f"{caller.session} {n}"
        changes = {"reply": reply, "click": n, "changes": {"comment": comment}}
        try:
            notice = str(caller.call("rate", [caller.visit, None, {}, None], changes))
        except (httpx.HTTPError, AssertionError):
            return saved
        if "Not saved" not in notice and "kept aside" not in notice:
            saved.add(comment)
    return saved


def test_a_real_server_killed_while_many_rate_loses_nothing(server: Process) -> None:
    for _ in range(2):
        config = httpx.get(server.url + "config").json()
        callers = [Caller(server.url, config) for _ in range(8)]
        replies = []
        for caller in callers:
            caller.call("submit", ["hello", caller.visit, None, None, None])
            query = f"select t.id from turns t where dialogue_id = '{caller.visit['dialogue']}' "
            replies.append(server.rows(query + "and speaker = 'assistant'")[0][0])
        with ThreadPoolExecutor(len(callers)) as pool:
            ((n_before,),) = server.rows("select count(*) from ratings")
            saved = pool.map(rate_until_killed, callers, replies)
            server.wait_for("select count(*) from ratings", partial(grown, n_before + 24))
            server.kill()
            acknowledged = set().union(*saved)
        server.start()
        kept = {c for (c,) in server.rows("select json_extract(value, '$') from ratings")}
        assert len(acknowledged) > 12 and acknowledged <= kept


def test_a_click_while_the_log_is_locked_for_ten_seconds_is_saved_in_the_end(
    visitor: Any,  # noqa: F811
    server: Process,
) -> None:
    visitor.say("rate me while another program holds the log")
    row = visitor.page.locator("#thread .rating")
    lock = sqlite3.connect(server.db, isolation_level=None)
    lock.execute("begin immediate")
    row.get_by_label("Good answer").click()
    visitor.page.wait_for_timeout(10_000)
    assert not row.locator(".saved").is_visible() and row.locator(".failed").count() == 0
    lock.execute("rollback")
    lock.close()
    expect(row.locator(".saved")).to_be_visible()
    reply = visitor.answers.get_attribute("data-reply")
    assert server.rows(f"select value from ratings where generation_id = '{reply}'") == [("1",)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={3 * MEGABYTE}", "tmpfs", str(tmp_path)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here; test_feedback.py has a full one in SQLite's view")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_a_full_disk_is_named_and_loses_nothing_that_was_acknowledged(small_disk: Path) -> None:
    bench = pair(small_disk / "feedback.db", busy_seconds=1)
    exchange = Exchange(StandIn(), NoLinker(), bench.log, Admission(NO_LIMITS))
    comparison = compared(bench, "host").id
    saved, aside, refused = set(), set(), 0
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * shutil.disk_usage(small_disk).free)
    for n in range(400):
        text = f"{n} ".ljust(1500, "x")
        try:
            bench.judge(comparison, "host", Judgment("left", details={"comment": text}))
            saved.add(n)
        except KeptAsideError:
            aside.add(n)
        except FeedbackError as error:
            assert "full" in str(error) and "not be kept aside" in str(error)
            refused += 1
    assert refused > 100 and len(saved) + len(aside) + refused == 400
    with pytest.raises(FeedbackError, match="full"):
        list(exchange.say(exchange.start("someone"), "x " * 900))
    ballast.unlink()
    bench.judge(comparison, "host", Judgment("right", details={"comment": "400"}))
    query = "select json_extract(details, '$.comment') from verdicts"
    with sqlite3.connect(bench.log.path) as db:
        found = {int(comment.rstrip("x")) for (comment,) in db.execute(query)}
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    assert found == saved | aside | {400}, "what was kept aside went before"
    with exchange.log.file.reading() as db:
        assert db["turns"].count
    bench.log.close()

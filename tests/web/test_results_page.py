"""The results page on a real server: for the operator alone, whichever way one asks."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from films import CATALOG
from judged import Scribe, last, study
from pages import Server, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, Page, expect
from stand_in import StandIns

from crsdemo.feedback.results import pseudonym
from crsdemo.recommenders.loading import Version
from crsdemo.studies.study import parse_study
from crsdemo.web.operator import WINDOW, Caller, Operator

WORD = "a long password"
FAR = Caller("203.0.113.9", "lab.example")
RED, BLUE = "red <i>one</i>", "blue one"
SECRETS = (RED, BLUE, "red &lt;i&gt;", "something only they said", "judge-1", pseudonym("judge-1"))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def vote(folder: Path) -> None:
    """Two replies that three people judge and disagree on, and a few of their own."""
    made = study(folder, Scribe(pause=0, name=RED), Scribe(pause=0, name=BLUE))
    shared = last(made.judged(made.start("judge-0"), "something only they said", "left", 9))
    for who, verdict, seconds in (("judge-1", "left", 12), ("judge-2", "right", 1)):
        said = {"verdict": verdict, "decided_ms": 1000 * seconds, "layout": "side_by_side"}
        details = {"names_shown": False}
        made.kept("verdicts", who, comparison_id=shared.id, details=details, **said)
    made.judged(made.start("judge-1"), "another wish", "both_good", 20)
    made.log.close()


class Event:
    """One event of the results page, called without the page."""

    def __init__(self, server: Server, number: int, first: list[str | None]) -> None:
        self.server, self.number, self.first = server, number, first

    def asked(self, token: str) -> list[Any]:
        """What the page sends with every event; some send something of their own first."""
        return [*self.first, token, "all votes", "all pairs", False, []]

    def call(self, data: list[Any], headers: dict[str, str] | None = None) -> str:
        """Everything that the server answers."""
        session = uuid4().hex
        body = {"data": data, "fn_index": self.number, "session_hash": session}
        with httpx.Client(base_url=self.server.url + "gradio_api/", headers=headers) as http:
            http.post("queue/join", json=body, timeout=30).raise_for_status()
            said = ""
            with http.stream("GET", f"queue/data?session_hash={session}", timeout=30) as stream:
                for line in stream.iter_lines():
                    said += line
                    if "process_completed" in line:
                        return said
        raise AssertionError("the server hung up")


def events(server: Server) -> list[Event]:
    """All events of the page that run on the server."""
    config = httpx.get(server.url + "config").json()
    here = set(config["page"]["results"]["dependencies"])
    version = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "version")
    first: dict[int, list[str | None]] = {5: [], 6: ["dpo"], 7: ["dpo", "messages"]}
    return [
        Event(server, one["id"], [None] if version in one["inputs"] else first[len(one["inputs"])])
        for one in config["dependencies"]
        if one["id"] in here and one["backend_fn"]
    ]


def leaks(said: str) -> list[str]:
    unescaped = said.replace("\\u003c", "<").replace("\\u003e", ">")
    return [secret for secret in SECRETS if secret in said or secret in unescaped]


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("results")
    vote(folder)
    server = Server(folder, Scribe(name=RED), operator=Operator(WORD, clock))
    yield server
    server.close()


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Without a password."""
    folder = tmp_path_factory.mktemp("open")
    vote(folder)
    server = Server(folder, Scribe(name=RED))
    yield server
    server.close()


def test_nobody_without_a_token_gets_a_word_from_any_event(server: Server) -> None:
    called = events(server)
    assert len(called) >= 11  # come, refresh, sign in, 4 filters, export, backup, study, sign out
    forged = f"{10**12}.{'0' * 64}"
    for token in ("", forged):
        for event in called:
            said = event.call(event.asked(token))
            assert "password" in said, f"event {event.number} says no word of the password"
            assert leaks(said) == [] and "results-file/" not in said
    static = httpx.get(server.url + "results").text
    assert leaks(static) == []


def test_the_same_events_answer_whoever_has_a_token(server: Server) -> None:
    token = server.demo.operator.sign_in(WORD, FAR)
    said = [event.call(event.asked(token)) for event in events(server)]
    assert sum(BLUE in one for one in said) >= 6
    assert sum("results-file/" in one for one in said) == 2
    assert not any("judge-1" in one for one in said)  # a visitor's own name opens their talks


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
    ],
)
def test_without_a_password_what_comes_from_elsewhere_is_told_why_not(
    open_server: Server, headers: dict[str, str]
) -> None:
    for event in events(open_server):
        said = event.call(event.asked(""), headers)
        assert leaks(said) == [] and "CRSDEMO_PASSWORD" in said


def test_without_a_password_the_machine_itself_sees_the_results(open_server: Server) -> None:
    first = events(open_server)[0]
    said = first.call(first.asked(""))
    assert BLUE in said and "Which one do people prefer?" in said


def test_a_file_is_fetched_by_its_ticket_for_a_while_and_by_no_other_address(
    server: Server,
) -> None:
    handout = server.demo.handouts.make("note.txt", lambda path: void(path.write_text("for you")))
    address = f"{server.url}results-file/{handout.ticket}"
    answer = httpx.get(address)
    assert (
        answer.text == "for you" and 'filename="note.txt"' in answer.headers["content-disposition"]
    )
    assert answer.headers["cache-control"] == "no-store"
    for other in (f"{address}x", f"{server.url}results-file/..%2f..%2fnote.txt"):
        assert httpx.get(other).status_code == 404
    assert httpx.get(f"{server.url}gradio_api/file={handout.path}").status_code in (403, 404)


def void(_: object) -> None:
    """For what must return nothing."""


class Researcher:
    """Who runs the study, with a browser."""

    def __init__(self, browser: Browser, server: Server, width: int = 1280) -> None:  # noqa: F811
        self.page: Page = browser.new_context(viewport={"width": width, "height": 844}).new_page()
        self.page.set_default_timeout(30_000)
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(server.url + "results")

    def sign_in(self, word: str) -> None:
        self.page.locator("#password input").fill(word)
        self.page.locator("#password input").press("Enter")

    def take(self, button: str) -> Path:
        """The file that a button of "Take it home" gives."""
        with self.page.expect_download() as download:
            self.page.locator(button).click()
        return Path(download.value.path())


def test_the_operator_signs_in_reads_filters_takes_home_and_signs_out(
    browser: Browser,  # noqa: F811
    server: Server,
    clock: Clock,  # noqa: F811
) -> None:
    at = Researcher(browser, server)
    page, answer = at.page, at.page.locator("#answer")
    clock.now += WINDOW  # what was tried before is forgotten
    at.sign_in("a wrong password")
    expect(page.locator("#reason")).to_contain_text("This is not the password")
    expect(page.locator("#password input")).to_have_value("")
    expect(page.locator("#verdicts")).to_have_count(0)
    at.sign_in(WORD)
    expect(answer).to_contain_text("Too few votes to tell")
    expect(answer).to_contain_text("4 votes by 3 people in all; 1 left out")
    expect(page.locator("#verdicts .picture")).to_be_visible(timeout=90_000)
    expect(page.locator("#verdicts")).to_contain_text(f"2 {RED}")
    below = "parts => parts.map(one => getComputedStyle(one, '::after').content)"
    assert set(page.locator(".picture").evaluate_all(below)) == {"none"}  # nothing under an axis
    page.reload()
    expect(answer).to_contain_text("1 left out")

    page.locator("#verdicts summary").click()
    row = page.locator("#verdicts tbody tr")
    expect(row.locator("td")).to_have_text([BLUE, RED, "0", "1", "0", "0", "0", "0", "2", "3", "2"])
    with page.expect_download() as download:
        page.locator("#verdicts a.take").click()
    found = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    assert [one["second wins"] for one in found] == ["2"]

    expect(page.locator(".dispute")).to_have_count(0)  # the hasty vote is the only one against
    page.get_by_label("too fast to have read").uncheck()
    expect(answer).to_contain_text("4 votes by 3 people in all")
    page.locator(".dispute summary").click()
    expect(page.locator(".dispute .column.left .words")).to_contain_text(f"{BLUE} says:")
    expect(page.locator(".dispute .column.right .words")).to_contain_text(f"{RED} says:")
    page.get_by_label("blind votes only").check()
    expect(answer).to_contain_text("2 votes by 2 people in all")

    with zipfile.ZipFile(at.take("#export")) as folder:
        name = next(one for one in folder.namelist() if one.endswith("manifest.json"))
        manifest = json.loads(folder.read(name))
        assert (manifest["format"], manifest["text"]) == ("dpo", "messages")
    expect(page.locator("#taken")).to_contain_text("2 of 4 written. Left out: ")
    with sqlite3.connect(at.take("#backup")) as copy:
        assert copy.execute("select count(*) from verdicts").fetchone() == (4,)

    page.locator("#leave").click()
    expect(page.locator("#password input")).to_be_focused()
    expect(page.locator("#verdicts")).to_have_count(0)
    page.reload()
    expect(page.locator("#reason")).to_contain_text("password of the operator")
    assert at.complaints == []
    page.context.close()


def test_who_signed_in_reads_the_health_without_being_asked_again(
    browser: Browser,  # noqa: F811
    server: Server,
    clock: Clock,
) -> None:
    at = Researcher(browser, server)
    clock.now += WINDOW
    at.sign_in(WORD)
    expect(at.page.locator("#answer")).to_contain_text("Too few votes")
    at.page.get_by_role("link", name="health").click()
    expect(at.page.get_by_role("heading", name="Health of this demo")).to_be_visible()
    (kept,) = at.page.context.cookies()
    assert kept["sameSite"] == "Strict" and kept["expires"] == -1
    cookies = {kept["name"]: kept["value"]}
    health = server.url + "health.json"
    assert httpx.get(health, cookies=cookies).status_code in (200, 503)
    assert httpx.get(health, cookies=cookies | {kept["name"]: "made up"}).status_code == 401
    if folder := os.environ.get("CRSDEMO_SHOTS"):
        at.page.screenshot(path=f"{folder}/health.png")
    at.page.get_by_role("link", name="results").click()
    at.page.locator("#leave").click()
    expect(at.page.locator("#password input")).to_be_focused()
    assert httpx.get(health, cookies=cookies).status_code == 401  # signed out here and there
    assert at.complaints == []
    at.page.context.close()


def test_a_study_of_a_version_against_its_parent_is_written_and_can_be_run(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    vote(tmp_path)
    catalog = tmp_path / "films"
    CATALOG.save(catalog)
    version = Version("red", 480, 31, "a" * 64, simulated=False, shuffled=False)
    for name, card in (("red", {}), ("red-2", {"tuned": asdict(version)})):
        (catalog / "checkpoints" / name).mkdir(parents=True)
        (catalog / "checkpoints" / name / "crsdemo.json").write_text(json.dumps(card))
    two = Scribe(name="red"), Scribe(name="red-2")
    server = Server(tmp_path, *two, stand_ins=StandIns(two, {"red-2": version}, catalog))
    at = Researcher(browser, server)
    written = at.take("#rematch")
    expect(at.page.locator("#taken")).to_contain_text("app.py --study rematch-red-2.toml")
    study = parse_study(written)
    assert [one.name for one in study.entrants] == ["red", "red-2"]
    at.page.context.close()
    server.close()


def test_a_phone_has_no_sideways_scroll(browser: Browser, open_server: Server) -> None:  # noqa: F811
    at = Researcher(browser, open_server, width=390)
    expect(at.page.locator("#progress .picture")).to_be_visible(timeout=90_000)
    assert at.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    at.page.context.close()
    assert at.complaints == []


def test_an_empty_log_says_where_votes_come_from(tmp_path: Path) -> None:
    server = Server(tmp_path, Scribe(name=RED))
    first = events(server)[0]
    said = first.call(first.asked(""))
    server.close()
    assert "Nobody has voted yet" in said and "What did people say?" not in said

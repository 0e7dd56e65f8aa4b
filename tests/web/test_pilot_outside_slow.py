"""A newcomer's pilot: a system of their own against gcrs, two annotators, and a page of results.

From nothing, by the documented commands; the annotators are scripts. Minutes: `make test-slow`.
"""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
from made_studies import CONSENT, PRACTICE
from outside import free_port, serving
from pages import browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, expect
from test_pilot_slow import Scripted

from crsdemo.__main__ import main
from docs.own_system import Chat, answer

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
TEN_MINUTES = 600
FILE = f"""
title = "Which reply helps more?"
seed = 3
minutes = 5
systems = ["gcrs", {{name = "quokka", url = "URL/chat", version = "quokka-8b"}}]
completion_code = "PILOT-2"
plain_names = true

{CONSENT}
{PRACTICE}
[[tasks]]
name = "own taste"
kind = "free"
messages = 2
questionnaires = ["short-compared"]

[[tasks]]
name = "shared"
kind = "replay"
messages = ["A quiet film.", "A loud one."]
overlap = 2
"""


class Boastful(Chat):
    """The example of the docs, but that it says who it is."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = answer(asked)
        said["text"] = f"I am Quokka-8B. {said['text']}"
        self.send_response(200)
        self.send_header("X-Powered-By", "quokka")
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *given: object) -> None:
        pass


@dataclass(frozen=True)
class Running:
    url: str
    db: Path
    file: Path
    began: float


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """`check-study`, then `app.py --study`, as the docs say."""
    began, handler = time.monotonic(), Boastful
    assert issubclass(handler, BaseHTTPRequestHandler)
    with serving(handler) as own:
        file, db, port = tmp_path / "mine.toml", tmp_path / "study.db", free_port()
        file.write_text(FILE.replace("URL", own))
        check = [sys.executable, "-m", "crsdemo", "check-study", str(file)]
        told = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert "quokka answered in" in told.stdout and "it says who it is" in told.stdout, told
        start = [sys.executable, "app.py", "--study", str(file), "--db", str(db)]
        out = (tmp_path / "out.txt").open("w")
        app = subprocess.Popen([*start, "--port", str(port)], cwd=ROOT, stdout=out, stderr=out)
        try:
            url = f"http://127.0.0.1:{port}/"
            while not answers(url):
                assert app.poll() is None, (tmp_path / "out.txt").read_text()
                assert time.monotonic() - began < TEN_MINUTES
                time.sleep(1)
            yield Running(url, db, file, began)
        finally:
            app.terminate()
            app.wait(30)


def answers(url: str) -> bool:
    try:
        return httpx.get(url + "study", timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(autouse=True)
def _patient() -> Iterator[None]:
    expect.set_options(timeout=120_000)  # gcrs on a busy machine
    yield
    expect.set_options(timeout=30_000)


def test_from_nothing_to_results_in_ten_minutes(
    browser: Browser,  # noqa: F811
    running: Running,
) -> None:
    for number in range(2):
        annotator = Scripted(browser, running, f"participant=script-{number}")
        annotator.page.set_default_timeout(120_000)
        assert annotator.finished(number) == "PILOT-2"
        seen = annotator.page.content() + str(annotator.page.evaluate("window.heard"))
        heard = re.sub(r"base64,[\w+/=]+", "", seen)  # a font may hold any letters
        assert "[hidden]" in heard
        assert not [name for name in ("quokka", "gcrs", "/chat") if name in heard.lower()]
        annotator.leave()

    with sqlite3.connect(running.db) as db:
        sides = "select status, decoding from generations where recommender = 'quokka'"
        kept = db.execute(sides).fetchall()
        votes = db.execute("select count(*), count(distinct visitor) from verdicts").fetchone()
        said = db.execute(
            "select count(*) from turns where text like 'I am Quokka-8B.%'"
        ).fetchone()
    assert {status for status, _ in kept} == {"ok"} and said[0] == len(kept)
    made = json.loads(kept[0][1])
    assert made["endpoint"].endswith("/chat") and made["version"] == "quokka-8b"
    assert votes == (2 * (1 + 2 + 2), 2)  # with the practice

    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(running.url + "results")
    expect(page.locator("#answer")).to_contain_text("votes by 2 people in all")
    out = running.db.parent / "out"
    taken = ["--db", str(running.db), "--format", "csv", "--out", str(out)]
    assert main(["export", *taken]) == 0
    rows = list(csv.DictReader((out / "answers.csv").open(encoding="utf-8")))
    assert rows and all("quokka" in " ".join(row.values()) for row in rows)
    assert time.monotonic() - running.began < TEN_MINUTES

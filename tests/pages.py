"""A server of stand-ins and people with browsers of their own, for tests of the pages."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Frame, Page, expect, sync_playwright
from stand_in import CATALOG, NoLinker, StandIns

from app import open_pages
from crsdemo.chat.admission import Admission, Limits
from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.recommender import Recommender
from crsdemo.evaluation.report import Report
from crsdemo.evaluation.stages.folder import Measured
from crsdemo.feedback.log import FeedbackLog
from crsdemo.web.demo import Demo
from crsdemo.web.guard.callers import Proxies
from crsdemo.web.operator import Operator

expect.set_options(timeout=30_000)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# What a page says of a request that ends because the page does
CUT_OFF = ("AbortError", "Connection errored out", "Failed to fetch")


class Server:
    """All pages, on a log in `folder`."""

    def __init__(
        self,
        folder: Path,
        *recommenders: Recommender,
        operator: Operator | None = None,
        reports: tuple[Report, ...] = (),
        stages: tuple[Measured, ...] = (),
        limits: Limits = Limits(),
        proxies: Proxies = Proxies(),
        stand_ins: StandIns | None = None,  # by default the recommenders
    ) -> None:
        self.db = folder / "feedback.db"
        self.log = FeedbackLog(self.db, busy_seconds=0.5)
        admission = Admission(limits)
        exchange = Exchange(recommenders[0], NoLinker(), self.log, admission)
        pair = SideBySide(stand_ins or StandIns(recommenders), NoLinker(), self.log, admission)
        self.demo = Demo(
            exchange,
            pair,
            CATALOG,
            operator or Operator(),
            reports=reports,
            stages=stages,
            proxies=proxies,
        )
        self.blocks, self.url = open_pages(self.demo, "127.0.0.1", None)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What another process would read."""
        with sqlite3.connect(self.db) as db:
            return db.execute(query).fetchall()

    def close(self) -> None:
        self.blocks.close()
        self.log.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.fail("no Chromium was found: install it with `make browser` and test again")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Served(Protocol):
    """A server, in this process or in another."""

    @property
    def url(self) -> str: ...


class Visitor:
    """A person with a browser of their own, at one page of the server."""

    address = ""

    def __init__(self, browser: Browser, server: Served, width: int = 1280) -> None:
        context = browser.new_context(viewport={"width": width, "height": 844})
        self.page: Page = context.new_page()
        self.url = server.url
        self.page.set_default_timeout(30_000)
        self.listen()
        self.page.goto(self.url + self.address)
        expect(self.page.locator(".welcome h2")).to_be_visible()

    def listen(self) -> None:
        """From before the page is there."""
        self.complaints: list[str] = []
        self.is_leaving = False
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self._complain(str(error)))
        self.page.on("request", self._note_request)
        self.page.on("framenavigated", self._note_arrival)

    def go(self, deed: Callable[[], object]) -> None:
        """Do what leads to another page, or to the same one anew.

        Requests that are in flight are cut off by that: what the page that is left says of them
        is no complaint.
        """
        self.is_leaving = True
        deed()

    def _note_arrival(self, frame: Frame) -> None:
        if frame == self.page.main_frame:
            self.is_leaving = False

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complain(message.text)

    def _complain(self, text: str) -> None:
        if not (self.is_leaving and any(words in text for words in CUT_OFF)):
            self.complaints.append(text)

    def _note_request(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.complaints.append(request.url)

    def leave(self) -> None:
        """Nothing must have gone wrong in the browser, nor been asked of another host."""
        self.page.context.close()
        assert self.complaints == [], "\n".join(self.complaints)

    def type(self, text: str) -> None:
        """Say something, and once more if the last answer was just ending: then nothing is sent."""
        self.box.fill(text)
        self.box.press("Enter")
        for _ in range(10):
            if self.box.input_value() != text or self.page.locator("#notice .notice").count():
                return
            self.page.wait_for_timeout(50)
        self.box.press("Enter")

    @property
    def box(self) -> Any:
        return self.page.locator("#box textarea")


class Judge(Visitor):
    """A visitor of a page on which two recommenders answer."""

    address = "compare"

    def say(self, text: str) -> None:
        """Say something and wait for both replies."""
        n_rounds = self.rounds.count()
        self.type(text)
        expect(self.rounds).to_have_count(n_rounds + 1)
        expect(self.page.locator("#live .round")).to_have_count(0)

    def begin_anew(self) -> None:
        """A page takes seconds to open; a new comparison does not."""
        self.page.get_by_role("button", name="new comparison").click()
        expect(self.page.locator(".welcome h2")).to_be_visible()

    def expect_saved(self) -> None:
        expect(self.judging.get_by_text("saved", exact=True)).to_be_visible()

    def column(self, side: str) -> Any:
        """Of the newest message."""
        return self.rounds.last.locator(f".column.{side}")

    def verdict(self, words: str) -> Any:
        return self.judging.get_by_role("button", name=words)

    @property
    def rounds(self) -> Any:
        return self.page.locator("#thread .round")

    @property
    def judging(self) -> Any:
        return self.page.locator("#verdict .judging")

    @property
    def comparison(self) -> str:
        """The id of the newest one."""
        return str(self.rounds.last.get_attribute("data-comparison"))

    def verdicts(self, server: Server, columns: str = "verdict, revision") -> list[tuple[Any, ...]]:
        """Of the newest comparison."""
        return server.rows(
            f"select {columns} from verdicts where comparison_id = '{self.comparison}' "
            "order by number"
        )


@contextmanager
def opened(demo: Demo, browser: Browser) -> Iterator[tuple[Page, str]]:
    """A page of a browser and the address of a demo, whose log is closed at the end."""
    blocks, url = open_pages(demo, "127.0.0.1", None)
    page = browser.new_context(viewport={"width": 1280, "height": 844}).new_page()
    page.set_default_timeout(30_000)
    try:
        yield page, url
    finally:
        page.context.close()
        blocks.close()
        demo.exchange.log.close()

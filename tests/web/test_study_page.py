"""The page of a study in a real browser: from consent to the code, away and back, and out."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from made_studies import lab, prolific_id
from pages import Served, Server, Visitor, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, expect
from stand_in import CATALOG, NoLinker, StandIn
from test_blind_page import LISTEN

from app import main, open_pages
from crsdemo.chat.exchange import Exchange
from crsdemo.web.demo import Demo

NAMES = ("quokka", "wombat", "written-good", "written-bad")
FILE = """
title = "Which reply helps more?"
seed = 4
minutes = 6
systems = ["quokka", "wombat"]
questionnaires = ["about-you"]
completion_code = "C0FFEE"
plain_names = true

[consent]
version = "7"
text = \"\"\"
We keep what you write
and choose.

You may <b>stop</b> at any time.
\"\"\"

[[tasks]]
name = "practice"
kind = "practice"
message = "Something light, please."
good = "Groundhog Day is light."
bad = "The Shining is not light."

[[tasks]]
name = "talk"
kind = "free"
messages = 2
questionnaires = ["short-compared"]

[[tasks]]
name = "alone"
kind = "single"
messages = 2
questionnaires = ["crsarena-eval"]

[[tasks]]
name = "shared"
kind = "replay"
messages = ["A quiet film.", "A loud film."]
"""


class StudyServer:
    """A study of stand-ins, with its log in `folder`."""

    def __init__(self, folder: Path, study: str = FILE, pause: float = 0.0) -> None:
        wombat = StandIn(pause, "wombat", "Watch ")
        self.lab = lab(folder, study, StandIn(pause, "quokka"), wombat, busy_seconds=0.5)
        desk = self.lab.desk
        desk.prepare()
        exchange = Exchange(wombat, NoLinker(), self.lab.log)
        self.demo = Demo(exchange, desk.side_by_side, CATALOG, study=desk)
        self.blocks, self.url = open_pages(self.demo, "127.0.0.1", None)
        self.db, self.rows = self.lab.log.path, self.lab.rows

    def close(self) -> None:
        self.blocks.close()
        self.lab.log.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudyServer]:
    server = StudyServer(tmp_path_factory.mktemp("study"))
    yield server
    server.close()


class Annotator(Visitor):
    """A person who was sent a link."""

    def __init__(self, web: Browser, server: Served, link: str, width: int = 1280) -> None:
        self.page = web.new_context(viewport={"width": width, "height": 844}).new_page()
        self.url = server.url
        self.page.set_default_timeout(30_000)
        self.page.add_init_script(f"({LISTEN})()")
        self.listen()
        self.page.goto(f"{server.url}study?{link}")
        expect(self.page.locator("#sheet h2, .task h2").first).to_be_visible()

    @property
    def sheet(self) -> Any:
        return self.page.locator("#sheet")

    @property
    def progress(self) -> Any:
        return self.page.locator("#masthead .progress")

    @property
    def judging(self) -> Any:
        return self.page.locator("#verdict .judging")

    @property
    def form(self) -> Any:
        return self.page.locator("#thread .more").last

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button).click()

    def judge(self, key: str) -> None:
        """By key, until it is saved."""
        expect(self.judging).to_be_visible()
        self.page.keyboard.press(key)
        expect(self.judging.get_by_text("saved", exact=True)).to_be_visible()

    def say(self, text: str) -> None:
        """Write to the two, wait for both replies."""
        expect(self.box).to_be_focused()
        n_rounds = self.page.locator("#thread .round").count()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#thread .round")).to_have_count(n_rounds + 1)
        at_hand = "#verdict .judging:focus, #verdict .judging :focus"  # the offered "the same"
        expect(self.page.locator(at_hand)).to_have_count(1)

    def go_on(self) -> None:
        """The button that waits for Enter."""
        way = self.page.get_by_role("button", name="Go on")
        expect(way).to_be_focused()
        self.page.keyboard.press("Enter")
        expect(self.judging.get_by_text("saved", exact=True)).to_have_count(0)

    def choose(self, question: str, key: str, answer: str) -> None:
        group = self.page.get_by_role("group", name=question)
        group.get_by_role("radio").first.focus()
        self.page.keyboard.press(key)
        expect(group.get_by_label(answer, exact=True)).to_be_checked()

    def finish(self) -> None:
        """What the study asks for after the practice, in whatever order it comes."""
        for _ in range(4):
            expect(self.page.locator(".task h2")).to_be_visible()
            if "with one assistant" in self.page.locator(".task").inner_text():
                self.alone()
            elif "A conversation" in self.page.locator(".task").inner_text():
                self.talk()
            else:
                self.judge("1")
                self.go_on()

    def talk(self) -> None:
        """Two messages, and the questions about them, with a reload wherever it could hurt."""
        self.say("a film about the sea")
        self.judge("2")
        expect(self.page.locator(".write-on")).to_have_text("Now write your next message (2 of 2).")
        self.say("an older one")
        self.judge("4")
        expect(self.form.get_by_label("Comment")).to_be_hidden()
        self.form.get_by_text("Say more").click()
        self.form.get_by_label("Comment").fill("neither is old")
        self.form.get_by_label("Comment").press("Enter")
        expect(self.form.get_by_text("saved", exact=True)).to_be_visible()
        self.go(self.page.reload)
        expect(self.form.get_by_label("Comment")).to_have_value("neither is old")
        self.form.get_by_label("Comment").fill("both are new")
        self.press("Go on")  # which saves the comment first
        expect(self.sheet.locator(".leaf > h2")).to_have_text("About A and B")
        for question, key, answer in (
            ("fit better", "1", "A"),
            ("helped you more", "2", "about the same"),
            ("rather watch", "3", "B"),
        ):
            self.choose(question, key, answer)
        self.press("Go on")
        expect(self.sheet.get_by_text("About A and B")).to_have_count(0)

    def alone(self) -> None:
        """Two messages to one system, and the questions about it, with reloads."""
        for n, text in enumerate(("a film about the sea", "an older one"), 1):
            expect(self.box).to_be_focused() if n == 1 else self.box.focus()
            self.page.keyboard.type(text)
            self.page.keyboard.press("Enter")
            expect(self.page.locator("#thread .round.alone")).to_have_count(n)
        expect(self.box).to_be_hidden()
        self.go(self.page.reload)
        expect(self.page.locator("#thread .round.alone .words")).to_have_count(2)
        self.press("Go on")
        expect(self.sheet.locator(".leaf > h2")).to_have_text("About this conversation")
        self.choose("understand what you were looking for", "2", "partly")
        self.page.locator("#sheet textarea").fill("so so")
        self.press("Go on")
        expect(self.sheet.locator(".please")).to_contain_text("marked")
        expect(self.sheet.locator(".missing")).to_have_count(4)
        expect(self.sheet.locator(".missing input").first).to_be_focused()
        self.go(self.page.reload)
        expect(self.sheet.get_by_label("partly").first).to_be_checked()
        expect(self.sheet.locator("textarea")).to_have_value("so so")
        for question, key, answer in (
            ("what you came for", "3", "yes"),
            ("curious about films", "1", "no"),
            ("without detours", "2", "yes"),
            ("All in all", "4", "good"),
        ):
            self.choose(question, key, answer)
        self.press("Go on")
        expect(self.sheet.get_by_text("About this conversation")).to_have_count(0)


def test_an_annotator_goes_from_consent_to_the_code_by_keys_and_hears_no_name(
    browser: Browser,  # noqa: F811
    server: StudyServer,  # noqa: F811
) -> None:
    ann = Annotator(browser, server, f"Prolific_Pid={prolific_id('anna')}&SESSION_ID=1")
    page = ann.page
    expect(ann.sheet.locator(".document p")).to_have_text(
        ["We keep what you write and choose.", "You may <b>stop</b> at any time."]
    )
    expect(ann.sheet).to_contain_text("version 7")
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.textContent") != "I agree and take part":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(ann.sheet.locator("ol li")).to_have_count(5)
    expect(ann.sheet.locator(".leaf > h2")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(ann.progress).to_have_text("Practice")
    expect(page.locator("#thread .column")).to_have_count(2)
    expect(page.locator("#box")).to_be_hidden()
    ann.judge("6")
    feedback = page.locator(".feedback")
    expect(feedback).to_contain_text("You said: cannot tell. We expected")
    expect(feedback.locator("dl div")).to_have_count(6)
    ann.go_on()
    expect(ann.progress).to_contain_text("1 of 6, about 6 minutes left")
    ann.finish()
    expect(ann.sheet.locator(".leaf > h2")).to_have_text("About you")
    expect(ann.sheet.locator("input:checked")).to_have_count(0)  # not those of the page before
    with locked(server):
        ann.choose("How often do you watch", "4", "more often")
        expect(ann.sheet.locator(".failed")).to_contain_text("not saved")
        ann.press("Go on")
        expect(ann.sheet.locator(".please")).to_contain_text("try again")
        expect(ann.sheet.get_by_label("more often")).to_be_checked()
    ann.press("try again")
    expect(ann.sheet.locator(".failed")).to_have_count(0)
    ann.press("Go on")
    expect(ann.sheet.locator("output")).to_have_text("C0FFEE")

    heard = str(page.content()) + str(page.evaluate("window.heard"))
    assert "C0FFEE" in heard and not [name for name in NAMES if name in heard]
    ann.go(page.reload)
    expect(ann.sheet.locator("output")).to_have_text("C0FFEE")
    kept = server.rows(
        """select v.verdict, v.details ->> 'names_shown', v.details ->> 'by', v.decided_ms > 0,
        a.kind, v.swapped = a.swapped from current_verdicts v
        join assigned_comparisons x on x.comparison_id = v.comparison_id
        join assignments a on a.id = x.assignment_id and a.annotator = v.visitor"""
    )
    assert [row[1:4] for row in kept] == [(0, "key", 1)] * 5
    assert sorted(row[::4] for row in kept) == sorted(
        [("cannot_tell", "practice"), ("right", "free"), ("both_bad", "free")]
        + [("left", "replay")] * 2
    )
    assert all(same for *_, same in kept)
    comments = "select details ->> 'comment' from current_verdicts where verdict = 'both_bad'"
    assert server.rows(comments) == [("both are new",)]
    answers = dict(server.rows("select question, value from answers order by number"))
    assert {name: json.loads(value) for name, value in answers.items()} == {
        "understanding": 1, "task_completion": 2, "interest_arousal": 0, "efficiency": 1,
        "overall": 3, "comment": "so so", "how_often": 3,
        "relevance": "A", "helpfulness": "about the same", "would_choose": "B",
    }  # fmt: skip
    ann.leave()


class locked:
    """Another program holds the log."""

    def __init__(self, server: StudyServer) -> None:
        self.db = sqlite3.connect(server.db, isolation_level=None)

    def __enter__(self) -> None:
        self.db.execute("begin immediate")

    def __exit__(self, *_: object) -> None:
        self.db.execute("rollback")
        self.db.close()


def test_two_tabs_of_one_annotator_are_one_person_and_one_verdict(
    browser: Browser,  # noqa: F811
    server: StudyServer,  # noqa: F811
) -> None:
    ann = Annotator(browser, server, "participant=bob")
    ann.press("I agree")
    ann.press("Begin")
    expect(ann.judging).to_be_visible()
    tab = ann.page.context.new_page()
    tab.goto(f"{server.url}study?PARTICIPANT=bob")
    expect(tab.locator("#verdict .judging")).to_be_visible()
    ann.judge("1")
    tab.keyboard.press("2")
    expect(tab.locator("#verdict .judging").get_by_text("saved", exact=True)).to_be_visible()
    bobs = "(select annotator from consents order by number desc limit 1)"
    votes = f"select verdict from {{}} where visitor = {bobs} order by revision"
    assert server.rows(votes.format("verdicts")) == [("left",), ("right",)]  # not given twice
    assert server.rows(votes.format("current_verdicts")) == [("right",)]
    ann.leave()


AWAY = "Please come back later with the same link: your place is kept."
TALK, ALONE = (f"[[tasks]]{part}" for part in FILE.split("[[tasks]]")[2:4])


@pytest.mark.parametrize(("task", "answered"), [(TALK, ".judging"), (ALONE, "#thread .alone")])
def test_who_is_not_answered_again_and_again_is_told_to_come_back_later(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
    task: str,
    answered: str,
) -> None:
    server = StudyServer(tmp_path, FILE.partition("[[tasks]]")[0] + task)
    ann = Annotator(browser, server, "participant=ann")
    ann.press("I agree")
    ann.press("Begin")
    for n in range(3):
        expect(ann.page.get_by_text(AWAY)).to_have_count(0)
        ann.type(f"break down {n}")
        failed = "select count(*) from turns t join generations g on g.id = t.id"
        for _ in range(600):
            if server.rows(f"{failed} where g.status = 'failed'")[0][0] > n:
                break
            ann.page.wait_for_timeout(50)
        if task is ALONE:  # it is back in the box
            expect(ann.page.locator(".write-on")).to_be_visible()
            expect(ann.box).to_have_value(f"break down {n}")
        else:
            expect(ann.page.get_by_text(f"break down {n}", exact=True)).to_be_visible()
        expect(ann.page.locator("#live .round")).to_have_count(0)
    expect(ann.page.get_by_text(AWAY)).to_be_visible()
    ann.go(ann.page.reload)
    expect(ann.page.get_by_text(AWAY)).to_be_visible()
    if folder := os.environ.get("CRSDEMO_SHOTS"):
        ann.page.screenshot(path=f"{folder}/away{len(task)}.png")
        ann.page.evaluate("document.querySelector('[data-act=theme]').click()")
        ann.page.set_viewport_size({"width": 390, "height": 844})
        ann.page.screenshot(path=f"{folder}/away{len(task)}-phone.png")
    ann.type("a quiet film")
    expect(ann.page.locator(answered)).to_be_visible()
    expect(ann.page.get_by_text(AWAY)).to_have_count(0)
    ann.leave()
    server.close()


def test_on_a_phone_one_may_decline_agree_after_all_withdraw_and_be_forgotten(
    browser: Browser,  # noqa: F811
    server: StudyServer,  # noqa: F811
) -> None:
    eve = Annotator(browser, server, "participant=eve", width=390)
    page = eve.page
    eve.press("I do not agree")
    expect(eve.sheet.locator(".leaf > h2")).to_have_text("You do not take part")
    eve.go(page.reload)
    eve.press("I have changed my mind")
    eve.press("Begin")
    eve.judge("1")
    expect(page.locator("#foot")).to_contain_text("Leaving is safe")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    eve.press("Withdraw from the study")
    expect(page.get_by_role("button", name="Stay")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(eve.judging).to_be_visible()
    eve.press("Withdraw from the study")
    page.get_by_role("button", name="Withdraw", exact=True).click()
    expect(eve.sheet).to_contain_text("None of your choices counts any more")
    eve.go(page.reload)
    eve.press("Delete all")
    expect(eve.sheet).to_contain_text("Nothing that you wrote or chose is kept")
    eves = "(select annotator from erasures)"
    assert server.rows(f"select count(*) from verdicts where visitor in {eves}") == [(0,)]
    decisions = f"select decision from consents where annotator in {eves} order by number"
    assert server.rows(decisions) == [("declined",), ("given",), ("withdrawn",)]
    expect(page.locator("#foot button")).to_have_count(0)
    unfilled = f"{server.url}study?PROLIFIC_PID={{{{%PROLIFIC_PID%}}}}"
    eve.go(partial(page.goto, unfilled))
    expect(eve.sheet).to_contain_text("was not filled in")
    eve.leave()


def test_while_a_study_runs_no_other_page_is_open_and_no_name_can_be_fetched(
    server: StudyServer,
) -> None:
    for address in ("", "study", "results", "config", "gradio_api/info"):
        answer = httpx.get(server.url + address)
        assert answer.status_code == 200
        assert not [name for name in NAMES if name in answer.text], address
    for address in ("", "compare", "blind", "report"):
        said = httpx.get(server.url + address).text
        assert "open the link that you were given" in said
        assert not [name for name in NAMES if name in said], address
    for address in ("gradio_api/call/say", "gradio_api/call/compare_say"):
        assert httpx.get(server.url + address).status_code in (404, 405)


def test_without_a_study_the_page_says_so(tmp_path: Path) -> None:
    server = Server(tmp_path, StandIn(0.0))
    said = httpx.get(server.url + "study").text
    server.close()
    assert "No study is open here" in said


def test_a_mistake_in_the_file_is_named_before_anything_is_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(FILE.replace('kind = "free"', 'kind = "freee"'))
    nothing = ["--catalog", str(tmp_path / "no-catalog"), "--db", str(tmp_path / "feedback.db")]
    assert main(["--study", str(file), "--port", "0", *nothing]) == 2
    assert "mine.toml, line 28: `kind`" in capsys.readouterr().err
    assert not (tmp_path / "feedback.db").exists()

"""A whole study, end to end: three annotators in browsers, the results, the export.

The annotators are scripts, and the study says so in its title. Minutes: `make test-slow`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_studies import CONSENT, PRACTICE
from pages import browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, Page, expect
from test_study_page import Annotator, StudyServer

from crsdemo.core.comparison import VERDICTS
from crsdemo.export.judgments import ExportConfig, export
from crsdemo.feedback.votes import load_votes
from crsdemo.studies.statistics.report import results

pytestmark = pytest.mark.slow
TITLE = "A pilot by scripted annotators"
N_COMPARISONS, N_SHARED = 12, 6
PACE = 3_200  # ms before a verdict: the results leave out what is faster than people read
FILE = f"""
title = "{TITLE}"
seed = 8
minutes = 10
systems = ["quokka", "wombat"]
questionnaires = ["about-you"]
completion_code = "PILOT-1"
plain_names = true

{CONSENT}
{PRACTICE}
[[tasks]]
name = "own taste"
kind = "free"
messages = 3
questionnaires = ["short-compared"]

[[tasks]]
name = "family"
kind = "scenario"
instruction = "Two children visit you. Find a film for the evening."
messages = 2

[[tasks]]
name = "shared"
kind = "replay"
messages = ["A quiet film.", "A loud one.", "An odd one.", "An old one.", "A new one.", "A war."]
overlap = 3

[[tasks]]
name = "attention"
kind = "attention"
message = "A western?"
bad = "Boil the potatoes."
"""
WISHES = ("something by the sea", "older than me", "and without violence", "one for children")


class Scripted(Annotator):
    """Prefers the system that says "Watch", mostly; never misses what is plainly worse."""

    def finished(self, seed: int) -> str:
        """Everything that the study asks for, to the code."""
        self.random = random.Random(seed)
        while not self.sheet.locator("output").count():
            self.act()
        return str(self.sheet.locator("output").inner_text())

    def act(self) -> None:
        """The next thing, by keys."""
        way = self.page.locator("#turn button")
        if self.sheet.locator("h2").count():
            self.answer()
        elif way.count():
            expect(way).to_be_focused()
            self.turned("Enter")
        elif self.page.locator("#turn .no-words").count():
            self.judge_as_ever()
        else:
            self.say(self.random.choice(WISHES))

    def judge_as_ever(self) -> None:
        expect(self.judging).to_be_visible()
        left, right = (
            self.page.locator("#thread .round").last.locator(f".column.{side}").inner_text()
            for side in ("left", "right")
        )
        key = self.random.choice("3456")
        if self.random.random() < 0.7:
            key = "1" if "Watch" in left else "2"
        for bad in ("potatoes", "is not light"):
            key = "2" if bad in left else "1" if bad in right else key
        self.page.wait_for_timeout(PACE)
        self.judge(key)

    def answer(self) -> None:
        """A leaf: agree, begin, or the questions of a page."""
        for button in ("I agree", "Begin"):
            if self.page.get_by_role("button", name=button).count():
                return self.turned(button)
        for group in self.sheet.locator("fieldset").all():
            radios = group.get_by_role("radio")
            radios.first.focus()
            self.page.keyboard.press(str(self.random.randint(1, radios.count())))
            expect(group.locator("input:checked")).to_have_count(1)
        self.turned("Go on")
        return None

    def turned(self, by: str) -> None:
        """Press, and wait until another page is there."""
        leaf = self.sheet.locator(".leaf")
        before = leaf.get_attribute("data-step") or ""
        if by == "Enter":
            self.page.keyboard.press("Enter")
        else:
            self.press(by)
        expect(leaf).not_to_have_attribute("data-step", before)
        expect(self.sheet.locator("h2").or_(self.page.locator(".task h2")).first).to_be_visible()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudyServer]:
    server = StudyServer(tmp_path_factory.mktemp("pilot"), FILE)
    yield server
    server.close()


def test_three_annotators_finish_the_results_answer_and_trl_reads_the_pairs(
    browser: Browser,  # noqa: F811
    server: StudyServer,
    tmp_path: Path,
) -> None:
    for number in range(3):
        annotator = Scripted(browser, server, f"participant=script-{number}")
        assert annotator.finished(number) == "PILOT-1"
        annotator.leave()

    votes = load_votes(server.lab.log.file)
    by = {one.annotator: [v for v in votes if v.annotator == one.annotator] for one in votes}
    assert [len(of) for of in by.values()] == [N_COMPARISONS] * 3
    assert {vote.verdict for vote in votes} <= set(VERDICTS)
    judges = server.rows(
        """select count(distinct annotator) from assignments where kind = 'replay'
        group by replay_of"""
    )
    assert judges == [(3,)] * N_SHARED
    told = results(votes)
    (pair,) = told.pairs
    assert pair.net and pair.net.low is not None and pair.net.high is not None
    assert pair.net.value is not None and pair.net.low <= pair.net.value <= pair.net.high
    answered = "select about = 'study', count(*), count(distinct annotator) from answers group by 1"
    assert server.rows(answered) == [(0, 9, 3), (1, 3, 3)]
    assert server.rows("select count(*), min(code) from completions") == [(3, "PILOT-1")]

    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(server.url + "results")
    expect_answers(page)
    pairs = server.rows("select count(*) from verdicts where verdict in ('left', 'right')")
    assert pairs[0][0] > 0
    check_export(server.db, tmp_path)


def expect_answers(page: Page) -> None:
    """The results page with its intervals."""
    expect(page.locator("#answer")).to_contain_text("votes by 3 people in all", timeout=90_000)
    expect(page.locator("#verdicts .picture")).to_be_visible(timeout=90_000)
    expect(page.locator("#progress")).to_contain_text("done")


def check_export(db: Path, folder: Path) -> None:
    """What TRL loads with reads the pairs, under TRL's column names."""
    import datasets

    for format_, columns in (
        ("dpo", ["prompt", "chosen", "rejected"]),
        ("kto", ["prompt", "completion", "label"]),
    ):
        out = folder / format_
        export(
            ExportConfig(db=db, format=format_, out=out, text="messages", test_share=0, study=TITLE)
        )
        files = {"train": str(out / "train.jsonl")}
        loaded = datasets.load_dataset("json", data_files=files, cache_dir=str(folder / "cache"))
        assert loaded["train"].column_names == columns and len(loaded["train"]) > 0

"""axe finds nothing on any page, in the light and in the dark, on a desk and on a phone.

The pages are looked at as people meet them: empty, with an answer and its evidence, judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from judged import Scribe
from made_up import made_up
from made_up_stages import write_stages
from pages import Judge, Server, Visitor, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, Page, expect
from stand_in import StandIn
from test_blind_page import BlindJudge
from test_results_page import RED, Researcher, vote
from test_study_page import Annotator, StudyServer

from crsdemo.evaluation.stages.folder import load_stages


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(
        tmp_path_factory.mktemp("axe"), StandIn(0.0, "red"), StandIn(0.0, "blue", "Watch ")
    )
    yield server
    server.close()


def examine(page: Page) -> None:
    """In both themes. Colours that fade are looked at where they come to rest."""
    page.add_style_tag(content="*, ::before, ::after { transition: none !important; }")
    for theme in ("light", "dark"):
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
        found = [
            f"{one['id']} ({one['impact']}): {node['target']} {node['failureSummary']}"
            for one in Axe().run(page).response["violations"]
            for node in one["nodes"]
        ]
        assert not found, f"{theme}, {page.url}:\n" + "\n".join(found)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_conversation(browser: Browser, server: Server, width: int) -> None:  # noqa: F811
    visitor = Visitor(browser, server, width)
    examine(visitor.page)
    visitor.type("a film about the sea")
    row = visitor.page.locator("#thread .rating").last
    row.get_by_label("Good answer").click()
    expect(row.locator(".saved")).to_be_visible()
    if width > 1000:  # there the path to the film is in sight
        expect(visitor.page.locator("#path .main-svg").first).to_be_visible(timeout=90_000)
    examine(visitor.page)
    visitor.leave()


@pytest.mark.parametrize("page_of", [Judge, BlindJudge])
@pytest.mark.parametrize("width", [1280, 390])
def test_two_answers(
    browser: Browser,  # noqa: F811
    server: Server,
    width: int,
    page_of: type[Judge],
) -> None:
    judge = page_of(browser, server, width)
    examine(judge.page)
    judge.say("a film about the sea")
    examine(judge.page)
    judge.verdict("A is better").click()
    judge.expect_saved()
    more = judge.rounds.last.locator(".more")
    if more.get_attribute("open") is None:
        more.locator("summary").click()
    expect(more.get_by_label("Comment")).to_be_visible()
    examine(judge.page)
    judge.leave()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_study_from_consent_to_thanks(browser: Browser, tmp_path: Path, width: int) -> None:  # noqa: F811
    server = StudyServer(tmp_path)
    annotator = Annotator(browser, server, "participant=ann", width)
    page = annotator.page
    examine(page)
    annotator.press("I agree")
    expect(annotator.sheet.locator("ol li")).to_have_count(5)
    examine(page)
    annotator.press("Begin")
    expect(annotator.progress).to_have_text("Practice")
    expect(annotator.judging).to_be_visible()
    examine(page)
    annotator.press("Withdraw from the study")
    expect(page.get_by_role("dialog")).to_be_visible()
    examine(page)
    page.keyboard.press("Escape")
    annotator.judge("1")
    annotator.go_on()
    expect(page.locator(".task h2")).to_be_visible()
    examine(page)
    annotator.finish()
    expect(annotator.sheet.locator("h2")).to_have_text("About you")
    annotator.press("Go on")
    expect(annotator.sheet.locator(".missing")).to_have_count(1)
    examine(page)
    annotator.choose("How often do you watch", "1", "less than once a month")
    annotator.press("Go on")
    expect(annotator.sheet.locator("output")).to_have_text("C0FFEE")
    examine(page)
    annotator.leave()
    server.close()


def test_results_and_health(browser: Browser, tmp_path: Path) -> None:  # noqa: F811
    vote(tmp_path)
    server = Server(tmp_path, Scribe(name=RED))
    at = Researcher(browser, server)
    expect(at.page.locator("#progress .picture")).to_be_visible(timeout=90_000)
    at.page.locator("#verdicts summary").click()
    examine(at.page)
    at.page.goto(server.url + "health")
    expect(at.page.locator("h1")).to_be_visible()
    examine(at.page)
    server.close()


def test_the_scores(browser: Browser, tmp_path: Path) -> None:  # noqa: F811
    stages = load_stages(write_stages(tmp_path / "stages"))
    server = Server(tmp_path, StandIn(), reports=(made_up("popularity", 0.07),), stages=stages)
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(server.url + "report")
    expect(page.locator("#parts")).to_be_visible()
    for folded in page.locator("#report summary").all():
        folded.click()
    expect(page.locator("#parts table").last).to_be_visible()
    examine(page)
    page.close()
    server.close()


def test_pages_that_say_why_there_is_nothing(browser: Browser, tmp_path: Path) -> None:  # noqa: F811
    server = Server(tmp_path, StandIn())
    page = browser.new_page()
    for address, words in (("study", "No study is open"), ("results", "Nobody has voted yet")):
        page.goto(server.url + address)
        expect(page.get_by_text(words)).to_be_visible()
        examine(page)
    page.close()
    server.close()

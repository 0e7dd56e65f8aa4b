"""Who reloads or comes back in the middle of a study finds a way on."""

from __future__ import annotations

from pathlib import Path

from made_studies import SINGLE
from pages import browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, expect
from test_study_page import Annotator, StudyServer


def test_a_message_that_a_reload_left_unanswered_is_back_in_the_box(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    study = SINGLE.replace('"red", "blue"', '"quokka", "wombat"')
    server = StudyServer(tmp_path, study, pause=0.05)
    ann = Annotator(browser, server, "participant=ann")
    ann.press("I agree")
    ann.press("Begin")
    expect(ann.box).to_be_focused()
    ann.page.keyboard.type("very slowly, please")
    ann.page.keyboard.press("Enter")
    expect(ann.page.locator("#live .said-by-user")).to_be_visible()
    ann.go(ann.page.reload)
    expect(ann.box).to_have_value("very slowly, please")
    expect(ann.page.locator("#thread")).to_contain_text("was not answered")
    expect(ann.page.locator("#thread .said-by-user")).to_have_count(0)
    ann.box.fill("a film about the sea")
    ann.box.press("Enter")
    expect(ann.page.locator("#thread .round.alone")).to_have_count(1)
    expect(ann.page.locator("#thread .said-by-user")).to_have_text(["a film about the sea"])
    expect(ann.box).to_have_value("")
    expect(ann.page.locator("#thread")).not_to_contain_text("was not answered")
    assert server.rows("select count(*) from generations where status = 'ok'") == [(1,)]
    ann.leave()
    server.close()

"""Who reloads or comes back in the middle of a study finds a way on."""

from __future__ import annotations

from pathlib import Path

from made_studies import PRACTICE, SHORT, SINGLE
from pages import browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, expect
from test_study_page import Annotator, StudyServer


def named(study: str) -> str:
    """With the systems of the server, and links that need no key."""
    return study.replace('["red", "blue"]', '["quokka", "wombat"]\nplain_names = true')


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


def test_who_reloads_or_comes_back_has_a_time_of_reading(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    server = StudyServer(tmp_path, named(SHORT).replace("[[tasks]]", f"{PRACTICE}\n[[tasks]]", 1))
    ann = Annotator(browser, server, "participant=ann")
    ann.press("I agree")
    ann.press("Begin")
    expect(ann.judging).to_be_visible()
    ann.page.wait_for_timeout(700)
    ann.go(ann.page.reload)
    ann.judge("1")
    ann.leave()
    (kept,) = server.rows("select decided_ms from verdicts")
    assert kept[0] >= 700  # what was read before counts
    server.close()


def test_a_text_that_is_too_long_is_kept_on_the_screen_until_it_is_shortened(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    asked = 'kind = "replay"\nquestionnaires = ["about-you"]'
    one = named(SHORT).replace('[[tasks]]\nname = "talk"\nkind = "free"\n', "")
    server = StudyServer(tmp_path, one.replace('kind = "replay"', asked))
    ann = Annotator(browser, server, "participant=ann")
    ann.press("I agree")
    ann.press("Begin")
    ann.judge("1")
    ann.go_on()
    ann.choose("How often", "1", "less than once a month")
    ann.page.locator("#sheet textarea").fill("long " * 1000)
    ann.press("Go on")
    expect(ann.sheet.locator(".please")).to_contain_text("at most 2,000")
    expect(ann.page.locator("#sheet textarea")).to_have_value("long " * 1000)
    ann.page.locator("#sheet textarea").fill("short")
    ann.press("Go on")
    expect(ann.sheet.locator(".leaf > h2")).to_have_text("Thank you")
    assert server.rows("select value from answers where question = 'comment'") == [('"short"',)]
    ann.leave()
    server.close()

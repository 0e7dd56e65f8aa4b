"""What of a study is in sight, on a low window and on a phone, with no scroll of the reader."""

from __future__ import annotations

from typing import Any

from pages import browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, expect
from test_study_page import Annotator, StudyServer, server  # noqa: F401  the fixture


def begun(web: Browser, server: StudyServer, who: str, width: int = 1280) -> Annotator:  # noqa: F811
    """At the practice, in a window that holds less than two replies."""
    ann = Annotator(web, server, f"participant={who}")
    ann.page.set_viewport_size({"width": width, "height": 320})
    ann.press("I agree")
    ann.press("Begin")
    expect(ann.judging).to_be_visible()
    return ann


def until(ann: Annotator, words: str) -> None:
    """Through the tasks to one whose head says this."""
    head = ann.page.locator(".task")
    for _ in range(8):
        expect(head).to_be_visible()
        if words in head.inner_text():
            return
        if ann.judging.count():
            ann.judge("1")
            ann.go_on()
        else:
            skip(ann)
    raise AssertionError(f"no task says {words!r}")


def skip(ann: Annotator) -> None:
    """A talk, with whatever is asked about it."""
    ann.alone() if "one assistant" in ann.page.locator(".task").inner_text() else ann.talk()


def bottom(part: Any) -> float:
    """Of a part of the page, in the window."""
    box = part.bounding_box()
    return float(box["y"] + box["height"])


def top(part: Any) -> float:
    """Of a part of the page, from the upper edge of what scrolls."""
    return float(
        part.evaluate(
            "part => part.getBoundingClientRect().top"
            " - document.querySelector('#conversation').getBoundingClientRect().top"
        )
    )


def test_more_is_said_on_demand_and_the_verdicts_stand_close_to_short_replies(
    browser: Browser,  # noqa: F811
    server: StudyServer,  # noqa: F811
) -> None:
    ann = begun(browser, server, "sayer")
    ann.page.set_viewport_size({"width": 1280, "height": 1400})
    replies, row = ann.page.locator("#thread .columns"), ann.page.locator("#verdict .judging")
    assert bottom(row) - bottom(replies) < 120
    ann.judge("1")
    expect(ann.form.get_by_text("Say more")).to_be_visible()
    expect(ann.form.get_by_label("Comment")).to_be_hidden()
    ann.leave()


def test_after_a_talk_with_one_assistant_the_way_on_stands_above_the_foot_and_its_words_are_there(
    browser: Browser,  # noqa: F811
    server: StudyServer,  # noqa: F811
) -> None:
    ann = begun(browser, server, "talker")
    ann.page.set_viewport_size({"width": 1280, "height": 800})
    ann.judge("1")
    ann.go_on()
    until(ann, "with one assistant")
    for n, text in enumerate(("a film about the sea", "an older one"), 1):
        ann.box.fill(text)
        ann.box.press("Enter")
        expect(ann.page.locator("#thread .round.alone")).to_have_count(n)
    way = ann.page.get_by_role("button", name="Go on")
    foot = ann.page.locator("#foot p").first.bounding_box()
    assert foot and bottom(way) <= foot["y"]
    way.click()
    expect(ann.progress).to_contain_text("done, about")
    recalled = ann.sheet.locator(".recalled")
    expect(recalled.locator(".words").first).to_be_hidden()
    recalled.locator("summary").click()
    expect(recalled.locator(".words")).to_have_count(2)
    ann.choose("understand what you were looking for", "2", "partly")
    expect(recalled.locator(".words").first).to_be_visible()  # it stays open
    ann.leave()


def test_on_a_phone_the_verdicts_stand_below_both_replies(
    browser: Browser,  # noqa: F811
    server: StudyServer,  # noqa: F811
) -> None:
    ann = begun(browser, server, "phone", width=390)
    row = ann.page.locator("#verdict .judging").bounding_box()
    assert row and row["y"] >= bottom(ann.page.locator("#thread .columns"))
    expect(ann.page.locator("#thread .film:has(footer:empty)")).to_have_count(0)
    ann.leave()


def test_reading_begins_at_the_task_and_then_at_each_message(
    browser: Browser,  # noqa: F811
    server: StudyServer,  # noqa: F811
) -> None:
    ann = begun(browser, server, "reader")
    head, rounds = ann.page.locator(".task h2"), ann.page.locator("#thread .round")
    expect(rounds).to_have_count(1)
    assert ann.page.evaluate(
        "() => { const { scrollHeight, clientHeight } = document.querySelector('#conversation');"
        " return scrollHeight > clientHeight; }"
    )
    assert top(head) >= 0
    ann.go(ann.page.reload)
    expect(ann.judging).to_be_visible()
    assert top(head) >= 0
    ann.judge("1")
    assert top(head) >= 0  # what is said of the two moves nothing
    ann.go_on()
    until(ann, "A conversation:")
    ann.say("a film about the sea")
    assert top(head) >= 0
    ann.judge("2")
    ann.say("an older one")
    message = rounds.last.locator(".said-by-user")
    assert 0 <= top(message) < 60
    ann.judge("2")
    assert 0 <= top(message) < 60
    ann.leave()

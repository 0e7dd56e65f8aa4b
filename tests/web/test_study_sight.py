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


def top(part: Any) -> float:
    """Of a part of the page, from the upper edge of what scrolls."""
    return float(
        part.evaluate(
            "part => part.getBoundingClientRect().top"
            " - document.querySelector('#conversation').getBoundingClientRect().top"
        )
    )


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

"""The people with browsers of `pages.py`: what they complain of, and what they let pass."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from pages import Server, Visitor, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, expect
from stand_in import StandIn


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("visitor"), StandIn(0.3), StandIn(name="other"))
    yield server
    server.close()


@pytest.fixture
def visitor(browser: Browser, server: Server) -> Visitor:  # noqa: F811
    visitor = Visitor(browser, server)
    visitor.type("slowly")
    expect(visitor.page.locator("#live .growing")).to_be_visible()
    return visitor


def test_a_reply_that_is_cut_off_by_going_away_is_no_complaint(visitor: Visitor) -> None:
    visitor.go(partial(visitor.page.goto, f"{visitor.url}blind"))
    expect(visitor.page.locator(".welcome h2")).to_be_visible()
    visitor.leave()


@pytest.mark.parametrize("words", ["broken", "AbortError", "Failed to fetch"])
def test_whatever_goes_wrong_on_the_page_after_it_is_one(visitor: Visitor, words: str) -> None:
    visitor.go(visitor.page.reload)
    visitor.page.evaluate("words => console.error(words)", words)
    with pytest.raises(AssertionError, match=words):
        visitor.leave()


def test_what_goes_wrong_while_the_page_is_left_is_one_unless_it_was_cut_off(
    visitor: Visitor,
) -> None:
    def leave_with_a_word() -> None:
        visitor.page.evaluate("console.error('broken on the way out')")
        visitor.page.reload()

    visitor.go(leave_with_a_word)
    with pytest.raises(AssertionError, match="broken on the way out"):
        visitor.leave()

"""Earlier talks, the list of films that are wanted, and several films on one row, in a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

import pytest
from pages import Server, Visitor, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, expect
from stand_in import StandIn

from crsdemo.chat.replies import CARE


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("past"), StandIn(), StandIn(name="other"))
    yield server
    server.close()


@pytest.fixture(params=[1280, 390])
def visitor(
    request: pytest.FixtureRequest,
    browser: Browser,  # noqa: F811
    server: Server,
) -> Iterator[Visitor]:
    visitor = Visitor(browser, server, request.param)
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield visitor
    visitor.leave()


def say(visitor: Visitor, text: str) -> None:
    answers = visitor.page.locator("#thread .answer[data-reply]")
    n = answers.count()
    visitor.type(text)
    expect(answers).to_have_count(n + 1)


def shot(visitor: Visitor, name: str) -> None:
    """A picture of the page for whoever asks for one."""
    if folder := os.environ.get("CRSDEMO_SHOTS"):
        width = visitor.page.viewport_size["width"]  # type: ignore[index]  # it has a size
        for theme in ("light", "dark"):
            visitor.page.wait_for_timeout(700)  # colours change slowly
            visitor.page.screenshot(path=f"{folder}/{name}-{width}-{theme}.png", full_page=True)
            visitor.page.locator("[data-act=theme]").click()


def test_a_visitor_goes_back_to_an_earlier_talk_and_on(visitor: Visitor) -> None:
    page = visitor.page
    shelf = page.locator("#shelf")
    say(visitor, "a quiet film")
    expect(shelf).not_to_contain_text("Earlier talks")
    page.locator("[data-act=fresh]").click()
    expect(page.locator(".welcome h2")).to_be_visible()
    say(visitor, "something else")
    shelf.locator("summary", has_text="Earlier talks").click()
    expect(shelf.locator(".talks li")).to_have_count(1)
    shot(visitor, "talks")
    shelf.get_by_role("button", name="a quiet film").click()
    expect(page.locator("#thread .said-by-user")).to_have_text("a quiet film")
    say(visitor, "and another")
    expect(page.locator("#thread .said-by-user")).to_have_count(2)
    visitor.go(page.reload)
    expect(page.locator("#thread .said-by-user")).to_have_count(2)
    page.locator("#shelf summary", has_text="Earlier talks").click()
    expect(page.locator("#shelf .talks li")).to_contain_text(["something else"])


def test_several_films_stand_on_one_row_and_each_is_rated(visitor: Visitor, server: Server) -> None:
    page = visitor.page
    say(visitor, "show me a few options")
    films = page.locator("#thread .several .film")
    expect(films).to_have_count(3)
    tops = {round(box["y"]) for film in films.all() if (box := film.bounding_box())}
    assert len(tops) == 1, "they are not on one row"
    second = films.nth(1)
    second.get_by_role("button", name="Bad choice").click()
    second.get_by_role("button", name="Good choice").click()
    second.get_by_role("button", name="want it").click()
    films.nth(2).get_by_role("button", name="want it").click()
    shelf = page.locator("#shelf")
    expect(shelf.locator("summary", has_text="What I want")).to_contain_text("2")
    expect(second.get_by_role("button", name="Good choice")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(second.get_by_role("button", name="Bad choice")).to_have_attribute(
        "aria-pressed", "false"
    )
    shelf.locator("summary", has_text="What I want").click()
    shot(visitor, "several")
    shelf.get_by_role("button", name="copy").click()
    expect(shelf.get_by_role("button", name="copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "Groundhog Day (1993)\nPaprika (2006)"
    shelf.get_by_role("button", name="take Paprika (2006) off the list").click()
    expect(shelf.locator(".titles li")).to_have_count(1)
    expect(films.nth(2).get_by_role("button", name="want it")).to_have_attribute(
        "aria-pressed", "false"
    )
    shelf.get_by_role("button", name="copy").click()
    expect(shelf.get_by_role("button", name="copied")).to_be_visible()
    page.evaluate(
        "navigator.clipboard.writeText = () => Promise.reject(); document.execCommand = () => false"
    )
    shelf.get_by_role("button", name="copied").click()
    expect(shelf.get_by_role("button", name="by hand")).to_be_visible()
    assert "Groundhog Day" in page.evaluate("String(getSelection())")
    if page.viewport_size and page.viewport_size["width"] > 1000:
        expect(page.locator("#rest .mark")).to_have_text(
            ["my answer", "also offered", "also offered"]
        )


def test_distress_is_answered_with_care_on_every_page(visitor: Visitor) -> None:
    say(visitor, "i want to die")
    page = visitor.page
    expect(page.locator("#thread .words")).to_contain_text(CARE[:60])
    expect(page.locator("#thread .film")).to_have_count(0)
    expect(page.locator("#thread .words + p a")).to_have_attribute(
        "href", "https://findahelpline.com"
    )
    expect(page.locator("#thread .rating")).to_have_count(0)
    expect(page.locator("#opening")).to_contain_text("written beforehand")
    shot(visitor, "care")
    visitor.go(partial(page.goto, f"{visitor.url}blind"))
    expect(page.locator(".welcome h2")).to_be_visible()
    visitor.type("i want to die")
    expect(page.locator("#thread .words")).to_have_count(2)
    expect(page.locator("#verdict")).to_contain_text("nothing to compare")
    shot(visitor, "care-blind")

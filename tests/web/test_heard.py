"""What was understood, below the message and above the talk, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from pages import Judge, Server, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, expect
from stand_in import CATALOG, StandIn
from test_page import Talker

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.conversation import Conversation, LoggedTurn
from crsdemo.core.dialogue import Turn
from crsdemo.core.errors import BadInputError
from crsdemo.core.traced import Stretch
from crsdemo.recommenders.hearing import Hearing
from crsdemo.web.talk.heard import Correction, avoiding, below_messages

HEARING = Hearing(CATALOG)


def said(text: str, *unheard: Stretch) -> Conversation:
    return Conversation("d", "v", (LoggedTurn("t", Turn("user", text, unheard=unheard)),))


def test_what_nothing_was_understood_of_shows_nothing() -> None:
    below = below_messages(said("hello there"), HEARING, running=True)["t"]
    assert below.strip() == ""
    assert avoiding(said("hello there"), HEARING, running=False).strip() == ""


def test_each_thing_has_a_button_unless_a_reply_grows() -> None:
    talk = said("no horror, a drama under 2 hours", Stretch(13, 18))
    below = below_messages(talk, HEARING, running=False)["t"]
    assert 'aria-label="Take back: not horror"' in below
    assert 'aria-label="Bring back: drama"' in below and "<s><bdi>drama</bdi></s>" in below
    assert "not known to the catalog: length: under 2 hours" in below
    assert 'aria-label="Take back: horror"' in avoiding(talk, HEARING, running=False)
    growing = below_messages(talk, HEARING, running=True)["t"] + avoiding(
        talk, HEARING, running=True
    )
    assert "<button" not in growing and growing.count("horror") == 2


def test_what_was_typed_is_text() -> None:
    below = below_messages(said("<img src=x> </textarea><b>"), HEARING, running=False)["t"]
    assert "<img" not in below and "<b>" not in below and below.count("</textarea>") == 1


@pytest.mark.parametrize(
    "given",
    [
        {"at": "0"},
        {"at": -5},
        {"at": 2**70},
        {"at": 99},
        {"at": None},
        {"turn": ["t"]},
        {"kind": "wish"},
        {"kind": "no such thing"},
        {"kind": None},
        {"turn": "u"},
        {"turn": {"evil": 1}},
        {"counts": "yes"},
        {"counts": False},
    ],
)
def test_what_comes_from_the_page_is_checked(given: dict[str, object]) -> None:
    talk = said("no horror")
    good = {"turn": "t", "kind": "avoid", "at": 0, "counts": True}
    assert Correction.of(SimpleNamespace(**good)).words(talk, HEARING) == (Stretch(0, 9),)
    with pytest.raises(BadInputError):
        Correction.of(SimpleNamespace(**good | given)).words(talk, HEARING)


def test_of_two_things_that_begin_alike_the_one_is_taken_back_that_was_clicked() -> None:
    keywords = {"keywords": ("90s nostalgia",)}
    dreams = tuple(Item(f"d{n}", f"Dreams {n}", 1994, keywords) for n in range(12))
    hearing, talk = Hearing(Catalog(dreams)), said("90s nostalgia please")
    heard = hearing.understood(talk.said)[0].heard
    assert [(one.kind, one.at[0]) for one in heard] == [
        ("years", Stretch(0, 3)),
        ("wish", Stretch(0, 13)),
    ]
    below = below_messages(talk, hearing, running=False)["t"]
    for one in heard:
        assert f'data-kind="{one.kind}"' in below
        assert Correction("t", one.kind, 0, True).words(talk, hearing) == one.at


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("heard"), StandIn())
    yield server
    server.close()


def test_what_was_understood_is_taken_back_brought_back_and_said_anew(
    browser: Browser,  # noqa: F811
    server: Server,
) -> None:
    visitor = Talker(browser, server)
    page = visitor.page
    visitor.say("a drama with Bill Murray, no horror")
    chips, words = page.locator("#thread .understood li"), page.locator("#thread .words")
    expect(chips).to_have_count(3)
    expect(page.locator("#avoiding")).to_contain_text("avoiding:")
    expect(page.locator("#avoiding .heard")).to_contain_text("horror")

    page.get_by_role("button", name="Take back: Bill Murray").focus()
    page.keyboard.press("Enter")
    expect(words).to_contain_text('You said "a drama with , no horror"')
    expect(page.locator("#thread .gone")).to_contain_text("Bill Murray")
    expect(visitor.answers).to_have_count(1)
    page.locator("#avoiding").get_by_role("button", name="Take back: horror").click()
    expect(words).to_contain_text('You said "a drama with , "')
    expect(page.locator("#avoiding .heard")).to_have_count(0)
    visitor.go(page.reload)
    expect(page.locator("#thread .gone")).to_have_count(2)
    page.get_by_role("button", name="Bring back: not horror").click()
    expect(words).to_contain_text('You said "a drama with , no horror"')
    expect(page.locator("#avoiding .heard")).to_have_count(1)

    page.get_by_text("edit", exact=True).click()
    box = page.get_by_label("Your message in other words")
    expect(box).to_have_value("a drama with Bill Murray, no horror")
    box.fill("a comedy")
    page.get_by_role("button", name="send again").click()
    expect(words).to_contain_text('You said "a comedy"')
    expect(page.locator("#thread .said-by-user")).to_have_text(["a comedy"])
    expect(page.locator("#avoiding .heard")).to_have_count(0)
    assert server.rows("select t.text from turns t join turns n on n.replaces = t.id") == [
        ("a drama with Bill Murray, no horror",)
    ]
    visitor.leave()


def test_side_by_side_takes_back_what_was_understood_until_it_is_judged(
    browser: Browser,  # noqa: F811
    server: Server,
) -> None:
    judge = Judge(browser, server)
    judge.say("no horror, with Bill Murray")
    expect(judge.rounds.locator(".understood li")).to_have_text(["not horror×", "Bill Murray×"])
    before = judge.comparison
    judge.page.get_by_role("button", name="Take back: Bill Murray").click()
    for side in ("left", "right"):
        expect(judge.column(side)).to_contain_text('You said "no horror, with "')
    expect(judge.rounds).to_have_count(1)
    expect(judge.rounds.locator(".gone")).to_contain_text("Bill Murray")
    assert judge.comparison != before
    judge.verdict("A is better").click()
    judge.expect_saved()
    expect(judge.rounds.locator(".understood li")).to_have_count(2)
    expect(judge.rounds.locator(".understood button")).to_have_count(0)
    judge.go(judge.page.reload)
    expect(judge.rounds).to_have_count(1)
    assert len(server.rows("select 1 from comparisons")) == 2
    judge.leave()


def test_what_is_being_typed_is_not_lost_by_a_click_elsewhere(
    browser: Browser,  # noqa: F811
    server: Server,
) -> None:
    visitor = Talker(browser, server)
    page, words = visitor.page, visitor.page.locator("#thread .words")
    visitor.box.fill("half a sen")
    page.locator(".wish").first.click()
    expect(visitor.answers).to_have_count(1)
    expect(visitor.box).to_have_value("half a sen")
    page.locator("[data-act=fresh]").click()
    expect(page.locator(".welcome h2")).to_be_visible()
    visitor.say("no horror")
    visitor.box.fill("half a sen")

    page.get_by_text("edit", exact=True).click()
    draft = page.get_by_label("Your message in other words")
    draft.fill("a quiet")
    page.get_by_role("button", name="Good answer").click()
    expect(page.locator("#thread .rating .saved")).to_have_text("saved")
    expect(draft).to_be_visible()
    expect(draft).to_have_value("a quiet")
    page.get_by_role("button", name="Take back: not horror").click()
    expect(words).to_contain_text('You said ""')
    expect(draft).to_have_value("a quiet")
    page.get_by_role("button", name="answer again").click()
    expect(words).to_contain_text("Groundhog Day")
    expect(draft).to_be_visible()
    expect(draft).to_have_value("a quiet")
    page.get_by_role("button", name="send again").click()
    expect(words).to_contain_text('You said "a quiet"')
    expect(draft).to_be_hidden()
    expect(draft).to_have_value("a quiet")
    expect(visitor.box).to_have_value("half a sen")
    visitor.leave()


def test_a_wish_that_is_clicked_leaves_the_box_of_two_answers_as_it_is(
    browser: Browser,  # noqa: F811
    server: Server,
) -> None:
    judge = Judge(browser, server)
    judge.box.fill("half a sen")
    judge.page.locator(".wish").first.click()
    expect(judge.rounds).to_have_count(1)
    expect(judge.box).to_have_value("half a sen")
    judge.leave()

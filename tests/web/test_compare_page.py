"""The comparison page in a real browser on a real server; the recommenders are stand-ins."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from gradio_client import Client
from pages import Judge, Server, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, expect
from stand_in import StandIn

RED, BLUE = "red <i>one</i>", 'blue "two"'  # names that want to be markup


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(
        tmp_path_factory.mktemp("compare"), StandIn(0.03, RED), StandIn(0.03, BLUE, "Watch ")
    )
    yield server
    server.close()


class Chooser(Judge):
    def choose(self, letter: str, name: str) -> None:
        if self.page.locator(f"#choose-{letter} input").input_value() != name:
            self.page.locator(f"#choose-{letter} input").click()
            self.page.get_by_role("option", name=name).click()
            expect(self.page.get_by_role("option")).to_have_count(0)

    def keep(self, policy: str) -> None:
        self.page.locator("#policy").get_by_text(policy).click()


@pytest.fixture(scope="module")
def regular(browser: Browser, server: Server) -> Iterator[Chooser]:  # noqa: F811
    visitor = Chooser(browser, server)
    yield visitor
    visitor.leave()


@pytest.fixture
def visitor(regular: Chooser) -> Iterator[Chooser]:
    """The same person each time, who begins a new comparison."""
    regular.begin_anew()
    regular.choose("A", RED)
    regular.choose("B", BLUE)
    regular.keep("go on from the better answer")
    yield regular
    assert regular.complaints == []


def test_both_columns_stream_at_once_and_are_told_apart(visitor: Chooser, server: Server) -> None:
    page = visitor.page
    page.evaluate(
        """() => { window.seen = [];
        const words = (side) => document.querySelector(`#live .${side} .words`)?.innerText || '';
        new MutationObserver(() => window.seen.push([words('left').length, words('right').length]))
        .observe(document.querySelector('#live'), {childList: true, subtree: true}); }"""
    )
    visitor.say("slowly, a film about the sea")
    seen = page.evaluate("() => window.seen")
    whole = [max(lengths) for lengths in zip(*seen, strict=True)]
    assert any(0 < left < whole[0] and 0 < right < whole[1] for left, right in seen)
    for side, letter, name in (("left", "A", RED), ("right", "B", BLUE)):
        column = visitor.column(side)
        expect(column.locator(".letter")).to_have_text(letter)
        expect(column.locator("header b")).to_have_text(name)
        expect(column).to_have_attribute("aria-label", f"Answer {letter}, {name}")
        expect(column.locator(".film h2")).to_contain_text("After Life")
        expect(column.locator(".why-this[open]")).to_have_count(0)
    visitor.column("left").locator("summary").first.click()
    expect(visitor.column("right").get_by_text("How I got to the film")).to_be_visible()
    expect(visitor.column("right").locator(".fork.taken").first).to_contain_text("quiet drama")


def test_a_verdict_by_key_and_by_click_is_saved_once_and_can_be_changed(
    visitor: Chooser, server: Server
) -> None:
    visitor.say("judge me")
    expect(visitor.judging).to_be_focused()  # keys work at once
    visitor.page.keyboard.press("1")
    visitor.expect_saved()
    expect(visitor.judging.get_by_role("button", name="A is better")).to_have_attribute(
        "aria-pressed", "true"
    )
    visitor.judging.get_by_role("button", name="both bad").dblclick()
    expect(visitor.judging.get_by_role("button", name="both bad")).to_have_attribute(
        "aria-pressed", "true"
    )
    visitor.expect_saved()
    assert visitor.verdicts(server) == [("left", 1), ("both_bad", 2)]
    (kept,) = server.rows(
        "select decided_ms > 0, layout, details ->> 'by' from verdicts where revision = 1 "
        "order by number desc limit 1"
    )
    assert kept == (1, "side_by_side", "key")

    visitor.box.fill("")
    visitor.box.press_sequentially("2 fast")
    assert visitor.box.input_value() == "2 fast"
    assert len(visitor.verdicts(server)) == 2


def test_more_can_be_said_of_a_verdict_in_a_form_that_is_folded(
    visitor: Chooser, server: Server
) -> None:
    visitor.say("a word on both")
    visitor.page.keyboard.press("1")
    visitor.expect_saved()
    form = visitor.rounds.last.locator(".more")
    expect(form.locator(".chip").first).to_be_hidden()
    form.locator("summary").click()
    form.get_by_role("group", name="How much better is A?").get_by_text("clearly").click()
    form.locator(".of-side.right").get_by_role("button", name="dull words").click()
    expect(form.get_by_text("saved", exact=True)).to_be_visible()
    rows = visitor.verdicts(server, "details ->> 'strength', details ->> '$.reasons.right'")
    assert rows[-1] == (2, '["dull words"]') and len(rows) == 3
    named = visitor.verdicts(server, "details ->> 'names_shown', details ->> 'more_names_shown'")
    assert named[-1] == (1, 1)


def test_one_side_breaks_down_and_the_other_goes_on(visitor: Chooser, server: Server) -> None:
    visitor.keep("each keeps its own history")
    visitor.say("break down: red")
    expect(visitor.column("left").locator(".trouble")).to_contain_text("could not answer")
    expect(visitor.column("right").locator(".film h2")).to_contain_text("After Life")
    expect(visitor.judging).to_have_count(0)
    statuses = "select g.status from generations g join turns t using (id) order by t.number"
    assert server.rows(statuses)[-2:] == [("failed",), ("ok",)]
    visitor.say("and now")
    expect(visitor.column("left").locator(".film")).to_have_count(1)
    expect(visitor.judging).to_have_count(1)


def test_the_chosen_reply_becomes_the_history_of_both(visitor: Chooser, server: Server) -> None:
    visitor.choose("A", BLUE)
    visitor.choose("B", RED)
    visitor.say("one")
    expect(visitor.page.locator(".onward")).to_contain_text("drawn by lot")
    visitor.page.keyboard.press("2")
    expect(visitor.page.locator(".onward")).to_contain_text("goes on from B, the better answer")
    comparison = visitor.rounds.last.get_attribute("data-comparison")
    winner = f"select winner from current_verdicts where comparison_id = '{comparison}'"
    assert server.rows(winner) == [(RED,)]  # the two had changed places
    visitor.say("two")
    expect(visitor.rounds.first.locator(".right .tag")).to_have_text("the talk went on from here")
    heard = server.rows(
        "select p.id = c.right_generation from comparisons c, comparisons d "
        "join turns u on u.id = d.left_turn join turns p on p.id = u.parent "
        f"where c.id = '{comparison}' and d.number = c.number + 1 and d.left_turn = d.right_turn"
    )
    assert heard == [(1,)]

    lot = visitor.page.locator(".onward").inner_text()
    other = visitor.page.locator(".onward button")
    letter = other.inner_text()[-1]
    assert f"from {letter}," not in lot
    other.click()
    expect(visitor.page.locator(".onward")).to_contain_text(f"from {letter}, as you chose")


def test_under_the_other_policy_each_side_keeps_its_own_history(
    visitor: Chooser, server: Server
) -> None:
    visitor.keep("each keeps its own history")
    visitor.say("first")
    expect(visitor.page.locator("#policy input").first).to_be_disabled()
    visitor.page.keyboard.press("1")
    expect(visitor.page.locator(".onward")).to_contain_text("their own history")
    visitor.say("second")
    comparison = visitor.rounds.last.get_attribute("data-comparison")
    parents = server.rows(
        "select g.recommender from comparisons c join turns u on u.id in (left_turn, right_turn) "
        f"join generations g on g.id = u.parent where c.id = '{comparison}' order by u.number"
    )
    assert parents == [(RED,), (BLUE,)]


def test_a_reload_keeps_everything(visitor: Chooser, server: Server) -> None:
    page = visitor.page
    visitor.choose("A", BLUE)
    visitor.say("before the reload")
    page.keyboard.press("3")
    visitor.expect_saved()
    visitor.column("right").get_by_role("button", name="want it").click()
    expect(visitor.column("right").locator("[data-kind=want]")).to_have_attribute(
        "aria-pressed", "true"
    )
    visitor.say("and one more")
    visitor.go(page.reload)
    expect(visitor.rounds).to_have_count(2)
    expect(page.locator("#choose-A input")).to_have_value(BLUE)
    expect(visitor.rounds.first.locator(".past > summary")).to_have_text("You said: both good")
    want = visitor.rounds.first.locator(".right [data-kind=want]")
    expect(want).to_have_attribute("aria-pressed", "true")
    visitor.rounds.first.locator(".past > summary").click()
    visitor.rounds.first.get_by_role("button", name="B is better").click()
    expect(visitor.rounds.first.locator(".past > summary")).to_have_text("You said: B is better")
    visitor.rounds.first.get_by_role("button", name="Why these films?").click()
    expect(visitor.rounds.first.locator(".forks").first).to_be_visible()
    page.keyboard.press("6")
    expect(visitor.judging.get_by_role("button", name="cannot tell")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_a_verdict_that_cannot_be_saved_says_so_and_can_be_tried_again(
    visitor: Chooser, server: Server
) -> None:
    visitor.say("the database will be locked")
    lock = sqlite3.connect(server.db, isolation_level=None)
    lock.execute("begin immediate")
    visitor.page.keyboard.press("4")
    expect(visitor.judging.locator(".failed")).to_contain_text("not saved")
    expect(visitor.page.locator("#notice")).to_contain_text("locked")
    lock.execute("rollback")
    lock.close()
    visitor.judging.get_by_role("button", name="try again").click()
    visitor.expect_saved()
    assert visitor.verdicts(server) == [("both_bad", 1)]


def test_stopping_stops_both_sides_and_a_new_comparison_begins_empty(
    visitor: Chooser, server: Server
) -> None:
    page = visitor.page
    visitor.type("very slowly please")
    expect(page.locator("#live .right .words")).to_be_visible()
    page.locator("#box .stop-button").click()
    expect(visitor.rounds.locator(".cut")).to_have_text(["stopped here", "stopped here"])
    expect(visitor.judging).to_have_count(0)
    page.get_by_role("button", name="new comparison").click()
    expect(page.locator(".welcome h2")).to_be_visible()
    expect(page.locator("#policy input").first).to_be_enabled()


def test_a_phone_shows_one_answer_above_the_other_without_sideways_scroll(
    browser: Browser,  # noqa: F811
    server: Server,  # noqa: F811
) -> None:
    visitor = Chooser(browser, server, width=390)
    hostile = "<script>document.title = 'taken'</script> {{value}}"
    visitor.say(hostile)
    expect(visitor.page.locator(".said-by-user")).to_have_text(hostile)
    left, right = (visitor.column(side).bounding_box() for side in ("left", "right"))
    assert left["y"] + left["height"] <= right["y"] and left["x"] == right["x"]
    visitor.column("right").locator("summary").first.click()
    expect(visitor.column("left").locator(".why-this[open]")).to_have_count(0)
    assert visitor.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    visitor.page.get_by_role("button", name="B is better").click()
    visitor.expect_saved()
    assert server.rows("select layout from verdicts order by number desc limit 1") == [("stacked",)]
    visitor.go(visitor.page.get_by_role("link", name="talk").click)
    expect(visitor.page.locator(".welcome h2")).to_contain_text("Talk about films")
    assert visitor.page.title() == "crsdemo" and visitor.complaints == []
    visitor.page.context.close()


def test_saying_something_from_outside_returns_both_replies(server: Server) -> None:
    client = Client(server.url, verbose=False)
    first = client.predict("a quiet film", RED, BLUE, "shared", api_name="/compare_say")
    assert first["left"]["recommender"] == RED and first["right"]["recommender"] == BLUE
    assert first["left"]["item"]["title"] == first["right"]["item"]["title"] == "After Life"
    assert first["right"]["candidates"] and first["goes_on_from"]["because"] == "lot"
    more = first["comparison_id"]
    second = client.predict("another", RED, BLUE, "shared", more, api_name="/compare_say")
    assert second["left"]["dialogue_id"] == first["left"]["dialogue_id"]
    assert second["left"]["item"]["title"] == "Groundhog Day"
    with pytest.raises(Exception, match="there are: red"):
        client.predict("hello", "green", BLUE, api_name="/compare_say")
    with pytest.raises(Exception, match="no comparison 'unknown'"):
        client.predict("hello", RED, BLUE, "own", "unknown", api_name="/compare_say")

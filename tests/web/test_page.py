"""The page in a real browser on a real server with a real database; the recommender is stand-in."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from gradio_client import Client
from pages import Server, Visitor, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, Page, Route, expect
from stand_in import CATALOG, StandIn


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("page"), StandIn())
    yield server
    server.close()


class Talker(Visitor):
    def say(self, text: str) -> None:
        """Say something and wait for the whole reply."""
        n_answers = self.answers.count()
        self.type(text)
        expect(self.answers).to_have_count(n_answers + 1)

    @property
    def answers(self) -> Any:
        return self.page.locator("#thread .answer[data-reply]")


def picture(page: Page) -> Any:
    """Of the path to the film."""
    return page.locator("#path .main-svg").first


@pytest.fixture
def visitor(browser: Browser, server: Server) -> Iterator[Talker]:  # noqa: F811
    visitor = Talker(browser, server)
    yield visitor
    visitor.leave()


def test_a_conversation_shows_films_and_the_reasons_of_the_reply_that_is_looked_at(
    visitor: Talker,
) -> None:
    page = visitor.page
    page.locator(".wish").nth(1).click()
    expect(page.locator("#thread .film")).to_have_count(1)
    expect(page.locator("#thread .film h2")).to_contain_text("After Life")
    expect(page.locator("#thread .words b")).to_have_text("After Life (1998)")
    expect(page.locator("#opening")).to_contain_text("Recommend a film")
    expect(picture(page)).to_be_visible()
    expect(page.locator("#path")).to_contain_text("quiet drama, family, Japan")
    expect(page.locator("#rest")).to_contain_text("my answer")
    expect(visitor.box).to_be_focused()

    visitor.say("thanks")
    expect(page.locator("#opening")).to_contain_text("not looking for a film")
    expect(page.locator("#path")).to_be_hidden()
    page.locator(".why").first.click()
    expect(page.locator("#opening")).to_contain_text("Recommend a film")
    expect(picture(page)).to_be_visible()
    picture(page).scroll_into_view_if_needed()
    row = page.locator("#path .barlayer .trace").first.locator(".point").first.bounding_box()
    assert row
    page.mouse.move(row["x"] + row["width"] / 2, row["y"] + row["height"] / 2)
    expect(page.locator("#path .hoverlayer")).to_contain_text("Tokyo Story")
    expect(visitor.answers.first).to_have_attribute("aria-current", "true")


def test_words_stream_after_a_line_that_says_what_happens(visitor: Talker) -> None:
    visitor.page.evaluate(
        """() => { window.seen = [];
        new MutationObserver(() => window.seen.push(document.querySelector('#live').innerText))
        .observe(document.querySelector('#live'),
                 {childList: true, subtree: true, characterData: true}); }"""
    )
    visitor.say("slowly, a film about the sea")
    seen = visitor.page.evaluate("() => window.seen")
    lengths = [len(text) for text in seen if "You said" in text]
    assert any("choosing among 8 films" in text for text in seen)
    assert len(set(lengths)) >= 3 and lengths[0] < max(lengths)


def test_a_rating_is_saved_shown_changed_withdrawn_and_survives_a_reload(
    visitor: Talker, server: Server
) -> None:
    page = visitor.page
    visitor.say("rate me")
    row = page.locator("#thread .rating")
    row.get_by_label("Bad answer").click()
    row.get_by_role("button", name="ignored my wish").click()
    row.get_by_role("button", name="too early").click()
    row.get_by_role("button", name="mostly").click()
    row.get_by_label("Comment").fill("<b>slow</b>")
    row.get_by_label("Comment").press("Enter")
    page.get_by_role("button", name="want it: After Life (1998)").click()
    expect(page.locator(".film [data-kind=want]")).to_have_attribute("aria-pressed", "true")
    expect(row.get_by_text("saved", exact=True)).to_be_visible()
    reply = visitor.answers.get_attribute("data-reply")
    kept = dict(
        server.rows(f"select aspect, value from current_ratings where generation_id = '{reply}'")
    )
    assert kept == {
        "thumbs": "-1",
        "relevance": "2",
        "reasons": '["ignored my wish", "too early"]',
        "comment": '"<b>slow</b>"',
    }

    visitor.go(page.reload)
    expect(row.get_by_label("Bad answer")).to_have_attribute("aria-pressed", "true")
    expect(row.get_by_label("Comment")).to_have_value("<b>slow</b>")
    expect(page.locator(".film [data-kind=want]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#opening")).to_contain_text("Recommend a film")

    row.get_by_label("Good answer").click()
    expect(row.get_by_role("button", name="heard my wish")).to_be_visible()
    row.get_by_role("button", name="withdraw rating").click()
    expect(row.locator(".details")).to_have_count(0)
    assert not server.rows(f"select * from current_ratings where generation_id = '{reply}'")
    assert len(server.rows(f"select * from ratings where generation_id = '{reply}'")) > 5


def test_what_is_typed_while_a_comment_is_being_saved_is_not_lost(
    visitor: Talker, server: Server
) -> None:
    page = visitor.page
    visitor.say("let me explain")
    row = page.locator("#thread .rating")
    row.get_by_label("Good answer").click()
    comment = row.get_by_label("Comment")
    comment.fill("first")
    on_the_way: list[Route] = []
    page.route("**/queue/join**", lambda route: on_the_way.append(route), times=1)
    comment.press("Enter")
    comment.fill("first and second")
    expect(row.get_by_text("saved", exact=True)).not_to_be_visible()
    on_the_way[0].continue_()
    expect(row.get_by_text("saved", exact=True)).to_be_visible()
    expect(comment).to_have_value("first and second")
    comment.press("Enter")
    expect(row.get_by_text("saved", exact=True)).to_be_visible()
    reply = visitor.answers.get_attribute("data-reply")
    kept = f"from ratings where generation_id = '{reply}' and aspect = 'comment' order by rowid"
    assert server.rows(f"select value {kept}") == [('"first"',), ('"first and second"',)]


def test_a_rating_that_cannot_be_saved_stays_on_the_page_and_can_be_tried_again(
    visitor: Talker, server: Server
) -> None:
    visitor.say("rate me while the database is locked")
    row = visitor.page.locator("#thread .rating")
    lock = sqlite3.connect(server.db, isolation_level=None)
    lock.execute("begin immediate")
    row.get_by_label("Good answer").click()
    expect(row.locator(".failed")).to_contain_text("not saved")
    expect(visitor.page.locator("#notice")).to_contain_text("kept aside and will be saved")
    expect(row.get_by_label("Good answer")).to_have_attribute("aria-pressed", "true")
    lock.execute("rollback")
    lock.close()
    row.get_by_role("button", name="try again").click()
    expect(row.get_by_text("saved", exact=True)).to_be_visible()
    reply = visitor.answers.get_attribute("data-reply")
    query = f"select aspect, value from current_ratings where generation_id = '{reply}'"
    assert server.rows(query) == [("thumbs", "1")]


def test_what_cannot_be_answered_is_explained_and_stays_in_the_box(visitor: Talker) -> None:
    notice = visitor.page.locator("#notice")
    visitor.type("   ")
    expect(notice).to_contain_text("nothing to answer yet")
    long = "x" * 100_000
    visitor.type(long)
    expect(notice).to_contain_text("100,000 characters")
    assert visitor.box.input_value() == long
    visitor.say("short")
    expect(notice).to_have_text("")


def test_a_recommender_that_breaks_down_loses_no_message(visitor: Talker) -> None:
    visitor.type("break down")
    expect(visitor.page.locator("#notice")).to_contain_text("could not answer")
    expect(visitor.page.locator("#thread")).to_contain_text("This has no answer yet")
    expect(visitor.page.locator("#box .submit-button")).to_be_visible()
    visitor.say("now in other words")
    expect(visitor.page.locator(".said-by-user")).to_have_text(["break down", "now in other words"])


@pytest.mark.parametrize(
    "text",
    [
        "<script>document.body.innerHTML = ''</script> <a_12> <MODE=REC> {{value}} ${1}",
        "bell\a and \x1b[31mred and null",
        "‮abc‬ שלום عالم 👩‍👧‍👦 é",
    ],
)
def test_odd_text_shows_as_it_was_typed(visitor: Talker, text: str) -> None:
    visitor.say(text)
    shown = visitor.page.locator(".said-by-user").inner_text()
    assert shown == "".join(c for c in text if c >= " ")


def test_a_reply_can_be_stopped_answered_again_and_taken_back(visitor: Talker) -> None:
    page = visitor.page
    visitor.type("very slowly please")
    expect(page.locator("#live .growing")).to_be_visible()
    page.locator("#box .stop-button").click()
    expect(page.locator("#thread .cut")).to_have_text("stopped here")
    expect(page.locator("#box .submit-button")).to_be_visible()

    page.get_by_role("button", name="answer again").click()
    expect(page.locator("#live .growing")).to_contain_text("Groundhog Day")
    page.locator("#box .stop-button").click()
    expect(page.locator("#thread .film h2")).to_contain_text("Groundhog Day")
    expect(visitor.answers).to_have_count(1)

    page.get_by_role("button", name="take back").click()
    expect(page.locator(".welcome h2")).to_be_visible()
    expect(visitor.box).to_have_value("very slowly please")


def test_a_new_conversation_begins_empty_and_hears_nothing_of_the_old_one(
    visitor: Talker, server: Server
) -> None:
    visitor.say("first conversation")
    visitor.page.get_by_role("button", name="new conversation").click()
    expect(visitor.page.locator(".welcome h2")).to_be_visible()
    visitor.say("second conversation")
    dialogues = server.rows(
        "select dialogue_id, position from turns where text in "
        "('first conversation', 'second conversation')"
    )
    assert len(set(dialogues)) == 2 and {position for _, position in dialogues} == {0}


def test_everything_works_by_keyboard(visitor: Talker) -> None:
    page = visitor.page
    visitor.say("by keyboard")
    page.locator("#thread .film .actions button").first.focus()
    for _ in range(2 + 2):  # two more marks and two links
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    good = page.locator("#thread .rating").get_by_label("Good answer")
    expect(good).to_have_attribute("aria-pressed", "true")
    expect(good).to_be_focused()


def test_a_phone_has_no_sideways_scroll_and_folds_the_evidence(
    browser: Browser,  # noqa: F811
    server: Server,  # noqa: F811
) -> None:
    visitor = Talker(browser, server, width=390)
    page = visitor.page
    visitor.say("at the station")
    visitor.say("on the train")
    expect(visitor.answers.last.locator(".words")).to_be_in_viewport()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    expect(page.locator("#opening")).to_be_hidden()
    page.locator(".why").last.click()
    expect(page.locator("#opening")).to_be_visible()
    expect(picture(page)).to_be_visible()
    page.wait_for_function("() => document.querySelector('#path .main-svg').clientWidth <= 390")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    visitor.leave()


def test_saying_something_from_outside_returns_the_reply_with_its_evidence(server: Server) -> None:
    client = Client(server.url, verbose=False)
    first = client.predict("a quiet film", api_name="/say")
    assert first["intent"] == "REC" and first["item"]["title"] == "After Life"
    assert first["candidates"][0]["rank"] == 1 and first["trie_path"] and first["timings"]
    second = client.predict("another", first["dialogue_id"], api_name="/say")
    assert second["item"]["title"] == "Groundhog Day"
    logged = server.rows(
        f"select text from turns where dialogue_id = '{first['dialogue_id']}' order by position"
    )
    assert [text for (text,) in logged] == [
        "a quiet film",
        first["text"],
        "another",
        second["text"],
    ]
    with pytest.raises(Exception, match="nothing to answer yet"):
        client.predict("", api_name="/say")
    with pytest.raises(Exception, match="no dialogue 'unknown'"):
        client.predict("hello", "unknown", api_name="/say")


def events_of(config: dict[str, Any], page: str) -> dict[str, int]:
    """The events of a page by name."""
    here = config["page"][page]["dependencies"]
    events = [d for d in config["dependencies"] if d["id"] in here]
    return {target[1]: d["id"] for d in events for target in d["targets"]}


class Caller:
    """A visitor without a browser, over the same requests that the page sends."""

    def __init__(self, url: str, config: dict[str, Any]) -> None:
        self.http = httpx.Client(base_url=url + "gradio_api/", timeout=60)
        self.session = uuid4().hex
        self.events = events_of(config, "")
        self.visit: dict[str, str] = self.call("load", [None] * 4)[0]

    def call(self, event: str, data: list[Any], event_data: Any = None) -> list[Any]:
        body = {
            "data": data,
            "event_data": event_data,
            "fn_index": self.events[event],
            "session_hash": self.session,
        }
        self.http.post("queue/join", json=body).raise_for_status()
        with self.http.stream("GET", f"queue/data?session_hash={self.session}") as stream:
            for line in stream.iter_lines():
                message = json.loads(line.removeprefix("data: ")) if line else {}
                if message.get("msg") == "process_completed":
                    assert message["success"], message
                    return list(message["output"]["data"])
        raise AssertionError("the server hung up")

    def talk_and_rate(self, server: Server) -> str:
        """Two messages, then a thumb on the last reply; returns its id."""
        for n in (1, 2):
            self.call("submit", [f"message {n} of {self.session}", self.visit, None, None, None])
        restored = server.log.restore(self.visit["dialogue"], CATALOG)
        assert restored
        reply = restored.conversation.turns[-1].id
        changes = {"reply": reply, "click": 1, "changes": {"thumbs": 1, "comment": self.session}}
        self.call("rate", [self.visit, None, None, None], changes)
        return reply


def test_fifty_visitors_at_once_hear_only_their_own_words_and_lose_no_rating(
    server: Server,
) -> None:
    config = httpx.get(server.url + "config").json()
    callers = [Caller(server.url, config) for _ in range(50)]
    with ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(lambda caller: caller.talk_and_rate(server), callers))
    for caller, reply in zip(callers, replies, strict=True):
        restored = server.log.restore(caller.visit["dialogue"], CATALOG)
        assert restored
        texts = [turn.turn.text for turn in restored.conversation.turns]
        assert len(texts) == 4 and all(caller.session in text for text in texts)
        assert {(r.generation_id, r.aspect, r.value) for r in restored.ratings} == {
            (reply, "thumbs", 1),
            (reply, "comment", caller.session),
        }

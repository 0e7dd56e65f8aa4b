"""The blind page in a real browser: no name before the verdict, and every verdict on the right one.

The recommenders are stand-ins, one of them slow when it is told to be.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import httpx
import pytest
from pages import Judge, Server, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, expect
from stand_in import StandIn

from crsdemo.chat.side_by_side import drawn
from crsdemo.core.comparison import SIDES, Judgment
from crsdemo.core.errors import BadInputError, RefusedError
from crsdemo.web.compare.blind import hidden

NAMES = ("quokka", "wombat")  # nothing else on the page is called so
LISTEN = """() => {
  window.heard = '';
  const original = window.fetch;
  window.fetch = async (...asked) => {
    const answer = await original(...asked);
    const copy = answer.clone();
    (async () => {
      const text = new TextDecoder();
      for await (const part of copy.body ?? []) window.heard += text.decode(part);
    })().catch(() => {});
    return answer;
  };
  window.EventSource = class extends EventSource {
    constructor(...asked) {
      super(...asked);
      this.addEventListener('message', ({ data }) => { window.heard += data; });
    }
  };
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    stand_ins = StandIn(0.0, "quokka"), StandIn(0.06, "wombat", "Watch ")
    server = Server(tmp_path_factory.mktemp("blind"), *stand_ins)
    yield server
    server.close()


class BlindJudge(Judge):
    address = "blind"

    def listen(self) -> None:
        super().listen()
        self.page.add_init_script(f"({LISTEN})()")

    @property
    def received(self) -> str:
        """All that the page shows, and all that it was sent since it was opened."""
        return str(self.page.content()) + str(self.page.evaluate("window.heard"))

    @property
    def form(self) -> Any:
        return self.rounds.last.locator(".more")

    def finish(self) -> None:
        """Ask who they were, which ends all changes."""
        self.judging.get_by_role("button", name="Reveal and finish").click()
        expect(self.judging.locator(".reveal")).to_be_visible()

    def who(self, server: Server) -> dict[str, str]:
        """Side -> recommender, as the log has it."""
        names = server.rows(
            "select left_recommender, right_recommender from comparisons "
            f"where id = '{self.comparison}'"
        )
        return dict(zip(SIDES, names[0], strict=True))


@pytest.fixture(scope="module")
def regular(browser: Browser, server: Server) -> Iterator[BlindJudge]:  # noqa: F811
    visitor = BlindJudge(browser, server)
    yield visitor
    visitor.leave()


@pytest.fixture
def visitor(regular: BlindJudge) -> Iterator[BlindJudge]:
    regular.begin_anew()
    yield regular
    assert regular.complaints == []


def test_no_name_reaches_the_browser_before_the_verdict_and_then_both_do(
    regular: BlindJudge, server: Server
) -> None:
    """The first of all: nothing was judged yet in what this browser has heard."""
    visitor, page = regular, regular.page
    page.evaluate(
        """() => { window.seen = [];
        const words = () => document.querySelector('#live .round')?.innerText ?? '';
        new MutationObserver(() => window.seen.push(words()))
        .observe(document.querySelector('#live'), {childList: true, subtree: true}); }"""
    )
    visitor.say("slowly, a film about the sea")
    lines = {line.strip() for text in page.evaluate("window.seen") for line in text.splitlines()}
    held = "Both answers are being chosen among 8 films and come together"
    assert lines - {""} == {"slowly, a film about the sea", held}
    expect(visitor.judging).to_be_focused()
    expect(page.locator("#aloud")).to_contain_text("A and B are ready")
    expect(visitor.rounds.locator(".why-this")).to_have_count(0)
    heard = visitor.received + httpx.get(server.url + "blind").text
    assert "Watch" in heard and not [name for name in NAMES if name in heard]

    page.keyboard.press("2")
    visitor.expect_saved()
    assert not [name for name in NAMES if name in visitor.received]  # more can be said, unnamed
    visitor.finish()
    who = visitor.who(server)
    expect(visitor.judging.locator(".reveal")).to_have_text(
        f"A was {who['left']}, B was {who['right']}"
    )
    expect(visitor.column("left").locator("header b")).to_have_text(who["left"])
    expect(visitor.column("right").locator(".why-this")).to_have_count(1)
    assert all(name in visitor.received for name in NAMES)
    words = {"quokka": "Try After Life", "wombat": "Watch After Life"}
    for side in SIDES:
        expect(visitor.column(side).locator(".words")).to_contain_text(words[who[side]])

    expect(page.locator(".onward")).to_contain_text("goes on from B, the better answer")
    kept = "verdict, decided_ms > 0, details ->> 'names_shown', details ->> 'shown_ms'"
    (verdict, timed, named, shown_ms), _finished = visitor.verdicts(server, kept)
    assert (verdict, timed, named) == ("right", 1, 0)
    slowest = "select max(left_ready_ms, right_ready_ms) from comparisons"
    assert shown_ms > server.rows(slowest)[0][0] - 250  # the page is told a little later
    winner = f"select winner from current_verdicts where comparison_id = '{visitor.comparison}'"
    assert server.rows(winner) == [(who["right"],)]


def test_more_is_said_of_each_answer_by_keys_alone_and_survives_a_reload(
    visitor: BlindJudge, server: Server
) -> None:
    page = visitor.page
    visitor.say("something to judge")
    page.keyboard.press("1")
    visitor.expect_saved()
    strength = visitor.form.get_by_role("group", name="How much better is A?")
    strength.get_by_text("a little").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(strength.get_by_text("clearly")).to_have_attribute("aria-pressed", "true")
    expect(strength.get_by_text("clearly")).to_be_focused()
    left, right = (visitor.form.locator(f".of-side.{side}") for side in SIDES)
    for group, question, answer in (
        (left, "Are you satisfied with it?", "very"),
        (right, "Are you satisfied with it?", "not at all"),
        (right, "Does it fit the wish?", "mostly"),
        (left, "Does it make you curious?", "yes"),
    ):
        button = group.get_by_role("group", name=question).get_by_text(answer, exact=True)
        button.focus()
        page.keyboard.press("Space")
    right.get_by_role("button", name="already seen").press("Enter")
    comment = visitor.form.get_by_label("Comment")
    comment.fill("<b>'); drop table verdicts; --")
    comment.press("Enter")
    expect(visitor.form.get_by_text("saved", exact=True)).to_be_visible()
    visitor.go(page.reload)
    expect(comment).to_have_value("<b>'); drop table verdicts; --")
    expect(strength.get_by_text("clearly")).to_have_attribute("aria-pressed", "true")

    rows = visitor.verdicts(server, "revision, verdict, details")
    assert [(n, verdict) for n, verdict, _ in rows] == [(n, "left") for n in range(1, 9)]
    details = server.rows(
        "select details ->> 'strength', details -> 'aspects', details -> 'reasons', "
        "details ->> 'comment', details ->> 'by', details ->> 'names_shown', "
        f"details ->> 'more_names_shown' from current_verdicts "
        f"where comparison_id = '{visitor.comparison}'"
    )
    ((strength_kept, aspects, reasons, *others),) = details
    assert strength_kept == 2
    assert json.loads(aspects) == {
        "satisfaction": {"left": 4, "right": 0},
        "relevance": {"right": 2},
        "interest": {"left": 2},
    }
    assert json.loads(reasons) == {"right": ["already seen"]}
    assert others == ["<b>'); drop table verdicts; --", "key", 0, 0]


def test_a_side_that_fails_blocks_the_vote_in_a_plain_sentence(
    visitor: BlindJudge, server: Server
) -> None:
    visitor.say("break down: quokka")
    expect(visitor.page.locator(".hindrance")).to_contain_text("could not answer, so the two")
    visitor.page.keyboard.press("1")
    expect(visitor.page.locator(".onward")).to_contain_text("has an answer")
    assert visitor.verdicts(server) == []
    assert "as told" not in visitor.page.locator("#thread").inner_text()
    visitor.page.locator("#box textarea").fill("")
    visitor.say("in other words")
    expect(visitor.page.locator(".verdicts button")).to_have_count(6)


def test_the_same_answer_twice_is_recognised_and_what_is_not_saved_can_be_tried_again(
    visitor: BlindJudge, server: Server
) -> None:
    visitor.say("thanks")
    expect(visitor.page.locator(".twin")).to_contain_text("same answer")
    expect(visitor.verdict("the same")).to_be_focused()
    lock = sqlite3.connect(server.db, isolation_level=None)
    lock.execute("begin immediate")
    visitor.page.keyboard.press("Enter")
    expect(visitor.judging.locator(".failed")).to_contain_text("not saved")
    expect(visitor.verdict("the same")).to_have_attribute("aria-pressed", "true")
    expect(visitor.column("left").locator("header b")).to_have_count(0)  # no vote, no name
    lock.execute("rollback")
    lock.close()
    visitor.judging.get_by_role("button", name="try again").click()
    visitor.expect_saved()
    assert visitor.verdicts(server) == [("same", 1)]
    visitor.finish()
    expect(visitor.column("left").locator("header b")).to_have_count(1)

    visitor.say("and now something else")
    tags = visitor.rounds.first.locator(".tag")
    expect(tags).to_have_text("the talk went on from here")
    visitor.page.keyboard.press("6")
    visitor.expect_saved()
    visitor.page.keyboard.press("1")  # as long as nobody is named
    expect(visitor.verdict("A is better")).to_have_attribute("aria-pressed", "true")
    visitor.expect_saved()
    visitor.finish()
    expect(visitor.form).to_have_count(0)
    expect(visitor.verdict("B is better")).to_be_disabled()
    visitor.page.keyboard.press("2")
    expect(visitor.box).to_have_value("2")  # a key like any other now
    expect(visitor.page.locator("#notice .notice")).to_have_count(0)
    expect(visitor.verdict("A is better")).to_have_attribute("aria-pressed", "true")
    kept = visitor.verdicts(server, "verdict, details ->> 'names_shown', details ->> 'finished'")
    assert kept == [("cannot_tell", 0, None), ("left", 0, None), ("left", 0, 1)]
    bench = server.demo.side_by_side
    who = server.rows("select visitor from verdicts order by rowid desc limit 1")[0][0]
    with pytest.raises(RefusedError, match="have seen who answered"):
        bench.judge(visitor.comparison, who, Judgment("right"))


def test_a_phone_holds_the_verdicts_and_the_form(browser: Browser, server: Server) -> None:  # noqa: F811
    visitor = BlindJudge(browser, server, width=390)
    visitor.say("on the train")
    visitor.verdict("both good").click()
    visitor.expect_saved()
    visitor.form.locator(".of-side.right .chip").last.click()
    expect(visitor.form.get_by_text("saved", exact=True)).to_be_visible()
    assert visitor.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert visitor.verdicts(server, "layout, verdict")[-1] == ("stacked", "both_good")
    visitor.leave()


def test_who_stood_where_can_be_drawn_again_from_the_seed_that_is_kept(server: Server) -> None:
    rows = server.rows("select seed, left_recommender, right_recommender from comparisons")
    assert len(rows) >= 5
    assert all(drawn(NAMES, seed) == (left, right) for seed, left, right in rows)


def test_each_pair_stands_both_ways_as_often_and_the_lot_does_not_follow_it() -> None:
    offered = ("a", "b", "c")
    pairs = Counter(drawn(offered, seed) for seed in range(3_000))
    assert len(pairs) == 6 and all(400 < n < 600 for n in pairs.values())
    agrees = Counter(
        (drawn(("a", "b"), seed)[0] == "a") == (Random(seed).choice(SIDES) == "left")
        for seed in range(2_000)
    )
    assert 900 < agrees[True] < 1100
    assert drawn(("only",), 7) == ("only", "only")


def test_our_two_are_hidden_unless_the_operator_names_others() -> None:
    known = ("base", "gcrs", "reges", "popularity")
    assert hidden((), known) == ("gcrs", "reges")
    assert hidden((), ("base", "gcrs", "popularity")) == ("base", "gcrs")
    assert hidden(("base", "popularity"), known) == ("base", "popularity")
    with pytest.raises(BadInputError, match="there are: base, gcrs"):
        hidden(("gcrs", "blue"), known)

"""Comparisons as HTML: what stands in it, and what must not while nobody may know."""

from dataclasses import replace

import pytest
from stand_in import FILMS, path_to
from test_render import NASTY, Reader

from crsdemo.comparison import Answer, Comparison, Series
from crsdemo.conversation import Conversation, LoggedTurn
from crsdemo.dialogue import Turn
from crsdemo.recommender import Evidence, Reply
from crsdemo.ui import columns
from crsdemo.ui.columns import Shown


def answer(name: str, text: str = "Try ", status: str = "ok", error: str = "") -> Answer:
    said = LoggedTurn("u", Turn("user", "hello"))
    reply = Reply((text, FILMS[0]), "REC", FILMS[0], Evidence(path=path_to(FILMS[0])))
    logged = LoggedTurn("r" + name, reply.turn(), reply, status, error)  # type: ignore[arg-type]
    return Answer(name, Conversation("d", "v", (said,)), logged)


@pytest.fixture
def pair() -> Comparison:
    return Comparison("c", "shared", 7, answer("red"), answer("blue"))


def text(html: str) -> str:
    return Reader(html).text


def test_a_comparison_drawn_blind_gives_no_one_away(pair):
    failed = replace(pair, right=answer("blue", status="failed", error="Error: blue broke"))
    blind = Shown(named=False, evidence=False)
    for comparison in (pair, failed):
        html = columns.settled(comparison, 1, blind, is_last=True)
        assert "red" not in text(html) and "blue" not in text(html)
        assert 'aria-label="Answer A"' in html and "How I got" not in html
    assert "blue broke" in columns.settled(failed, 1, Shown(), is_last=True)


def test_replies_that_are_held_show_the_same_on_both_sides_until_both_are_whole(pair):
    faster = replace(pair, right=answer("blue", status="running"))
    held = columns.growing(faster, 8, Shown(held=True, named=False))
    assert held.count("choosing among 8 films") == 2 and "After Life" not in held
    assert "After Life" in columns.growing(faster, 8)


@pytest.mark.parametrize("nasty", NASTY)
def test_markup_in_names_messages_and_errors_shows_as_text(pair, nasty):
    broken = answer(nasty, nasty, "failed", f"Error: {nasty}")
    html = columns.settled(replace(pair, left=broken), 1, Shown(), is_last=True)
    html += columns.growing(replace(pair, left=broken), 8) + columns.welcome((nasty, "b"), 8)
    assert "script" not in Reader(html).tags and "img" not in Reader(html).tags


def test_only_two_whole_replies_can_be_judged(pair):
    assert columns.judging(pair, Shown()).count("<button") == 5
    for status in ("failed", "stopped", "running", "abandoned"):
        assert columns.judging(replace(pair, left=answer("red", status=status)), Shown()) == ""


def test_a_verdict_that_is_not_saved_is_pressed_and_not_called_saved(pair):
    html = columns.judging(replace(pair, verdict="left"), Shown(unsaved="both_bad"))
    assert 'data-verdict="both_bad" aria-pressed="true"' in html
    assert "not saved" in html and 'role="status">saved' not in html


@pytest.mark.parametrize(
    ("changes", "words", "button"),
    [
        ({"verdict": "right"}, "goes on from B, the better answer", False),
        ({"verdict": "both_bad"}, "No winner: your next message goes on from", True),
        ({}, "Not judged yet", True),
        ({"picked": "left"}, "goes on from A, as you chose", True),
        (
            {"left": answer("red", status="failed")},
            "Only B has an answer: your next message",
            False,
        ),
    ],
)
def test_the_page_says_where_the_talk_goes_on_and_offers_the_other_side(
    pair, changes, words, button
):
    html = columns.onward(Series("d", "v", "shared", (replace(pair, **changes),)))
    assert words in text(html) and ("<button" in html) == button

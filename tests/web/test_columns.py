"""Comparisons as HTML: what stands in it, and what must not while nobody may know."""

import re
from dataclasses import replace
from typing import Any

import pytest
from stand_in import FILM, FILMS, path_to
from test_render import NASTY, Reader

from crsdemo.core.comparison import Answer, Comparison, Judgment, Series
from crsdemo.core.conversation import Conversation, LoggedTurn
from crsdemo.core.dialogue import Turn
from crsdemo.core.recommender import Evidence, Reply
from crsdemo.web.compare import verdicts
from crsdemo.web.shared.shown import BLIND, Shown

PARTS = verdicts.PARTS.of(FILM)


def answer(name: str, text: str = "Try ", status: str = "ok", error: str = "") -> Answer:
    said = LoggedTurn("u", Turn("user", "hello"))
    reply = Reply((text, FILMS[0]), "REC", FILMS[0], Evidence(path=path_to(FILMS[0])))
    logged = LoggedTurn("r" + name, reply.turn(), reply, status, error)  # type: ignore[arg-type]  # one of the statuses
    return Answer(name, Conversation("d", "v", (said,)), logged)


@pytest.fixture
def pair() -> Comparison:
    return Comparison("c", "shared", 7, answer("red"), answer("blue"))


def text(html: str) -> str:
    return Reader(html).text


def test_a_comparison_drawn_blind_gives_no_one_away(pair: Comparison) -> None:
    failed = replace(pair, right=answer("blue", status="failed", error="Error: blue broke"))
    for comparison in (pair, failed):
        html = PARTS.settled(comparison, 1, BLIND, is_last=True) + PARTS.row(comparison, BLIND)
        assert not {"red", "blue"} & set(re.findall("[a-z]+", html))
        assert 'aria-label="Answer A"' in html and "How I got" not in html
    assert "blue broke" in PARTS.settled(failed, 1, Shown(), is_last=True)


def test_replies_that_are_held_say_nothing_of_either_side_until_both_are_whole(
    pair: Comparison,
) -> None:
    faster = replace(pair, right=answer("blue", status="running"))
    held = PARTS.growing(faster, 8, BLIND)
    assert held.count("chosen among 8 films") == 1 and "After Life" not in held
    assert held == PARTS.growing(pair, 8, BLIND)
    assert "After Life" not in PARTS.settled(faster, 1, BLIND, is_last=True)
    assert "After Life" in PARTS.growing(faster, 8, Shown())
    assert verdicts.ready(faster, BLIND) == ""
    assert "A is ready" in verdicts.ready(faster, Shown())
    assert "A and B are ready" in verdicts.ready(pair, BLIND)


@pytest.mark.parametrize("nasty", NASTY)
def test_markup_in_names_messages_and_errors_shows_as_text(pair: Comparison, nasty: str) -> None:
    broken = answer(nasty, nasty, "failed", f"Error: {nasty}")
    html = PARTS.settled(replace(pair, left=broken), 1, Shown(), is_last=True)
    html += PARTS.growing(replace(pair, left=broken), 8, Shown()) + PARTS.welcome((nasty, "b"), 8)
    assert "script" not in Reader(html).tags and "img" not in Reader(html).tags


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("failed", "A could not answer"),
        ("stopped", "stopped before both were whole"),
        ("abandoned", "stopped before both were whole"),
        ("running", ""),
    ],
)
def test_only_two_whole_replies_can_be_judged(pair: Comparison, status: str, why: str) -> None:
    whole = replace(pair, right=answer("blue", "Watch "))
    assert PARTS.row(whole, Shown()).count("<button") == 6
    half = replace(pair, left=answer("red", status=status))
    said = Shown(judgment=Judgment("left"))
    row = PARTS.row(half, said)
    assert why in row and "<button" not in row and PARTS.more(half, said) == ""
    neither = replace(half, right=answer("blue", status="failed"))
    assert ("Neither side" in PARTS.row(neither, Shown())) == (status == "failed")


def test_a_verdict_that_is_not_saved_is_pressed_and_not_called_saved(pair: Comparison) -> None:
    html = PARTS.row(pair, Shown(judgment=Judgment("both_bad"), unsaved=True))
    assert 'data-verdict="both_bad" aria-pressed="true"' in html
    assert "not saved" in html and 'role="status">saved' not in html


def test_what_is_finished_is_locked_and_what_is_not_can_be(pair: Comparison) -> None:
    told = Shown(judgment=Judgment("both_bad"), revealed=True, locked=True)
    row = PARTS.row(pair, told)
    assert row.count("disabled") == row.count("<button") and PARTS.more(pair, told) == ""
    judged = replace(BLIND, judgment=Judgment("both_bad"), finishable=True)
    assert "Reveal and finish" in PARTS.row(pair, judged) and PARTS.more(pair, judged)
    assert "Reveal" not in PARTS.row(pair, replace(judged, unsaved=True))


def test_two_replies_with_the_same_words_are_called_the_same_and_neither_can_win(
    pair: Comparison,
) -> None:
    shown = re.findall(
        'data-verdict="([a-z_]+)".*?aria-keyshortcuts="([0-9])"', PARTS.row(pair, BLIND)
    )
    assert shown == [("both_good", "3"), ("both_bad", "4"), ("same", "5")]
    assert "same answer" in PARTS.row(pair, BLIND) and 'class="edge offered"' in PARTS.row(
        pair, BLIND
    )
    other = replace(pair, right=answer("blue", "Watch "))
    assert "same answer" not in PARTS.row(other, BLIND) and "offered" not in PARTS.row(other, BLIND)


def test_two_replies_with_nearly_the_same_words_are_called_so_but_not_in_a_study() -> None:
    left, right = (
        answer(n, f"{w} a quiet old film by the sea: ")
        for n, w in (("red", "Try"), ("blue", "Watch"))
    )
    alike = Comparison("c", "shared", 1, left, right)
    assert "nearly the same words" in PARTS.row(alike, BLIND)
    assert "nearly the same words" not in PARTS.row(alike, replace(BLIND, alike_told=False))
    other = Comparison("c", "shared", 1, left, answer("blue", "Never did I hear of "))
    assert "nearly the same words" not in PARTS.row(other, BLIND)


def test_names_that_were_hidden_are_told_after_the_verdict(pair: Comparison) -> None:
    html = PARTS.row(pair, Shown(judgment=Judgment("left"), revealed=True))
    assert "A was red, B was blue" in text(html)
    assert "was red" not in text(PARTS.row(pair, Shown(judgment=Judgment("left"))))


def test_the_form_shows_what_was_said_and_asks_for_strength_only_of_a_winner(
    pair: Comparison,
) -> None:
    details = {
        "strength": 2,
        "aspects": {"satisfaction": {"right": 0}},
        "reasons": {"left": ["too early"]},
        "comment": '"><script>',
    }
    html = PARTS.more(pair, Shown(judgment=Judgment("right", details=details)))
    assert "How much better is B?" in text(html) and "<details" in html and " open" in html
    pressed = [part for part in html.split("<button")[1:] if 'aria-pressed="true"' in part]
    assert [part.split('">')[-1].split("<")[0] for part in pressed] == [
        "clearly",
        "too early",
        "not at all",
    ]
    assert "script" not in Reader(html).tags
    assert "How much better" not in PARTS.more(pair, Shown(judgment=Judgment("same")))
    assert PARTS.more(pair, Shown()) == ""


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
    pair: Comparison, changes: dict[str, Any], words: str, button: bool
) -> None:
    html = verdicts.onward(Series("d", "v", "shared", (replace(pair, **changes),)), Shown())
    assert words in text(html) and ("<button" in html) == button


def test_before_a_blind_verdict_the_lot_speaks_for_no_side(pair: Comparison) -> None:
    html = verdicts.onward(Series("d", "v", "shared", (pair,)), BLIND)
    assert "by lot" in text(html) and "<button" not in html
    assert not {"A", "B"} & set(re.findall(r"\w+", text(html)))


def test_after_a_blind_tie_the_lot_is_told_and_may_be_changed(pair: Comparison) -> None:
    tie = replace(pair, verdict="both_good")
    html = verdicts.onward(Series("d", "v", "shared", (tie,)), BLIND)
    assert "No winner: your next message goes on from" in text(html) and "<button" in html
    locked = Shown(revealed=True, locked=True)
    html = verdicts.onward(Series("d", "v", "shared", (tie,)), locked)
    assert "drawn by lot" in html and "<button" not in html

"""From clicks to judgments: each says what it changes, and all else stays."""

from __future__ import annotations

from typing import Any

import pytest

from crsdemo.core.comparison import Judgment
from crsdemo.core.domain import domain_file, read_domain
from crsdemo.core.errors import BadInputError
from crsdemo.web.compare.said_of_two import judgment, together

FILM = read_domain(domain_file("film"))


def given(*changes: object, **manner: Any) -> dict[str, Any]:
    """A click as judge.js sends it."""
    how = {"by": "click", "decided_ms": 900, "shown_ms": 1500, "evidence_open": False}
    return {"id": "1", "changes": list(changes), "layout": "stacked", **how, **manner}


def verdict(name: str) -> dict[str, Any]:
    return {"about": "verdict", "value": name}


def after(*clicks: dict[str, Any], named: bool = False) -> Judgment:
    said: Judgment | None = None
    for click in clicks:
        said = judgment(click, said, domain=FILM, names_shown=named)
    assert said
    return said


def test_clicks_that_wait_are_no_more_than_what_they_say() -> None:
    """However many came: of each thing the last word."""
    waiting = given(verdict("left"))
    for n in range(500):
        comment = {"about": "comment", "value": f"word {n}"}
        reason = {"about": "reason", "side": "left", "value": "too early", "on": n % 2 == 0}
        waiting = together(waiting, given(comment, reason, id=str(n)))
    assert len(waiting["changes"]) == 3 and waiting["id"] == "499"
    assert after(waiting).details["comment"] == "word 499"
    assert "reasons" not in after(waiting).details


def test_each_click_adds_to_what_was_said_and_keeps_how_the_verdict_came_about() -> None:
    said = after(
        given(verdict("left"), by="key"),
        given({"about": "strength", "value": 2}, by="click", decided_ms=99_999),
        given({"about": "satisfaction", "side": "left", "value": 4}),
        given({"about": "satisfaction", "side": "right", "value": 0}),
        given({"about": "interest", "side": "right", "value": 1}),
        given({"about": "interest", "side": "right", "value": None}),
        given({"about": "reason", "side": "right", "value": "too early", "on": True}),
        given({"about": "reason", "side": "left", "value": "dull words", "on": True}),
        given({"about": "reason", "side": "left", "value": "dull words", "on": False}),
        given({"about": "comment", "value": " <b>fine</b> "}),
    )
    assert (said.verdict, said.decided_ms, said.layout) == ("left", 900.0, "stacked")
    assert said.details == {
        "by": "key",
        "evidence_open": False,
        "names_shown": False,
        "more_names_shown": False,
        "shown_ms": 1500.0,
        "strength": 2,
        "aspects": {"satisfaction": {"left": 4, "right": 0}},
        "reasons": {"right": ["too early"]},
        "comment": "<b>fine</b>",
    }


def test_a_reason_that_is_not_offered_any_more_can_still_be_taken_back() -> None:
    click = {"about": "reason", "side": "right", "value": "too loud"}
    earlier = Judgment("left", details={"reasons": {"right": ["too loud", "too early"]}})
    off, on = given(click | {"on": False}), given(click | {"on": True})
    said = judgment(off, earlier, domain=FILM, names_shown=False)
    assert said.details["reasons"] == {"right": ["too early"]}
    for refused, standing in ((on, earlier), (off, said)):
        with pytest.raises(BadInputError, match="a reason is one of"):
            judgment(refused, standing, domain=FILM, names_shown=False)


def test_another_verdict_forgets_its_strength_and_notes_what_is_known_by_then() -> None:
    first = after(
        given(verdict("left")), given({"about": "strength", "value": 3}, {**verdict("left")})
    )
    second = judgment(given(verdict("right")), first, domain=FILM, names_shown=True)
    assert first.details["strength"] == 3 and not first.details["names_shown"]
    assert "strength" not in second.details and second.details["names_shown"]


def test_what_is_said_after_the_names_were_shown_does_not_make_the_verdict_less_blind() -> None:
    blind = after(given(verdict("both_good")))
    click = given({"about": "relevance", "side": "left", "value": 3})
    more = judgment(click, blind, domain=FILM, names_shown=True)
    assert not more.details["names_shown"] and more.details["more_names_shown"]


def test_a_repeated_click_changes_nothing() -> None:
    said = after(given(verdict("same")), given({"about": "comment", "value": "twins"}))
    assert judgment(given(verdict("same"), by="key"), said, domain=FILM, names_shown=True) == said


def test_clicks_that_could_not_be_saved_go_on_with_the_next_one() -> None:
    waiting = given(verdict("right"), by="key")
    both = together(waiting, given({"about": "strength", "value": 1}, id="2"))
    said = judgment(both, None, domain=FILM, names_shown=False)
    assert both["id"] == "2" and said.details["by"] == "key" and said.details["strength"] == 1
    assert together(None, waiting) == waiting


@pytest.mark.parametrize(
    "click",
    [
        given({"about": "strength", "value": 1}),
        given(verdict("best")),
        given(verdict("left"), {"about": "strength", "value": 9}),
        given(verdict("left"), {"about": "satisfaction", "side": "left", "value": 5}),
        given(verdict("left"), {"about": "satisfaction", "side": "top", "value": 1}),
        given(verdict("left"), {"about": "beauty", "side": "left", "value": 1}),
        given(verdict("left"), {"about": "comment", "value": "x" * 2001}),
        given(verdict("left"), {"about": "comment", "value": 7}),
        given(verdict("left"), {"about": "reason", "side": "left", "value": 5, "on": True}),
        given(verdict("left"), {"about": "reason", "side": "left", "value": "x", "on": True}),
        given(verdict("left"), {"value": 5}),
        given(verdict("left"), "left"),
        {"id": "1"},
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(click: dict[str, Any]) -> None:
    with pytest.raises(BadInputError):
        judgment(click, None, domain=FILM, names_shown=False)

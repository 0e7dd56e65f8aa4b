"""The judge of short conversations, and the list that ships."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from stand_in import CATALOG, NoLinker

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Mode, Plan, Reply
from crsdemo.evaluation.checks.check_talk import (
    ADMITS,
    Expected,
    Talk,
    load_talks,
    play,
    render,
    transcript,
)
from crsdemo.recommenders.popularity import Popularity
from crsdemo.training.written.data import ACTS

GROUNDHOG, MOANA, SHINING = CATALOG[1], CATALOG[4], CATALOG[6]


@dataclass(frozen=True)
class Scripted(Popularity):
    """Says one reply after the other, whatever it hears."""

    replies: tuple[Reply, ...] = ()

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        yield self.replies[len(dialogue.turns) // 2]


def says(text: str, item: Item | None = None, *, named: bool = True, mode: Mode = "REC") -> Reply:
    pieces = (text, item) if item and named else (text,)
    return Reply(pieces, mode, item if mode == "REC" else None)


RECOMMENDED = says("Try ", MOANA)


def faults(expect: Expected, *replies: Reply) -> tuple[str, ...]:
    talk = Talk(act="why", say=tuple("line" for _ in replies), expect=expect)
    return play(Scripted(CATALOG, replies=replies), NoLinker(), talk).faults


@pytest.mark.parametrize(
    ("expect", "last", "fault"),
    [
        ({"film": "same"}, says("Because you like the sea.", mode="CHAT"), None),
        ({"film": "same"}, says("It is about the sea: ", MOANA), None),
        ({"film": "same"}, says("Try ", SHINING), "instead of Moana"),
        ({"film": "new"}, says("Try ", SHINING), None),
        ({"film": "new"}, says("Sorry.", mode="CHAT"), "recommends nothing"),
        ({"film": "new"}, says("Again ", MOANA), "named before"),
        ({"film": "first"}, says("Back to ", MOANA), None),
        ({"film": "first"}, says("Hm.", mode="CHAT"), "does not go back"),
        ({"film": "none"}, says("Bye!", mode="CHAT"), None),
        ({"film": "none"}, says("Try ", SHINING), "it names The Shining"),
        ({"fits": {"genres": ["horror"]}}, says("Try ", SHINING), None),
        ({"fits": {"genres": ["horror"]}}, says("Try ", GROUNDHOG), "does not fit"),
        ({"mentions": "cast"}, says("With Dwayne Johnson.", mode="CHAT"), None),
        ({"mentions": "cast"}, says("With Bill Murray.", mode="CHAT"), "does not say the cast"),
        ({"mentions": "year"}, says("It is from 2016.", mode="CHAT"), None),
        ({"admits": True}, says("I can't tell where it streams.", mode="CHAT"), None),
        ({"admits": True}, says("It is on every channel.", mode="CHAT"), "does not admit"),
        ({"asks": True}, says("What do you like?", mode="CHAT"), None),
        ({"asks": True}, says("Fine.", mode="CHAT"), "asks nothing"),
        ({"asks": False}, says("Because. Or not?", mode="CHAT"), "though it should answer"),
        ({}, RECOMMENDED, "repeats"),
        ({}, says(" ", mode="CHAT"), "says nothing"),
    ],
)
def test_the_last_reply_is_judged_by_what_is_expected(
    expect: dict[str, Any], last: Reply, fault: str | None
) -> None:
    found = faults(Expected(**expect), RECOMMENDED, last)
    assert not found if fault is None else any(fault in one for one in found), found


def test_without_a_film_before_nothing_can_be_kept() -> None:
    chat = says("Hello.", mode="CHAT")
    assert faults(Expected(film="same"), chat, says("Yes.", mode="CHAT")) == (
        "no film was recommended before",
    )


@pytest.mark.parametrize(
    "text",
    ["I don't know that one.", "No idea, sorry", "The link on the card may tell", "never seen it",
     "I'm only a program", "That isn't in my catalog", "I can’t say", "I have no scores here"],
)  # fmt: skip
def test_people_admit_in_many_ways(text: str) -> None:
    assert ADMITS.search(text)


@pytest.mark.parametrize("text", ["It is a classic.", "You know it!", "Nobody dies in it."])
def test_what_admits_nothing(text: str) -> None:
    assert not ADMITS.search(text)


def test_the_table_and_the_transcript_tell_what_went_wrong() -> None:
    talks = [Talk(act="why", say=("hi", "why"), expect=Expected(film="same")),
             Talk(act="thanks", say=("hi",), expect=Expected(film="none"))]  # fmt: skip
    replies = (RECOMMENDED, says("Try ", SHINING))
    player = Scripted(CATALOG, replies=replies)
    played = [play(player, NoLinker(), talk) for talk in talks]
    assert [len(one.faults) for one in played] == [1, 1]
    assert "| all" in render("scripted", played) and "why" in render("scripted", played)
    assert "> why" in transcript(played[0]) and "The Shining" in transcript(played[0])


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "talks.jsonl"
    path.write_text('{"act": "why", "say": ["a"], "expect": {"films": "new"}}\n')
    with pytest.raises(BadInputError, match="talks.jsonl, line 1"):
        load_talks(path)


def test_what_ships_covers_every_act_and_can_be_met() -> None:
    talks = load_talks()
    acts = Counter(talk.act for talk in talks)
    assert len(talks) >= 150 and min(acts[act] for act in ACTS) >= 5 and set(acts) == set(ACTS)
    catalog = Catalog.load(Path(__file__).parents[2] / "catalog")
    known = {tag.name for tag in catalog.vocabulary}
    for talk in talks:
        expect = talk.expect.fits
        assert {tag for group in expect.tags for tag in group} | expect.avoid.tags <= known
        assert sum(expect.is_met_by(item) for item in catalog) >= 5, talk

"""What was written for this project keeps its rules, and is read as it was meant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from crsdemo.__main__ import main
from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Mention
from crsdemo.core.errors import BadInputError
from crsdemo.core.slots import Slot
from crsdemo.training.written.check_written import (
    check_written,
    of_dialogue,
    of_item,
    of_reply,
    of_search,
    render,
)
from crsdemo.training.written.data import (
    ACTS,
    WRITTEN,
    AssistantTurn,
    FollowUp,
    Move,
    Search,
    UserTurn,
    WrittenDialogue,
    read,
    slot,
)
from crsdemo.training.written.variety import variety

ROOT = Path(__file__).parents[2]
HEAT = Item(
    "h",
    "Heat Wave",
    1995,
    {"genres": ("crime",), "cast": ("Al Pacino", "Val Kilmer"), "directors": ("Michael Mann",)},
)
ALIEN = Item("x", "Alien", 1979, {"genres": ("horror",)})
CATALOG = Catalog((HEAT, ALIEN))
SEARCH = "a tired policeman after a careful gang of robbers in a big city"


def reply(
    says: str, move: Move = "recommend", item: str | None = "h", **more: Any
) -> AssistantTurn:
    return AssistantTurn(
        move=move,
        item=item,
        says=says,
        **({"search": SEARCH} | more if move == "recommend" else more),
    )


def test_markup_becomes_mentions_items_and_slots() -> None:
    user = UserTurn(user="loved [alien|x], [that heat thing|h] less", acts=("like-but",)).turn()
    assert user.text == "loved alien, that heat thing less"
    assert user.mentions == (Mention(6, 11, "x"), Mention(13, 28, "h"))
    said = reply("Like {film:x}? {title} from {year} has {cast_1} and is a {genre_1} film.")
    assert said.pieces(CATALOG) == (
        "Like ",
        ALIEN,
        "? ",
        HEAT,
        " from ",
        Slot("year"),
        " has ",
        Slot("cast"),
        " and is a ",
        Slot("genres"),
        " film.",
    )
    turn = said.turn(CATALOG)
    assert turn.text == (
        "Like Alien (1979)? Heat Wave (1995) from 1995 has Al Pacino and is a crime film."
    )
    assert [turn.text[m.start : m.end] for m in turn.mentions] == [
        "Alien (1979)",
        "Heat Wave (1995)",
    ]


@pytest.mark.parametrize("name", ["plot", "cast_0", "cast_x", "_1", ""])
def test_what_is_no_slot_is_refused(name: str) -> None:
    with pytest.raises(BadInputError, match="no slot"):
        slot(name)


@pytest.mark.parametrize(
    ("one", "problem"),
    [
        (reply("Try {title}: robbers and their hunter."), None),
        (reply("Try it: robbers and their hunter."), "without {title}"),
        (reply("Try {title} with {cast_3}."), "has no {cast_3}"),
        (reply("Try {title} with Al Pacino."), "Al Pacino in letters"),
        (reply("Try {title} of 1995."), "the year 1995 in letters"),
        (reply("Try {title}, which is Heat Wave."), "Heat Wave in letters"),
        (reply("Try {title}. " + "really " * 40), "expected at most 40"),
        (reply("{title} is right up your alley."), "right up your alley"),
        (
            reply("Try {title}.", search="Heat Wave with robbers and a tired old policeman"),
            "which it should find",
        ),
        (reply("Try {title}.", search="too short"), "expected 8 to 30"),
        (reply("Try {film:nobody} or {title}."), "no item 'nobody'"),
        (reply("It has robbers.", "talk"), None),
        (reply("It has robbers.", "talk", None), "the item None"),
        (reply("What do you like?", "ask", None), None),
        (reply("What about {title}?", "ask", None), "without a film"),
    ],
)
def test_a_reply_is_held_to_its_rules(one: AssistantTurn, problem: str | None) -> None:
    found = list(of_reply(one, CATALOG, "hello"))
    assert not found if problem is None else any(problem in what for what in found), found


def test_what_the_user_said_may_be_taken_up() -> None:
    assert list(of_reply(reply("{title}, with your Al Pacino."), CATALOG, "i like al pacino")) == []
    assert list(of_reply(reply("{title} is not of 1999."), CATALOG, "the one of 1999")) == []


def talk(*turns: Mapping[str, object]) -> WrittenDialogue:
    return WrittenDialogue.model_validate({"id": "w1", "turns": turns})


USER = {"user": "hello", "acts": ["greet"]}
ASK = {"move": "ask", "says": "What do you like?"}
REC = {"move": "recommend", "item": "h", "says": "Try {title}.", "search": SEARCH}


@pytest.mark.parametrize(
    ("turns", "problem"),
    [
        ((USER, ASK, USER, REC), None),
        ((ASK, USER, REC, USER), "the user begins"),
        ((USER, ASK, REC, USER, ASK), "the turns alternate"),
        ((USER, REC), "1 replies"),
        ((USER, ASK, USER, ASK), "two questions in a row"),
        ((USER, REC, USER, REC), "though it was spoken of"),
        (({"user": "[heat|h]?", "acts": ["about"]}, REC, USER, ASK), "though it was spoken of"),
        ((USER, ASK, USER, REC | {"move": "talk", "search": None}), "though nobody named it"),
        (({"user": "[heat|nobody]", "acts": ["seen"]}, ASK, USER, REC), "no item 'nobody'"),
        (({"user": "[heat", "acts": ["seen"]}, ASK, USER, REC), "a bracket"),
    ],
)
def test_a_conversation_is_held_to_its_rules(
    turns: tuple[dict[str, object], ...], problem: str | None
) -> None:
    found = list(of_dialogue(talk(*turns), CATALOG))
    assert not found if problem is None else any(problem in what for what in found), found


GOOD = "In a glittering city, careful robbers and a tired policeman learn how alike they are."


@pytest.mark.parametrize(
    ("logline", "tags", "problem"),
    [
        (GOOD, "abcde", None),
        ("Too short.", "abcde", "2 words"),
        (GOOD[:-1], "abcde", "a full stop"),
        (GOOD.replace("robbers", "Al Pacino"), "abcde", "names Al Pacino"),
        (GOOD.replace("careful", "brilliant"), "abcde", "says 'brilliant'"),
        (GOOD, "abc", "3 tags"),
        (GOOD, "abcdd", "twice"),
        (GOOD, "abcdz", "'z' is not in the vocabulary"),
    ],
)
def test_a_logline_and_tags_are_held_to_their_rules(
    logline: str, tags: str, problem: str | None
) -> None:
    item = Item("h", "Heat Wave", facts=HEAT.facts, logline=logline, tags=tuple(tags))
    found = list(of_item(item, frozenset("abcde")))
    assert not found if problem is None else any(problem in what for what in found), found


def test_a_title_of_one_ordinary_word_may_be_said_in_small_letters() -> None:
    query = "a lonely crew hunted by an alien in the corridors of their ship"
    assert list(of_search(query, CATALOG, "x")) == []
    assert list(of_search(query.replace("alien", "Alien"), CATALOG, "x"))


def test_variety_sees_what_repeats() -> None:
    told = "the same old story told to us all over"
    texts = [f"{told} again", f"{told} once more", "nothing like it"]
    found = variety(texts)
    assert found.beginning == "the same old story" and found.begin_alike == 2 / 3
    assert found.near_duplicates == ((0, 1),)
    assert variety([]).distinct_3 == 0


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "searches.jsonl").write_text('{"dialogue": "1", "turn": 3}\n')
    with pytest.raises(BadInputError, match="searches.jsonl, line 1"):
        list(read(Search, tmp_path))
    assert read(FollowUp, tmp_path) == [], "who writes searches alone need write no more"
    with pytest.raises(BadInputError, match="no dialogues.* in .*nowhere"):
        read(Search, tmp_path / "nowhere")


def test_what_ships_keeps_every_rule_and_covers_every_act() -> None:
    report = check_written(Catalog.load(ROOT / "catalog"))
    assert report.violations == [], render(report)
    assert min(report.acts[act] for act in ACTS) >= 150
    counts = report.counts
    assert counts["films with logline and tags"] >= 3000
    assert counts["conversations"] >= 1500 and counts["wishes"] >= 2000
    assert counts["searches of public dialogues"] >= 1500
    assert counts["wishes about what no keyword says"] >= counts["wishes"] / 2
    assert counts["conversations with the most frequent film"] <= counts["conversations"] / 100
    said = report.said
    assert said is not None and said.begin_alike <= 0.007 and said.distinct_3 >= 0.6
    assert said.near_duplicates == ()
    assert all(path.stat().st_size < 2_000_000 for path in WRITTEN.glob("*.jsonl"))


def test_the_command_names_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c").mkdir()
    CATALOG.save(tmp_path / "c")
    rows = {
        "dialogues_1.jsonl": {"id": "w1", "turns": [USER, ASK, USER, REC | {"says": "Try it."}]},
        "searches.jsonl": {"dialogue": "1", "turn": 3, "item": "h", "query": "too short"},
        "wishes.jsonl": {"kind": "plain", "wish": "robbers", "items": ["h", "x"]},
        "followups.jsonl": {"act": "facts", "of": "last", "user": ["hm?"], "says": ["{plot}."]},
    }
    for name, row in rows.items():
        (tmp_path / name).write_text(json.dumps(row) + "\n")
    status = main(["check-written", "--catalog", str(tmp_path / "c"), "--written", str(tmp_path)])
    told = capsys.readouterr().out
    assert status == 1
    assert "dialogues_1.jsonl:1: a recommendation without {title}" in told
    assert "searches.jsonl:1: the search has 2 words" in told
    assert "wishes.jsonl:1: 2 items, expected 3 to 15" in told
    assert "followups.jsonl:1: '{plot}.': {plot} is no slot" in told

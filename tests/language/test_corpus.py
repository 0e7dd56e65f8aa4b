"""Dialogues in the forms in which people have them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from films import BY_TITLE, CATALOG, write_inspired

from crsdemo.core.errors import BadInputError
from crsdemo.language.corpus import CorpusDialogue, load_dialogues

HEAT, ALIEN = BY_TITLE["Heat"], BY_TITLE["Alien"]
TALK: dict[str, Any] = {
    "movieMentions": {"11": "Heat (1995)", "12": "Alien (1979)", "13": None},
    "respondentQuestions": {},
    "initiatorQuestions": {"11": {"suggested": 0, "seen": 1, "liked": 1}, "12": {"liked": 0}},
    "messages": [
        {"timeOffset": 0, "text": "Hello, I enjoyed @11", "senderWorkerId": 1, "messageId": 1},
        {"timeOffset": 9, "text": "Then see @12", "senderWorkerId": 2, "messageId": 2},
    ],
    "conversationId": "7",
    "respondentWorkerId": 2,
    "initiatorWorkerId": 1,
}


def films(key: str) -> list[dict[str, Any]]:
    """As Hugging Face distributes what is said of each film."""
    rows = TALK[key].items()
    return [
        {"movieId": film} | (one if isinstance(one, dict) else {"movieName": one})
        for film, one in rows
    ]


def columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row.get(name) for row in rows] for name in rows[0]}


LISTS = {key: films(key) for key in ("movieMentions", "initiatorQuestions", "respondentQuestions")}
NUMBERS = [{**row, "movieId": int(row["movieId"])} for row in LISTS["movieMentions"]]
COLUMNS = {key: columns(rows) for key, rows in LISTS.items() if rows}
TEXTS = {"respondentWorkerId": "2", "initiatorWorkerId": "1"}


def read(folder: Path, text: str, encoding: str = "utf-8") -> list[CorpusDialogue]:
    path = folder / "talks.jsonl"
    path.write_bytes(text.encode(encoding))
    return load_dialogues(path, CATALOG, {})


@pytest.mark.parametrize(
    "form",
    [
        {},
        LISTS,
        COLUMNS,
        LISTS | {"movieMentions": NUMBERS},
        LISTS | {"messages": columns(TALK["messages"])},
        TEXTS,
        {"respondentWorkerId": 2.0, "initiatorWorkerId": 1.0},
        {"conversationId": 7},
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_redial_is_read_in_every_form(tmp_path: Path, form: dict[str, Any], encoding: str) -> None:
    (one,) = read(tmp_path, "\n" + json.dumps(TALK | form) + "\r\n\r\n", encoding)
    assert one.id == "7"
    said = [(turn.speaker, turn.text, turn.item_ids) for turn in one.dialogue.turns]
    assert said == [
        ("user", "Hello, I enjoyed Heat (1995)", (HEAT.id,)),
        ("assistant", "Then see Alien (1979)", (ALIEN.id,)),
    ]
    assert one.liked == {HEAT.id}


@pytest.mark.parametrize("empty", [None, [], {}, {"movieId": [], "movieName": []}])
def test_a_talk_without_films_is_read(tmp_path: Path, empty: object) -> None:
    row = TALK | {"movieMentions": empty, "initiatorQuestions": empty}
    (one,) = read(tmp_path, json.dumps(row))
    assert [turn.text for turn in one.dialogue.turns] == ["Hello, I enjoyed @11", "Then see @12"]


def test_items_of_other_catalogs_have_any_ids(tmp_path: Path) -> None:
    named = {"b1": "Heat (1995)", "b12": "Alien (1979)", "it's": "Heat (1995)"}
    said = [
        {"senderWorkerId": 1, "text": "@b12, @b1 and @it's; mail me@b123 @b2"},
        {"senderWorkerId": 2, "text": "Then see @b1."},
    ]
    row = TALK | {"movieMentions": named, "initiatorQuestions": {}, "messages": said}
    (one,) = read(tmp_path, json.dumps(row))
    first, second = one.dialogue.turns
    assert first.text == "Alien (1979), Heat (1995) and Heat (1995); mail me@b123 @b2"
    assert first.item_ids == (ALIEN.id, HEAT.id) and second.item_ids == (HEAT.id,)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (json.dumps(TALK)[:-1], "not JSON"),
        (json.dumps(TALK).replace("Hello", "Hello \\ud83d"), "half of a character"),
        (json.dumps(TALK | {"respondentWorkerId": 3}), "a message is of 2, who is not one of the"),
        (json.dumps(TALK | {"messages": None}), "NoneType"),
        (json.dumps({k: v for k, v in TALK.items() if k != "messages"}), "messages"),
        (json.dumps([TALK]), "one JSON list"),
        ('{"conversationId": NaN}', "NaN is not JSON"),
    ],
)
def test_a_line_that_is_no_talk_is_named(tmp_path: Path, line: str, reason: str) -> None:
    before = "" if "one JSON list" in reason else json.dumps(TALK) + "\n\n"
    with pytest.raises(BadInputError) as raised:
        read(tmp_path, before + line)
    assert reason in str(raised.value)
    assert not before or "talks.jsonl, line 3: " in str(raised.value)


def test_inspired_with_a_mark_and_other_line_ends_is_read(tmp_path: Path) -> None:
    plain = load_dialogues(write_inspired(tmp_path / "a.tsv"), CATALOG, {})
    text = (tmp_path / "a.tsv").read_text().replace("\n", "\r\n")
    (tmp_path / "b.TSV").write_bytes(text.encode("utf-8-sig"))
    assert load_dialogues(tmp_path / "b.TSV", CATALOG, {}) == plain
    (tmp_path / "c.tsv").write_text("dialog_id\ttext\n1\thi\n")
    with pytest.raises(BadInputError, match=r"c\.tsv has the columns dialog_id, text; .*movies"):
        load_dialogues(tmp_path / "c.tsv", CATALOG, {})

"""Questions put behind written conversations are about the right film and say what is so."""

from __future__ import annotations

import re

import numpy as np
import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.training.written.data import (
    AssistantTurn,
    FollowUp,
    UserTurn,
    WrittenDialogue,
    read,
)
from crsdemo.training.written.follow_ups import FollowUps, of_follow_up
from crsdemo.training.written.variety import variety

HEAT = Item(
    "h",
    "Heat Wave",
    1995,
    {"genres": ("crime",), "cast": ("Al Pacino",), "directors": ("M. Mann",)},
)
ALIEN = Item("x", "Alien", 1979, {"genres": ("horror",)})
CUBE = Item("c", "Cube", 1997, {"cast": ("Nicole de Boer",)})
CATALOG = Catalog((HEAT, ALIEN, CUBE))
TALK = WrittenDialogue(
    id="w",
    turns=(
        UserTurn(user="a crime film", acts=("precise",)),
        AssistantTurn(move="recommend", item="h", says="{title}.", search="crime"),
        UserTurn(user="another", acts=("else",)),
        AssistantTurn(move="recommend", item="x", says="{title}.", search="horror"),
        UserTurn(user="thanks", acts=("thanks",)),
        AssistantTurn(move="chat", says="Enjoy!"),
    ),
)
DIRECTOR = FollowUp(
    act="facts", of="last", user=("who directed {title}?",), says=("{director_1}.",)
)
FIRST = FollowUp(act="back", of="first", user=("the first",), says=("{title}, before {last}.",))
NOT_IN_IT = FollowUp(
    act="facts", of="last", user=("with {other_person} from {wrong_year}?",), says=("{year}.",)
)


def followed(row: FollowUp, talk: WrittenDialogue = TALK) -> list[WrittenDialogue]:
    asking = FollowUps(CATALOG, [row])
    return [asking.followed(talk, np.random.default_rng(seed)) for seed in range(30)]


def test_what_no_film_answers_is_not_asked_of_it() -> None:
    """Alien has no director here."""
    asked = [one for one in followed(DIRECTOR) if one.turns[-1] == AssistantTurn(
        move="talk", item="h", says="{director_1}.")]  # fmt: skip
    unasked = [one for one in followed(DIRECTOR) if one.turns == TALK.turns[:4]]
    assert asked and unasked and len(asked) + len(unasked) == 30
    questions = [one.turns[-2] for one in asked]
    users = [turn for turn in questions if isinstance(turn, UserTurn)]
    assert len(users) == len(asked)
    assert {turn.text.lower() for turn in users} == {"who directed heat wave?"}
    assert {turn.named for turn in users} == {("h",)}


def test_the_first_film_is_gone_back_to_only_behind_another() -> None:
    backs = [one for one in followed(FIRST) if len(one.turns) > 4]
    assert backs and all(len(one.turns) != 3 for one in followed(FIRST))
    said = [one.turns[5] for one in backs]
    replies = [turn for turn in said if isinstance(turn, AssistantTurn)]
    assert len(replies) == len(backs)
    assert {(turn.item, turn.says) for turn in replies} == {("h", "{title}, before {film:x}.")}


def test_what_is_claimed_is_not_so() -> None:
    asked = [
        (user.text.lower(), reply.item)
        for one in followed(NOT_IN_IT)
        for user, reply in zip(one.turns[::2], one.turns[1::2], strict=True)
        if isinstance(user, UserTurn) and isinstance(reply, AssistantTurn)
        and user.acts == ("facts",)
    ]  # fmt: skip
    assert {film for _, film in asked} == {"h"}, "of Alien nobody is known"
    assert not [text for text, _ in asked if "1995" in text or "al pacino" in text]


def test_a_conversation_without_a_film_stays_as_it_is() -> None:
    chat = WrittenDialogue(id="c", turns=(TALK.turns[4], TALK.turns[5]))
    assert all(one == chat for one in followed(DIRECTOR, chat))


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        (FollowUp(act="facts", of="last", user=("a",), says=("{producer}.",)), "producer"),
        (FollowUp(act="back", of="first", user=("a",), says=("Yes.",)), "does not name"),
        (FollowUp(act="thanks", of="none", user=("a",), says=("{year}.",)), "no film"),
    ],
)
def test_rows_are_held_to_their_rules(row: FollowUp, wrong: str) -> None:
    assert wrong in "".join(of_follow_up(row))
    assert not of_follow_up(DIRECTOR) and not of_follow_up(NOT_IN_IT)


def test_answers_are_varied_and_seldom_deny() -> None:
    """A small model talks as they do: it once learned to deny from a file that did."""
    says = [text for row in read(FollowUp) for text in row.says]
    said = variety(says)
    assert said.begin_alike == 1 / len(says), f"two begin with {said.beginning!r}"
    denying = [text for text in says if re.search(r"\b(?:I can't|I don't|I have no)\b", text)]
    assert len(denying) / len(says) <= 1 / 6
    assert not [text for text in says if not 6 <= len(text.split()) <= 28]

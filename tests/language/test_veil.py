"""Who answers is not told by the words either while nobody may know; nothing else is hidden."""

from __future__ import annotations

import json

import pytest
from stand_in import FILMS

from crsdemo.core.conversation import Conversation, LoggedTurn
from crsdemo.core.dialogue import Turn
from crsdemo.core.recommender import Provenance, Reply
from crsdemo.language.veil import COVER, names_of, veiled, veiled_talk

MADE = Provenance(
    "mine", decoding=json.dumps({"model": "lab/Tern-8B", "answered": {"model": "t9"}})
)
NAMES = names_of(
    ("gcrs", "popularity", "signals", "repeat-last", "mine", "gpt-4o-mini"),
    [Reply(("x",), "CHAT", provenance=MADE), None],
)


def shown(text: str) -> str:
    return veiled(Reply((text,), "CHAT"), NAMES).text


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("I am the popularity baseline, so try Heat.", f"I am {COVER}, so try Heat."),
        ("I'm ChatGPT, a large language model trained by OpenAI. Hi!", f"I'm {COVER}. Hi!"),
        ("As an AI model developed by Google, I cannot.", f"As {COVER}, I cannot."),
        ("My name is Claude 3.5 Sonnet.", f"My name is {COVER}."),
        ("I’m Qwen, created by Alibaba Cloud.", f"I’m {COVER}."),
        ("You are talking to Llama 3.1 8B Instruct!", None),
        ("I'm mine.", f"I'm {COVER}."),
        ("gcrs would say Heat.", f"{COVER} would say Heat."),
        ("GPT 4o mini suggests Heat.", f"{COVER} suggests Heat."),
        ("Here Tern-8B speaks.", f"Here {COVER} speaks."),
        ("This is the signals recommender.", f"This is the {COVER}."),
        ("The repeat-last baseline is back.", f"The {COVER} is back."),
        ("ChatGPT here!", f"{COVER} here!"),
        ("Powered by GPT-4.", f"Powered by {COVER}."),
    ],
)
def test_a_system_that_names_itself_is_covered(said: str, seen: str | None) -> None:
    found = shown(said)
    assert COVER in found
    assert seen is None or found == seen


@pytest.mark.parametrize(
    "said",
    [
        "Its popularity grew, and it signals a favourite of mine.",
        "I'm sure that you like the films of Claude Chabrol.",
        "A thriller made by Google's former chief.",
        "As Nova she is wonderful. I would see it.",
        "I am in love with Gemini Man.",
        "I am a film lover and no baseline.",
        "Popularity is not all: I would take Heat.",
        "This is mine, and that is yours.",
        "I'm thinking of llamas, a falcon and a meta joke.",
    ],
)
def test_what_only_sounds_like_it_stays(said: str) -> None:
    assert shown(said) == said


def test_a_talk_with_one_system_is_covered_too() -> None:
    said = Turn("assistant", "I am Tern-8B.")
    reply = Reply(("I am Tern-8B.",), "CHAT", provenance=MADE)
    talk = Conversation("a", "b", (LoggedTurn("1", Turn("user", "I am Tern-8B.")),))
    seen = veiled_talk(talk.then(LoggedTurn("2", said, reply)))
    assert seen.turns[0] == talk.turns[0]
    assert seen.turns[1].reply and seen.turns[1].reply.text == f"I am {COVER}."


def test_titles_stay_whatever_they_are_called() -> None:
    reply = Reply(("I'm ", FILMS[0], " and mine."), "REC", FILMS[0])
    assert veiled(reply, names_of([FILMS[0].title], [])) == reply

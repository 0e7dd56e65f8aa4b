"""Who answers is not told by the words either while nobody may know; nothing else is hidden."""

from __future__ import annotations

import json

import pytest
from stand_in import FILMS

from crsdemo.core.catalog import Catalog
from crsdemo.core.conversation import Conversation, LoggedTurn
from crsdemo.core.dialogue import Turn
from crsdemo.core.recommender import Provenance, Reply
from crsdemo.language.veil import COVER, names_of, veiled, veiled_talk
from crsdemo.recommenders.loading import CATALOG

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
        # However it is spelled
        ("g.c.r.s. says Heat.", f"{COVER}. says Heat."),
        ("G C R S says Heat.", f"{COVER} says Heat."),
        ("gcrs_v2 suggests Heat.", f"{COVER} suggests Heat."),
        ("_gcrs_ suggests Heat.", f"_{COVER}_ suggests Heat."),
        ("Tern\u200b-8B suggests Heat.", f"{COVER} suggests Heat."),
        ("T\u00adern-8B suggests Heat.", f"{COVER} suggests Heat."),
        ("T\u0435rn-8B suggests Amélie.", f"{COVER} suggests Amélie."),  # Cyrillic
        ("Ｔｅｒｎ-８Ｂ suggests Heat…", f"{COVER} suggests Heat…"),
        ("Térn-8B suggests Heat.", f"{COVER} suggests Heat."),
        ("Te\u0301rn-8B suggests Heat.", f"{COVER} suggests Heat."),
        ("Te\u0301rn-8B\u0301 \u0301", f"{COVER} \u0301"),
        # In whatever words it speaks of itself
        ("I use popularity to choose.", f"I use {COVER} to choose."),
        ("Je suis popularity.", f"Je suis {COVER}."),
        ("Ich bin die Popularity-Baseline.", f"Ich bin {COVER}."),
        ("I am, as you may know, popularity.", f"I am {COVER}."),
        ("My model is Claude.", f"My model is {COVER}."),
        # Names of makers and models that are nothing else
        ("GPT-4o: try Heat.", f"{COVER}: try Heat."),
        ("Try Heat. Sincerely, ChatGPT", f"Try Heat. Sincerely {COVER}"),
        ("Sincerely, Claude", f"Sincerely {COVER}"),
        ("Based on SmolLM2, I say Heat.", f"Based on {COVER}, I say Heat."),
        ("My model is SmolLM2-135M.", f"My model is {COVER}."),
        ("I was built on Llama 3.", None),
        ("Falcon-40B and Gemini 1.5 chose it.", f"{COVER} and {COVER} chose it."),
        ("OpenAI's model suggests Heat.", f"{COVER}'s model suggests Heat."),
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
        "Llama is a film, and so is Gemini Man; try Claude Chabrol's Le Boucher.",
        "Its popularity surprised me. Popularity: that is what it is about.",
        "By popularity it comes first, and by taste I use my own.",
        "A story based on Claude Monet, with Gemma Arterton and Bard the Bowman.",
        "The Social Network shows Meta, Google, Amazon and Microsoft when they were young.",
        "First Man shows Gemini 8; another one is about the Falcon 9 rocket.",
        "Grok the Mistral, a cold wind, in Provence of 1900: Olmo does.",
        "Claude (1965), Llama (2019) and Gemini (1999) are hard to find.",
        "Yours, Mine and Ours is a comedy; Command Decision is none.",
        "C. G. R. S. are letters, and so is the G. in G. Cukor.",
        "Je suis Charlie is about a magazine. Soy Cuba is about Cuba.",
        "I use my lunch breaks for Falcon Crest and Nova documentaries.",
        "Вечер в Париже, Είναι αργά, 千と千尋の神隠し, Amélie: signals of love.",
        "The turn-8b of the maze, an 8 and a b, the tern and the lab.",
        "In 12 Angry Men the phi of 3 jurors, at 9, is a meta point.",
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


def test_no_title_of_the_catalog_looks_like_a_system() -> None:
    """Also where a title is in the words, unlinked."""
    ours = names_of(("gcrs", "reges", "popularity", "signals", "co-occurrence"), [])
    titles = "\n".join(f"Try {item.name}, it is good." for item in Catalog.load(CATALOG))
    assert veiled(Reply((titles,), "CHAT"), ours).text == titles

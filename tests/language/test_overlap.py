"""Which dialogues are the same talk, and what training does with them."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import Trained
from films import CATALOG, write_inspired, write_redial

from crsdemo.core.dialogue import Dialogue, Speaker, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.language.corpus import CorpusDialogue, load_dialogues
from crsdemo.language.overlap import Copies, without_copies

# Two talks by the same people with the same stock phrases, about different films
RAIN = (
    "Hello there, what sort of film can I help you find this evening?",
    "It rains and I would love something slow with a lighthouse in it.",
    "Then you want Harbour Lights, where two keepers wait out a storm together.",
    "I have never heard of that one, I will look it up right now.",
    "I hope you enjoy it, have a nice evening and goodbye!",
)
MOOSE = (
    "Hello there, what sort of film can I help you find this evening?",
    "My nephews are six and nine and they laugh about every animal.",
    "Paper Moose is the one, a moose made of newspaper learns how to swim.",
    "They saw it twice last summer, could you think of another one please?",
    "I hope you enjoy it, have a nice evening and goodbye!",
)


def talk(*texts: str, first: Speaker = "assistant") -> Dialogue:
    second: Speaker = "user" if first == "assistant" else "assistant"
    return Dialogue(tuple(Turn((first, second)[n % 2], text) for n, text in enumerate(texts)))


def named(*dialogues: Dialogue) -> list[CorpusDialogue]:
    return [CorpusDialogue(str(number), one) for number, one in enumerate(dialogues)]


def test_a_talk_is_known_again_whatever_its_turns_titles_and_marks() -> None:
    merged = talk(" ".join(RAIN[:2]).upper(), "\n".join(RAIN[2:]).replace(",", " --"))
    retitled = talk(*(text.replace("Harbour Lights", "Harbour Lights (2000)") for text in RAIN))
    for same in (talk(*RAIN), merged, retitled):
        assert same in Copies([talk(*RAIN)])
        assert talk(*RAIN) in Copies([same])


def test_a_part_of_a_talk_is_known_again_and_so_is_the_whole_of_a_part() -> None:
    part = talk(*RAIN[1:4])
    assert part in Copies([talk(*RAIN)])
    assert talk(*RAIN) in Copies([part])


def test_stock_phrases_do_not_make_two_talks_the_same() -> None:
    assert talk(*MOOSE) not in Copies([talk(*RAIN)])
    assert talk(*RAIN) not in Copies([talk(*MOOSE)])


def test_a_greeting_alone_is_no_copy_of_a_talk_that_begins_with_it() -> None:
    assert talk(RAIN[0], "Yes") not in Copies([talk(*RAIN)])
    assert talk("Hi!", "Hello.") in Copies([talk("hi", "hello")])  # word by word the same
    assert Dialogue() not in Copies([Dialogue()])


def test_two_halves_of_two_talks_are_no_copy_of_a_third() -> None:
    """What is shared counts for each talk alone, not summed."""
    words = [f"word{n}" for n in range(90)]
    mixed = Dialogue((Turn("user", " ".join(words[20:70])),))
    ends = [Dialogue((Turn("user", " ".join(part)),)) for part in (words[:40], words[50:])]
    assert mixed not in Copies(ends)


def test_of_copies_the_first_is_kept_and_the_order_stays() -> None:
    rain, moose, again, part = named(talk(*RAIN), talk(*MOOSE), talk(*RAIN), talk(*RAIN[:4]))
    assert without_copies([rain, moose, again, part]) == [rain, moose]
    assert without_copies([part, moose, rain]) == [part, moose]
    assert without_copies([rain, moose, again], held_out=[part]) == [moose]
    assert without_copies([]) == []


def test_the_ids_of_two_files_may_be_the_same_without_any_copy() -> None:
    rain, moose = (replace(one, id="7") for one in named(talk(*RAIN), talk(*MOOSE)))
    assert without_copies([rain], held_out=[moose]) == [rain]


def test_the_dialogues_that_models_are_tried_on_are_all_different(tmp_path: Path) -> None:
    read = load_dialogues(write_redial(tmp_path / "talks.jsonl"), CATALOG, {})
    read += load_dialogues(write_inspired(tmp_path / "talks.tsv"), CATALOG, {})
    assert without_copies(read) == read
    assert all(one.dialogue != other.dialogue for one, other in pairwise(read))


def test_training_drops_what_is_held_out_and_says_how_much(
    trained: Trained, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from crsdemo.training.data import Sources, load_training_data

    lines = trained.redial.read_text().splitlines()
    held = tmp_path / "dev.jsonl"
    held.write_text(lines[1] + "\n")
    twice = tmp_path / "twice.jsonl"
    twice.write_text("\n".join([*lines, lines[0]]) + "\n")
    everything = f"{twice},{trained.inspired}"
    sources = Sources(dialogues=everything, hold_out=str(held), catalog=trained.catalog)
    with caplog.at_level(logging.WARNING), pytest.MonkeyPatch.context() as patch:
        patch.chdir(trained.folder)  # where the text vectors are kept
        data = load_training_data(sources)
        assert "2 of 13 training dialogues dropped" in caplog.text
        assert [one.id for one in data.dialogues[:5]] == ["0", "2", "3", "4", "5"]
        whole = load_training_data(replace(sources, hold_out=""))
        assert len(whole.dialogues) == 12
        assert whole.affinity.count.sum() > data.affinity.count.sum()
        with pytest.raises(BadInputError, match="nothing is left to learn from"):
            load_training_data(replace(sources, hold_out=everything))

"""A message near a question that answers were written for is told from others, and answered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from films import BY_TITLE, CATALOG
from numpy.typing import NDArray

from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.errors import CheckpointError
from crsdemo.core.slots import Slot
from crsdemo.recommenders.written_answers import (
    FOLDER,
    MASHED,
    ROWS,
    Because,
    WrittenAnswer,
    WrittenAnswers,
    save_answers,
)
from crsdemo.training.written.data import FollowUp
from crsdemo.training.written.follow_ups import answers_of

HEAT, ALIEN = BY_TITLE["Heat"], BY_TITLE["Alien"]
WORDS = ("long", "who", "first", "thanks", "no", "rain", "why", MASHED)


class Letters:
    """An encoder that knows a few words."""

    dim = len(WORDS) + 1

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        counts = np.array([[text.split().count(word) for word in WORDS] for text in texts])
        vectors = np.c_[counts, np.full(len(texts), 0.1)].astype(np.float32)
        unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


ANSWERS = (
    WrittenAnswer(of="last", asks=("long",), says=("<title>? <year>.", "See the link.")),
    WrittenAnswer(of="last", asks=("who",), says=("<cast_4> is in it.", "By <directors_1>.")),
    WrittenAnswer(of="first", asks=("first",), says=("<title>, not <last>.",)),
    WrittenAnswer(of="only", asks=("first long",), says=("There is only <title>.",)),
    WrittenAnswer(of="talk", asks=("thanks",), says=("Gladly.",)),
    WrittenAnswer(of="none", asks=(MASHED,), says=("Was that the cat?",)),
    WrittenAnswer(of="none", asks=("rain",), says=("I only know films.",)),
    WrittenAnswer(
        of="last",
        asks=("why",),
        says=("A guess.", "You said <said>.", "You named <liked>.", "For <said>: <title>."),
    ),
)


@pytest.fixture
def answers(tmp_path: Path) -> WrittenAnswers:
    save_answers(tmp_path, ANSWERS, Letters())  # type: ignore[arg-type]  # a stand-in
    loaded = WrittenAnswers.load(tmp_path, Letters())  # type: ignore[arg-type]  # a stand-in
    assert loaded is not None
    return loaded


def unasked(item: Item) -> Because:
    raise AssertionError("nobody asked why")


def says(item: Item) -> Turn:
    return Turn("assistant", item.name, (Mention(0, len(item.name), item.id),))


def after(text: str, *items: Item) -> Dialogue:
    """A message after each of the items was recommended."""
    said = [turn for item in items for turn in (Turn("user", "a film"), says(item))]
    return Dialogue((*said, Turn("user", text)))


def test_a_question_is_about_what_was_said_last_or_first(answers: WrittenAnswers) -> None:
    last = answers.asked(after("how long ?", HEAT, ALIEN), CATALOG, unasked)
    assert last is not None and (last.question, last.item) == ("long", ALIEN)
    assert last.answers[0] == (ALIEN, "? ", Slot("year"), ".")
    first = answers.asked(after("the first one", HEAT, ALIEN), CATALOG, unasked)
    assert first is not None and first.item == HEAT
    assert first.answers == ((HEAT, ", not ", ALIEN, "."),) and first.others == {HEAT.id, ALIEN.id}
    assert answers.asked(after("the first one", HEAT), CATALOG, unasked) is None, (
        "there was only one"
    )


def test_what_is_named_now_is_asked_about(answers: WrittenAnswers) -> None:
    now = Turn("user", "how long is Heat", (Mention(12, 16, HEAT.id),))
    asked = answers.asked(Dialogue((*after("", ALIEN).turns[:-1], now)), CATALOG, unasked)
    assert asked is not None and asked.item == HEAT
    both = (Mention(5, 9, HEAT.id), Mention(10, 15, ALIEN.id))
    two = Turn("user", "long Heat Alien", both)
    assert answers.asked(Dialogue((two,)), CATALOG, unasked) is None, "of two it is not clear which"


def test_the_nearest_question_that_suits_the_talk_is_answered(answers: WrittenAnswers) -> None:
    one, two = after("first or long", HEAT), after("first or long", HEAT, ALIEN)
    only, several = answers.asked(one, CATALOG, unasked), answers.asked(two, CATALOG, unasked)
    assert only is not None and only.answers == (("There is only ", HEAT, "."),)
    assert several is None, "nearer than 0.75 is none of the others"
    assert answers.asked(Dialogue((Turn("user", "first or long"),)), CATALOG, unasked) is None


def test_keys_that_were_only_hit_are_one_question(answers: WrittenAnswers) -> None:
    for said in ("jkhgkjh", "qwpoe zzz sdfsdf"):
        asked = answers.asked(after(said, HEAT), CATALOG, unasked)
        assert asked is not None and asked.answers == (("Was that the cat?",),)


def test_nothing_is_asked_where_nothing_was_said(answers: WrittenAnswers) -> None:
    for text in ("how long ?", "thanks you", "a western with dogs", " "):
        assert answers.asked(Dialogue((Turn("user", text),)), CATALOG, unasked) is None
    talk = Dialogue((Turn("user", "hi"), Turn("assistant", "Hello."), Turn("user", "thanks you")))
    gladly = answers.asked(talk, CATALOG, unasked)
    assert gladly is not None and gladly.item is None and gladly.answers == (("Gladly.",),)
    rain = answers.asked(Dialogue((Turn("user", "rain today"),)), CATALOG, unasked)
    assert rain is not None and rain.item is None


def test_answers_need_the_facts_that_they_tell(answers: WrittenAnswers) -> None:
    asked = answers.asked(after("who is it", HEAT), CATALOG, unasked)
    assert asked is not None
    assert len(HEAT.facts["cast"]) < 4 and asked.answers == (("By ", Slot("directors"), "."),)


def test_nearness_counts_and_a_single_word_must_be_nearer(answers: WrittenAnswers) -> None:
    exact, near = (
        answers.asked(after(text, HEAT), CATALOG, unasked) for text in ("long", "long who long")
    )
    assert exact is not None and near is not None and exact.nats > near.nats > 0
    answers.vectors[0] = answers.encoder.embed(["long long no"])[0]
    assert answers.asked(after("long", HEAT), CATALOG, unasked) is None, (
        "0.89 is too far for one word"
    )
    assert answers.asked(after("long then", HEAT), CATALOG, unasked) is not None


def test_what_was_written_becomes_answers() -> None:
    row = FollowUp(
        act="facts",
        of="last",
        user=("who made {title}", "is {cast_1} in it"),
        says=("{director_1} made {title}.", "Not {last}."),
    )
    bye = FollowUp(act="thanks", of="none", user=("bye",), says=("Bye.",))
    only_facts = FollowUp(act="facts", of="last", user=("{cast_1}?",), says=("Yes.",))
    made = answers_of([row, bye, only_facts])
    assert [one.of for one in made] == ["last", "talk"]
    assert made[0].asks == ("who made",), "what holds for some films only is left out"
    assert made[0].says == ("<directors_1> made <title>.", "Not <last>.")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    encoder = Letters()
    assert WrittenAnswers.load(tmp_path, encoder) is None  # type: ignore[arg-type]  # a stand-in
    save_answers(tmp_path, ANSWERS, encoder)  # type: ignore[arg-type]  # a stand-in
    with (tmp_path / FOLDER / ROWS).open("a") as file:
        file.write('{"of": "last"}\n')
    with pytest.raises(CheckpointError, match="answers.jsonl, line 9"):
        WrittenAnswers.load(tmp_path, encoder)  # type: ignore[arg-type]  # a stand-in


def test_two_voices_share_the_answers(answers: WrittenAnswers) -> None:
    long = answers.asked(after("how long ?", HEAT), CATALOG, unasked)
    assert long is not None
    assert long.voiced(0).answers + long.voiced(1).answers == long.answers
    thanks = answers.asked(after("thanks", HEAT), CATALOG, unasked)
    assert thanks is not None and thanks.voiced(1).answers == thanks.answers, "there is only one"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Because('"heist"'), [('You said "heist".',), ('For "heist": ', HEAT, ".")]),
        (Because(liked="Ronin"), [("You named Ronin.",)]),
        (Because(), [("A guess.",)]),
    ],
)
def test_who_asks_why_hears_what_they_said_themselves(
    answers: WrittenAnswers, reason: Because, said: list[object]
) -> None:
    asked = answers.asked(after("why that", HEAT), CATALOG, lambda item: reason)
    assert asked is not None and list(asked.answers) == said

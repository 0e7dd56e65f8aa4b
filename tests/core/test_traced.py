"""Text that knows which words of another it came from; turns of which some words do not count."""

import pytest

from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.traced import Stretch, Traced, lower


def stretch(text: str, words: str) -> Stretch:
    return Stretch(text.index(words), text.index(words) + len(words))


def words_at(text: str, at: Stretch) -> str:
    return text[at.start : at.end]


def test_what_is_left_knows_where_it_stood() -> None:
    text = "a horror film with Tom Hanks"
    left = Traced.of(text).without([stretch(text, "horror"), stretch(text, "film")], gap="")
    assert left.text == "a with Tom Hanks"
    assert words_at(text, left.origin(7, 16)) == "Tom Hanks"
    found = left.found(stretch(text, "with"))
    assert found and words_at(left.text, found) == "with"
    assert left.found(stretch(text, "horror")) is None


def test_an_item_that_is_meant_and_not_named_takes_no_place() -> None:
    """As the item that a turn of INSPIRED recommends, where its title is not found in the words."""
    for at, text in ((0, "seen it"), (4, "seen it"), (7, "seen it"), (0, "")):
        turn = Turn("user", text, (Mention(at, at, "meant"),))
        assert turn.untitled == text and turn.kept.text == text and turn.item_ids == ("meant",)
    named = Turn("user", "Heat", (Mention(0, 4, "named"), Mention(4, 4, "meant")))
    assert named.untitled == " "


@pytest.mark.parametrize(
    ("typed", "meant", "words", "stood"),
    [
        ("no horor, a comdy", "no horror, a comedy", "comedy", "comdy"),
        ("no horor comdy", "no horror comedy", "horror", "horor"),
        ("what else did he make?", "what else by Bill Murray?", "Bill Murray", "did he make"),
        ("with him, please", "with Bill Murray, please", "Bill Murray", "him"),
        ("horror and horor", "horror and horror", "horror", "horror"),
    ],
)
def test_other_words_come_from_those_that_they_replace(
    typed: str, meant: str, words: str, stood: str
) -> None:
    traced = Traced.of(typed).reworded(meant)
    assert words_at(typed, traced.origin(*stretch(meant, words))) == stood


def test_small_letters_keep_their_places() -> None:
    assert lower("İstanbul NOIR ẞ") == "İstanbul noir ß"
    assert len(lower("İ" * 5)) == 5


def test_a_turn_counts_as_if_what_was_taken_back_had_not_been_said() -> None:
    text = "a horror film like Heat (1995) and Alien"
    heat, alien = stretch(text, "Heat (1995)"), stretch(text, "Alien")
    named = (Mention(*heat, "h"), Mention(*alien, "a"))
    turn = Turn("user", text, named, (stretch(text, "horror"),))
    assert turn.heard.text == "a film like Heat (1995) and Alien"
    assert [words_at(turn.heard.text, m.stretch) for m in turn.heard.mentions] == [
        "Heat (1995)",
        "Alien",
    ]
    assert turn.heard.unheard == () and turn.heard.heard == turn.heard
    assert turn.text == text


@pytest.mark.parametrize(
    ("title", "left"),
    [("Melancholia", "I felt Melancholia"), ("Heat (1995)", "I felt Heat"), ("2012", "I felt ")],
)
def test_what_is_no_title_is_words_without_the_year_of_a_film(title: str, left: str) -> None:
    at = Stretch(7, 7 + len(title))
    turn = Turn("user", f"I felt {title}", (Mention(*at, "f"),), (at,))
    assert turn.heard == Turn("user", left)
    assert Dialogue((turn,)).heard.mentioned == ()

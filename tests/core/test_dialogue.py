"""Turns and dialogues are values."""

from __future__ import annotations

import pytest

from crsdemo.core.dialogue import Mention, Turn

HEAT = Mention(5, 9, "heat")
UP = Mention(14, 16, "up")


def test_words_change_and_items_stay_where_they_are_said() -> None:
    turn = Turn("user", "like Heat and Up, pleese", (HEAT, UP))
    found = turn.reworded(lambda text: text.replace("and", "or rather").replace("ee", "ea"))
    assert found.text == "like Heat or rather Up, please"
    assert [found.text[m.start : m.end] for m in found.mentions] == ["Heat", "Up"]
    assert found.item_ids == ("heat", "up")
    assert turn.reworded(lambda text: text) == turn


@pytest.mark.parametrize("typed", ["Heat (1995)", "Heat, 1995", "Heat [1995]", "Heat（1995）"])
def test_words_that_are_no_title_after_all_stay_without_the_year(typed: str) -> None:
    mention = Mention(4, 4 + len(typed), "m1")
    turn = Turn("user", f"the {typed} of summer", (mention,), (mention.stretch,))
    assert turn.heard.text == "the Heat of summer"

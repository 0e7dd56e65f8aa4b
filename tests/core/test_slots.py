"""Articles agree with what follows them, in a slot or in words."""

from __future__ import annotations

import pytest
from films import BY_TITLE

from crsdemo.core.slots import Slot, fill


@pytest.mark.parametrize(
    ("said", "mended"),
    [
        ("A evacuation, and a odd one", "An evacuation, and an odd one"),
        ("Here. A old man", "Here. An old man"),
        ("a one-eyed spy, a European, a unicorn, a hero", None),
        ("Vitamin A is it; Plan A or B; an evacuation; extra a", None),
    ],
)
def test_articles_agree_with_the_next_word(said: str, mended: str | None) -> None:
    assert fill((said,), None) == (mended or said,)


def test_articles_agree_with_a_fact() -> None:
    heat = BY_TITLE["Heat"]
    assert fill(("This is an ", Slot("genres"), " film"), heat) == ("This is a crime film",)
    assert fill(("It is a ", Slot("cast"), " film"), heat) == ("It is an Al Pacino film",)

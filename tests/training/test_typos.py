"""Slips of the keyboard in what users type."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crsdemo.core.dialogue import Mention, Turn
from crsdemo.training.lm import typos
from crsdemo.training.lm.typos import mistyped

LONG = "something with vampires, directed by somebody famous, preferably without musical numbers"


def typed(text: str, seed: int = 0) -> str:
    return mistyped(Turn("user", text), np.random.default_rng(seed)).text


def test_some_words_change_and_most_stay() -> None:
    before, after = LONG.split(), typed(LONG).split()
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert 1 <= len(changed) < len(before) / 2


def test_a_slip_is_one_letter_or_two_that_changed_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typos, "SHARE", 1.0)
    kinds = set()
    for seed in range(40):
        slipped = typed("vampires", seed)
        assert slipped[0] == "v"
        assert abs(len(slipped) - 8) <= 1
        wrong = sum(a != b for a, b in zip("vampires", slipped, strict=False))
        kinds.add((len(slipped), wrong if len(slipped) == 8 else None))
        if len(slipped) == 8 and sorted(slipped) != sorted("vampires"):
            assert wrong == 1
    assert {(9, None), (7, None), (8, 1), (8, 2)} <= kinds


def test_short_words_and_numbers_stay() -> None:
    assert all(typed("a 1990s war or 12345 of it", seed) == "a 1990s war or 12345 of it"
               for seed in range(30))  # fmt: skip


@given(st.integers(0, 10_000))
def test_films_that_are_named_stay_and_are_found_where_they_stand(seed: int) -> None:
    text = "something similar to Jurassic Park please, or another like Alien (1979)"
    named = ("Jurassic Park", "Alien (1979)")
    spans = [Mention(text.index(one), text.index(one) + len(one), one) for one in named]
    turn = mistyped(Turn("user", text, tuple(spans)), np.random.default_rng(seed))
    assert [turn.text[m.start : m.end] for m in turn.mentions] == list(named)
    assert [m.item_id for m in turn.mentions] == list(named)

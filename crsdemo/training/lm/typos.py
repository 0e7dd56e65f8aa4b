"""Slips of the keyboard, put into what a user types, so that a model learns to read past them.

The four slips that make up most misspelt words (Damerau 1964, A technique for computer detection
and correction of spelling errors): a letter too many, one missing, a wrong one, two that changed
places.
"""

from __future__ import annotations

import re

import numpy as np

from crsdemo.core.dialogue import Turn

SHARE = 0.25  # of the words long enough
_WORD = re.compile(r"[^\W\d_]{4,}")
_BESIDE = {
    letter: (row[place - 1 : place] if place else "") + row[place + 1 : place + 2]
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for place, letter in enumerate(row)
}


def mistyped(turn: Turn, rng: np.random.Generator) -> Turn:
    """A turn with slips in some words of four letters or more; films that it names stay."""
    return turn.reworded(lambda text: slipped(text, rng))


def slipped(text: str, rng: np.random.Generator) -> str:
    """A text with slips in some words of four letters or more."""
    return _WORD.sub(lambda found: _slip(found[0], rng) if rng.random() < SHARE else found[0], text)


def _slip(word: str, rng: np.random.Generator) -> str:
    """One slip, not in the first letter, which people seldom get wrong."""
    at = int(rng.integers(1, len(word) - 1))
    before, letter, after = word[:at], word[at], word[at + 1 :]
    beside = _BESIDE.get(letter.lower(), "")
    wrong = str(rng.choice(list(beside))) if beside else letter
    slips = (
        before + letter + letter + after,
        before + after,
        before + wrong + after,
        before + after[:1] + letter + after[1:],
    )
    return slips[int(rng.integers(len(slips)))]

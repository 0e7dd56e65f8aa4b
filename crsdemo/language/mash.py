"""Whether somebody only hit the keys: "asdf", "jkhgkjh", "qwpoe zzz"."""

from __future__ import annotations

import re
from itertools import groupby

from crsdemo.language.typed_words import is_known

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = frozenset(
    keys[n : n + 3] for row in _ROWS for keys in (row, row[::-1]) for n in range(len(row) - 2)
)  # three keys side by side
_VOWELS = "aeiouyàáâäåæèéêëìíîïòóôöøùúûü"
_JAMMED = re.compile(rf"[^{_VOWELS}]{{6}}")  # consonants that no word has in a row
_ONE_SOUND = re.compile("tsch|sch|ch|ck|th|ph|sh")
SHORT = 3  # letters; of these anything may be a word
MOST_WORDS = 4


def is_mash(text: str) -> bool:
    """Whether a text is nothing but letters of a keyboard; never where it has one known word.

    Only Latin letters can be: of other scripts it knows nothing.
    """
    words = re.findall(r"[^\W\d_]+", text.lower())
    if not words or len(words) > MOST_WORDS or any(map(is_known, words)):
        return False
    return any(_is_mashed("".join(letter for letter, _ in groupby(word))) for word in words)


def _is_mashed(word: str) -> bool:
    if len(word) <= SHORT or max(word) > "\u024f":
        return False
    if not any(letter in _VOWELS for letter in word) or _JAMMED.search(_ONE_SOUND.sub("c", word)):
        return True
    side_by_side = any(word[n : n + 3] in _NEIGHBOURS for n in range(len(word) - 2))
    return side_by_side and any(set(word) <= set(row) for row in _ROWS)

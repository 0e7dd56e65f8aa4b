"""Dialogues that are the same talk, although ids, titles or the cut of the turns may differ.

Datasets hold some dialogues twice, and some splits of a dataset share dialogues. What was trained
on must not be measured on, so both sides of that are here. In ReDial and INSPIRED two copies
share at least 0.88 of the word shingles of the shorter one, and any two other talks at most 0.40
(stock phrases of one worker), so the share at which they are told apart matters little.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from crsdemo.core.dialogue import Dialogue
from crsdemo.language.corpus import CorpusDialogue

Shingle = tuple[str, ...]

SHINGLE = 5  # words; shorter ones are shared by any two talks about films
SHARE = 0.5  # of the shingles of the shorter dialogue
AT_LEAST = 12  # shared shingles; two greetings are not one talk


class Copies:
    """Knows the dialogues it was shown and recognises one of them, or a part of one."""

    def __init__(self, dialogues: Iterable[Dialogue] = ()) -> None:
        self._sizes: list[int] = []  # shingles of each dialogue
        self._words: set[Shingle] = set()  # all words of each
        self._having: defaultdict[Shingle, list[int]] = defaultdict(list)
        for dialogue in dialogues:
            self.add(dialogue)

    def add(self, dialogue: Dialogue) -> None:
        words = _words(dialogue)
        shingles = _shingles(words)
        for shingle in shingles:
            self._having[shingle].append(len(self._sizes))
        self._sizes.append(len(shingles))
        self._words.add(words)

    def __contains__(self, dialogue: Dialogue) -> bool:
        """Whether it has the words of one shown before, or shares half of the shorter's shingles.

        A dialogue whose part was shown counts as well as a part of one shown. A dialogue without
        any word repeats nothing.
        """
        words = _words(dialogue)
        if words and words in self._words:
            return True
        shingles = _shingles(words)
        shared = Counter(number for one in shingles for number in self._having.get(one, ()))
        return any(
            n >= max(AT_LEAST, SHARE * min(len(shingles), self._sizes[number]))
            for number, n in shared.items()
        )


def without_copies(
    dialogues: Iterable[CorpusDialogue], held_out: Iterable[CorpusDialogue] = ()
) -> list[CorpusDialogue]:
    """Those that repeat neither one of `held_out` nor an earlier one, in their order."""
    seen = Copies(one.dialogue for one in held_out)
    kept = []
    for one in dialogues:
        if one.dialogue not in seen:
            seen.add(one.dialogue)
            kept.append(one)
    return kept


def _words(dialogue: Dialogue) -> Shingle:
    said = " ".join(turn.text for turn in dialogue.turns)
    return tuple(re.findall(r"\w+", said.lower()))


def _shingles(words: Shingle) -> set[Shingle]:
    return {words[start : start + SHINGLE] for start in range(len(words) - SHINGLE + 1)}

"""What of a conversation a search took up: words of the user, by their stems and by nearness.

Found afterwards, for the page; the query expert does not say so itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from crsdemo.core.dialogue import Dialogue
from crsdemo.items.encoder import TextEncoder

NEAR = 0.45  # cosine from which a word of the user counts as the source of a concept
SAME_STEM = 0.6  # share of the shorter word that two words of one stem begin with
MIN_STEM = 4  # letters
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_JOINTS = re.compile(
    r",|\b(?:a|about|an|and|based|but|by|film|films|for|from|in|like|movie|movies|of|on|or|set|that"
    r"|the|to|with|years)\b"
)
_FILM = frozenset({"film", "films", "flick", "flicks", "movie", "movies"})  # near to every genre


def sources(dialogue: Dialogue, query: Sequence[str], encoder: TextEncoder) -> tuple[str, ...]:
    """Words of the user, titles apart, in the order of the texts of a query, each once."""
    words = _words_of_user(dialogue)
    concepts = [concept for text in query for concept in _concepts(text)]
    nearest = _nearest(concepts, words, encoder)
    found: list[str] = []
    for concept in concepts:
        found += _same_stems(concept, words) or nearest.get(concept, [])
    return tuple(dict.fromkeys(found))


def _nearest(
    concepts: Sequence[str], words: Sequence[str], encoder: TextEncoder
) -> dict[str, list[str]]:
    """Of each concept whose words nobody said the word that comes nearest, if any is near."""
    unsaid = [concept for concept in concepts if not _same_stems(concept, words)]
    if not (unsaid and words):
        return {}
    vectors = encoder.embed([*unsaid, *words])
    cosine = vectors[: len(unsaid)] @ vectors[len(unsaid) :].T
    return {
        concept: [words[int(row.argmax())]]
        for concept, row in zip(unsaid, cosine, strict=True)
        if row.max() > NEAR
    }


def _words_of_user(dialogue: Dialogue) -> list[str]:
    """That mean something, titles apart, the newest turn first, each once."""
    turns = (turn for turn in reversed(dialogue.turns) if turn.speaker == "user")
    said = (match[0].lower() for turn in turns for match in _WORD.finditer(turn.untitled))
    return [word for word in dict.fromkeys(said) if word not in _FILM and len(word) > 2]


def _concepts(text: str) -> Iterator[str]:
    """The phrases of a query: "scary horror film about ghosts" has two."""
    return (part.strip() for part in _JOINTS.split(text.lower()) if part.strip())


def _same_stems(concept: str, words: Sequence[str]) -> list[str]:
    """The user's words that begin as a word of the concept does."""
    own = [match[0] for match in _WORD.finditer(concept)]
    return [word for word in words if any(_of_one_stem(word, other) for other in own)]


def _of_one_stem(word: str, other: str) -> bool:
    shorter = min(len(word), len(other))
    n = min(shorter, max(MIN_STEM, round(SAME_STEM * max(len(word), len(other)))))
    return n >= min(MIN_STEM, len(other)) and word[:n] == other[:n]

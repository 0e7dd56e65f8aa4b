"""Whose story somebody tells, and that a wish tells none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.errors import CheckpointError
from crsdemo.items.encoder import TextEncoder
from crsdemo.items.kept_vectors import embedded, keep
from crsdemo.recommenders.stories import FILE, Stories, keep_stories

STORIES = {
    "kitchen": "A rat with a fine nose cooks in a Paris restaurant through a clumsy kitchen boy.",
    "island": "A courier is the only one who lives through a plane crash, alone on an island.",
    "ship": "Aboard a doomed ocean liner a society girl falls for a penniless artist.",
    "untold": "",
}
CATALOG = Catalog(
    tuple(
        replace(Item(name, name.title(), 2000, {"genres": ("drama",)}), logline=story)
        for name, story in STORIES.items()
    )
)


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Stories:
    return Stories.of(CATALOG, TextEncoder(), tmp_path_factory.mktemp("catalog"))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("the cartoon with the rat that can cook", "kitchen"),
        ("whats that film, plane crashes and hes alone on an island", "island"),
        ("old film, big ship goes down, rich girl and poor artist", "ship"),
    ],
)
def test_a_story_that_is_told_is_found(stories: Stories, words: str, name: str) -> None:
    scores = stories.scores(words)
    assert scores.argmax() == CATALOG.row[name]
    assert scores.max() > 2
    assert scores[CATALOG.row["untold"]] == 0


@pytest.mark.parametrize(
    "words",
    [
        "",
        " ",
        "a comedy please",
        "something newer than that",
        "I loved it, thank you",
        "cooking rats",
        "films with rats, with rats that cook",
        "a big ship",
        "isn't that ship too scary?",
    ],
)
def test_a_wish_tells_no_story(stories: Stories, words: str) -> None:
    assert not stories.scores(words).any()


class Counting:
    """An encoder that says how many texts it read."""

    dim = 3

    def __init__(self) -> None:
        self.read = 0

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.read += len(texts)
        return np.array([[len(text), 1, 0] for text in texts], np.float32)


def test_only_what_is_new_is_read_again(tmp_path: Path) -> None:
    encoder = Counting()
    keep_stories(CATALOG, encoder, tmp_path)  # type: ignore[arg-type]  # a stand-in
    assert encoder.read == 3
    Stories.of(CATALOG, encoder, tmp_path)  # type: ignore[arg-type]  # a stand-in
    assert encoder.read == 3
    told = Catalog((*CATALOG, replace(CATALOG[0], id="new", logline="Another one.")))
    found = Stories.of(told, encoder, tmp_path)  # type: ignore[arg-type]  # a stand-in
    assert encoder.read == 4
    assert found.vectors[:, 0].tolist() == [len(i.logline) for i in told if i.logline]


def test_vectors_of_another_encoder_or_a_damaged_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / FILE
    keep(["a"], np.ones((1, 5), np.float32), path)
    with pytest.raises(CheckpointError, match="5 numbers, the encoder gives 3; remove it"):
        embedded(["a"], Counting(), path)  # type: ignore[arg-type]  # a stand-in
    path.write_bytes(b"no vectors")
    with pytest.raises(CheckpointError, match="damaged"):
        embedded(["a"], Counting(), path)  # type: ignore[arg-type]  # a stand-in

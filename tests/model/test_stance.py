"""The reader of stances: places, weights on disk, and what a few sentences teach it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from peft import LoraConfig, get_peft_model

from crsdemo.core.errors import BadInputError, CheckpointError
from crsdemo.core.traced import Stretch
from crsdemo.model.stance import FOLDER, HEAD, MAX_PIECES, PieceReader, Stance
from crsdemo.training.lm.stance import StanceConfig, Swap, marked, train_stance
from crsdemo.training.written.data import Stanced

SENTENCES = [
    *(f"no -[{x}] please" for x in ("horror", "westerns", "dogs", "Rosa Lind", "war")),
    *(f"we hate -[{x}]" for x in ("robots", "romance", "sharks", "comedy")),
    *(f"a film with +[{x}] please" for x in ("horror", "westerns", "dogs", "Rosa Lind", "war")),
    *(f"we love +[{x}]" for x in ("robots", "romance", "sharks", "comedy")),
]


@pytest.fixture(scope="module")
def shipped() -> Stance:
    return Stance.load()


def test_each_of_some_words_is_told_apart(shipped: Stance) -> None:
    text = "I want a comedy, but no horror please"
    comedy, horror = shipped.log_odds(text, [Stretch(9, 15), Stretch(24, 30)])
    assert comedy < 0 < horror
    again = shipped.log_odds(text, [Stretch(24, 30), Stretch(9, 15)])
    assert again == [horror, comedy]


def test_of_what_was_not_read_nothing_is_said(shipped: Stance) -> None:
    text = f"{'well ' * 2 * MAX_PIECES}no horror"
    assert shipped.log_odds(text, [Stretch(len(text) - 6, len(text))]) == [0.0]
    assert shipped.log_odds("", []) == []


def test_weights_come_back_as_they_were_and_damage_is_told(tmp_path: Path) -> None:
    reader = PieceReader.new()
    reader.encoder = get_peft_model(reader.encoder, LoraConfig(r=2, target_modules="all-linear"))
    reader.save(tmp_path)
    reader.encoder = reader.encoder.merge_and_unload()
    at = [Stretch(3, 9)]
    assert np.allclose(
        Stance.load(tmp_path).log_odds("no horror", at), Stance(reader).log_odds("no horror", at)
    )
    (tmp_path / HEAD).write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="train-stance"):
        Stance.load(tmp_path)
    with pytest.raises(CheckpointError, match="git checkout"):
        Stance.load(tmp_path / "none")


def test_a_few_sentences_teach_it(tmp_path: Path) -> None:
    rows = [Stanced(text=text) for text in SENTENCES]
    (tmp_path / "stances.jsonl").write_text(
        "".join(f"{row.model_dump_json()}\n" for row in rows), encoding="utf-8"
    )
    config = StanceConfig(tmp_path / "out", tmp_path, held_out=0, epochs=12, batch=6)
    assert train_stance(config) == {}
    learned = Stance.load(tmp_path / "out")
    for row in rows:
        text, named = marked(row.pieces())
        for stretch, is_refused in named:
            assert (learned.log_odds(text, [stretch])[0] > 0) == is_refused, text
    with pytest.raises(BadInputError, match="--held-out"):
        train_stance(StanceConfig(tmp_path / "out", tmp_path, held_out=1))
    with pytest.raises(BadInputError, match=r"it needs a file stances"):
        (tmp_path / "stances.jsonl").rename(tmp_path / "wishes.jsonl")
        (tmp_path / "wishes.jsonl").write_text("", encoding="utf-8")
        train_stance(config)


def test_marks_say_where_things_are_and_swaps_keep_their_kind() -> None:
    row = Stanced(text="no -[Rosa Lind], a +[western] with +[dogs]")
    text, named = marked(row.pieces())
    assert text == "no Rosa Lind, a western with dogs"
    assert [(text[at.start : at.end], no) for at, no in named] == [
        ("Rosa Lind", True), ("western", False), ("dogs", False),
    ]  # fmt: skip
    swap = Swap([row, Stanced(text="+[Ann Oake] and -[cats]")])
    seen = set()
    for seed in range(60):
        text, named = swap.changed(row, np.random.default_rng(seed))
        first, second, third = (text[at.start : at.end].lower() for at, _ in named)
        assert first in {"rosa lind", "ann oake"} and third in {"dogs", "cats"}
        assert second == "western", "alone of its kind"
        seen.add((first, third))
    assert len(seen) == 4


def test_the_weights_that_ship_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 8e6

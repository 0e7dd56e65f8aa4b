"""What is heard of a dialogue, and that it does not depend on what else is in the batch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from films import BY_TITLE, CATALOG

from crsdemo.dialogue import Dialogue, Turn
from crsdemo.errors import CheckpointError
from crsdemo.listener import (
    ASSISTANT_TURN,
    BY_ASSISTANT,
    BY_USER,
    EARLIER_USER_TURN,
    LAST_USER_TURN,
    PERSON,
    Ear,
    Listener,
    load_listener,
    save_listener,
)
from crsdemo.mentions import MentionLinker

LINKER = MentionLinker(CATALOG)
SHORT = ("hi",)
LONG = (
    "I loved Heat and Alien, they are so tense",
    "Then Jaws may be for you.",
    "Seen it! Something with Tom Hanks or by Ridley Scott, please, a war film perhaps",
)


@pytest.fixture(scope="module")
def ear(generative) -> Ear:
    return generative.speaker.ear


@pytest.fixture(scope="module")
def listener(generative) -> Listener:
    return generative.speaker.loaded.listener


def said(*texts: str) -> Dialogue:
    dialogue = Dialogue()
    for n, text in enumerate(texts):
        speaker = "assistant" if n % 2 else "user"
        dialogue = dialogue.say(Turn(speaker, text, LINKER.link(text, dialogue)))
    return dialogue


@torch.inference_mode()
def prefixes(listener: Listener, ear: Ear, *dialogues: Dialogue) -> torch.Tensor:
    return listener(ear.batch([ear.hear(dialogue) for dialogue in dialogues]))


def test_padding_does_not_change_what_is_heard(listener, ear) -> None:
    together = prefixes(listener, ear, said(*SHORT), said(*LONG), said("western?"))
    for row, talk in zip(together, (said(*SHORT), said(*LONG), said("western?")), strict=True):
        assert torch.allclose(row, prefixes(listener, ear, talk)[0], atol=1e-4)
    assert not torch.allclose(together[0], together[1], atol=1e-2)
    assert together.shape[2] == ear.config.d_model


def test_mentions_are_heard_newest_first_with_their_speaker(ear) -> None:
    heard = ear.hear(said(*LONG))
    rows = [CATALOG.row[BY_TITLE[title].id] for title in ("Jaws", "Alien", "Heat")]
    assert heard.kinds[:3] == [BY_ASSISTANT, BY_USER, BY_USER]
    assert torch.equal(heard.items[:3], ear.item_vectors[rows])
    assert heard.ages[:3] == [0, 1, 2]


def test_people_whom_the_user_names_are_heard_as_the_mean_of_their_films(ear) -> None:
    heard = ear.hear(said(*LONG))
    assert heard.kinds[3:] == [PERSON, PERSON]
    films = [row for row, item in enumerate(CATALOG) if "Tom Hanks" in item.people]
    assert len(films) == 3
    assert torch.equal(heard.items[3], ear.item_vectors[films].mean(0))
    assert PERSON not in ear.hear(said("hello", "I like Tom Hanks", "who is that?")).kinds


def test_each_word_piece_has_the_role_of_its_turn(ear) -> None:
    heard = ear.hear(said("one", "two", "three"))
    words = ear.encoder.tokenizer.convert_ids_to_tokens(heard.pieces)
    assert words == ["[CLS]", "one", "[SEP]", "two", "[SEP]", "three", "[SEP]"]
    assert heard.roles == [
        LAST_USER_TURN,
        *[EARLIER_USER_TURN] * 2,
        *[ASSISTANT_TURN] * 2,
        *[LAST_USER_TURN] * 2,
    ]


def test_a_long_dialogue_is_heard_from_its_end(ear) -> None:
    heard = ear.hear(said(*("word " * 300, "and " * 300) * 3, "a western"))
    assert len(heard.pieces) == len(heard.roles) <= ear.config.max_pieces
    words = ear.encoder.tokenizer.convert_ids_to_tokens(heard.pieces)
    assert words[-4:] == ["[SEP]", "a", "western", "[SEP]"]
    many = ear.hear(said(" ".join(f'"{item.name}"' for item in CATALOG)))
    assert len(many.kinds) == ear.config.max_items


def test_words_are_cut_as_the_encoder_was_trained_to_cut_them(ear) -> None:
    text = "Amélie's wacky-weird FILM, naïve & 1999; 日本 😀 o'clock"
    own = ear.encoder.tokenizer(text, add_special_tokens=False).input_ids
    assert ear.hear(said(text)).pieces[1:-1] == own


def test_items_that_sound_like_the_words_are_heard(ear) -> None:
    batch = ear.batch([ear.hear(said("a scary horror film with ghosts in an old hotel"))])
    heard = batch.items[0, -2, : ear.config.d_encoder]
    near = (ear.themes @ heard).topk(5).indices.tolist()
    assert CATALOG.row[BY_TITLE["The Shining"].id] in near
    assert batch.item_mask[0, -2]


def test_kept_states_say_the_same_as_fresh_ones(listener, ear) -> None:
    fresh = [ear.hear(said(*LONG)), ear.hear(said(*SHORT))]
    kept = ear.keep_states(fresh)
    with torch.inference_mode():
        a, b = listener(ear.batch(fresh)), listener(ear.batch(kept))
    assert torch.nn.functional.cosine_similarity(a, b, dim=-1).min() > 0.999


def test_silence_is_heard_too(listener, ear) -> None:
    assert prefixes(listener, ear, Dialogue()).isfinite().all()


def test_a_saved_listener_hears_the_same(tmp_path: Path, listener, ear) -> None:
    save_listener(listener, tmp_path)
    loaded = load_listener(tmp_path)
    assert loaded.config == listener.config
    before, after = (prefixes(one, ear, said(*LONG)) for one in (listener, loaded))
    assert torch.allclose(before, after, atol=1e-2)


@pytest.mark.parametrize("name", ["listener.json", "listener.safetensors"])
def test_a_damaged_listener_is_refused(tmp_path: Path, listener, name: str) -> None:
    save_listener(listener, tmp_path)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match=r"is damaged .* train it again"):
        load_listener(tmp_path)


def test_vectors_of_another_width_are_refused(ear) -> None:
    config = replace(ear.config, d_item=ear.config.d_item + 1)
    with pytest.raises(CheckpointError, match="item vectors of"):
        Ear(config, ear.encoder, CATALOG, ear.item_vectors, ear.people)

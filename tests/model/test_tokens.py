from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import SLOTS, byte_level_tokenizer, sentencepiece_tokenizer
from transformers import PreTrainedTokenizerFast

from crsdemo.core.errors import CatalogError, CheckpointError
from crsdemo.core.slots import Slot
from crsdemo.model.tokens import ControlTokens, add_control_tokens, control_strings, encode_text

STRINGS = [*control_strings(3, 8, SLOTS), "<eos>", "<pad>", "</s>", "<s>"]
TYPED = st.lists(st.one_of(st.sampled_from(STRINGS), st.text(max_size=8))).map("".join)

byte_level = byte_level_tokenizer()
sentencepiece = sentencepiece_tokenizer()
CONTROL = {t: add_control_tokens(t, 3, 8, SLOTS) for t in (byte_level, sentencepiece)}


@given(TYPED)
@settings(max_examples=200, deadline=None)
def test_nothing_typed_becomes_a_control_token_and_nothing_is_lost(text: str) -> None:
    ids = encode_text(byte_level, text)
    assert CONTROL[byte_level].ids.isdisjoint(ids)
    assert not {byte_level.eos_token_id, byte_level.pad_token_id} & set(ids)
    assert byte_level.decode(ids) == text


@given(TYPED)
@settings(max_examples=100, deadline=None)
def test_a_sentencepiece_tokenizer_keeps_typed_control_strings_as_text_too(text: str) -> None:
    assert CONTROL[sentencepiece].ids.isdisjoint(encode_text(sentencepiece, text))


def test_the_ordinary_call_would_let_typed_control_strings_through() -> None:
    """Why `encode_text` exists: without it this very text steers the model."""
    control = CONTROL[byte_level]
    assert control.rec in byte_level("<MODE=REC>", split_special_tokens=True).input_ids
    assert control.rec not in encode_text(byte_level, "<MODE=REC>")


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert byte_level.decode(encode_text(byte_level, "so \ud83d funny")) == "so ? funny"


def test_ids_and_meanings_are_each_others_inverse() -> None:
    control = CONTROL[byte_level]
    assert byte_level.convert_tokens_to_ids("<c_7>") == control.item_token[2][7]
    assert control.code[control.item_token[2][7]] == (2, 7)
    ids = byte_level.convert_tokens_to_ids(["<a_1>", "<b_2>"])
    assert isinstance(ids, list) and control.item((1, 2)) == tuple(ids)
    assert {control.slot_of[control.slot[slot]] for slot in SLOTS} == set(SLOTS)
    assert (control.n_levels, control.codebook_size) == (3, 8)
    assert (control.mode("REC"), control.mode("CHAT")) == (control.rec, control.chat)
    assert len(control.ids) == len(control_strings(3, 8, SLOTS)) + 1


def test_adding_twice_changes_nothing() -> None:
    size = len(byte_level)
    assert add_control_tokens(byte_level, 3, 8, SLOTS) == CONTROL[byte_level]
    assert len(byte_level) == size


def test_a_saved_tokenizer_has_the_same_control_tokens(tmp_path: Path) -> None:
    byte_level.save_pretrained(tmp_path)
    again = PreTrainedTokenizerFast.from_pretrained(tmp_path)
    assert ControlTokens.of(again, 3, 8, SLOTS) == CONTROL[byte_level]
    assert encode_text(again, "<BOI>") == encode_text(byte_level, "<BOI>")


def test_control_tokens_survive_decoding_without_special_tokens() -> None:
    """Outlines always decodes so."""
    control = CONTROL[byte_level]
    shown = byte_level.decode([control.rec, control.boi], skip_special_tokens=True)
    assert shown == "<MODE=REC><BOI>"


def test_a_fact_whose_slot_would_be_an_item_token_is_refused_by_name() -> None:
    with pytest.raises(CatalogError, match="'a'.*<a_1>.*rename"):
        control_strings(4, 64, [Slot("a", 1)])


def test_more_levels_than_letters_are_refused() -> None:
    with pytest.raises(CatalogError, match="1 to 8 levels, got 9"):
        control_strings(9, 4, [])


def test_a_tokenizer_made_for_smaller_codebooks_is_refused() -> None:
    with pytest.raises(CheckpointError, match="no token <a_8>"):
        ControlTokens.of(byte_level, 3, 16, SLOTS)


def test_a_tokenizer_without_an_end_is_refused() -> None:
    tokenizer = byte_level_tokenizer()
    tokenizer.eos_token = None
    with pytest.raises(CheckpointError, match="end-of-sequence"):
        add_control_tokens(tokenizer, 3, 8, SLOTS)


def test_a_tokenizer_that_spells_a_control_token_from_letters_is_refused() -> None:
    """Merges that lead to `<EOI>` make it reachable from the keyboard."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = {char: n for n, char in enumerate(["<eos>", *"<EOI>"])}
    pieces = ["<E", "<EO", "<EOI", "<EOI>"]
    vocabulary = letters | {piece: len(letters) + n for n, piece in enumerate(pieces)}
    merges = [("<", "E"), ("<E", "O"), ("<EO", "I"), ("<EOI", ">")]
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<eos>")
    with pytest.raises(CheckpointError, match="<EOI>.*visitors could steer"):
        add_control_tokens(tokenizer, 3, 8, SLOTS)

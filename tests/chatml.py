"""A tiny base that speaks ChatML, and a few written texts to learn from."""

from __future__ import annotations

import json
from pathlib import Path

import films
import tiny
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from crsdemo.recommenders.loading import Shelf
from crsdemo.recommenders.talking import TalkingRecommender
from crsdemo.training.written.data import WrittenDialogue

HEAT, ALIEN = films.BY_TITLE["Heat"], films.BY_TITLE["Alien"]


def chat_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = tiny.byte_level_tokenizer()
    tokenizer.add_special_tokens({"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"})
    return tokenizer


def chat_model(n_tokens: int) -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=n_tokens,
        tie_word_embeddings=True,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
    )
    return LlamaForCausalLM(config)


WRITTEN = WrittenDialogue.model_validate(
    {
        "id": "w1",
        "turns": [
            {"user": "hi", "acts": ["greet"]},
            {"move": "ask", "says": "What do you like?"},
            {"user": f"[heat|{HEAT.id}]!", "acts": ["like-but"]},
            {
                "move": "recommend",
                "item": ALIEN.id,
                "says": "Try {title} of {year}.",
                "search": "a crew hunted in the dark by something that must not live",
            },
            {"user": "what is it about?", "acts": ["about"]},
            {"move": "talk", "item": ALIEN.id, "says": "A {genre_1} in space."},
        ],
    }
)


def write_written(folder: Path) -> Path:
    """A folder of what was written: a conversation, a search, a wish, a question about any film."""
    folder.mkdir()
    rows = {
        "dialogues_1.jsonl": WRITTEN.model_dump(exclude_none=True),
        "searches.jsonl": {"dialogue": "0", "turn": 1, "item": "f00", "query": "a clever plot"},
        "followups.jsonl": {
            "act": "facts",
            "of": "last",
            "user": ["from when is it?"],
            "says": ["It is from {year}."],
        },
        "wishes.jsonl": {"kind": "plain", "wish": "robbers", "items": ["f04"]},
    }
    for name, row in rows.items():
        (folder / name).write_text(json.dumps(row) + "\n")
    return folder


def speaking(shelf: Shelf, name: str) -> TalkingRecommender:
    """A system with a language model."""
    system = shelf.get(name)
    assert isinstance(system, TalkingRecommender)
    return system


def save_base(folder: Path) -> None:
    """Model and tokenizer, as a local base."""
    tokenizer = chat_tokenizer()
    chat_model(len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)

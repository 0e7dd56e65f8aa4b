"""Small real parts for the tests of constrained decoding: tokenizers, semantic IDs, models."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import (
    Cache,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
)
from transformers.cache_utils import DynamicLayer

from crsdemo.core.slots import Slot

SENTENCES = [
    "You might like something calm and slow for a rainy evening.",
    "What kind of story are you in the mood for tonight?",
    "It was made in the nineties and it is still very funny, even in French: déjà vu.",
    "<MODE=REC> <a_1> are only letters when somebody types them.",
]
SLOTS = (Slot("year"), Slot("cast", 1), Slot("cast", 2), Slot("genres", 1))


def byte_level_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE like the project's own and like those of GPT-2, Llama 3 and Qwen."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=340,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<eos>", "<pad>"],
        show_progress=False,
    )
    backend.train_from_iterator(SENTENCES * 5, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="<eos>", pad_token="<pad>", padding_side="left"
    )


def sentencepiece_tokenizer() -> PreTrainedTokenizerFast:
    """A BPE with byte fallback like those of Llama 2 and Mistral."""
    letters = ["\u2581", *"abcdefghijklmnopqrstuvwxyzMODEREC=<>_1."]
    pieces = ["<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *letters, "\u2581a"]
    vocabulary = {piece: n for n, piece in enumerate(pieces)}
    backend = Tokenizer(
        models.BPE(vocab=vocabulary, merges=[("\u2581", "a")], byte_fallback=True, fuse_unk=True)
    )
    backend.normalizer = normalizers.Replace(" ", "\u2581")
    backend.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>")


def semantic_ids(
    n: int, n_levels: int = 3, codebook_size: int = 8, seed: int = 0
) -> dict[str, tuple[int, ...]]:
    """`n` different IDs, unevenly spread so that some subtrees are full and some are single."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(codebook_size), size=n_levels)
    found: set[tuple[int, ...]] = set()
    while len(found) < n:
        found.add(tuple(int(rng.choice(codebook_size, p=row)) for row in weights))
    return {f"item-{n}": codes for n, codes in enumerate(sorted(found, key=lambda c: c[::-1]))}


class Cached(NamedTuple):
    """Of one layer: (B, G, S, D) each."""

    keys: torch.Tensor
    values: torch.Tensor


def cached(cache: Cache) -> list[Cached]:
    """What a cache holds, by layer."""
    found = []
    for layer in cache.layers:
        assert isinstance(layer, DynamicLayer) and layer.keys is not None
        assert layer.values is not None
        found.append(Cached(layer.keys, layer.values))
    return found


def generated(model: PreTrainedModel, prompts: torch.Tensor, **options: Any) -> torch.Tensor:
    """What transformers' own loop writes after the prompts (B, T): (B, T + n)."""
    generate: Any = model.generate  # its type is that of any attribute
    written: torch.Tensor = generate(prompts, **options)
    return written


def causal_lm(kind: str, n_tokens: int, seed: int = 0) -> PreTrainedModel:
    """A random model of two layers; its probabilities are far from even, control tokens common."""
    torch.manual_seed(seed)
    ids: dict[str, Any] = {"bos_token_id": None, "eos_token_id": 0, "pad_token_id": 1}
    if kind == "gpt2":
        model: PreTrainedModel = GPT2LMHeadModel(
            GPT2Config(vocab_size=n_tokens, n_embd=32, n_layer=2, n_head=2, n_positions=128, **ids)
        )
    else:
        shape: dict[str, Any] = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2)
        shape |= dict(num_key_value_heads=1, intermediate_size=48, vocab_size=n_tokens)
        if kind == "qwen3":
            config = Qwen3Config(head_dim=16, tie_word_embeddings=True, **shape, **ids)
            model = Qwen3ForCausalLM(config)
        else:
            model = LlamaForCausalLM(LlamaConfig(**shape, **ids))
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.25)
    with torch.no_grad():
        model.get_output_embeddings().weight[-40:] *= 3
    model.eval()
    return model

"""Tiny random models of many kinds, with the tokenizer of `chatml`: bases for `--base-model`.

The table in docs/base-models.md is this list.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from chatml import chat_tokenizer
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, PreTrainedModel

WINDOW = "needs 2048"
BACK = "cannot take back what it has read"
SIDE = "cannot read several continuations side by side"


class Base(NamedTuple):
    """One kind, and what becomes of it: "" if it trains and talks, else a part of the refusal."""

    name: str
    model_type: str
    options: dict[str, Any]
    refusal: str = ""
    about: str = ""  # which models of this kind
    slow: bool = False  # one more of what others show


ATTENTION = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2)
SHAPE = ATTENTION | dict(intermediate_size=48, max_position_embeddings=4096)
ALIKE = SHAPE | dict(num_key_value_heads=2)
SHARED = SHAPE | dict(num_key_value_heads=1, head_dim=16)  # one key for two heads
GPT = dict(n_embd=32, n_layer=2, n_head=2)
OPT = ATTENTION | dict(ffn_dim=48)
EXPERTS = dict(num_experts=4, num_experts_per_tok=2)
LOCAL = dict(num_local_experts=4, num_experts_per_tok=2)
DEEPSEEK = dict(n_routed_experts=4, n_group=1, topk_group=1, num_experts_per_tok=2)
DEEPSEEK |= dict(moe_intermediate_size=16, kv_lora_rank=8, q_lora_rank=8)
DEEPSEEK |= dict(qk_rope_head_dim=8, v_head_dim=8, qk_nope_head_dim=8)
MAMBA = dict(hidden_size=32, num_hidden_layers=2, state_size=4)
JAMBA = dict(attn_layer_period=2, attn_layer_offset=1, expert_layer_period=2, expert_layer_offset=1)
BART = dict(d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2)
BART |= dict(decoder_attention_heads=2, encoder_ffn_dim=48, decoder_ffn_dim=48)
SHORT = dict(sliding_window=512)
TIED = dict(tie_word_embeddings=True)

BASES = (
    Base("Llama, SmolLM2", "llama", ALIKE | TIED),
    Base("Llama, SmolLM2", "llama", ALIKE, slow=True),
    Base("Qwen2, Qwen2.5", "qwen2", ALIKE | TIED, slow=True),
    Base("Qwen3", "qwen3", SHARED, slow=True),
    Base("Phi-3", "phi3", ALIKE, slow=True),
    Base("OLMo 2", "olmo2", ALIKE, slow=True),
    Base("Granite", "granite", ALIKE | dict(logits_scaling=8.0), slow=True),
    Base("Cohere", "cohere", ALIKE, slow=True),
    Base("StableLM", "stablelm", ALIKE, slow=True),
    Base("StarCoder2", "starcoder2", ALIKE, slow=True),
    Base("Gemma 2", "gemma2", SHARED | dict(sliding_window=4096)),
    Base(
        "Gemma 3", "gemma3_text", SHARED | dict(sliding_window=512), WINDOW, "window 512 or 1,024"
    ),
    Base(
        "Mistral",
        "mistral",
        ALIKE | dict(sliding_window=4096),
        about="window 4,096 or none",
        slow=True,
    ),
    Base("Mistral", "mistral", ALIKE | dict(sliding_window=64), WINDOW, "a shorter window"),
    Base("GPT-NeoX, Pythia", "gpt_neox", SHAPE, slow=True),
    Base("GPT-2", "gpt2", GPT | dict(n_positions=1024), WINDOW, "1,024 positions"),
    Base("GPT-2", "gpt2", GPT | dict(n_positions=2048), "", "2,048 positions (Cerebras-GPT)"),
    Base("GPT-J", "gptj", GPT | dict(n_positions=2048, rotary_dim=8), slow=True),
    Base("OPT", "opt", OPT | dict(word_embed_proj_dim=32), slow=True),
    Base("OPT", "opt", OPT | dict(word_embed_proj_dim=16), slow=True),
    Base("Falcon", "falcon", ATTENTION, "", "rotary positions (7B)", slow=True),
    Base("Falcon", "falcon", ATTENTION | dict(alibi=True), SIDE, "ALiBi positions (RW-1B)"),
    Base("BLOOM", "bloom", dict(hidden_size=32, n_layer=2, n_head=2), SIDE),
    Base("MPT", "mpt", dict(d_model=32, n_layers=2, n_heads=2), SIDE),
    Base("OLMoE", "olmoe", ALIKE | EXPERTS, "", "without `--dropout`", slow=True),
    Base("Mixtral", "mixtral", ALIKE | LOCAL, "", "without `--dropout`", slow=True),
    Base(
        "Qwen3-MoE",
        "qwen3_moe",
        SHARED | EXPERTS | dict(moe_intermediate_size=16),
        about="without `--dropout`",
        slow=True,
    ),
    Base("DeepSeek-V3", "deepseek_v3", SHAPE | DEEPSEEK, "", "without `--dropout`", slow=True),
    Base("gpt-oss", "gpt_oss", SHARED | LOCAL | dict(sliding_window=128), WINDOW, "window 128"),
    Base(
        "Llama 4",
        "llama4_text",
        SHARED | dict(num_local_experts=2, intermediate_size_mlp=48),
        "cannot learn with these options",
    ),
    Base("Mamba", "mamba", MAMBA, BACK),
    Base("Mamba 2", "mamba2", MAMBA | dict(num_heads=4, head_dim=16, n_groups=1), BACK),
    Base("Jamba", "jamba", ALIKE | JAMBA, BACK),
    Base("LFM2", "lfm2", ALIKE | dict(layer_types=["conv", "full_attention"]), BACK),
    Base("RecurrentGemma", "recurrent_gemma", ALIKE | dict(lru_width=32), BACK),
    Base(
        "RWKV",
        "rwkv",
        dict(hidden_size=32, num_hidden_layers=2, attention_hidden_size=32, context_length=4096),
        BACK,
    ),
    Base("BERT", "bert", SHAPE, "output head inside another part"),
    Base("T5", "t5", dict(d_model=32, num_layers=2, num_heads=2, d_kv=16), "encoder-decoder"),
    Base("BART", "bart", BART, "encoder-decoder"),
)
WHY = {
    WINDOW: "refused: it sees fewer than the 2,048 tokens of a conversation with its reply",
    BACK: "refused: its cache cannot be cropped",
    SIDE: "refused: positions come from the mask, so films cannot be compared side by side",
    "encoder-decoder": "refused: an encoder-decoder",
    "output head inside another part": "refused: no head of its own over states read left to right",
    "cannot learn with these options": "refused: LoRA breaks the router of its experts",
}


def table() -> str:
    """The table in docs/base-models.md; what is told of a kind once stands there once."""
    rows = []
    for base in BASES:
        name = f"{base.name}, {base.about}" if base.about else base.name
        rows.append(f"| {name} | {WHY[base.refusal] if base.refusal else 'trains and talks'} |")
    return "\n".join(["| kind | what becomes of it |", "|---|---|", *dict.fromkeys(rows)])


def tiny_base(base: Base, n_tokens: int) -> PreTrainedModel:
    """Random weights, far enough from zero that what is read matters."""
    torch.manual_seed(0)
    ids = dict(bos_token_id=None, eos_token_id=0, pad_token_id=1)
    config = AutoConfig.for_model(base.model_type, vocab_size=n_tokens, **ids, **base.options)
    auto = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    model: PreTrainedModel = auto.from_config(  # type: ignore[no-untyped-call]  # transformers' own
        config, dtype=torch.float32
    )
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.1)
    model.eval()
    return model


def save_base(base: Base, folder: Path) -> Path:
    """Model and tokenizer, as a local base."""
    tokenizer = chat_tokenizer()
    tiny_base(base, len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder

"""A base model with a LoRA adapter that is to be trained, and the folder it goes to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from crsdemo.catalog import Catalog
from crsdemo.checkpoint import (
    CheckpointCard,
    base_as_seen_from,
    grow_embeddings,
    save_card,
    semantic_ids_sha256,
)
from crsdemo.listener import load_listener, save_listener
from crsdemo.semantic_ids import SemanticIDs
from crsdemo.slots import slots_of
from crsdemo.tokens import ControlTokens, add_control_tokens
from crsdemo.train.instances import Voice

TRAINING = ("minutes", "learning_rate", "rank", "alpha", "dropout", "batch", "real", "seed")


@dataclass(frozen=True)
class Lora:
    """What of a base model learns."""

    rank: int
    alpha: int
    dropout: float
    modules: str | None = "all-linear"  # None: queries and values, whatever the base calls them
    known_rows: bool = True  # whether the rows of control tokens learn that the base knows
    hearing: bool = True  # whether the listener learns; at rates of 1e-3 and more it forgets


@dataclass(frozen=True)
class Apprentice:
    """A base model with its adapter and its ear, and the tokens it speaks in."""

    base_model: str
    voice: Voice
    tokenizer: PreTrainedTokenizerBase
    control: ControlTokens
    semantic_ids: SemanticIDs
    new_tokens: int  # that the base does not know

    @classmethod
    def of(
        cls,
        base_model: str,
        lora: Lora,
        catalog: Catalog,
        semantic_ids: SemanticIDs,
        *,
        quantize: bool = False,
    ) -> Apprentice:
        """`base_model`: a folder or a hub name; `quantize` loads it in 4 bits."""
        tokenizer = AutoTokenizer.from_pretrained(base_model)
        n_known = len(tokenizer)
        shape = (semantic_ids.n_levels, semantic_ids.codebook_size)
        control = add_control_tokens(tokenizer, *shape, slots_of(catalog))
        model = with_adapter(base_model, lora, tokenizer, control, n_known, quantize=quantize)
        base = Path(base_model)
        listener = load_listener(base) if (base / "listener.json").is_file() else None
        if listener is not None:
            listener.requires_grad_(lora.hearing)
        voice = Voice(model, listener)
        return cls(base_model, voice, tokenizer, control, semantic_ids, len(tokenizer) - n_known)

    def card(self, recommender: str, out: Path, options: Mapping[str, Any]) -> CheckpointCard:
        """`options` are those of the stage; those that shaped the weights are kept."""
        return CheckpointCard(
            recommender=recommender,
            base=base_as_seen_from(out, self.base_model),
            semantic_ids_sha256=semantic_ids_sha256(self.semantic_ids),
            slots=tuple(slot.token for slot in self.control.slot),
            training={name: str(value) for name, value in options.items() if name in TRAINING},
        )

    def save(self, out: Path, card: CheckpointCard) -> None:
        """Adapter, ear, card, and the tokenizer if the base does not know the control tokens."""
        self.voice.model.save_pretrained(out, save_embedding_layers=False)  # new rows are saved
        forget_paths(out, card.base)
        if self.new_tokens:
            self.tokenizer.save_pretrained(out)
        if self.voice.listener is not None:
            save_listener(self.voice.listener, out)
        save_card(out, card)


def with_adapter(
    base_model: str,
    lora: Lora,
    tokenizer: PreTrainedTokenizerBase,
    control: ControlTokens,
    n_known: int,
    *,
    quantize: bool = False,
) -> Any:
    """The base with LoRA; of the embeddings only rows of control tokens learn.

    `n_known`: so many tokens the base knows.
    """
    options: dict[str, Any] = {"dtype": torch.float32}
    if quantize:
        from transformers import BitsAndBytesConfig

        options = {"quantization_config": BitsAndBytesConfig(load_in_4bit=True)}
    model = AutoModelForCausalLM.from_pretrained(base_model, **options)
    if not torch.cuda.is_available():
        model.set_attn_implementation("eager")  # twice as fast as sdpa on short CPU batches
    grow_embeddings(model, tokenizer)
    rows = [token for token in sorted(control.ids) if lora.known_rows or token >= n_known]
    adapter = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.modules,
        trainable_token_indices=_rows_to_learn(model, rows) if rows else None,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, adapter)


def _rows_to_learn(model: Any, tokens: list[int]) -> list[int] | dict[str, list[int]]:
    """The rows of `tokens` in the embeddings, and in the output head where it is not the same."""
    ends = (model.get_input_embeddings(), model.get_output_embeddings())
    if ends[0].weight is ends[1].weight:
        return tokens
    names = {module: name.rsplit(".", 1)[-1] for name, module in model.named_modules()}
    return {names[end]: tokens for end in ends}


def forget_paths(folder: Path, base: str) -> None:
    """PEFT writes the path of the base as it was on this machine; the name is enough."""
    path = folder / "adapter_config.json"
    row = json.loads(path.read_text())
    path.write_text(json.dumps({**row, "base_model_name_or_path": base}, indent=1) + "\n")
    (folder / "README.md").unlink(missing_ok=True)

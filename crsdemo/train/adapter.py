"""A base model with a LoRA adapter that is to be trained, and the folder it goes to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from crsdemo.catalog import Catalog
from crsdemo.checkpoint import (
    CheckpointCard,
    base_as_seen_from,
    grow_embeddings,
    save_card,
    semantic_ids_sha256,
)
from crsdemo.config import flag
from crsdemo.listener import Ear, load_listener, save_listener
from crsdemo.model.base import SMOLLM2, base_location
from crsdemo.semantic_ids import SemanticIDs
from crsdemo.slots import slots_of
from crsdemo.tokens import ControlTokens, add_control_tokens
from crsdemo.train.instances import Instance, Voice
from crsdemo.train.loop import LoopConfig, train

TRAINING = (
    "minutes", "learning_rate", "rank", "alpha", "dropout", "modules", "batch", "real", "seed"
)  # fmt: skip


@dataclass(frozen=True)
class AdapterFlags:
    """What learns and how, alike at every stage that trains an adapter."""

    base_model: str = flag(
        "checkpoints/base",
        f"folder or hub name of any causal LM, a .gguf file, or {SMOLLM2}",
    )
    start_from: Path | None = flag(None, "folder of an earlier adapter of this base to go on from")
    minutes: float = flag(15.0, "how long to learn")
    learning_rate: float = flag(
        1e-3, "at its height; the papers' 1e-4 is for models of 2 B parameters and more"
    )
    rank: int = flag(8, "LoRA r")
    alpha: int = flag(32, "LoRA alpha")
    dropout: float = flag(0.05, "LoRA dropout")
    modules: str | None = flag(
        None, "what learns: all-linear, or queries and values where nothing is given"
    )
    hearing: bool = flag(False, "whether the listener learns too; long runs let it forget")
    batch: int = flag(24, "dialogues per batch")
    real: float = flag(0.3, "share of real dialogues")
    threads: int = flag(0, "0 leaves torch's own choice")
    quantize: bool = flag(False, "QLoRA: load the base in 4 bits (needs CUDA and bitsandbytes)")

    def loop(self, seed: int) -> LoopConfig:
        return LoopConfig(
            minutes=self.minutes,
            learning_rate=self.learning_rate,
            threads=self.threads,
            seed=seed,
        )


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
        flags: AdapterFlags,
        catalog: Catalog,
        semantic_ids: SemanticIDs,
        *,
        known_rows: bool = False,
    ) -> Apprentice:
        """`known_rows`: whether those rows of control tokens learn that the base knows already."""
        base_model = flags.base_model
        tokenizer = AutoTokenizer.from_pretrained(base_location(base_model))
        n_known = len(tokenizer)
        shape = (semantic_ids.n_levels, semantic_ids.codebook_size)
        control = add_control_tokens(tokenizer, *shape, slots_of(catalog))
        first = 0 if known_rows else n_known
        rows = [token for token in sorted(control.ids) if token >= first]
        model = with_adapter(flags, tokenizer, rows)
        heard_by = flags.start_from or Path(base_model)
        has_ear = (heard_by / "listener.json").is_file()
        listener = load_listener(heard_by) if has_ear else None
        if listener is not None:
            listener.requires_grad_(flags.hearing)
        voice = Voice(model, listener)
        return cls(base_model, voice, tokenizer, control, semantic_ids, len(tokenizer) - n_known)

    def learn(
        self,
        flags: AdapterFlags,
        ear: Ear | None,
        batches: Iterator[tuple[str, Sequence[Instance]]],
        state: Path,
        out: Path,
        card: CheckpointCard,
        seed: int,
    ) -> None:
        """Learn until the time is spent; the folder `out` is written now and then."""
        loop = flags.loop(seed)
        train(self.voice, ear, self.control, batches, loop, state, lambda: self.save(out, card))

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
    flags: AdapterFlags, tokenizer: PreTrainedTokenizerBase, rows: Sequence[int]
) -> Any:
    """The base with LoRA; of the embeddings only `rows` learn.

    An earlier adapter to start from brings its own shape and its own rows.
    """
    options: dict[str, Any] = {"dtype": torch.float32}
    if flags.quantize:
        from transformers import BitsAndBytesConfig

        options = {"quantization_config": BitsAndBytesConfig(load_in_4bit=True)}
    model = AutoModelForCausalLM.from_pretrained(base_location(flags.base_model), **options)
    if not torch.cuda.is_available():
        model.set_attn_implementation("eager")  # twice as fast as sdpa on short CPU batches
    grow_embeddings(model, tokenizer)
    if flags.start_from is not None:
        return PeftModel.from_pretrained(model, str(flags.start_from), is_trainable=True)
    adapter = LoraConfig(
        r=flags.rank,
        lora_alpha=flags.alpha,
        lora_dropout=flags.dropout,
        target_modules=flags.modules,
        trainable_token_indices=rows_to_learn(model, list(rows)) if rows else None,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, adapter)


def rows_to_learn(model: Any, tokens: list[int]) -> list[int] | dict[str, list[int]]:
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

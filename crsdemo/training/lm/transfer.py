"""An adapter of another catalog as a start: how one talks is taken over, its items are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file
from transformers import AutoTokenizer

from crsdemo.model.checkpoint import load_card, semantic_ids_sha256
from crsdemo.model.talk import TalkFormat

ROWS = ".token_adapter."  # in the names of what PEFT keeps of single embeddings


def is_of_another(adapter: Path, talk: TalkFormat) -> bool:
    """Whether it was trained for other semantic IDs or slots. Raises CheckpointError."""
    card = load_card(adapter)
    slots = tuple(slot.token for slot in talk.control.slot)
    return (card.semantic_ids_sha256, card.slots) != (semantic_ids_sha256(talk.semantic_ids), slots)


def same_lora(adapter: Path) -> dict[str, Any]:
    """The shape of its matrices, as `LoraConfig` takes it."""
    own = LoraConfig.from_pretrained(str(adapter))
    return {"r": own.r, "lora_alpha": own.lora_alpha, "target_modules": own.target_modules}


@torch.no_grad()
def take_over(model: Any, adapter: Path, talk: TalkFormat) -> None:
    """Give a fresh adapter in `model` all that the one in the folder learned, but for its codes.

    Its matrices, and the rows of the tokens that mean the same here: the frame of a reply, and
    slots of the same name.
    """
    kept = load_file(adapter / "adapter_model.safetensors")
    matrices = {name: value for name, value in kept.items() if ROWS not in name}
    set_peft_model_state_dict(model, get_peft_model_state_dict(model) | matrices)
    theirs = AutoTokenizer.from_pretrained(adapter)
    of_theirs = LoraConfig.from_pretrained(str(adapter)).trainable_token_indices
    of_ours = model.peft_config["default"].trainable_token_indices
    codes = set(talk.control.code)
    rows = [name for name in kept if ROWS in name]
    for name, parameter in model.named_parameters():
        end = name.rpartition(".trainable_tokens_delta")[0]
        found = next((kept[row] for row in rows if end and row.startswith(end)), None)
        if found is None:
            continue
        place = {token: n for n, token in enumerate(_of(of_theirs, end))}
        for n, token in enumerate(_of(of_ours, end)):
            known = theirs.get_vocab().get(str(talk.tokenizer.convert_ids_to_tokens(token)))
            if known in place and token not in codes:
                parameter[n] = found[place[known]].to(parameter.dtype)


def _of(indices: list[int] | dict[str, list[int]] | None, module: str) -> list[int]:
    """Of one module, where several have rows of their own."""
    if isinstance(indices, dict):
        return next(rows for name, rows in indices.items() if f".{name}." in f"{module}.")
    return indices or []

"""A folder that holds a trained model: what is in it, and how to load it or refuse it.

gcrs/   crsdemo.json                                      base, semantic IDs, slots, training
        adapter_config.json, adapter_model.safetensors    PEFT LoRA over the base
        tokenizer.json                                    that of the base with control tokens
        answers/                                          to common questions: what words lean on
reges/  choice.safetensors, ranker.safetensors            the item expert's choice, the retriever's
        retriever/                                        descriptions, and how queries are read
        reges.json                                        where its adapter lies, if not here
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from peft import PeftModel
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import CheckpointError
from crsdemo.core.slots import TITLE, Slot
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.model.base import base_location
from crsdemo.model.int8 import int8_linears
from crsdemo.model.precision import fast_dtype, round_weights
from crsdemo.model.prefixes import Prefixes
from crsdemo.model.quick import quick_blocks
from crsdemo.model.together import Together
from crsdemo.model.tokens import ControlTokens

CARD = "crsdemo.json"
KEPT_TOKENS = 6000  # of conversations that were read, some 280 MB of SmolLM2


@dataclass(frozen=True)
class Tuned:
    """How an adapter was tuned on what people preferred, and what came of it."""

    parent: str  # name of the checkpoint that it started from
    parent_sha256: str  # of its adapter
    judgments_sha256: str  # of all judgments read, as in the manifest of `export`
    method: str  # dpo or kto
    learn: str  # item, words, both or auto
    seed: int
    votes: int  # that were learned from
    frozen_votes: int
    annotators: int
    simulated: bool  # votes of a simulated crowd, not of people
    shuffled: bool  # a control: half of the labels turned round
    settings: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)  # votes, by reason
    figures: dict[str, Any] = field(default_factory=dict)  # before and after


@dataclass(frozen=True)
class CheckpointCard:
    """What an adapter was trained on."""

    base: str  # what `base_location` finds: SmolLM2, a folder, a file, a name on a model hub
    semantic_ids_sha256: str
    slots: tuple[str, ...]  # tokens, in the order of the catalog's fields
    training: dict[str, Any] = field(default_factory=dict)
    tuned: Tuned | None = None
    offered: bool = True  # by the app; not if tuning has lost too much


@dataclass(frozen=True)
class Loaded:
    """A model ready to answer: the adapter is merged into its base."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    control: ControlTokens
    base_sha256: str  # empty for a base from a model hub
    adapter_sha256: str
    quick: Together  # the same model, faster at one token at a time, of several requests at once
    prefixes: Prefixes


def semantic_ids_sha256(semantic_ids: Mapping[str, Sequence[int]]) -> str:
    rows = sorted((item_id, list(codes)) for item_id, codes in semantic_ids.items())
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def save_card(folder: Path, card: CheckpointCard) -> None:
    (folder / CARD).write_text(json.dumps(asdict(card), indent=1) + "\n", encoding="utf-8")


def load_card(folder: Path) -> CheckpointCard:
    """Raises CheckpointError if `folder` is no checkpoint of this project."""
    try:
        row = json.loads((folder / CARD).read_text(encoding="utf-8"))
        tuned = Tuned(**row["tuned"]) if row.get("tuned") else None
        return CheckpointCard(**{**row, "slots": tuple(row["slots"]), "tuned": tuned})
    except FileNotFoundError:
        raise CheckpointError(
            f"no checkpoint at {folder} (it has no {CARD}); train one with "
            "`python -m crsdemo train-gcrs`"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{folder / CARD} is damaged: {error}") from error


def load_checkpoint(folder: Path, catalog: Catalog, semantic_ids: SemanticIDs) -> Loaded:
    """Load base and adapter and merge them. Raises CheckpointError as `load_tokens` does."""
    tokenizer, control, card = load_tokens(folder, semantic_ids)
    try:
        base = base_location(card.base)
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        grow_embeddings(model, tokenizer)
        with warnings.catch_warnings(category=FutureWarning, action="ignore"):  # peft's own
            merged = PeftModel.from_pretrained(model, str(folder)).merge_and_unload().eval()
    except CheckpointError:
        raise
    except Exception as error:  # safetensors, json and peft each raise their own
        raise _damaged(folder, card, error) from error
    quick = Together(quick_blocks(int8_linears(merged)))
    round_weights(merged, fast_dtype())
    return Loaded(
        merged,
        tokenizer,
        control,
        sha256_of(Path(base)),
        sha256_of(folder),
        quick,
        Prefixes(KEPT_TOKENS),
    )


class Tokens(NamedTuple):
    """What of a checkpoint is needed to write its prompts: no weights."""

    tokenizer: PreTrainedTokenizerBase
    control: ControlTokens
    card: CheckpointCard


def load_tokens(folder: Path, semantic_ids: SemanticIDs) -> Tokens:
    """The tokenizer of a checkpoint, and which of its tokens are control tokens.

    Raises CheckpointError for missing or damaged files, and for weights whose item tokens mean
    other items than this catalog's semantic IDs do.
    """
    card = load_card(folder)
    found = semantic_ids_sha256(semantic_ids)
    if card.semantic_ids_sha256 != found:
        raise CheckpointError(
            f"{folder} was trained on other semantic IDs ({card.semantic_ids_sha256[:12]} instead "
            f"of {found[:12]}): its item tokens would name the wrong items. Train it again with "
            "`python -m crsdemo train-gcrs`, or restore the catalog that it came with"
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except Exception as error:  # json and tokenizers each raise their own
        raise _damaged(folder, card, error) from error
    slots = slots_by_token(card.slots)
    control = ControlTokens.of(tokenizer, semantic_ids.n_levels, semantic_ids.codebook_size, slots)
    return Tokens(tokenizer, control, card)


def _damaged(folder: Path, card: CheckpointCard, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"{folder} or its base {card.base} is missing or damaged "
        f"({type(error).__name__}: {error}); fetch the checkpoint anew or train it again"
    )


def save_whole(loaded: Loaded, into: Path) -> None:
    """Base and adapter as one model with its tokenizer, for servers that know neither."""
    loaded.model.save_pretrained(into)
    loaded.tokenizer.save_pretrained(into)


def grow_embeddings(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Make room for control tokens that the base does not know; it may have room already."""
    weight = model.get_input_embeddings().weight
    assert isinstance(weight, nn.Parameter)
    if len(weight) < len(tokenizer):
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)  # they are learned


def slots_by_token(tokens: tuple[str, ...]) -> list[Slot]:
    """The slots of a checkpoint; of facts that no item has any more, none is ever filled.

    Raises CheckpointError for what is no slot.
    """
    single = {slot.token: slot for slot in (TITLE, Slot("year"))}
    found = {token: re.fullmatch(r"<(.+)_(\d+)>", token) for token in tokens}
    if wrong := [token for token in tokens if not (token in single or found[token])]:
        raise CheckpointError(f"the checkpoint has {wrong[0]!r} among its slots; train it again")
    several = {token: Slot(match[1], int(match[2])) for token, match in found.items() if match}
    return [(single | several)[token] for token in tokens]


def sha256_of(folder: Path) -> str:
    """Over all weights of a folder: what is written into the log with every reply."""
    if not folder.is_dir():
        return ""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()

"""Which causal LMs can be a base: each is refused here, before training, or trains and talks.

What counts is not the name of a kind but what it does: read on from a cache that was cropped, read
several continuations side by side, see as far back as a conversation goes. Every base is tried at
that on a few tokens; docs/base-models.md has what came out for many kinds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    DynamicCache,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from crsdemo.core.errors import CheckpointError
from crsdemo.model.attention import use_grouped
from crsdemo.model.base import base_location
from crsdemo.model.heads import head_name
from crsdemo.model.precision import fast_dtype
from crsdemo.model.talk import START
from crsdemo.model.tokens import encode_text

WINDOW = 2048  # tokens: the newest 1,500 of a conversation, a search, a card, the reply
READ, TAKEN_BACK = 8, 3  # tokens of the trial
SAME = {torch.float32: 1e-3, torch.bfloat16: 5e-2}  # relative error of what is the same
LIKE_MAMBA = "as encoders and state-space models such as Mamba cannot"
LIKE_BLOOM = "as models with ALiBi such as BLOOM cannot"
INSTEAD = "take a base such as SmolLM2, Llama, Qwen2 or Qwen3; docs/base-models.md has a table"


class Base(NamedTuple):
    """A base that can be trained, and its tokenizer without control tokens."""

    tokenizer: PreTrainedTokenizerBase
    model: PreTrainedModel


def load_base(name: str) -> Base:
    """Tokenizer and weights of a base, ready for training.

    Raises CheckpointError, saying why, if it is missing or cannot be trained or talked with.
    """
    location = base_location(name)
    try:
        config = AutoConfig.from_pretrained(location)
        _refuse_by_config(name, config)
        tokenizer = AutoTokenizer.from_pretrained(location)
        _refuse_tokenizer(name, tokenizer)
        model = AutoModelForCausalLM.from_pretrained(location, dtype=fast_dtype())
    except CheckpointError:
        raise
    except Exception as error:  # transformers, json and safetensors each raise their own
        raise CheckpointError(
            f"no base model could be loaded from {name} ({type(error).__name__}: {error}); give a "
            "folder, a GGUF file or a name on a model hub of a causal LM"
        ) from error
    refuse_untrainable(name, model.eval())
    use_grouped(model, lambda: read(model, some_tokens(model)))
    return Base(tokenizer, model)


def _refuse_by_config(name: str, config: Any) -> None:
    """What its configuration tells, before any weights are loaded."""
    if config.is_encoder_decoder:
        raise refused(name, config, "is an encoder-decoder, which does not go on with what it read")
    if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        raise refused(name, config, "is no causal language model")
    config = config.get_text_config()
    window = getattr(config, "max_position_embeddings", None)
    if window is not None and window < WINDOW:
        problem = f"has a window of {window} tokens, and a conversation with its reply needs"
        raise refused(name, config, f"{problem} {WINDOW}")
    if (seen := _sees(config)) is not None and seen < WINDOW:
        problem = f"sees only the last {seen} tokens in some layers (a sliding window)"
        raise refused(name, config, f"{problem}, and a conversation with its reply needs {WINDOW}")


def _sees(config: Any) -> int | None:
    """How many tokens back its shortest-sighted layers see; None: all."""
    kinds = set(getattr(config, "layer_types", None) or ())
    if kinds == {"full_attention"}:
        return None
    sizes = [getattr(config, one, None) for one in ("sliding_window", "attention_chunk_size")]
    return min((one for one in sizes if one is not None), default=None)


def _refuse_tokenizer(name: str, tokenizer: PreTrainedTokenizerBase) -> None:
    """Without ChatML the beginning of a turn cannot be written; typed words must stay words."""
    if START not in tokenizer.get_vocab():
        raise CheckpointError(
            f"the tokenizer of {name} has no {START}; use a base that speaks ChatML, often one "
            "called Instruct"
        )
    if tokenizer.eos_token_id is None:
        raise CheckpointError(f"the tokenizer of {name} has no end-of-sequence token; set one")
    encode_text(tokenizer, START)  # a tokenizer of another library raises


def refuse_untrainable(name: str, model: Any) -> None:
    """Try what training and talk do with a base on a few tokens.

    Raises CheckpointError if what comes out is not what reading all at once gives.
    """
    if head_name(model) is None:
        raise refused(name, model.config, "has its output head inside another part")
    trials: dict[str, Callable[[Any], float]] = {
        f"cannot take back what it has read, {LIKE_MAMBA}": _taken_back,
        f"cannot read several continuations side by side, {LIKE_BLOOM}": _side_by_side,
    }
    for problem, trial in trials.items():
        try:
            error = trial(model)
        except Exception as raised:  # every kind raises its own, from deep inside
            raise refused(name, model.config, problem) from raised
        if not is_same(error, model):
            raise refused(name, model.config, problem)


def is_same(error: float, model: Any) -> bool:
    """Whether a `difference` is one of rounding."""
    return error < SAME.get(model.dtype, 1e-3)


def refused(name: str, config: Any, problem: str) -> CheckpointError:
    """What is raised for a base that cannot be used."""
    return CheckpointError(f"{name} ({config.model_type}) {problem}; {INSTEAD}")


@torch.inference_mode()
def _taken_back(model: Any) -> float:
    """The largest difference between what it says with the last tokens taken back and without."""
    ids, cache = some_tokens(model), DynamicCache()
    whole = read(model, ids)
    first = read(model, ids[:, :READ], cache)
    cache.crop(-TAKEN_BACK)
    again = read(model, ids[:, READ - TAKEN_BACK :], cache)
    return max(difference(first, whole[:, :READ]), difference(again, whole[:, READ - TAKEN_BACK :]))


@torch.inference_mode()
def _side_by_side(model: Any) -> float:
    """The largest difference between two tokens read as alternatives and each read alone."""
    ids, cache = some_tokens(model), DynamicCache()
    begun, either = ids[:, :READ], ids[:, READ : READ + 2]
    read(model, begun, cache)
    mask = torch.zeros(1, 1, 2, READ + 2, dtype=model.dtype, device=model.device)
    mask[0, 0, [0, 1], [READ + 1, READ]] = torch.finfo(model.dtype).min
    places = torch.full((1, 2), READ, device=model.device)
    both = model(
        input_ids=either,
        attention_mask=mask,
        position_ids=places,
        past_key_values=cache,
        use_cache=True,
    ).logits
    alone = [read(model, torch.cat([begun, one], 1))[:, -1] for one in either.split(1, 1)]
    return max(difference(both[:, n], one) for n, one in enumerate(alone))


def some_tokens(model: Any) -> Tensor:
    """(1, T) different tokens, none of the first, which are often special."""
    last = model.get_input_embeddings().weight.shape[0] - 1
    return torch.linspace(last // 4, last, 2 * READ, device=model.device).long()[None]


def read(model: Any, ids: Tensor, cache: DynamicCache | None = None) -> Tensor:
    """(1, T, V) after `ids` (1, T), which go on from what is in the cache."""
    known = cache.get_seq_length() if cache is not None else 0
    length = known + ids.shape[1]
    logits: Tensor = model(
        input_ids=ids,
        attention_mask=torch.ones(1, length, dtype=torch.long, device=ids.device),
        position_ids=torch.arange(known, length, device=ids.device)[None],
        past_key_values=cache,
        use_cache=cache is not None,
    ).logits
    return logits


def difference(one: Tensor, other: Tensor) -> float:
    """The largest, in parts of the largest number."""
    one, other = one.detach().float(), other.detach().float()
    return float((one - other).abs().max() / other.abs().max())

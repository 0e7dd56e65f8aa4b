"""How fast a language model writes: ms per token, against the `generate` of transformers.

All go on from copies of one cache, so that nothing but the writing is timed, and take turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache, PreTrainedModel

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag, parse
from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.bench.figures import MESSAGES, Figure, tell, timed
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.model.base import base_location
from crsdemo.model.checkpoint import load_checkpoint
from crsdemo.model.int8 import int8_linears
from crsdemo.model.prefixes import Prefixes
from crsdemo.model.quick import quick_blocks
from crsdemo.model.tokens import encode_text
from crsdemo.recommenders.loading import CATALOG, DEFAULT, checkpoint_folder

N_READ = 300


@dataclass(frozen=True)
class DecodeBenchmarkConfig:
    """Measure how fast a model writes, as it is and in 8 bits, against `generate`."""

    checkpoint: str = flag(DEFAULT, "a checkpoint's name or its folder")
    base_model: str = flag("", "instead of a checkpoint: a base, such as smollm2-135m-instruct")
    catalog: Path = flag(CATALOG, "folder of the catalog")
    tokens: int = flag(40, "tokens written each time")
    repeats: int = flag(5, "times that each way takes its turn")
    json: Path | None = flag(None, "write the figures there")


def main(argv: list[str]) -> None:
    """Print each figure as soon as it is measured."""
    config = parse(DecodeBenchmarkConfig, argv, "crsdemo bench-decode")
    if min(config.tokens, config.repeats) < 1:
        raise BadInputError("--tokens and --repeats must be at least 1")
    tell(measure(*_load(config), config.tokens, config.repeats), config.json)


def _load(config: DecodeBenchmarkConfig) -> tuple[PreTrainedModel, list[int]]:
    """The model, and what it reads: messages of people."""
    if config.base_model:
        base = base_location(config.base_model)
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
        tokenizer = AutoTokenizer.from_pretrained(base)
    else:
        folder, catalog = checkpoint_folder(config.checkpoint), Catalog.load(config.catalog)
        loaded = load_checkpoint(folder, catalog, SemanticIDs.read(config.catalog))
        model, tokenizer = loaded.model, loaded.tokenizer
    ids = encode_text(tokenizer, " ".join(MESSAGES))
    return model, (ids * N_READ)[:N_READ]


@torch.inference_mode()
def measure(
    model: PreTrainedModel, ids: Sequence[int], n_tokens: int = 40, repeats: int = 5
) -> Iterator[Figure]:
    """Medians, and what they are to each other; `ids` are read, then tokens written, greedily."""
    twin, row, prefixes = int8_linears(model), torch.tensor([list(ids)]), Prefixes(len(ids))
    ways = {
        "generate": partial(_generated, model, row, n_tokens),
        "by hand": partial(_stepped, model, row, n_tokens),
        "in 8 bits": partial(_stepped, twin, row, n_tokens),
        "quick": partial(_stepped, quick_blocks(int8_linears(model)), row, n_tokens),
    }
    times: dict[str, list[float]] = {name: [] for name in ("reading", "copying", *ways)}
    for turn in range(repeats + 1):
        cache = DynamicCache()
        took = {"reading": timed(partial(model, row, past_key_values=cache, logits_to_keep=1))[0]}
        prefixes.keep(ids, cache)
        for name, write in ways.items():
            took["copying"], (copied, _) = timed(partial(prefixes.find, ids))
            took[name] = timed(partial(write, copied))[0] / n_tokens
        if turn:  # the first is to warm up
            for name, seconds in took.items():
                times[name].append(1000 * seconds)
    ms = {name: median(some) for name, some in times.items()}
    yield Figure(f"reading {len(ids)} tokens", ms["reading"], "ms")
    yield Figure("finding what was read of them before", ms["copying"], "ms")
    yield Figure("a token by transformers' generate", ms["generate"], "ms")
    yield Figure("a token by hand", ms["by hand"], "ms")
    yield Figure("a token by hand, weights in 8 bits", ms["in 8 bits"], "ms")
    yield Figure("the same in few operations, as it ships", ms["quick"], "ms")
    yield Figure("how many times faster by hand", ms["generate"] / ms["by hand"], "times")
    yield Figure("and in 8 bits", ms["generate"] / ms["in 8 bits"], "times")
    yield Figure("and in few operations", ms["generate"] / ms["quick"], "times", at_least=1)
    same = float((model(row).logits.argmax(-1) == twin(row).logits.argmax(-1)).float().mean())
    yield Figure("places where both would go on the same way", 100 * same, "%")


def _generated(model: PreTrainedModel, row: Tensor, n_tokens: int, cache: DynamicCache) -> None:
    """Go on from `row` (1, P) by so many tokens, eos or not; the last of `row` is still unread."""
    model.generate(
        row,
        attention_mask=torch.ones_like(row),
        past_key_values=cache,
        min_new_tokens=n_tokens,
        max_new_tokens=n_tokens,
        do_sample=False,
        pad_token_id=0,
    )


def _stepped(model: PreTrainedModel, row: Tensor, n_tokens: int, cache: DynamicCache) -> None:
    """The same, without what `generate` does around it."""
    token = row[:, -1:]
    for _ in range(n_tokens):
        output = model(token, past_key_values=cache, use_cache=True, logits_to_keep=1)
        token = output.logits[:, -1:].argmax(-1)

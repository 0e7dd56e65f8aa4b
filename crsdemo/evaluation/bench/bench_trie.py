"""What items cost before the model says a word: the ID trie and the automaton, of a million too.

    python -m crsdemo bench-trie --items 1000000

The semantic IDs are drawn evenly from all that there are, which is the worst case: no codes are
shared by chance beyond what numbers force.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import torch

from crsdemo.core.config import flag, parse
from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.bench.figures import Figure, peak_memory, tell, timed
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.items.trie import Trie
from crsdemo.model.checkpoint import Tokens, load_tokens
from crsdemo.model.grammar import Grammar
from crsdemo.model.trie_tensors import TrieTensors, conditional
from crsdemo.recommenders.loading import CATALOG, DEFAULT, checkpoint_folder

BEAMS = 60  # as many as `gcrs` keeps while it answers
TRIES = 30  # of everything that is timed in milliseconds


def measure(
    tokens: Tokens, real: SemanticIDs, n_items: int, grammars: Sequence[int], seed: int = 0
) -> Iterator[Figure]:
    """All figures as they are measured. `grammars`: numbers of items to build an automaton for."""
    few = made_up(len(real), real.n_levels, real.codebook_size, seed)
    many = made_up(n_items, real.n_levels, real.codebook_size, seed)
    steps = []
    for ids in (few, many):
        seconds, trie = timed(partial(Trie, ids, real.n_levels))
        yield Figure(f"building the trie of {len(ids):,} items", seconds, "s", at_most=10)
        tensors = TrieTensors(trie, real.codebook_size, torch.device("cpu"))
        prior = torch.zeros(1, len(ids))
        below = [timed(lambda: tensors.below([], 1, prior))[0] for _ in range(TRIES)]  # noqa: B023
        yield Figure("  what may follow, counted for a request", 1000 * median(below), "ms")
        steps.append(1000 * median(_step(tensors, real.n_levels, seed)))
        yield Figure(f"  the codes of the last level for {BEAMS} beams", steps[-1], "ms")
    yield Figure("  the latter, compared with few items", steps[1] / steps[0], "times")
    for n in grammars:
        ids = made_up(n, real.n_levels, real.codebook_size, seed)
        with TemporaryDirectory() as folder:
            build = partial(Grammar, tokens.tokenizer, tokens.control, ids, Path(folder))
            yield Figure(f"building the automaton of {n:,} items", timed(build)[0], "s")
            yield Figure("  reading it back", timed(build)[0], "s")
            size = sum(path.stat().st_size for path in Path(folder).iterdir())
            yield Figure("  its size", size / 1e9, "GB")
    yield peak_memory("peak memory of the benchmark", at_most=8)


def made_up(n: int, n_levels: int, codebook_size: int, seed: int = 0) -> dict[str, tuple[int, ...]]:
    """`n` different semantic IDs. Raises BadInputError if there are not so many."""
    if n > codebook_size**n_levels:
        raise BadInputError(
            f"{n_levels} levels of {codebook_size} codes name no more than "
            f"{codebook_size**n_levels:,} items, got {n:,}"
        )
    rng = np.random.default_rng(seed)
    drawn = rng.choice(codebook_size**n_levels, n, replace=False)
    codes = np.stack(np.unravel_index(drawn, (codebook_size,) * n_levels), 1).tolist()
    return {f"made-{number}": tuple(row) for number, row in enumerate(codes)}


def _step(tensors: TrieTensors, n_levels: int, seed: int) -> list[float]:
    """Seconds for the codes that may follow some nodes of the last but one depth, with a prior."""
    n_items = len(tensors.trie.item_ids)
    below = tensors.below([], 1, torch.zeros(1, n_items))[n_levels]
    rng = torch.Generator().manual_seed(seed)
    nodes = len(tensors.trie.code[n_levels - 1])
    parents = torch.randint(nodes, (1, BEAMS), generator=rng)
    logits = torch.randn(1, BEAMS, tensors.codebook_size, generator=rng)

    def step() -> torch.Tensor:
        return conditional(logits, tensors.children(n_levels, parents), below)

    step()
    return [timed(step)[0] for _ in range(TRIES)]


@dataclass(frozen=True)
class TrieBenchmarkConfig:
    """Measure what the trie and the automaton of many made-up items cost."""

    catalog: Path = flag(CATALOG, "folder of the catalog whose codebooks are taken")
    checkpoint: str = flag(DEFAULT, "name or folder of the adapter whose tokenizer is taken")
    items: int = flag(1_000_000, "made-up items of the trie")
    grammars: str = flag("8000,32000", "items of the automata, by commas; nothing for none")
    json: Path | None = flag(None, "write the figures there")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.json,) if self.json else ()


def main(argv: Sequence[str]) -> None:
    config = parse(TrieBenchmarkConfig, argv, "crsdemo bench-trie")
    sizes = config.grammars.split(",") if config.grammars else []
    if config.items < 1 or not all(n.isdecimal() and int(n) > 0 for n in sizes):
        raise BadInputError(
            f"--items and --grammars are numbers from 1 on, got {config.items} and "
            f"{config.grammars!r}"
        )
    real = SemanticIDs.read(config.catalog)
    tokens = load_tokens(checkpoint_folder(config.checkpoint), real)
    tell(measure(tokens, real, config.items, [int(n) for n in sizes]), config.json)

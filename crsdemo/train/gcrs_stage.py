"""Train the generative recommender on a pretrained base: whole conversations, all in one format.

    python -m crsdemo train-gcrs --dialogues train_data.jsonl,train.tsv --likes ratings.csv

LoRA on all linear layers and the rows of the control tokens, which start from the mean embedding of
what their films are called and about. Batches are filled up to a number of tokens; what is drawn
moves from single facts to whole conversations. An interrupted run goes on from its saved state.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from tqdm import tqdm
from transformers import AutoModelForCausalLM, AutoTokenizer

from crsdemo.checkpoint import GCRS, CheckpointCard, grow_embeddings, save_card, semantic_ids_sha256
from crsdemo.config import flag, parse
from crsdemo.encoder import item_text
from crsdemo.errors import CheckpointError
from crsdemo.model.attention import GROUPED
from crsdemo.model.base import SMOLLM2, base_location
from crsdemo.model.talk import TalkFormat
from crsdemo.semantic_ids import SemanticIDs
from crsdemo.slots import TITLE, slots_of
from crsdemo.tokens import ControlTokens, add_control_tokens
from crsdemo.train.adapter import forget_paths, rows_to_learn
from crsdemo.train.affinity import Teacher
from crsdemo.train.distil import read_answers
from crsdemo.train.half import Masters, training_dtype
from crsdemo.train.lessons import Drawer
from crsdemo.train.sequences import TrainingSequence, sequence_loss
from crsdemo.train.stages import Ground, Sources, lay_ground
from crsdemo.train.written_data import (
    DIALOGUES,
    SEARCHES,
    WISHES,
    WRITTEN,
    Search,
    WrittenDialogue,
    WrittenWish,
    read,
)

# Share of the tokens of each kind at the beginning and at the end of the training
MIXTURE = {
    "card": (0.30, 0.06),
    "fact": (0.30, 0.12),
    "wish": (0.12, 0.14),
    "liked": (0.16, 0.10),
    "real": (0.06, 0.28),
    "written": (0.06, 0.30),
}
NOISE = 0.1  # of a new row, in standard deviations of the embeddings
SAVE_SECONDS = 300


@dataclass(frozen=True)
class GcrsConfig(Sources):
    """Train the LoRA adapter of the generative recommender on a pretrained base (GCRS, sec. 3)."""

    base_model: str = flag(SMOLLM2, "folder or hub name of any causal LM that speaks ChatML")
    written: Path = flag(WRITTEN, "folder of written conversations, searches and wishes")
    out: Path = flag(Path("runs/gcrs"), "folder of the adapter")
    state: Path = flag(Path("runs/gcrs.pt"), "file that lets an interrupted run go on")
    distilled: Path | None = flag(None, "the ranker's answers, as `distil` left them")
    start_from: Path | None = flag(None, "folder of an earlier adapter of this base to go on from")
    minutes: float = flag(360.0, "how long to learn")
    tokens: int = flag(700, "per step")
    learning_rate: float = flag(1e-3, "of the adapter, at its height")
    rows_learning_rate: float = flag(3e-3, "of the rows of control tokens")
    rank: int = flag(16, "LoRA r")
    alpha: int = flag(32, "LoRA alpha")
    dropout: float = flag(0.0, "LoRA dropout")


def main(argv: list[str]) -> None:
    """Flags in, one call."""
    train_gcrs(parse(GcrsConfig, argv, "crsdemo train-gcrs"))


def train_gcrs(config: GcrsConfig) -> None:
    """Write adapter, tokenizer and card to `out`, every five minutes and at the end."""
    torch.manual_seed(config.seed)
    ground = lay_ground(config)
    semantic_ids = SemanticIDs.load(config.catalog, ground.catalog)
    tokenizer = AutoTokenizer.from_pretrained(base_location(config.base_model))
    shape = (semantic_ids.n_levels, semantic_ids.codebook_size)
    control = add_control_tokens(tokenizer, *shape, (TITLE, *slots_of(ground.catalog)))
    talk = TalkFormat(tokenizer, control, ground.catalog, semantic_ids)
    model = _adapted(config, talk, len(tokenizer))
    drawer = _drawer(config, ground, talk)
    card = CheckpointCard(
        recommender=GCRS,
        base=config.base_model,
        semantic_ids_sha256=semantic_ids_sha256(semantic_ids),
        slots=tuple(slot.token for slot in control.slot),
        training={name: str(value) for name, value in asdict(config).items() if name in TRAINING},
    )

    def save() -> None:
        model.save_pretrained(config.out, save_embedding_layers=False)
        forget_paths(config.out, card.base)
        tokenizer.save_pretrained(config.out)
        save_card(config.out, card)

    _learn(config, model, drawer, control, save)


TRAINING = (
    "minutes", "tokens", "learning_rate", "rows_learning_rate", "rank", "alpha", "dropout", "seed"
)  # fmt: skip


def _drawer(config: GcrsConfig, ground: Ground, talk: TalkFormat) -> Drawer:
    teacher = Teacher(ground.affinity, ground.texts.themes, ground.texts.facts)
    kept = {one.id for one in ground.dialogues}
    wishes = [(row.wish, row.items) for _, row in read(WISHES, WrittenWish, config.written)]
    searches = [row for _, row in read(SEARCHES, Search, config.written) if row.dialogue in kept]
    wishes += [(row.query, (row.item,)) for row in searches]
    talks = [row for _, row in read(DIALOGUES, WrittenDialogue, config.written)]
    wishes += [(r.search, (r.item,)) for t in talks for r in t.replies if r.search and r.item]
    answers = read_answers(config.distilled, ground.catalog.fingerprint) if config.distilled else {}
    return Drawer(
        talk, teacher, ground.dialogues, ground.likes, talks, wishes, config.seed, answers=answers
    )


def _adapted(config: GcrsConfig, talk: TalkFormat, n_tokens: int) -> Any:
    """The base with LoRA on all linear layers; of the embeddings the new rows learn."""
    model = AutoModelForCausalLM.from_pretrained(
        base_location(config.base_model), dtype=training_dtype(), attn_implementation=GROUPED
    )
    known = model.get_input_embeddings().weight.shape[0]
    grow_embeddings(model, talk.tokenizer)
    if config.start_from is not None:
        return PeftModel.from_pretrained(
            model, str(config.start_from), is_trainable=True, autocast_adapter_dtype=False
        )
    rows = list(range(min(known, n_tokens), n_tokens))
    _begin_rows(model, talk, rows, config.seed)
    adapter = LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        target_modules="all-linear",
        trainable_token_indices=rows_to_learn(model, rows) if rows else None,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, adapter, autocast_adapter_dtype=False)


@torch.no_grad()
def _begin_rows(model: Any, talk: TalkFormat, rows: Sequence[int], seed: int) -> None:
    """Mean embeddings and a little noise: a constant start collapses (arXiv 2604.02324).

    A code starts from the names and facts of its films, any other token from its own name.
    """
    embeddings = model.get_input_embeddings().weight
    texts = {token: talk.tokenizer.convert_ids_to_tokens(token).strip("<>/") for token in rows}
    of_code: dict[int, list[int]] = {}
    for item in talk.catalog:
        words = talk.text(item_text(item))
        for token in talk.control.item(talk.semantic_ids[item.id]):
            of_code.setdefault(token, []).extend(words)
    generator = torch.Generator().manual_seed(seed)
    spread = NOISE * embeddings[: rows[0] if rows else None].float().std(0)
    for token in rows:
        words = of_code.get(token) or talk.text(texts[token].replace("_", " ").replace("=", " "))
        noise = torch.randn(embeddings.shape[1], generator=generator) * spread
        embeddings[token] = embeddings[torch.tensor(words)].float().mean(0) + noise


def _learn(
    config: GcrsConfig,
    model: Any,
    drawer: Drawer,
    control: ControlTokens,
    save: Callable[[], None],
) -> None:
    masters = Masters(model)
    optimizer = _optimizer(config, masters)
    step, seconds = _restore(config.state, masters, optimizer)
    drawer.rng = np.random.default_rng((config.seed, step))  # a resumed run draws what is new
    averages: dict[str, float] = {}
    bar = tqdm(total=round(60 * config.minutes), initial=round(seconds), unit="s")
    started = saved = time.monotonic()
    model.train()
    while seconds < 60 * config.minutes:
        share = seconds / (60 * config.minutes)
        kind, batch = _batch(drawer, config.tokens, share)
        _set_rates(optimizer, config, step, share)
        loss = sequence_loss(model, batch, control.eos)
        loss.total.backward()
        masters.take_gradients()
        nn.utils.clip_grad_norm_(masters.weights, 1.0)
        optimizer.step()
        masters.give_back()
        for name, value in loss.parts.items():
            key = f"{kind} {name}"
            averages[key] = 0.97 * averages.get(key, value) + 0.03 * value
        step += 1
        now = time.monotonic()
        seconds += now - started
        started = now
        bar.update(min(round(seconds), bar.total) - bar.n)
        if step % 20 == 0:
            told = (f"{name} {value:.2f}" for name, value in sorted(averages.items()))
            bar.set_description(f"step {step}: {', '.join(told)}")
        if now - saved > SAVE_SECONDS:
            _keep(config.state, masters, optimizer, step, seconds)
            save()
            started = saved = time.monotonic()
    bar.close()
    _keep(config.state, masters, optimizer, step, seconds)
    save()


def _batch(drawer: Drawer, tokens: int, share: float) -> tuple[str, list[TrainingSequence]]:
    """Sequences of one kind, together about so many tokens."""
    kinds = drawer.kinds
    weights = [MIXTURE[kind][0] * (1 - share) + MIXTURE[kind][1] * share for kind in kinds]
    shares = np.array(weights) / sum(weights)
    kind = str(drawer.rng.choice(list(kinds), p=shares))
    batch: list[TrainingSequence] = []
    while sum(len(one.ids) for one in batch) < tokens:
        batch.append(kinds[kind]())
    return kind, batch


def _optimizer(config: GcrsConfig, masters: Masters) -> torch.optim.Optimizer:
    """The rows of control tokens learn faster than the adapter."""
    named = list(zip(masters.names, masters.weights, strict=True))
    rows = [p for name, p in named if "trainable_tokens" in name]
    lora = [p for name, p in named if "trainable_tokens" not in name]
    groups = [
        {"params": lora, "height": config.learning_rate},
        {"params": rows, "height": config.rows_learning_rate},
    ]
    return torch.optim.AdamW(groups, config.learning_rate, betas=(0.9, 0.98), weight_decay=0.0)


def _set_rates(
    optimizer: torch.optim.Optimizer, config: GcrsConfig, step: int, share: float
) -> None:
    """Forty steps of warm-up, then a cosine to a twentieth."""
    cosine = 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
    for group in optimizer.param_groups:
        group["lr"] = group["height"] * min(1.0, (step + 1) / 40) * cosine


def _keep(
    state: Path,
    masters: Masters,
    optimizer: torch.optim.Optimizer,
    step: int,
    seconds: float,
) -> None:
    """In one step, so that an interruption leaves the old or the new state."""
    state.parent.mkdir(parents=True, exist_ok=True)
    partial = state.with_suffix(".partial")
    weights = [p.detach() for p in masters.weights]
    kept = {"weights": weights, "optimizer": optimizer.state_dict(), "step": step}
    torch.save({**kept, "seconds": seconds}, partial)
    partial.replace(state)


def _restore(
    state: Path, masters: Masters, optimizer: torch.optim.Optimizer
) -> tuple[int, float]:
    """Steps and seconds spent so far. Raises CheckpointError for the state of another run."""
    if not state.is_file():
        return 0, 0.0
    try:
        kept: dict[str, Any] = torch.load(state, weights_only=True)
        with torch.no_grad():
            for parameter, value in zip(masters.weights, kept["weights"], strict=True):
                parameter.copy_(value)
        masters.give_back()
        optimizer.load_state_dict(kept["optimizer"])
        return kept["step"], kept["seconds"]
    except (RuntimeError, ValueError, KeyError, UnpicklingError, EOFError) as error:
        raise CheckpointError(
            f"{state} does not continue this run ({error}); remove it to begin anew, or go on "
            "with the options of the run that wrote it"
        ) from error

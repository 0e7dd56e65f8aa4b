"""Train the generative recommender on a pretrained base: whole conversations, all in one format.

    python -m crsdemo train-gcrs --dialogues train_data.jsonl,train.tsv --likes ratings.csv

LoRA on all linear layers and the rows of the control tokens, which start from the mean embedding of
what their films are called and about. Batches are filled up to a number of tokens; what is drawn
moves from single facts to whole conversations. An interrupted run goes on from its saved state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag, parse
from crsdemo.core.shipped import checkpoints_of
from crsdemo.core.slots import TITLE, slots_of
from crsdemo.core.text_files import folder_written_whole
from crsdemo.items.encoder import TextEncoder, item_text
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.model.base import SMOLLM2
from crsdemo.model.checkpoint import (
    CheckpointCard,
    grow_embeddings,
    save_card,
    semantic_ids_sha256,
)
from crsdemo.model.heads import Places, with_head
from crsdemo.model.talk import TalkFormat
from crsdemo.model.tokens import add_control_tokens
from crsdemo.model.trainable import Base, difference, is_same, load_base, refused, some_tokens
from crsdemo.recommenders.written_answers import save_answers
from crsdemo.training.data import Sources, TrainingData, load_training_data
from crsdemo.training.lm.candidates import CandidateSampler
from crsdemo.training.lm.examples import ExampleSampler
from crsdemo.training.lm.fused import freeze_below, fuse
from crsdemo.training.lm.loop import LearnFlags, learn
from crsdemo.training.lm.transfer import is_of_another, same_lora, take_over
from crsdemo.training.ranking.affinity import Teacher
from crsdemo.training.ranking.distil import read_answers
from crsdemo.training.written.data import (
    WRITTEN,
    FollowUp,
    Search,
    WrittenDialogue,
    WrittenWish,
    read,
)
from crsdemo.training.written.follow_ups import answers_of

# Share of the tokens of each kind at the beginning and at the end of the training
MIXTURE = {
    "card": (0.08, 0.04),
    "fact": (0.10, 0.10),
    "wish": (0.12, 0.10),
    "liked": (0.12, 0.12),
    "absent": (0.03, 0.03),
    "real": (0.16, 0.14),
    "written": (0.39, 0.47),
}
# A trained adapter is added in other places when it is fused: in bfloat16 the shipped one differs
# by 0.13 of the largest number, more than two ways of reading a base do
ADAPTED = 5
NOISE = 0.1  # of a new row, in standard deviations of the embeddings
ON_CARD = (
    "minutes", "tokens", "learning_rate", "rows_learning_rate", "first_layer", "rank", "alpha",
    "dropout", "seed",
)  # fmt: skip


@dataclass(frozen=True)
class GcrsConfig(LearnFlags, Sources):
    """Train the LoRA adapter of the generative recommender on a pretrained base (GCRS, sec. 3)."""

    base_model: str = flag(SMOLLM2, "folder or hub name of any causal LM that speaks ChatML")
    written: Path = flag(WRITTEN, "folder of written conversations, searches and wishes")
    out: Path | None = flag(
        None, "folder of the adapter; by default checkpoints/gcrs beside the catalog"
    )
    real_words: bool = flag(
        False, "learn the words of the public dialogues too, not only when to recommend what"
    )
    distilled: Path | None = flag(None, "the ranker's answers, as `distil` left them")
    start_from: Path | None = flag(
        None, "folder of an earlier adapter to go on from; of another catalog, only how it talks"
    )
    first_layer: int = flag(0, "of the base that learns; those below stay as they started")
    rank: int = flag(16, "LoRA r")
    alpha: int = flag(32, "LoRA alpha")
    dropout: float = flag(0.0, "LoRA dropout")

    @property
    def into(self) -> Path:
        """Where the adapter goes."""
        return self.out or checkpoints_of(self.catalog) / "gcrs"

    @property
    def state_file(self) -> Path:
        return self.state or self.into.with_name(f"{self.into.name}.pt")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.into, self.state_file)


def main(argv: list[str]) -> None:
    """Flags in, one call."""
    train_gcrs(parse(GcrsConfig, argv, "crsdemo train-gcrs"))


def train_gcrs(config: GcrsConfig) -> None:
    """Write adapter, tokenizer and card to `into`, every five minutes and at the end."""
    torch.manual_seed(config.seed)
    base = load_base(config.base_model)  # first: refused before anything is waited for
    data = load_training_data(config)
    talk = talk_format(config, data.catalog, base)
    model = adapted(config, talk, base)
    sampler = sampler_of(config, data, talk)
    learn(config, model, sampler, MIXTURE, lambda: save(config, model, talk))


def talk_format(config: GcrsConfig, catalog: Catalog, base: Base) -> TalkFormat:
    """The tokenizer of the base, to which the control tokens of the catalog are added."""
    semantic_ids = SemanticIDs.load(config.catalog, catalog)
    shape = (semantic_ids.n_levels, semantic_ids.codebook_size)
    control = add_control_tokens(base.tokenizer, *shape, (TITLE, *slots_of(catalog)))
    return TalkFormat(base.tokenizer, control, catalog, semantic_ids)


def save(config: GcrsConfig, model: Any, talk: TalkFormat) -> None:
    """Adapter, tokenizer and a card that says how they were made."""
    kept = asdict(config)
    card = CheckpointCard(
        base=config.base_model,
        semantic_ids_sha256=semantic_ids_sha256(talk.semantic_ids),
        slots=tuple(slot.token for slot in talk.control.slot),
        training={name: str(kept[name]) for name in kept if name in ON_CARD},
    )
    with folder_written_whole(config.into) as out:
        save_adapter(out, model, talk, card)
        if any(one.is_of(talk.catalog) for one in read(WrittenDialogue, config.written)):
            save_answers(out, answers_of(read(FollowUp, config.written)), TextEncoder())


def save_adapter(out: Path, model: Any, talk: TalkFormat, card: CheckpointCard) -> None:
    """Write a checkpoint that the app can load."""
    model.save_pretrained(out, save_embedding_layers=False)
    (out / "README.md").unlink(missing_ok=True)
    # PEFT writes the path of the base as it was on this machine; the name is enough
    path = out / "adapter_config.json"
    row = json.loads(path.read_text()) | {"base_model_name_or_path": card.base}
    row["target_modules"] = sorted(row["target_modules"])  # a set; its order would change
    path.write_text(json.dumps(row, indent=1) + "\n")
    talk.tokenizer.save_pretrained(out)
    save_card(out, card)


def sampler_of(
    config: GcrsConfig,
    data: TrainingData,
    talk: TalkFormat,
    candidates: CandidateSampler | None = None,
) -> ExampleSampler:
    """Of public and written dialogues; with `candidates` for the system that searches."""
    fingerprint = data.catalog.fingerprint
    return ExampleSampler(
        talk,
        Teacher(data.affinity, data.texts.themes, data.texts.facts),
        data.dialogues,
        data.likes,
        read(WrittenDialogue, config.written),
        wishes_of(config, data),
        config.seed,
        follow_ups=read(FollowUp, config.written),
        answers=read_answers(config.distilled, fingerprint) if config.distilled else {},
        candidates=candidates,
        searches={(one.dialogue, one.turn): one.query for one in read(Search, config.written)},
        real_words=config.real_words,
    )


def wishes_of(config: GcrsConfig, data: TrainingData) -> list[tuple[str, tuple[str, ...]]]:
    """What is typed or searched for, and the ids of what fits; nothing of dialogues held out."""
    dialogues = {one.id for one in data.dialogues}
    wishes = [(one.wish, one.items) for one in read(WrittenWish, config.written)]
    searches = read(Search, config.written)
    wishes += [(one.query, (one.item,)) for one in searches if one.dialogue in dialogues]
    replies = [one for talk in read(WrittenDialogue, config.written) for one in talk.replies]
    return wishes + [(one.search, (one.item,)) for one in replies if one.search and one.item]


def adapted(config: GcrsConfig, talk: TalkFormat, base: Base) -> Any:
    """The base with LoRA on all linear layers; of the embeddings the new rows learn.

    Raises CheckpointError if LoRA cannot be put on it, or if nothing could be learned there.
    """
    name = config.base_model
    return _prepared(name, base, lambda: _with_lora(config, talk, base.model), config.first_layer)


def continued(name: str, adapter: Path, talk: TalkFormat, base: Base, first_layer: int) -> Any:
    """The base with an earlier adapter, of which the layers from `first_layer` on go on learning.

    Raises CheckpointError as `adapted` does, BadInputError if there are no such layers.
    """
    grow_embeddings(base.model, talk.tokenizer)
    return _prepared(name, base, lambda: _earlier(base.model, adapter), first_layer)


def _earlier(model: Any, adapter: Path) -> Any:
    return PeftModel.from_pretrained(
        model, str(adapter), is_trainable=True, autocast_adapter_dtype=False
    )


def _prepared(name: str, base: Base, with_adapter: Callable[[], Any], first_layer: int) -> Any:
    own = base.model.config
    try:
        model = with_adapter().eval()  # dropout, drawn anew each time, would tell the two apart
        expected = _tried(model)
        fuse(model)
        found = _tried(model)
        found.sum().backward()
        model.zero_grad()
    except Exception as error:  # PEFT and every kind raise their own, from deep inside
        problem = f"cannot learn with these options ({type(error).__name__}: {error})"
        raise refused(name, own, problem) from error
    if not is_same(difference(found, expected) / ADAPTED, model):
        raise refused(name, own, "says something else once it is prepared to learn")
    freeze_below(model, first_layer)
    return model


def _tried(model: Any) -> torch.Tensor:
    """(T, V) of some tokens, as in training."""
    plain = model.get_base_model()
    ids = some_tokens(plain)
    at = torch.arange(ids.shape[1], device=ids.device)
    head = Places(plain.get_output_embeddings(), torch.zeros_like(at), at)
    logits: torch.Tensor = with_head(plain, head)(input_ids=ids, use_cache=False).logits
    return logits


def _with_lora(config: GcrsConfig, talk: TalkFormat, model: Any) -> Any:
    known = model.get_input_embeddings().weight.shape[0]
    grow_embeddings(model, talk.tokenizer)
    earlier = config.start_from
    if earlier is not None and not is_of_another(earlier, talk):
        return _earlier(model, earlier)
    n_tokens = len(talk.tokenizer)
    rows = list(range(min(known, n_tokens), n_tokens))
    _begin_rows(model, talk, rows, config.seed)
    own = {"r": config.rank, "lora_alpha": config.alpha, "target_modules": "all-linear"}
    adapter = LoraConfig(
        **(same_lora(earlier) if earlier else own),
        lora_dropout=config.dropout,
        trainable_token_indices=rows_to_learn(model, rows) if rows else None,
        task_type="CAUSAL_LM",
    )
    begun = get_peft_model(model, adapter, autocast_adapter_dtype=False)
    if earlier is not None:
        take_over(begun, earlier, talk)
    return begun


def rows_to_learn(model: Any, tokens: list[int]) -> list[int] | dict[str, list[int]]:
    """The rows of `tokens` in the embeddings, and in the output head where it is not the same."""
    ends = (model.get_input_embeddings(), model.get_output_embeddings())
    if ends[0].weight is ends[1].weight:
        return tokens
    names = {module: name.rsplit(".", 1)[-1] for name, module in model.named_modules()}
    return {names[end]: tokens for end in ends}


@torch.no_grad()
def _begin_rows(model: Any, talk: TalkFormat, rows: Sequence[int], seed: int) -> None:
    """Mean embeddings and a little noise: a constant start collapses (arXiv 2604.02324).

    A code starts from the names and facts of its films, any other token from its own name.
    """
    embeddings = model.get_input_embeddings().weight
    texts = {token: str(talk.tokenizer.convert_ids_to_tokens(token)).strip("<>/") for token in rows}
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

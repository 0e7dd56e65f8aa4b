"""Tune the text encoder of the retriever on pseudo-queries and the films they should find.

    python -m crsdemo tune-retriever --dialogues train_data.jsonl,train.tsv --minutes 10

The descriptions stay where the encoder put them; what learns is how a query is read. So every film
of the catalog is a negative of every query at the cost of one product, and a film that comes later
needs no training. Only a LoRA adapter learns, so that what ships is small.

Shapes: B queries, n items of the catalog, d numbers per vector.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tqdm import tqdm
from transformers import TrainerCallback, TrainerControl, TrainerState
from transformers.trainer_utils import get_last_checkpoint

from crsdemo.catalog import Catalog
from crsdemo.config import flag, parse
from crsdemo.encoder import TextEncoder, item_text
from crsdemo.errors import BadInputError
from crsdemo.mentions import PeopleLinker
from crsdemo.train.adapter import forget_paths
from crsdemo.train.affinity import Teacher
from crsdemo.train.material import neighbours
from crsdemo.train.pseudo_queries import QueryTeacher
from crsdemo.train.query_pairs import (
    Pair,
    real_pairs,
    talk_pairs,
    wish_pairs,
    written_pairs,
)
from crsdemo.train.stages import Sources, lay_ground, training_dialogues
from crsdemo.train.synthetic import Writer
from crsdemo.train.written_data import WRITTEN

log = logging.getLogger(__name__)

FOR_EVER = 1_000_000  # steps; the time ends the run
WARMUP = 20  # steps
SCALE = 20.0  # of cosines, before they become probabilities


@dataclass(frozen=True)
class RetrieverConfig(Sources):
    """Tune the text encoder of the retriever (ReGeS, sec. 2.3)."""

    out: Path = flag(Path("checkpoints/reges/retriever"), "folder of the adapter")
    state: Path = flag(Path("runs/retriever"), "folder that lets an interrupted run go on")
    minutes: float = flag(10.0, "how long to learn, unless --steps is given")
    steps: int = flag(0, "how many steps to learn; 0 leaves it to --minutes")
    learning_rate: float = flag(5e-4, "at its height")
    rank: int = flag(16, "LoRA r")
    alpha: int = flag(32, "LoRA alpha")
    dropout: float = flag(0.05, "LoRA dropout")
    batch: int = flag(64, "queries per batch")
    wishes: int = flag(0, "synthetic wishes, where none were written for the catalog")
    teacher: bool = flag(False, "searches that rules make of the dialogues, as well")
    written: Path = flag(WRITTEN, "folder of written conversations, searches and wishes")
    max_pieces: int = flag(112, "word pieces of a text that are read")
    save_steps: int = flag(50, "steps between two saved states")


class Budget:
    """The learning rate by the share of the time, or of the steps, that is spent.

    The scheduler saves the `__dict__` of a budget, so that a run that goes on knows what it has
    spent; how much there is to spend is asked for anew.
    """

    __slots__ = ("__dict__", "seconds", "steps")

    def __init__(self, minutes: float, steps: int) -> None:
        self.seconds, self.steps = 60 * minutes, steps
        self.spent = 0.0

    def share(self, step: int) -> float:
        """From 0 to 1."""
        return min(1.0, step / self.steps if self.steps else self.spent / self.seconds)

    def __call__(self, step: int) -> float:
        return min(1.0, (step + 1) / WARMUP) * (1 - self.share(step))


class Clock(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
    """Spends the budget, shows how much of it, and ends the run."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.bar = tqdm(total=100, unit="%", desc="tuning")
        self.last = time.monotonic()

    def on_train_begin(self, *_: object, **__: object) -> None:
        self.last = time.monotonic()

    def on_step_end(
        self, _: object, state: TrainerState, control: TrainerControl, **__: object
    ) -> None:
        now = time.monotonic()
        self.budget.spent += now - self.last
        self.last = now
        share = self.budget.share(state.global_step)
        self.bar.update(int(100 * share) - self.bar.n)
        if share >= 1:
            control.should_training_stop = control.should_save = True

    def on_log(
        self, _: object, state: TrainerState, __: object, logs: dict[str, float], **___: object
    ) -> None:
        if "loss" in logs:
            self.bar.set_description(f"step {state.global_step}: loss {logs['loss']:.3f}")


def main(argv: list[str]) -> None:
    """Flags in, one call."""
    tune_retriever(parse(RetrieverConfig, argv, "crsdemo tune-retriever"))


def tune_retriever(config: RetrieverConfig) -> None:
    """Write the adapter to `out`."""
    if config.steps < 0 or (config.steps == 0 and config.minutes <= 0):
        raise BadInputError(
            f"nothing to do in {config.minutes} minutes and {config.steps} steps; give more than 0"
        )
    encoder = TextEncoder(config.encoder)
    pairs, catalog = pairs_of(config, encoder)
    model = with_adapter(config, encoder.path)
    documents = torch.from_numpy(encoder.embed([item_text(item) for item in catalog]))
    n_steps = _train(model, pairs, AgainstCatalog(model, pairs, catalog, documents), config)
    log.info("tuned on %s pairs in %s steps", len(pairs), n_steps)
    model[0].auto_model.save_pretrained(config.out)
    forget_paths(config.out, config.encoder)


class AgainstCatalog(torch.nn.Module):
    """The cross-entropy of the right film among all of the catalog (a softmax over cosines)."""

    def __init__(
        self,
        model: SentenceTransformer,
        pairs: Sequence[Pair],
        catalog: Catalog,
        documents: torch.Tensor,
    ) -> None:
        """`documents`: (n, d) of unit length."""
        super().__init__()
        self.model = model
        self.gold = [catalog.row[pair.gold.id] for pair in pairs]
        self.spared = [
            [catalog.row[i] for i in pair.spared if i in catalog.row and i != pair.gold.id]
            for pair in pairs
        ]
        self.register_buffer("documents", documents, persistent=False)

    def forward(
        self, sentence_features: Iterable[dict[str, torch.Tensor]], labels: torch.Tensor
    ) -> torch.Tensor:
        """`labels`: (B,) which pair each query is of."""
        (features,) = sentence_features
        vectors = self.model(features)["sentence_embedding"]
        scores = SCALE * vectors.float() @ self.documents.T
        places = labels.tolist()
        shut = torch.zeros_like(scores, dtype=torch.bool)
        for row, place in enumerate(places):
            shut[row, self.spared[place]] = True
        gold = torch.tensor([self.gold[place] for place in places], device=scores.device)
        loss: torch.Tensor = torch.nn.functional.cross_entropy(
            scores.masked_fill(shut, -torch.inf), gold
        )
        return loss


def pairs_of(config: RetrieverConfig, encoder: TextEncoder) -> tuple[list[Pair], Catalog]:
    """All training data, the same for the same seed."""
    catalog = Catalog.load(config.catalog)
    pairs = talk_pairs(training_dialogues(config, catalog), catalog)
    pairs += written_pairs(catalog, config.written)
    if config.teacher or config.wishes:
        pairs += _made_up(config, encoder)
    if not pairs:
        raise BadInputError(
            f"{config.dialogues} recommends no item of this catalog and --wishes is 0; give "
            "dialogues about its items"
        )
    return pairs, catalog


def _made_up(config: RetrieverConfig, encoder: TextEncoder) -> list[Pair]:
    """Searches that rules make of the dialogues, and synthetic wishes: for other catalogs."""
    ground = lay_ground(config)
    people = PeopleLinker(ground.catalog)
    teacher = QueryTeacher(ground.catalog, people, encoder, ground.texts.themes)
    pairs = real_pairs(teacher, ground.dialogues) if config.teacher else []
    likes = Teacher(ground.affinity, ground.texts.themes, ground.texts.facts)
    writer = Writer(ground.catalog, neighbours(ground.catalog, likes), config.seed)
    return pairs + wish_pairs(teacher, writer, config.wishes, config.seed)


def with_adapter(config: RetrieverConfig, path: str) -> SentenceTransformer:
    """The encoder in `path` as `TextEncoder` reads it, with LoRA on queries, keys and values."""
    torch.manual_seed(config.seed)
    words = Transformer(path, max_seq_length=config.max_pieces)
    width = words.get_embedding_dimension()
    model = SentenceTransformer(modules=[words, Pooling(width, "mean"), Normalize()])
    adapter = LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        target_modules=["query", "key", "value"],
    )
    try:
        model.add_adapter(adapter)
    except ValueError as error:
        raise BadInputError(
            f"{config.encoder} has no layers called query, key and value ({error}); choose a "
            "BERT-like encoder"
        ) from error
    return model


def _train(
    model: SentenceTransformer, pairs: Sequence[Pair], loss: AgainstCatalog, config: RetrieverConfig
) -> int:
    """Learn, from the last saved state if there is one; the steps taken in all."""
    queries = [pair.query for pair in pairs]
    data = Dataset.from_dict({"query": queries, "label": list(range(len(pairs)))})
    budget = Budget(config.minutes, config.steps)
    trainer = SentenceTransformerTrainer(
        model,
        _arguments(config),
        data,
        loss=loss,
        optimizers=_optimizer(model, config, budget),
        callbacks=[Clock(budget)],
    )
    saved = get_last_checkpoint(str(config.state)) if config.state.is_dir() else None
    trainer.train(resume_from_checkpoint=saved)
    return int(trainer.state.global_step)


def _optimizer(
    model: SentenceTransformer, config: RetrieverConfig, budget: Budget
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LambdaLR]:
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, config.learning_rate)
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, budget)


def _arguments(config: RetrieverConfig) -> Any:
    has_gpu = torch.cuda.is_available()
    return SentenceTransformerTrainingArguments(
        output_dir=str(config.state),
        per_device_train_batch_size=config.batch,
        max_steps=config.steps or FOR_EVER,
        save_steps=config.save_steps,
        save_total_limit=1,
        logging_steps=10,
        disable_tqdm=True,
        use_cpu=not has_gpu,
        bf16=True,  # half the time, on a CPU that knows it too
        dataloader_pin_memory=has_gpu,
        report_to="none",
        seed=config.seed,
    )

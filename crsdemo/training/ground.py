"""What every stage of the training stands on, and the first stage: semantic IDs.

python -m crsdemo semantic-ids --dialogues redial/train_data.jsonl,inspired/train.tsv ...
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag
from crsdemo.core.errors import BadInputError
from crsdemo.items.encoder import MINILM, TextEncoder
from crsdemo.items.item_vectors import save_item_vectors
from crsdemo.language.corpus import CorpusDialogue, load_aliases, load_all
from crsdemo.language.overlap import without_copies
from crsdemo.training.items.item_vectors import (
    TextVectors,
    assign_semantic_ids,
    item_vectors,
    read_plots,
    text_vectors,
)
from crsdemo.training.ranking.affinity import Affinity, load_likes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sources:
    """Where the data is. Only --dialogues is needed; the more there is, the better it hears."""

    dialogues: str = flag(
        help="training dialogues, comma-separated .jsonl (ReDial), .tsv (INSPIRED)"
    )
    hold_out: str = flag(
        "",
        "dialogues kept for evaluation, comma-separated; training dialogues that repeat them are "
        "dropped",
    )
    likes: Path | None = flag(None, "CSV of ratings: user_id, movie_id, rating")
    plots: Path | None = flag(None, "JSONL with id and plot, for the item vectors only")
    catalog: Path = flag(Path("catalog"), "folder of the catalog")
    encoder: str = flag(MINILM, "text encoder: MiniLM or any by name")
    seed: int = flag(0, "of all randomness")


@dataclass(frozen=True)
class SemanticIDConfig(Sources):
    """Make item vectors and semantic IDs for a catalog (GCRS, sec. 3.2)."""

    n_levels: int = flag(4, "codes per item")
    codebook_size: int = flag(64, "codes per level")


@dataclass(frozen=True)
class Ground:
    """What every stage stands on."""

    catalog: Catalog
    dialogues: list[CorpusDialogue]
    likes: list[list[str]]
    affinity: Affinity
    texts: TextVectors


def lay_ground(sources: Sources) -> Ground:
    for path in (sources.likes, sources.plots):
        if path is not None and not path.is_file():
            raise BadInputError(f"there is no file at {path}; leave the flag out or correct it")
    catalog = Catalog.load(sources.catalog)
    dialogues = training_dialogues(sources, catalog)
    likes = load_likes(sources.likes, catalog) if sources.likes else []
    affinity = Affinity.of(catalog, [d.dialogue.mentioned for d in dialogues], likes)
    plots = read_plots(sources.plots) if sources.plots else {}
    return Ground(catalog, dialogues, likes, affinity, _texts_encoded(sources, catalog, plots))


def training_dialogues(sources: Sources, catalog: Catalog) -> list[CorpusDialogue]:
    """The training dialogues, each once, without those held out. Raises BadInputError if none."""
    aliases = load_aliases(sources.catalog)
    read = load_all(sources.dialogues, catalog, aliases)
    held_out = load_all(sources.hold_out, catalog, aliases) if sources.hold_out else []
    kept = without_copies(read, held_out)
    if dropped := len(read) - len(kept):
        log.warning("%s of %s training dialogues dropped as copies", dropped, len(read))
    if not kept:
        raise BadInputError(
            f"every dialogue of {sources.dialogues} repeats one of {sources.hold_out}; nothing is "
            "left to learn from"
        )
    return kept


def _texts_encoded(sources: Sources, catalog: Catalog, plots: Mapping[str, str]) -> TextVectors:
    """Kept in `runs/` for the next stage, under a name that says what they were made of."""
    known = [item.knowledge.to_json() for item in catalog]
    key = json.dumps([sources.encoder, catalog.fingerprint, known, sorted(plots.items())])
    path = Path("runs") / f"texts-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    if path.is_file():
        kept = np.load(path)
        return TextVectors(kept["themes"], kept["facts"])
    encoder = TextEncoder(sources.encoder, torch.bfloat16)
    texts = text_vectors(catalog, encoder, plots)
    path.parent.mkdir(exist_ok=True)
    np.savez(path, themes=texts.themes, facts=texts.facts)
    return texts


def make_semantic_ids(config: SemanticIDConfig) -> None:
    """Stage 1: `item_vectors.safetensors` and `semantic_ids.json` beside the catalog."""
    ground = lay_ground(config)
    vectors = item_vectors(ground.catalog, ground.texts, ground.affinity, seed=config.seed)
    semantic_ids = assign_semantic_ids(
        ground.catalog, vectors, config.n_levels, config.codebook_size, config.seed
    )
    save_item_vectors(vectors, config.catalog)
    semantic_ids.save(config.catalog)

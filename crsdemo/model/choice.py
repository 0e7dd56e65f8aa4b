"""The item expert's choice (ReGeS, sec. 2.4): which of the candidates goes with a conversation.

Every film is a vector: its title, facts, tags and logline as the text encoder reads them, who
likes it together with what, and how well known it is. What the language model made of the
conversation and of its own search is mapped to the same space, and the films nearest to it are
chosen. So the candidates are read once, when the app starts, and not again with every message;
and one that comes new to the catalog needs no training.

Shapes: n items of the catalog, d numbers per item vector, h the width of the model, B places.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import CheckpointError
from crsdemo.core.text_files import written_whole

FILE = "choice.safetensors"


def catalog_vectors(
    catalog: Catalog, documents: NDArray[np.float32], items: NDArray[Any]
) -> Tensor:
    """(n, d) from the descriptions (n, a), the item vectors (n, b) and how well known each is."""
    popularity = np.log1p(np.array([item.popularity for item in catalog], np.float32))
    known = (popularity - popularity.mean()) / (popularity.std() + 1e-6)
    return torch.from_numpy(np.concatenate([documents, items, known[:, None]], 1)).float()


class ChoiceHead(nn.Module):
    """From the state of the model to a score of every candidate."""

    def __init__(self, width: int, vectors: Tensor) -> None:
        """`vectors` (n, d) are fixed. All candidates are alike before anything is learned."""
        super().__init__()
        self.register_buffer("vectors", vectors, persistent=False)
        self.vectors: Tensor
        self.norm = nn.LayerNorm(width)
        self.map = nn.Linear(width, vectors.shape[1], bias=True)
        nn.init.zeros_(self.map.weight)
        nn.init.zeros_(self.map.bias)

    def forward(self, states: Tensor, rows: Tensor) -> Tensor:
        """Scores (B, k) of candidates, rows (B, k) of the catalog, at states (B, h)."""
        wanted: Tensor = self.map(self.norm(states.float()))
        return (self.vectors[rows] @ wanted[:, :, None])[:, :, 0]

    def save(self, folder: Path) -> None:
        with written_whole(folder / FILE) as part:
            save_file({k: v.half().contiguous() for k, v in self.state_dict().items()}, part)

    @classmethod
    def load(cls, folder: Path, width: int, vectors: Tensor) -> ChoiceHead:
        """Raises CheckpointError if it is missing, damaged or of other vectors."""
        head = cls(width, vectors)
        try:
            kept = load_file(folder / FILE)
            head.load_state_dict({name: value.float() for name, value in kept.items()})
        except (OSError, SafetensorError, RuntimeError) as error:
            raise CheckpointError(
                f"{folder / FILE} is missing, damaged or of other vectors ({error}); "
                "train it with `python -m crsdemo train-reges`"
            ) from error
        return head.eval()

"""Vectors of items, as the semantic IDs were made from them. Made by `semantic-ids`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from crsdemo.core.errors import CatalogError
from crsdemo.core.text_files import written_whole


def save_item_vectors(vectors: np.ndarray, folder: Path) -> None:
    """`item_vectors.safetensors`: (n_items, D_i) in catalog order, half precision."""
    with written_whole(folder / "item_vectors.safetensors") as part:
        save_file({"vectors": torch.tensor(vectors).half()}, part)


def load_item_vectors(folder: Path, n_items: int) -> Tensor:
    """(n_items, D_i) float32. Raises CatalogError if they are missing, damaged or others."""
    path = folder / "item_vectors.safetensors"
    try:
        vectors = load_file(path)["vectors"].float()
    except (OSError, KeyError, SafetensorError) as error:
        raise CatalogError(
            f"no usable item vectors at {path} ({error}); make them with "
            "`python -m crsdemo semantic-ids`"
        ) from error
    if vectors.ndim != 2 or len(vectors) != n_items:
        raise CatalogError(
            f"{path} holds vectors of shape {tuple(vectors.shape)} for {n_items:,} items; make "
            "them again with `python -m crsdemo semantic-ids`"
        )
    return vectors

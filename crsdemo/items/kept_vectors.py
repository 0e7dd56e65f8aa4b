"""Texts as vectors, kept in a file by a key of each text: only what is new is read again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from crsdemo.core.errors import CheckpointError
from crsdemo.core.text_files import written_whole
from crsdemo.items.arrays import Floats
from crsdemo.items.encoder import TextEncoder


def embedded(texts: Sequence[str], encoder: TextEncoder, path: Path) -> Floats:
    """(n, d) unit vectors: kept in the file at `path` where the text is the same, else made anew.

    Raises CheckpointError if the file is damaged or of another encoder.
    """
    kept = _kept(path)
    new = [text for text in dict.fromkeys(texts) if _key(text) not in kept]
    made = dict(zip(map(_key, new), encoder.embed(new), strict=True)) if new else {}
    known = kept | made
    vectors = np.zeros((len(texts), encoder.dim), np.float32)
    for row, text in enumerate(texts):
        vector = known[_key(text)]
        if len(vector) != encoder.dim:
            raise CheckpointError(
                f"{path} holds vectors of {len(vector)} numbers, the encoder gives {encoder.dim}; "
                "remove it to have it made again"
            )
        vectors[row] = vector
    return vectors


def keep(texts: Sequence[str], vectors: Floats, path: Path) -> None:
    """Half precision; `vectors`: (n, d) of `texts`."""
    keys = np.array([_key(text) for text in texts], np.uint64)
    with written_whole(path) as part:
        save_file({"keys": keys, "vectors": vectors.astype(np.float16)}, part)


def _key(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _kept(path: Path) -> dict[int, Floats]:
    if not path.is_file():
        return {}
    try:
        file = load_file(path)
        vectors = file["vectors"].astype(np.float32)
        return dict(zip(file["keys"].tolist(), vectors, strict=True))
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} is damaged ({error}); remove it to have it made again"
        ) from error

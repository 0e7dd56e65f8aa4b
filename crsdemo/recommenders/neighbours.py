"""Which items are mentioned or liked together, as counted by `fit-prior`."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from scipy import sparse

from crsdemo.core.errors import CatalogError
from crsdemo.core.text_files import written_whole

FILE = "neighbours.npz"
PARTS = ("data", "indices", "indptr")  # of a sparse matrix


@dataclass(frozen=True)
class Neighbours:
    """Sparse (n, n) in catalog order, n items."""

    together: sparse.csr_matrix  # mentioned in one dialogue
    liked: sparse.csr_matrix  # by the same people

    def save(self, folder: Path) -> None:
        parts = {}
        for name, matrix in vars(self).items():
            parts[f"{name}_data"] = matrix.data.astype(np.float16)
            parts[f"{name}_indices"] = matrix.indices.astype(np.int32)
            parts[f"{name}_indptr"] = matrix.indptr.astype(np.int32)
        with written_whole(folder / FILE) as part:
            np.savez_compressed(part, **parts)

    @classmethod
    def load(cls, folder: Path, n_items: int) -> Neighbours:
        """Raises CatalogError if they are missing, damaged or of another number of items."""
        matrices = {}
        try:
            with np.load(folder / FILE) as kept:
                for name in ("together", "liked"):
                    data, *places = (kept[f"{name}_{part}"] for part in PARTS)
                    made = (data.astype(np.float32), *places)
                    matrices[name] = sparse.csr_matrix(made, shape=(n_items, n_items))
                    matrices[name].check_format()  # also that every index is that of an item
        except (OSError, EOFError, KeyError, ValueError, BadZipFile, zlib.error) as error:
            remedy = "make them with `python -m crsdemo fit-prior`"
            raise CatalogError(f"no usable {folder / FILE} ({error}); {remedy}") from error
        return cls(**matrices)

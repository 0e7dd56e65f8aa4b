"""Item vectors are kept beside the catalog."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from films import CATALOG

from crsdemo.core.errors import CatalogError
from crsdemo.items.item_vectors import load_item_vectors, save_item_vectors


def test_item_vectors_survive_saving_and_are_refused_when_damaged(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(len(CATALOG), 6)).astype(np.float32)
    save_item_vectors(vectors, tmp_path)
    np.testing.assert_allclose(
        load_item_vectors(tmp_path, len(CATALOG)).numpy(), vectors, atol=2e-3
    )
    with pytest.raises(CatalogError, match=r"shape \(32, .* for 31 items"):
        load_item_vectors(tmp_path, len(CATALOG) - 1)
    (tmp_path / "item_vectors.safetensors").write_bytes(b"no vectors")
    with pytest.raises(CatalogError, match="no usable item vectors"):
        load_item_vectors(tmp_path, len(CATALOG))
    with pytest.raises(CatalogError, match="semantic-ids"):
        load_item_vectors(tmp_path / "nowhere", len(CATALOG))

"""The RQ-VAE learns codes, the same ones for the same seed."""

import numpy as np
import pytest

from crsdemo.core.errors import BadInputError
from crsdemo.items.quantize import Quantized, resolve_collisions
from crsdemo.items.rq_vae import CODE_SIZE, rq_vae

CENTRES = np.random.default_rng(0).normal(size=(4, 16))
GROUP = np.arange(80) % 4
VECTORS = (CENTRES[GROUP] + np.random.default_rng(1).normal(size=(80, 16)) * 0.05).astype("float32")


@pytest.fixture(scope="module")
def quantized() -> Quantized:
    return rq_vae(VECTORS, n_levels=2, codebook_size=4, epochs=100)


def test_items_of_different_groups_never_share_all_codes(quantized: Quantized) -> None:
    of_group = [{tuple(codes) for codes in quantized.codes[group == GROUP]} for group in range(4)]
    assert sum(len(codes) for codes in of_group) == len(set.union(*of_group))
    assert max(len(codes) for codes in of_group) <= 4  # of 20 items each


def test_codes_codebooks_and_residuals_belong_together(quantized: Quantized) -> None:
    latents = quantized.before(0, np.arange(80))
    nearest = ((latents[:, None] - quantized.codebooks[0]) ** 2).sum(axis=2).argmin(axis=1)
    assert latents.shape == (80, CODE_SIZE) and (nearest == quantized.codes[:, 0]).all()


def test_the_same_seed_gives_the_same_codes() -> None:
    once, again = (rq_vae(VECTORS, 2, 4, seed=3, epochs=2).codes for _ in range(2))
    assert (once == again).all()


def test_collisions_of_a_trained_model_resolve() -> None:
    assert len(set(resolve_collisions(rq_vae(VECTORS[:12], 2, 4, epochs=1)))) == 12


def test_vectors_with_nan_are_refused() -> None:
    with pytest.raises(BadInputError, match="row 0"):
        rq_vae(np.full((3, 4), np.nan), epochs=1)

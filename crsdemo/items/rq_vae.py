"""The RQ-VAE of GCRS (arXiv 2605.21987, sec. 3.2 and Table 7): quantization in a learned space.

An encoder brings item vectors down to a few dimensions, residual codebooks quantize them there,
and a decoder has to give the vectors back. Layers and figures are those of the paper's index code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from crsdemo.items.quantize import Quantized, checked, rq_kmeans

HIDDEN = (512, 256, 128, 64)
CODE_SIZE = 32  # dimensions of the latent space
BETA = 0.25  # weight of the pull of latents towards their codes
LEARNING_RATE, WEIGHT_DECAY, BATCH = 1e-3, 1e-4, 1024
# Share of the epochs before the codebooks are started. Started on the latents of an untrained
# encoder, which lie close together, most codes are never chosen again.
WARM_UP = 0.2


def _mlp(sizes: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class RQVAE(nn.Module):
    """Encoder, residual codebooks (levels, codebook size, CODE_SIZE) and decoder."""

    def __init__(self, d: int, n_levels: int, codebook_size: int) -> None:
        super().__init__()
        self.encoder = _mlp((d, *HIDDEN, CODE_SIZE))
        self.decoder = _mlp((CODE_SIZE, *HIDDEN[::-1], d))
        self.codebooks = nn.Parameter(torch.zeros(n_levels, codebook_size, CODE_SIZE))

    def quantize(self, latents: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Codes (n, levels), quantized latents (n, CODE_SIZE), quantization loss of (n, CODE_SIZE)
        latents."""
        left, codes, loss = latents, [], latents.new_zeros(())
        for codebook in self.codebooks:
            nearest = torch.cdist(left.detach(), codebook.detach()).argmin(dim=1)
            chosen = codebook[nearest]
            loss = loss + functional.mse_loss(chosen, left.detach())
            loss = loss + BETA * functional.mse_loss(left, chosen.detach())
            left = left - chosen.detach()
            codes.append(nearest)
        return torch.stack(codes, dim=1), latents - left, loss

    def plain_loss(self, vectors: Tensor) -> Tensor:
        """Reconstruction without codes."""
        return functional.mse_loss(self.decoder(self.encoder(vectors)), vectors)

    def loss(self, vectors: Tensor) -> Tensor:
        """Reconstruction and quantization; gradients pass the codes straight through."""
        latents = self.encoder(vectors)
        _, quantized, loss = self.quantize(latents)
        straight = latents + (quantized - latents).detach()
        return functional.mse_loss(self.decoder(straight), vectors) + loss

    @torch.no_grad()
    def start_codebooks(self, vectors: Tensor, seed: int) -> None:
        """k-means of the latents as they are now."""
        n_levels, size, _ = self.codebooks.shape
        start = rq_kmeans(self.encoder(vectors).numpy(), n_levels, size, seed)
        for level, codebook in enumerate(start.codebooks):
            self.codebooks[level, : len(codebook)] = torch.from_numpy(codebook)


def rq_vae(
    vectors: NDArray[np.floating],
    n_levels: int = 4,
    codebook_size: int = 64,
    seed: int = 0,
    epochs: int = 500,
) -> Quantized:
    """Train on (n, d) vectors and quantize them. Codebooks and residuals are of the latent space.

    Raises BadInputError for unusable vectors.
    """
    data = torch.from_numpy(checked(vectors))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = RQVAE(data.shape[1], n_levels, codebook_size)
        warm_up = int(epochs * WARM_UP)
        _train(model, model.plain_loss, data, warm_up)
        model.start_codebooks(data, seed)
        _train(model, model.loss, data, epochs - warm_up)
    return _quantized(model, data)


def _train(model: RQVAE, loss: Callable[[Tensor], Tensor], data: Tensor, epochs: int) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    for _ in tqdm(range(epochs), desc="RQ-VAE", unit="epoch", leave=False):
        for batch in _batches(data):
            optimizer.zero_grad()
            loss(batch).backward()
            optimizer.step()


def _batches(data: Tensor) -> Iterator[Tensor]:
    for rows in torch.randperm(len(data)).split(BATCH):
        yield data[rows]


@torch.no_grad()
def _quantized(model: RQVAE, data: Tensor) -> Quantized:
    latents = model.encoder(data)
    codes, quantized, _ = model.quantize(latents)
    return Quantized(
        codes.numpy(), tuple(model.codebooks.detach().numpy()), (latents - quantized).numpy()
    )

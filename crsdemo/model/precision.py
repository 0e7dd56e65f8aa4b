"""How precisely a language model computes: half, where the machine is much faster at it.

Single precision everywhere (`CRSDEMO_PRECISION=float32`) gives the same numbers on every machine,
to the rounding of its libraries; CPUs that multiply bfloat16 read two to three times as fast in it.
"""

from __future__ import annotations

import os

import torch
from torch import nn

from crsdemo.core.errors import BadInputError

PRECISION = "CRSDEMO_PRECISION"  # environment variable: float32 or bfloat16
NAMES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def fast_dtype() -> torch.dtype:
    """bfloat16 on GPUs and on CPUs that multiply it (AMX, AVX-512 BF16), else float32.

    What `CRSDEMO_PRECISION` names, if it is set. Raises BadInputError if that is no precision.
    """
    if named := os.environ.get(PRECISION):
        if named not in NAMES:
            raise BadInputError(f"{PRECISION} is {named!r}; expected {' or '.join(NAMES)}")
        return NAMES[named]
    cpu = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if cpu or torch.cuda.is_available() else torch.float32


def round_weights(model: nn.Module, dtype: torch.dtype) -> None:
    """All weights in `dtype`, in place; buffers, such as frequencies of positions, stay exact."""
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype)

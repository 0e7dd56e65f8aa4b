"""Whether somebody wants what they name, or does not: "no horror", "can't get enough of horror".

A sentence encoder (MiniLM) with LoRA that learned it from sentences written for this project
(`training/lm/stance.py`): each word piece gets the log-odds that what it names is refused. Which
words name something is found elsewhere; what was learned is the words around them, so that it
holds for any catalog.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import torch
from peft import PeftModel
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer

from crsdemo.core.errors import CheckpointError
from crsdemo.core.shipped import CHECKPOINTS
from crsdemo.core.traced import Stretch
from crsdemo.items.encoder import MINILM, minilm_path

FOLDER = CHECKPOINTS / "stance"
HEAD = "head.safetensors"
MAX_PIECES = 192  # of a text that is read; of what lies behind nothing is known
REMEMBERED = 512  # texts: each turn of a talk is read again with the next one


class PieceReader(nn.Module):
    """An encoder with a head of one number: log-odds of each word piece."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder
        self.tokenizer: Any = AutoTokenizer.from_pretrained(str(minilm_path()))
        self.head = nn.Linear(encoder.config.hidden_size, 1)

    @classmethod
    def new(cls) -> Self:
        """On MiniLM, before it has learned. Raises CheckpointError."""
        return cls(AutoModel.from_pretrained(str(minilm_path())))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises CheckpointError if the weights are missing or damaged."""
        reader = cls.new()
        try:
            tuned: Any = PeftModel.from_pretrained(reader.encoder, str(folder))
            reader.encoder = tuned.merge_and_unload()
            reader.head.load_state_dict(load_file(folder / HEAD))
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise CheckpointError(
                f"cannot load {folder}: {error}; get it back with `git checkout`, or make it anew "
                "with `python -m crsdemo train-stance --force`"
            ) from error
        return reader

    def save(self, folder: Path) -> None:
        """Adapter and head; the encoder has LoRA."""
        self.encoder.save_pretrained(str(folder))
        config = folder / "adapter_config.json"
        told = json.loads(config.read_text(encoding="utf-8"))
        told["base_model_name_or_path"] = MINILM  # not where it lies on this machine
        config.write_text(json.dumps(told, indent=2), encoding="utf-8")
        (folder / "README.md").unlink(missing_ok=True)  # peft's blank card; ours is one for all
        save_file(self.head.state_dict(), folder / HEAD)

    def forward(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """(B, T) log-odds, and (B, T, 2) where each piece begins and ends; both 0 where none is."""
        cut = self.tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=MAX_PIECES,
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        inputs = {"input_ids": cut["input_ids"], "attention_mask": cut["attention_mask"]}
        states = self.encoder(**inputs).last_hidden_state
        return self.head(states)[..., 0], cut["offset_mapping"]


class Stance:
    """Reads texts. Safe to call from several threads."""

    def __init__(self, reader: PieceReader) -> None:
        self._reader = reader.eval().requires_grad_(False)
        self._read = lru_cache(REMEMBERED)(self._read_anew)
        self._read("")  # sets up what threads share, before there are any

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Self:
        """Raises CheckpointError if the weights are missing or damaged."""
        return cls(PieceReader.load(folder))

    def log_odds(self, text: str, words: Sequence[Stretch]) -> list[float]:
        """Of each of these words of a text, that what they name is refused; 0 if not read."""
        pieces = self._read(text)
        found = []
        for stretch in words:
            mine = [score for place, score in pieces if place.meets(stretch)]
            found.append(sum(mine) / len(mine) if mine else 0.0)
        return found

    @torch.inference_mode()
    def _read_anew(self, text: str) -> tuple[tuple[Stretch, float], ...]:
        scores, places = self._reader([text])
        stretches = (Stretch(*place) for place in places[0].tolist())
        return tuple(zip(stretches, scores[0].tolist(), strict=True))

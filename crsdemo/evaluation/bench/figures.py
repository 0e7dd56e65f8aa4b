"""Measured numbers and their targets, and what measures them alike in every benchmark."""

from __future__ import annotations

import json
import resource
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from crsdemo.core.text_files import write_whole

T = TypeVar("T")

_TEXTS = tomllib.loads((files(__package__) / "messages.toml").read_text(encoding="utf-8"))
MESSAGES: tuple[str, ...] = tuple(_TEXTS["messages"])
MIDDLE_OF_A_TALK: tuple[str, ...] = tuple(_TEXTS["middle_of_a_talk"])
BYTES_PER_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Figure:
    """One measured number and, where there is one, the target that it has to reach."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool:
        """True also where there is no target."""
        low = self.at_least is None or self.value >= self.at_least
        return low and (self.at_most is None or self.value <= self.at_most)

    def __str__(self) -> str:
        target = ""
        if self.at_most is not None:
            target = f"(at most {self.at_most:g})"
        if self.at_least is not None:
            target = f"(at least {self.at_least:g})"
        verdict = "" if self.met else "  MISSED"
        return f"{self.name:<58}{self.value:>10.3f} {self.unit:<9}{target}{verdict}".rstrip()


def to_json(figures: Sequence[Figure]) -> str:
    """A JSON list with one object per figure."""
    return json.dumps([asdict(figure) | {"met": figure.met} for figure in figures], indent=1)


def tell(figures: Iterable[Figure], out: Path | None) -> None:
    """Print each as soon as it is measured; then write all to `out`."""
    told = []
    for figure in figures:
        print(figure, flush=True)
        told.append(figure)
    if out:
        write_whole(out, to_json(told) + "\n")


def timed(action: Callable[[], T]) -> tuple[float, T]:
    """Seconds that `action` took, and what it returned."""
    started = time.perf_counter()
    result = action()
    return time.perf_counter() - started, result


def peak_memory(
    name: str = "peak memory of the recommender while it replied", at_most: float = 2.5
) -> Figure:
    """The most memory that this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_RSS_UNIT / 1e9
    return Figure(name, peak, "GB", at_most=at_most)

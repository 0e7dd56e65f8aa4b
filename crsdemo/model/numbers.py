"""Which numbers a text may have in figures: a small model makes up years."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Numbers:
    """The numbers that a text may have in figures: a small model makes up years."""

    digits: Mapping[int, str]  # tokens of digits alone -> these, with the space that begins some
    known: frozenset[str]

    def after(self, begun: str, allowed: Tensor) -> Tensor:
        """What of the `allowed` tokens may follow a number that has `begun`, or none: (n,)"""
        written = {token: self.going_on(begun, token) for token in self.digits}
        right = {
            t for t, number in written.items() if any(n.startswith(number) for n in self.known)
        }
        if begun and begun not in self.known:
            return allowed[torch.isin(allowed, torch.tensor(sorted(right), dtype=torch.long))]
        wrong = torch.tensor(sorted(self.digits.keys() - right), dtype=torch.long)
        return allowed[~torch.isin(allowed, wrong)]

    def going_on(self, begun: str, token: int) -> str:
        """What is written of a number after a token; nothing after one that is no digit."""
        digits = self.digits.get(token, " ")
        return digits.strip() if digits.startswith(" ") else begun + digits


def digits_among(tokens: Iterable[int], text_of: Callable[[list[int]], str]) -> dict[int, str]:
    """The tokens that are digits alone, and their text."""
    texts = {token: text_of([token]) for token in tokens}
    return {token: text for token, text in texts.items() if text.strip().isdecimal()}


def numbers_in(texts: Iterable[str]) -> frozenset[str]:
    """All numbers in figures."""
    return frozenset(re.findall(r"\d+", " ".join(texts)))

"""Which numbers a text may have in figures: a small model makes up years."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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


def digits_among(vocabulary: Mapping[str, int]) -> dict[int, str]:
    """The tokens that are digits alone -> these, behind a space where the token begins with one."""
    bare = {token: name.lstrip(" \u0120\u2581") for name, token in vocabulary.items()}
    spaced = {token for name, token in vocabulary.items() if name != bare[token]}
    return {
        token: f" {digits}" if token in spaced else digits
        for token, digits in bare.items()
        if digits.isdecimal()
    }


def numbers_in(texts: Iterable[str]) -> frozenset[str]:
    """All numbers in figures."""
    return frozenset(re.findall(r"\d+", " ".join(texts)))

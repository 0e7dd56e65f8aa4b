"""Replies that a person wrote beforehand, as those of a recommender: for practice and attention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crsdemo.chat.side_by_side import Recommenders
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Plan, Provenance, Recommendation, Recommender, Reply


@dataclass(frozen=True)
class Written:
    """Always says the same."""

    name: str
    text: str

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        return []

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        if not self.text:
            raise BadInputError(f"{self.name} has nothing to say here")
        yield Reply((self.text,), "CHAT", provenance=Provenance(self.name))


@dataclass(frozen=True)
class WithWritten:
    """Recommenders, and beside them replies that are written already."""

    recommenders: Recommenders
    written: tuple[Written, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.recommenders.names, *(one.name for one in self.written))

    def get(self, name: str) -> Recommender:
        for one in self.written:
            if one.name == name:
                return one
        return self.recommenders.get(name)

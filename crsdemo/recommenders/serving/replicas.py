"""A recommender that answers in one of several processes and looks like one that is here.

A process may end in the middle of a reply. Then the reply is made again in another one, from the
same dialogue, plan and seed, and goes on where it was cut: who reads it sees a pause. on_ray.py has
the processes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Protocol, TypeVar

from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import CrsdemoError
from crsdemo.core.recommender import Plan, Recommendation, Reply, Timing

TRIES = 3  # a dialogue that ends each process that reads it must not end them all
Piece = tuple[tuple[str | Item, ...], Reply | None]  # pieces so far; all else, where that is new

T = TypeVar("T")


class LostError(CrsdemoError):
    """The process that was to answer has ended, or cannot be reached any more."""


class Replicas(Protocol):
    """Processes that hold the same recommenders. All raise LostError, and what these raise."""

    def check(self, name: str) -> None:
        """Have one of them load a recommender."""
        ...

    def recommend(
        self, name: str, dialogue: Dialogue, k: int, exclude: frozenset[str]
    ) -> list[Recommendation]: ...

    def stream(self, name: str, dialogue: Dialogue, plan: Plan) -> Iterator[Reply]:
        """Closing it ends the reply there, too."""
        ...


class Replicated:
    """Thread-safe. Raises CrsdemoError when TRIES processes were lost over one reply."""

    def __init__(self, name: str, replicas: Replicas) -> None:
        self.name = name
        self.replicas = replicas

    def check(self) -> None:
        """Raises what loading it there raises."""
        self._tried(lambda: self.replicas.check(self.name))

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        return self._tried(lambda: self.replicas.recommend(self.name, dialogue, k, exclude))

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        """As a local one; of a reply that had to be made again, its timings tell."""
        shown, lost = -1, list[float]()  # characters; milliseconds that each lost try took
        while True:
            started = time.monotonic()
            try:
                for reply in self.replicas.stream(self.name, dialogue, plan):
                    if reply.complete:
                        yield _told(reply, lost)
                    elif len(reply.text) >= shown:  # not what was read already
                        shown = len(reply.text)
                        yield reply
                return
            except LostError as error:
                lost.append(1000 * (time.monotonic() - started))
                if len(lost) == TRIES:
                    raise self._given_up() from error

    def _tried(self, ask: Callable[[], T]) -> T:
        for n in range(1, TRIES + 1):
            try:
                return ask()
            except LostError as error:
                if n == TRIES:
                    raise self._given_up() from error
        raise AssertionError("one of the tries returned or raised")

    def _given_up(self) -> CrsdemoError:
        return CrsdemoError(
            f"{self.name} could not answer: {TRIES} of its processes ended over this message. "
            "It is kept: try again in a while, or say it in other words."
        )


def _told(reply: Reply, lost: list[float]) -> Reply:
    """With how long the tries took that were lost."""
    timings = tuple(Timing("lost with a process that ended", ms) for ms in lost)
    evidence = replace(reply.evidence, timings=timings + reply.evidence.timings)
    return replace(reply, evidence=evidence) if lost else reply


def packed(replies: Iterator[Reply]) -> Generator[Piece, None, None]:
    """What must travel: of replies that grow, most say the same but for their pieces."""
    before: Reply | None = None
    for reply in replies:
        rest = replace(reply, pieces=())
        yield reply.pieces, None if rest == before else rest
        before = rest


def unpacked(pieces: Iterator[Piece]) -> Iterator[Reply]:
    """The replies that were `packed`."""
    rest: Reply | None = None
    for said, new in pieces:
        rest = new or rest
        assert rest is not None, "the first piece says all"
        yield replace(rest, pieces=said)

"""What people disagreed on: replies that several judged and not all in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crsdemo.studies.statistics.judging import Vote, by_subject


@dataclass(frozen=True)
class Dispute:
    """Votes of several people on the same two replies, one of each person."""

    votes: tuple[Vote, ...]

    @property
    def task(self) -> str:
        """What they judged: mostly the id of a comparison."""
        return self.votes[0].task

    @property
    def pair(self) -> tuple[str, str]:
        return self.votes[0].pair

    @property
    def for_first(self) -> int:
        return sum(vote.outcome > 0 for vote in self.votes)

    @property
    def for_second(self) -> int:
        return sum(vote.outcome < 0 for vote in self.votes)

    @property
    def undecided(self) -> int:
        return len(self.votes) - self.for_first - self.for_second

    @property
    def heat(self) -> tuple[int, int]:
        """Pairs of people who contradict each other, then those of whom one saw no difference."""
        opposed = self.for_first * self.for_second
        return opposed, self.undecided * (self.for_first + self.for_second)


def disputes(votes: Sequence[Vote]) -> tuple[Dispute, ...]:
    """The hottest first."""
    found = [Dispute(told) for told in by_subject(votes).values()]
    hot = [one for one in found if any(one.heat)]
    return tuple(sorted(hot, key=lambda one: one.heat, reverse=True))

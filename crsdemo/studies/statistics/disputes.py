"""What people disagreed on: replies that several judged and not all in the same way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from crsdemo.studies.statistics.judging import Vote


@dataclass(frozen=True)
class Dispute:
    """Votes of several people on the same two replies, one of each person."""

    task: str  # what they judged: mostly the id of a comparison
    pair: tuple[str, str]
    votes: tuple[Vote, ...]

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
    def is_one(self) -> bool:
        """Not all say the same of who is better."""
        return len({vote.outcome for vote in self.votes}) > 1

    @property
    def heat(self) -> tuple[int, int]:
        """Pairs of people who contradict each other, then those of whom one saw no difference."""
        opposed = self.for_first * self.for_second
        return opposed, self.undecided * (self.for_first + self.for_second)


def disputes(votes: Iterable[Vote]) -> tuple[Dispute, ...]:
    """The hottest first. Of an annotator's votes on the same replies the first counts."""
    firsts: defaultdict[tuple[str, tuple[str, str]], dict[str, Vote]] = defaultdict(dict)
    for vote in sorted(votes, key=lambda vote: vote.created):
        if vote.is_measured and vote.verdict != "cannot_tell":
            firsts[vote.task, vote.pair].setdefault(vote.annotator, vote)
    judged = (
        Dispute(task, pair, tuple(by_person.values())) for (task, pair), by_person in firsts.items()
    )
    return tuple(sorted((one for one in judged if one.is_one), key=lambda d: d.heat, reverse=True))

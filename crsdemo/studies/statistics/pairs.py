"""Two recommenders judged against each other: who wins how often, and whether that is enough.

Three figures that leave no room for choice: the net win rate (wins less losses among all who
could tell), the share of wins among decided votes, and the sign test. Their intervals are never
narrower than independent votes would allow: resampling alone gives no width where all agree.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import norm

from crsdemo.studies.statistics.bootstrap import Estimate, ratio
from crsdemo.studies.statistics.judging import Vote, pairs
from crsdemo.studies.statistics.shares import sign_test, wilson
from crsdemo.studies.statistics.sizes import LARGEST_SHARE, SMALLEST_SHARE, Need, need

MOST = 0.95  # a share above leaves nothing to reckon with
Z95 = float(norm.ppf(0.975))  # half of the width of a 95% interval, in standard deviations


@dataclass(frozen=True)
class Tally:
    """Verdicts counted; wins and losses are those of the first recommender."""

    wins: int
    losses: int
    both_good: int
    both_bad: int
    same: int
    cannot_tell: int
    identical: int = 0  # votes on replies that say the same: ties, counted apart

    @property
    def decided(self) -> int:
        return self.wins + self.losses

    @property
    def ties(self) -> int:
        return self.both_good + self.both_bad + self.same + self.identical

    @property
    def told(self) -> int:
        """Without those who could not tell."""
        return self.decided + self.ties

    @property
    def votes(self) -> int:
        return self.told + self.cannot_tell

    @property
    def undecided(self) -> int:
        """Votes that name no winner: ties, and those who could not tell."""
        return self.votes - self.decided


@dataclass(frozen=True)
class PairResult:
    """What votes say of two recommenders."""

    first: str
    second: str
    tally: Tally
    people: int
    net: Estimate  # (wins - losses) / told
    share: Estimate  # wins / decided
    lean: Estimate  # mean strength towards the first, from -3 to 3, where one was given
    sign_test: float  # p-value over votes, as if these were independent

    @property
    def needed(self) -> Need:
        """What tells who is better, at as many votes each and as many without a winner as so far.

        Where the interval leaves out one half a large difference is enough to be believed.
        """
        share = LARGEST_SHARE if self.share.excludes(0.5) else SMALLEST_SHARE
        if not self.people:
            return need(share, 1)
        ties, twins = (min(rate, MOST) for rate in rates([self.tally]))
        return need(share, self.each, ties, twins)

    @property
    def each(self) -> float:
        """Votes of one person, on average."""
        return self.tally.votes / max(1, self.people)

    @property
    def is_enough(self) -> bool:
        return self.people >= self.needed.people

    @property
    def is_clear(self) -> bool:
        """Enough was judged and one of the two wins more often."""
        return self.is_enough and self.share.excludes(0.5)

    @property
    def sentence(self) -> str:
        """The result as one may quote it."""
        return f"{self.headline}; {self.aside}" if self.aside else self.headline

    @property
    def headline(self) -> str:
        """The result, or what it needs."""
        if not self.is_enough:
            return self._lacking
        return self._so_far if self.is_clear else f"no clear difference: {self._so_far}"

    @property
    def aside(self) -> str:
        """What there is so far, where it is too little for a result."""
        return f"so far {self._so_far}" if self.tally.decided and not self.is_enough else ""

    @property
    def _lacking(self) -> str:
        people, each = self.needed.people, self.each or 1
        own = f"{each:.1f}".removesuffix(".0")
        return (
            f"too few votes to tell: about {people:,} people with {own} "
            f"{'vote' if own == '1' else 'votes'} each ({round(people * each):,} votes) are needed"
        )

    @property
    def _so_far(self) -> str:
        """In favour of who wins more often."""
        share, low, high = self.share.value or 0.0, self.share.low, self.share.high
        name = self.first
        if share < 0.5 and low is not None and high is not None:
            share, low, high, name = 1 - share, 1 - high, 1 - low, self.second
        counts = f"{counted(self.tally.votes, 'vote')} by {counted(self.people, 'person')}"
        return (
            f"{name} wins {share:.0%} of decided comparisons, "
            f"{100 * (low or 0):.0f} to {100 * (high or 0):.0f}%; {counts}"
        )


def rates(tallies: Sequence[Tally]) -> tuple[float, float]:
    """Votes without a winner among those on different replies, and the share of identical ones."""
    votes = sum(one.votes for one in tallies)
    same = sum(one.identical for one in tallies)
    undecided = sum(one.undecided for one in tallies)
    return (undecided - same) / max(1, votes - same), same / max(1, votes)


def compare_pair(votes: Sequence[Vote], first: str, second: str) -> PairResult:
    """What `votes` say of two recommenders; votes on others are left aside."""
    about = [v for v in votes if v.is_measured and {v.left, v.right} == {first, second}]
    # 1 if `first` wins, -1 if the other one does, else 0
    signs = [vote.outcome if vote.pair[0] == first else -vote.outcome for vote in about]
    told = [vote.twin or vote.verdict != "cannot_tell" for vote in about]
    people = [vote.annotator for vote in about]
    graded = [bool(vote.strength) for vote in about]
    lean = [sign * (vote.strength or 0) for vote, sign in zip(about, signs, strict=True)]
    tally = _tally(about, signs)
    wins, decided = [sign > 0 for sign in signs], [sign != 0 for sign in signs]
    return PairResult(
        first,
        second,
        tally,
        len(set(people)),
        ratio(signs, told, people).hull(*_net_interval(tally)),
        ratio(wins, decided, people).hull(*wilson(tally.wins, tally.decided)),
        ratio(lean, graded, people),
        sign_test(tally.wins, tally.decided),
    )


def compare_pairs(votes: Sequence[Vote]) -> tuple[PairResult, ...]:
    """Every pair that was judged."""
    return tuple(compare_pair(votes, first, second) for first, second in pairs(votes))


def counted(n: int, noun: str) -> str:
    """1 vote, 2 votes, 3 more people"""
    many = f"{noun.removesuffix('person')}people" if noun.endswith("person") else f"{noun}s"
    return f"{n:,} {noun if n == 1 else many}"


def _tally(votes: Sequence[Vote], signs: Sequence[int]) -> Tally:
    verdicts = Counter(vote.verdict for vote in votes if not vote.twin)
    undecided = {name: verdicts[name] for name in ("both_good", "both_bad", "same", "cannot_tell")}
    identical = sum(vote.twin for vote in votes)
    return Tally(signs.count(1), signs.count(-1), **undecided, identical=identical)


def _net_interval(tally: Tally) -> tuple[float, float]:
    """Of the net win rate, for independent votes (Bonett and Price 2012, JEBS 37(4)).

    One win and one loss are added, so it has a width even where all votes are alike.
    """
    n = tally.told + 2
    net, decided = (tally.wins - tally.losses) / n, (tally.decided + 2) / n
    half = Z95 * math.sqrt((decided - net**2) / n)
    return max(-1.0, net - half), min(1.0, net + half)

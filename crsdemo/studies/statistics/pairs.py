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

from scipy.stats import norm, t

from crsdemo.studies.statistics.bootstrap import Estimate, ratio
from crsdemo.studies.statistics.judging import Vote, pairs
from crsdemo.studies.statistics.shares import sign_test, wilson

Z95 = float(norm.ppf(0.975))  # half of the width of a 95% interval, in standard deviations
POWER = 0.8  # the chance to see a difference that is there, at the 5% level, two-sided
SMALLEST_SHARE = 0.6  # of decided votes: the smallest difference worth finding
LARGEST_SHARE = 0.8  # what even a large difference needs is the least that is believed
LEAST_PEOPLE = 5  # resampling fewer says little of people
ALIKE = 0.1  # correlation of two votes of one person, where no pilot tells


def decided_needed(share: float, people: float = math.inf) -> int:
    """Decided votes until a true `share` of wins is told from one half with `POWER`.

    The normal approximation of the sign test, with the variance of each hypothesis; votes are
    taken as independent. Of few `people` the spread is not known well, so that Student's t takes
    the place of the normal distribution. Grows without bound towards one half, where there is
    nothing to find.
    """
    sure, found = (float(t.ppf(chance, people - 1)) for chance in (0.975, POWER))
    spread = math.sqrt(share * (1 - share))
    return math.ceil(((sure / 2 + found * spread) / (share - 0.5)) ** 2)


def design_effect(decided: float, alike: float = ALIKE) -> float:
    """How many times more votes are needed where each person gives so many decided ones.

    Kish 1965, Survey Sampling: 1 + (m - 1) rho.
    """
    return 1 + max(0.0, decided - 1) * alike


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
    def decided_missing(self) -> int:
        """Decided votes that the power calculation still asks for, at as many each as so far."""
        effect = design_effect(self.tally.decided / max(1, self.people))
        return max(0, math.ceil(self._independent_needed * effect) - self.tally.decided)

    @property
    def votes_missing(self) -> int:
        """About how many more votes bring those, if as many end in a tie as so far."""
        return math.ceil(self.decided_missing * (self.tally.votes + 1) / (self.tally.decided + 1))

    @property
    def people_missing(self) -> int:
        """The votes of one person, however many, are worth less than 1 / ALIKE independent ones."""
        least = math.floor(self._independent_needed * ALIKE) + 1
        return max(0, max(LEAST_PEOPLE, least) - self.people)

    @property
    def _independent_needed(self) -> int:
        return decided_needed(LARGEST_SHARE if self.share.excludes(0.5) else SMALLEST_SHARE)

    @property
    def is_enough(self) -> bool:
        return not self.decided_missing and not self.people_missing

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
        votes, people = self.votes_missing, self.people_missing
        if not votes:
            return f"too few people to tell: at least {people} more {_are(people)} needed"
        asked = f"too few votes to tell: about {_rounded(votes)} more {_are(votes)} needed"
        return asked + (f", and at least {counted(people, 'more person')}" if people else "")

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


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _rounded(n: int) -> int:
    """Up to tens, from 20: more would pretend to know."""
    return n if n < 20 else math.ceil(n / 10) * 10

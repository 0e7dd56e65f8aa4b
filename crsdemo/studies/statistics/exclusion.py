"""Which votes to leave out, and how much that matters. Nothing is deleted: a rule sets a flag.

A rule that changes the result is a finding in itself, so the result is told with each rule off.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from crsdemo.studies.statistics.judging import FLAGS, Flag, Vote
from crsdemo.studies.statistics.pairs import PairResult, compare_pairs


@dataclass(frozen=True)
class Limits:
    """From where on a vote is suspicious."""

    least_seconds: float = 3.0  # nobody reads two replies in less
    one_sided_from: int = 8  # decided votes, all for one side: by chance 1 of 128 annotators
    most_failures: int = 0  # attention items that an annotator may fail


@dataclass(frozen=True)
class SensitivityRow:
    """The results under some of the rules."""

    rules: tuple[Flag, ...]
    left_out: int
    results: tuple[PairResult, ...]


def flagged(votes: Iterable[Vote], limits: Limits = Limits()) -> tuple[Vote, ...]:
    """The votes by time, each with the flags of the rules that it breaks.

    Flags that it has already (withdrawn) stay. An annotator who always chooses one side or fails
    attention items has all votes flagged.
    """
    ordered = sorted(votes, key=lambda vote: vote.created)
    one_sided, inattentive = _one_sided(ordered, limits), _inattentive(ordered, limits)
    seen: set[tuple[str, str]] = set()
    found = []
    for vote in ordered:
        judged = (vote.annotator, vote.subject)
        if vote.seconds is not None and vote.seconds < limits.least_seconds:
            vote = vote.with_flag("too_fast")
        if vote.annotator in one_sided:
            vote = vote.with_flag("one_sided")
        if vote.annotator in inattentive:
            vote = vote.with_flag("attention_failed")
        if judged in seen:
            vote = vote.with_flag("duplicate")
        seen.add(judged)
        found.append(vote)
    return tuple(found)


def counted(votes: Iterable[Vote], rules: Collection[Flag] = FLAGS) -> tuple[Vote, ...]:
    """The flagged votes that break none of `rules`."""
    return tuple(vote for vote in votes if not vote.flags & set(rules))


def sensitivity(votes: Sequence[Vote]) -> tuple[SensitivityRow, ...]:
    """The results of flagged votes under all rules, with each one off, and under none."""
    one_off = [tuple(rule for rule in FLAGS if rule != off) for off in FLAGS]
    return tuple(_row(votes, rules) for rules in (FLAGS, *one_off, ()))


def _row(votes: Sequence[Vote], rules: tuple[Flag, ...]) -> SensitivityRow:
    kept = counted(votes, rules)
    return SensitivityRow(rules, len(votes) - len(kept), compare_pairs(kept))


def _one_sided(votes: Sequence[Vote], limits: Limits) -> set[str]:
    """Annotators who chose the same side every time."""
    sides = defaultdict(list)
    for vote in votes:
        if vote.is_decided:
            sides[vote.annotator].append(vote.verdict)
    return {
        annotator
        for annotator, chosen in sides.items()
        if len(chosen) >= limits.one_sided_from and len(set(chosen)) == 1
    }


def _inattentive(votes: Sequence[Vote], limits: Limits) -> set[str]:
    """Annotators who failed more attention items than they may."""
    failures: defaultdict[str, int] = defaultdict(int)
    for vote in votes:
        failures[vote.annotator] += vote.expected is not None and vote.verdict != vote.expected
    return {annotator for annotator, n in failures.items() if n > limits.most_failures}

"""Which votes to leave out. Nothing is deleted: a rule sets a flag, and can be switched off."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from crsdemo.studies.statistics.judging import FLAGS, Flag, Vote

LEAST_SECONDS = 3.0  # nobody reads two replies in less
OF_PEOPLE: frozenset[Flag] = frozenset({"one_sided", "attention_failed"})  # not of single votes
ONE_SIDED_FROM = 8  # decided votes, all for one side: by chance 1 of 128 annotators


def flagged(votes: Iterable[Vote]) -> tuple[Vote, ...]:
    """The votes by time, each with the flags of the rules that it breaks.

    An annotator who always chooses one side or finds good what an attention item has written to be
    plainly bad has all votes flagged.
    """
    ordered = sorted(votes, key=lambda vote: vote.created)
    failed = {vote.annotator for vote in ordered if vote.is_inattentive}
    one_sided, seen = _one_sided(ordered), set[tuple[str, str]]()
    found = []
    for vote in ordered:
        judged = (vote.annotator, vote.subject)
        breaks: dict[Flag, bool] = {
            "too_fast": vote.seconds is not None and vote.seconds < LEAST_SECONDS,
            "one_sided": vote.annotator in one_sided,
            "attention_failed": vote.annotator in failed,
            "duplicate": judged in seen,
        }
        seen.add(judged)
        found.append(replace(vote, flags=frozenset(flag for flag in breaks if breaks[flag])))
    return tuple(found)


def counted(votes: Iterable[Vote], rules: Collection[Flag] = FLAGS) -> tuple[Vote, ...]:
    """The flagged votes that break none of `rules`."""
    return tuple(vote for vote in votes if not vote.flags & set(rules))


def reasons(votes: Iterable[Vote], rules: Collection[Flag] = FLAGS) -> dict[Flag, int]:
    """How many flagged votes each of `rules` leaves out, each vote by the first that it breaks."""
    broken = Counter(first_broken(vote, rules) for vote in votes)
    return {flag: broken[flag] for flag in FLAGS if broken[flag]}


def first_broken(vote: Vote, rules: Collection[Flag] = FLAGS) -> Flag | None:
    """The rule under which a flagged vote is counted that several leave out."""
    return next((flag for flag in FLAGS if flag in vote.flags and flag in rules), None)


def left_out(votes: Iterable[Vote], rules: Collection[Flag] = FLAGS) -> frozenset[str]:
    """The annotators of flagged votes of whom `rules` let nothing count, answers neither."""
    wanted = OF_PEOPLE.intersection(rules)
    return frozenset(vote.annotator for vote in votes if vote.flags & wanted)


def _one_sided(votes: Sequence[Vote]) -> set[str]:
    """Annotators who chose the same side every time."""
    sides = defaultdict(list)
    for vote in votes:
        if vote.is_decided:
            sides[vote.annotator].append(vote.verdict)
    return {
        annotator
        for annotator, chosen in sides.items()
        if len(chosen) >= ONE_SIDED_FROM and len(set(chosen)) == 1
    }

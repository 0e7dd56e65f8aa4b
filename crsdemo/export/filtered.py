"""What an export leaves out: by a filter that one sets, or by the rules of `/results`.

What filters look at is alike of a verdict, an opinion, an answer and a mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from crsdemo.core.comparison import POLICIES, Policy
from crsdemo.feedback.judgments import JudgedPair, Judgment
from crsdemo.studies.statistics.exclusion import OF_PEOPLE, first_broken, flagged
from crsdemo.studies.statistics.judging import Flag, Vote
from crsdemo.studies.tasks import Kind


class Filtered(NamedTuple):
    """One row of an export, as far as it may be left out."""

    visitor: str
    created_at: str  # UTC, ISO 8601
    is_test: bool
    systems: frozenset[str]  # that it speaks of
    study: tuple[str | None, str | None] = (None, None)  # title and sha256
    kind: Kind | None = None  # of the task
    policies: tuple[Policy, ...] = POLICIES  # under which it holds
    decided_ms: float | None = None

    @classmethod
    def of(cls, one: Judgment) -> Filtered:
        """An opinion is of no study, and of no comparison that a policy could be about."""
        systems = frozenset(reply.recommender for reply in one.replies)
        said = one.visitor, one.created_at, one.is_test, systems
        if not isinstance(one, JudgedPair):
            return cls(*said, policies=())
        study = one.study, one.study_sha256
        return cls(*said, study, one.kind, (one.policy,), one.decided_ms)


@dataclass(frozen=True)
class Rules:
    """What `/results` leaves out, each with the first rule that it breaks; at first nothing."""

    people: Mapping[str, Flag] = field(default_factory=dict)
    verdicts: Mapping[tuple[str, str], Flag] = field(default_factory=dict)  # person, comparison

    @classmethod
    def of(cls, votes: Iterable[Vote]) -> Self:
        """Of votes as they were given."""
        people: dict[str, Flag] = {}
        verdicts: dict[tuple[str, str], Flag] = {}
        for vote in flagged(votes):
            if rule := first_broken(vote):
                verdicts[vote.annotator, vote.task] = rule
            if rule := first_broken(vote, OF_PEOPLE):
                people[vote.annotator] = rule
        return cls(people, verdicts)

    def broken_by(self, one: Judgment) -> Flag | None:
        """Of what is said of a reply alone only rules on people tell."""
        if isinstance(one, JudgedPair):
            return self.verdicts.get((one.visitor, one.comparison_id))
        return self.people.get(one.visitor)

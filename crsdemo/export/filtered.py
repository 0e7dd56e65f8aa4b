"""What the filters of an export look at, alike of a verdict, an opinion, an answer and a mark."""

from __future__ import annotations

from typing import NamedTuple

from crsdemo.core.comparison import POLICIES, Policy
from crsdemo.feedback.judgments import JudgedPair, Judgment
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

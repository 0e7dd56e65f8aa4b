"""A vote: what one annotator made of two replies to one message.

Values only. Where votes come from is in feedback/votes.py; what is computed from them in the
modules beside this one, all of it at once in report.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, get_args

from crsdemo.core.comparison import SIDES, STRONGEST, VERDICTS, Verdict
from crsdemo.core.errors import BadInputError
from crsdemo.studies.tasks import GOOD

Flag = Literal["too_fast", "one_sided", "attention_failed", "duplicate"]
FLAGS: tuple[Flag, ...] = get_args(Flag)


class Scores(NamedTuple):
    """One aspect of both replies, each on the scale of the aspect; None: not answered."""

    left: float | None
    right: float | None


@dataclass(frozen=True)
class Vote:
    """What one annotator made of two replies. Raises BadInputError for what cannot be."""

    annotator: str
    left: str  # the recommender that stood on the left
    right: str
    verdict: Verdict
    task: str  # votes of one task and pair are about the same two replies
    created: datetime
    seconds: float | None = None  # from the moment both replies could be read
    strength: int | None = None  # 1 to STRONGEST, of a decided vote
    aspects: Mapping[str, Scores] = field(default_factory=dict, hash=False)
    expected: Verdict | None = None  # the right answer, of an attention item
    flags: frozenset[Flag] = frozenset()  # reasons to leave it out
    study: str = ""  # its title, of an annotator's vote
    study_task: str = ""  # the name of the task in the study
    blind: bool = False  # given without seeing who is who
    twin: bool = False  # both replies say the same: a tie, whatever was clicked

    def __post_init__(self) -> None:
        for verdict in (self.verdict, self.expected or self.verdict):
            if verdict not in VERDICTS:
                raise BadInputError(f"a verdict is one of {', '.join(VERDICTS)}; got {verdict!r}")
        if self.seconds is not None and not 0 <= self.seconds < math.inf:
            raise BadInputError(f"a vote takes 0 seconds or more, got {self.seconds}")
        if self.strength is not None and not 1 <= self.strength <= STRONGEST:
            raise BadInputError(f"a strength is from 1 to {STRONGEST}, got {self.strength}")

    @property
    def is_decided(self) -> bool:
        return self.verdict in ("left", "right")

    @property
    def is_check(self) -> bool:
        """Whether it answers a check of attention, which counts as no vote."""
        return self.expected is not None

    @property
    def is_inattentive(self) -> bool:
        """Whether it finds good what was written to be plainly bad.

        Both bad is a fair answer, and so is not to know; where no good reply was written for the
        check a system answers, which may be as bad.
        """
        if not self.is_check or self.verdict == self.expected:
            return False
        if self.expected not in SIDES or self.verdict in SIDES:
            return True
        if self.verdict == "same":
            return GOOD in (self.left, self.right)
        return self.verdict == "both_good"

    @property
    def is_measured(self) -> bool:
        """Tells something of two recommenders: no attention item, nor one against itself."""
        return not self.is_check and self.left != self.right

    @property
    def pair(self) -> tuple[str, str]:
        """Both recommenders, in alphabetical order."""
        return (self.left, self.right) if self.left <= self.right else (self.right, self.left)

    @property
    def subject(self) -> str:
        """What was judged: two votes on it can agree or not."""
        return f"{self.task}: {' / '.join(self.pair)}"

    @property
    def winner(self) -> str | None:
        if self.verdict == "left":
            return self.left
        return self.right if self.verdict == "right" else None

    @property
    def outcome(self) -> int:
        """1 if the first of the pair wins, -1 if the second does, else 0."""
        if self.winner is None:
            return 0
        return 1 if self.winner == self.pair[0] else -1

    def scored(self) -> Iterator[tuple[str, str, float]]:
        """Recommender, aspect and score of each answer."""
        for aspect, scores in self.aspects.items():
            for recommender, score in zip((self.left, self.right), scores, strict=True):
                if score is not None:
                    yield recommender, aspect, score


def pairs(votes: Iterable[Vote]) -> tuple[tuple[str, str], ...]:
    """The pairs of recommenders that votes tell of, in alphabetical order."""
    return tuple(sorted({vote.pair for vote in votes if vote.is_measured}))


def recommenders(votes: Iterable[Vote]) -> tuple[str, ...]:
    """The recommenders that votes tell of, in alphabetical order."""
    return tuple(sorted({name for pair in pairs(votes) for name in pair}))


def telling(votes: Iterable[Vote]) -> list[Vote]:
    """The votes of those who could tell two recommenders apart or find them alike."""
    return [vote for vote in votes if vote.is_measured and vote.verdict != "cannot_tell"]


def by_subject(votes: Sequence[Vote]) -> dict[str, tuple[Vote, ...]]:
    """What was told of each subject. Of an annotator's votes on the same the first counts.

    Nothing can be told of two replies that say the same, so nobody agrees on these.
    """
    firsts: dict[str, dict[str, Vote]] = {}
    told = (vote for vote in telling(votes) if not vote.twin)
    for vote in sorted(told, key=lambda vote: vote.created):
        firsts.setdefault(vote.subject, {}).setdefault(vote.annotator, vote)
    return {subject: tuple(by_person.values()) for subject, by_person in firsts.items()}

"""Which two replies are one: a rule of values, which the log is asked for in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from judged import last
from judged import study as judged_study
from stand_in import FILMS, StandIn

from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import Plan, Provenance, Reply
from crsdemo.feedback.votes import load_votes

LIFE, DAY = FILMS[:2]
RENAMED = replace(LIFE, title="After Life!", facts={})  # as another catalog has it


@dataclass(frozen=True)
class Fixed(StandIn):
    """Always answers the same."""

    answer: Reply = Reply(("Hi",), "CHAT")

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        yield replace(self.answer, provenance=Provenance(self.name))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Reply(("Try this.",), "REC", LIFE), Reply(("Try this.",), "REC", LIFE), True),
        (Reply(("Try this.",), "REC", LIFE), Reply(("Try this.",), "REC", RENAMED), True),
        (Reply(("Try this.",), "REC", LIFE), Reply(("Try this.",), "REC", DAY), False),
        (Reply(("Try this.",), "REC", LIFE), Reply(("Try this.",), "CHAT"), False),
        (Reply(("Try this.",), "CHAT"), Reply(("Try this.",), "CHAT"), True),
        (Reply(("Try this.",), "CHAT"), Reply(("try this.",), "CHAT"), False),
        (Reply(("Try ", LIFE), "REC", LIFE), Reply((f"Try {LIFE.name}",), "REC", LIFE), True),
        (Reply(("",), "CHAT"), Reply(("",), "CHAT"), False),  # there are no two replies
    ],
)
def test_values_and_the_log_agree_on_what_is_identical(
    tmp_path: Path, one: Reply, other: Reply, same: bool
) -> None:
    assert one.says_the_same(other) is other.says_the_same(one) is same
    made = judged_study(tmp_path, Fixed(name="red", answer=one), Fixed(name="blue", answer=other))
    series = made.judged(made.start("ann"), "Something quiet.", "left")
    assert last(series).says_the_same is same
    assert [(vote.twin, vote.verdict) for vote in load_votes(made.log.file)] == [
        (same, "same" if same else "left")
    ]
    made.log.close()


def test_a_side_that_failed_says_nothing(tmp_path: Path) -> None:
    made = judged_study(tmp_path)
    series = made.judged(made.start("ann"), "break down")
    assert not last(series).can_be_judged and not last(series).says_the_same
    made.log.close()

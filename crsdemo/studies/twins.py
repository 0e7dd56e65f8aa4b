"""How often two systems say the same to the same message: such a pair cannot be judged.

Measured on the messages that a study file has, each answered by every two of its systems.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.recommender import Recommender
from crsdemo.studies.statistics.shares import wilson
from crsdemo.studies.study import Study
from crsdemo.studies.systems import answer_of
from crsdemo.studies.tasks import Replayed


@dataclass(frozen=True)
class Twins:
    """Pairs of replies to one message, and how many of them are identical."""

    pairs: int
    same: int

    @property
    def told(self) -> str:
        low, high = wilson(self.same, self.pairs)
        return (
            f"Identical replies: {self.same} of {self.pairs} pairs of replies to the messages of "
            f"this file, {self.same / max(1, self.pairs):.0%} ({100 * low:.0f} to "
            f"{100 * high:.0f}%). Expect about as many ties that say nothing of the systems; "
            "replays whose replies are identical are drawn last."
        )


def messages_of(study: Study) -> tuple[str, ...]:
    """The messages that its systems answer for several people."""
    replayed = [task for task in study.tasks if isinstance(task, Replayed)]
    return tuple(message for task in replayed for message in task.messages)


def twins(
    study: Study,
    get: Callable[[str], Recommender],
    link: Callable[[str, Dialogue], tuple[Mention, ...]],
) -> Twins:
    """Have the systems answer. Raises CrsdemoError if one of them cannot."""
    pairs = same = 0
    for message in messages_of(study):
        dialogue = Dialogue((Turn("user", message, link(message, Dialogue(()))),))
        replies = [answer_of(get(name), dialogue) for name in study.systems]
        for one, other in combinations(replies, 2):
            pairs += 1
            same += one.says_the_same(other)
    return Twins(pairs, same)

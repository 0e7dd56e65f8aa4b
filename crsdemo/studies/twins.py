"""How often two systems say the same to the same message: such a pair cannot be judged.

Measured on the messages that a study file has, each answered by every two of its systems.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from textwrap import indent

from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.recommender import Recommender, Reply
from crsdemo.language.veil import names_of, veiled
from crsdemo.studies.statistics.shares import wilson
from crsdemo.studies.study import Study
from crsdemo.studies.systems import answer_of
from crsdemo.studies.tasks import Replayed


@dataclass(frozen=True)
class Answered:
    """What each system replies to one message, as annotators read it."""

    message: str
    replies: Mapping[str, Reply]  # by the name of the system

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple(combinations(self.replies, 2))

    @property
    def same(self) -> tuple[tuple[str, str], ...]:
        """Those pairs whose replies are identical."""
        return tuple(
            (one, other)
            for one, other in self.pairs
            if self.replies[one].says_the_same(self.replies[other])
        )

    def lines(self) -> Iterator[str]:
        yield f"{self.message!r}"
        names = names_of(self.replies, self.replies.values())
        for name, reply in self.replies.items():
            yield indent(f"{name}: {veiled(reply, names).text}", "    ")
        yield from (f"    {one} and {other} say the same" for one, other in self.same)


@dataclass(frozen=True)
class Twins:
    """All messages answered, and how many pairs of replies to one of them are identical."""

    answered: tuple[Answered, ...]

    @property
    def pairs(self) -> int:
        return sum(len(one.pairs) for one in self.answered)

    @property
    def same(self) -> int:
        return sum(len(one.same) for one in self.answered)

    @property
    def told(self) -> str:
        low, high = wilson(self.same, self.pairs)
        replies = [line for one in self.answered for line in one.lines()]
        share = (
            f"Identical replies: {self.same} of {self.pairs} pairs of replies to the messages of "
            f"this file, {self.same / max(1, self.pairs):.0%} ({100 * low:.0f} to "
            f"{100 * high:.0f}%). Expect about as many ties that say nothing of the systems; "
            "replays whose replies are identical are drawn last."
        )
        return "\n".join(["What is answered to the messages of this file:", *replies, share])


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
    answered: list[Answered] = []
    for message in messages_of(study):
        dialogue = Dialogue((Turn("user", message, link(message, Dialogue(()))),))
        replies = {name: answer_of(get(name), dialogue) for name in study.systems}
        answered.append(Answered(message, replies))
    return Twins(tuple(answered))

"""What one annotator is to judge, drawn by lot from the seed of the study, and evenly.

Who meets which pair of systems, on which side, and which replays is drawn among what was drawn
least so far, so that pairs and sides stay balanced however many people come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeVar

from crsdemo.core.comparison import Side, Verdict
from crsdemo.core.conversation import new_id
from crsdemo.studies.study import Study
from crsdemo.studies.tasks import BAD, GOOD, Kind, Replay, Replayed, Staged, Talk, Task

T = TypeVar("T")


@dataclass(frozen=True)
class Assignment:
    """One thing for one annotator to do. Left and right are as this person sees them."""

    id: str
    place: int
    kind: Kind
    task: str
    left: str
    right: str  # of a single talk the same one as on the left
    seed: int
    messages: int  # comparisons to judge; of a single talk messages to be answered
    replay: str = ""  # the name of the replay, if it is one
    replay_of: str | None = None  # the comparison that is shown
    swapped: bool = False  # shown the other way round than the comparison has it
    expected: Verdict | None = None

    @property
    def names(self) -> tuple[str, str]:
        return self.left, self.right


@dataclass(frozen=True)
class Shared:
    """The comparison that all who judge a replay see, and who stands where in it."""

    comparison_id: str
    left: str
    right: str
    is_twin: bool = False  # both say the same: there is nothing to judge

    def seen(self, *, swapped: bool) -> tuple[str, str]:
        return (self.right, self.left) if swapped else (self.left, self.right)


@dataclass(frozen=True)
class Tally:
    """How often each was drawn so far in a study."""

    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)  # of live tasks, by side
    replays: Counter[tuple[str, bool]] = field(default_factory=Counter)  # comparison, swapped

    def judges(self, comparison_id: str) -> int:
        return self.replays[comparison_id, False] + self.replays[comparison_id, True]


def deal(
    study: Study, annotator: str, shared: Mapping[str, Shared], tally: Tally
) -> tuple[Assignment, ...]:
    """All that an annotator is to judge: the practice as it is written, then the rest at random.

    `shared` has the comparison of every replay by the name of the replay. An attention item never
    comes first. The same study, annotator and tally give the same but for the ids.
    """
    random = Random(f"{study.seed} {annotator}")
    so_far = Tally(Counter(tally.pairs), Counter(tally.replays))  # grows with what is dealt here
    dealer = _Dealer(study, shared, so_far, random)
    dealt = [one for task in study.tasks for one in dealer.deal(task)]
    practice = [one for one in dealt if one.kind == "practice"]
    work = [one for one in dealt if one.kind not in ("practice", "attention")]
    random.shuffle(work)
    for one in dealt:
        if one.kind == "attention":
            work.insert(random.randint(1, len(work)), one)
    return tuple(replace(one, place=n) for n, one in enumerate([*practice, *work]))


def least(counts: Mapping[T, int], random: Random) -> T:
    """One of those that have the lowest count, by lot."""
    lowest = min(counts.values())
    return random.choice([one for one, count in counts.items() if count == lowest])


def replayed_pair(study: Study, replay: Replay, nth: int) -> tuple[str, str]:
    """Who answers the message of the nth replay of a study, by side: two of its systems, or `BAD`
    and `GOOD` where the file has the reply."""
    pairs = list(study.pairs)
    Random(f"{study.seed} replays").shuffle(pairs)
    left, right = pairs[nth % len(pairs)]
    if replay.bad:
        return (BAD, GOOD) if replay.good else (left, BAD)
    return left, right


@dataclass(frozen=True)
class _Dealer:
    """Draws what comes of a task, for one annotator."""

    study: Study
    shared: Mapping[str, Shared]
    tally: Tally
    random: Random
    met: Counter[tuple[str, str]] = field(default_factory=Counter)  # by this person, alone

    def deal(self, task: Task) -> list[Assignment]:
        if isinstance(task, Talk):
            return [self._live(task) for _ in range(task.each)]
        return [self._replayed(task, replay) for replay in self._most_urgent(task)]

    def _live(self, task: Talk) -> Assignment:
        left, right = self._alone() if task.is_single else self._pair(self.study.pairs)
        if task.kind != "practice":
            self.tally.pairs[left, right] += 1
        return self._assignment(task, left, right, messages=task.messages)

    def _pair(self, among: Sequence[tuple[str, str]]) -> tuple[str, str]:
        return least({pair: self.tally.pairs[pair] for pair in among}, self.random)

    def _alone(self) -> tuple[str, str]:
        """One on both sides: nobody meets one again before all others were met."""
        alone = [(name, name) for name in self.study.systems]
        fewest = min(self.met[pair] for pair in alone)
        drawn = self._pair([pair for pair in alone if self.met[pair] == fewest])
        self.met[drawn] += 1
        return drawn

    def _most_urgent(self, task: Staged | Replayed) -> Sequence[Replay]:
        """The replays that a person judges: those begun are brought to their overlap first.

        Of two replies that say the same nobody can choose one: they come only if nothing else is
        left to draw.
        """

        def urgency(replay: Replay) -> tuple[bool, bool, int, float]:
            shared = self.shared[replay.name]
            judges = self.tally.judges(shared.comparison_id)
            is_done = judges >= task.overlap
            return shared.is_twin, is_done, judges if is_done else -judges, lot[replay]

        lot = {replay: self.random.random() for replay in task.replays}
        return sorted(task.replays, key=urgency)[: task.each]

    def _replayed(self, task: Staged | Replayed, replay: Replay) -> Assignment:
        shared = self.shared[replay.name]
        of = shared.comparison_id
        ways = {way: self.tally.replays[of, way] for way in (False, True)}
        swapped = least(ways, self.random)
        self.tally.replays[of, swapped] += 1
        left, right = shared.seen(swapped=swapped)
        drawn = self._assignment(task, left, right)
        better: Side = "right" if left == BAD else "left"
        expected = better if replay.bad else None
        return replace(drawn, replay=replay.name, replay_of=of, swapped=swapped, expected=expected)

    def _assignment(self, task: Task, left: str, right: str, messages: int = 1) -> Assignment:
        seed = self.random.randrange(2**31 - 1)
        return Assignment(new_id(), 0, task.kind, task.name, left, right, seed, messages)

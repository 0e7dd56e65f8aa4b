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
from crsdemo.studies.study import Kind, Replay, Study, Task

BAD, GOOD = "written-bad", "written-good"  # who says the replies that a study file has

T = TypeVar("T")


@dataclass(frozen=True)
class Assignment:
    """One thing for one annotator to do. Left and right are as this person sees them."""

    id: str
    place: int
    kind: Kind
    task: str
    left: str
    right: str
    seed: int
    messages: int  # comparisons to judge
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
    tally = Tally(Counter(tally.pairs), Counter(tally.replays))  # grows with what is dealt here
    dealt = [one for task in study.tasks for one in _dealt(task, study, shared, tally, random)]
    practice = [one for one in dealt if one.kind == "practice"]
    work = [one for one in dealt if one.kind not in ("practice", "attention")]
    random.shuffle(work)
    for one in dealt:
        if one.kind == "attention":
            work.insert(random.randint(1, len(work)), one)
    return tuple(replace(one, place=n) for n, one in enumerate([*practice, *work]))


def replayed_pair(study: Study, nth: int) -> tuple[str, str]:
    """The systems that answer the nth message of a study that several people judge, by side."""
    pairs = list(study.pairs)
    Random(f"{study.seed} replays").shuffle(pairs)
    return pairs[nth % len(pairs)]


def _dealt(
    task: Task, study: Study, shared: Mapping[str, Shared], tally: Tally, random: Random
) -> list[Assignment]:
    if task.is_live:
        return [_live(task, study, tally, random) for _ in range(task.each)]
    chosen = _chosen(task, shared, tally, random)
    return [_replayed(task, replay, shared[replay.name], tally, random) for replay in chosen]


def _live(task: Task, study: Study, tally: Tally, random: Random) -> Assignment:
    counts = {pair: tally.pairs[pair] for pair in study.pairs}
    left, right = _least(counts, random)
    if task.kind != "practice":
        tally.pairs[left, right] += 1
    seed = random.randrange(2**31 - 1)
    return Assignment(new_id(), 0, task.kind, task.name, left, right, seed, task.messages)


def _chosen(
    task: Task, shared: Mapping[str, Shared], tally: Tally, random: Random
) -> Sequence[Replay]:
    """The replays that a person judges: those begun are brought to their overlap first."""

    def urgency(replay: Replay) -> tuple[bool, int, float]:
        judges = tally.judges(shared[replay.name].comparison_id)
        return (judges >= task.overlap, -judges if judges < task.overlap else judges, lot[replay])

    lot = {replay: random.random() for replay in task.replays}
    return sorted(task.replays, key=urgency)[: task.each]


def _replayed(
    task: Task, replay: Replay, shared: Shared, tally: Tally, random: Random
) -> Assignment:
    of = shared.comparison_id
    swapped = _least({way: tally.replays[of, way] for way in (False, True)}, random)
    tally.replays[of, swapped] += 1
    left, right = shared.seen(swapped=swapped)
    expected: Side | None = None
    if replay.bad:
        expected = "right" if left == BAD else "left"
    seed = random.randrange(2**31 - 1)
    return Assignment(
        id=new_id(),
        place=0,
        kind=task.kind,
        task=task.name,
        left=left,
        right=right,
        seed=seed,
        messages=1,
        replay=replay.name,
        replay_of=of,
        swapped=swapped,
        expected=expected,
    )


def _least(counts: Mapping[T, int], random: Random) -> T:
    """One of those that have the lowest count, by lot."""
    lowest = min(counts.values())
    return random.choice([one for one, count in counts.items() if count == lowest])

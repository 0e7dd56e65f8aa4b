"""A recommender that answers in processes, of which some end: nobody can tell, but for a pause."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from stand_in import FILMS, StandIn

from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import BadInputError, CrsdemoError
from crsdemo.core.recommender import Plan, Recommendation, Reply, reply
from crsdemo.recommenders.serving.fleet import AT_ONCE, Fleet
from crsdemo.recommenders.serving.replicas import (
    TRIES,
    LostError,
    Replicated,
    packed,
    unpacked,
)

ASKED = Dialogue((Turn("user", "something quiet"),))
LOCAL = StandIn(0)


@dataclass
class Mortal:
    """Processes of which the first ones end after so many words."""

    ends_after: list[int]
    plans: list[Plan] = field(default_factory=list)

    def check(self, name: str) -> None:
        if self.ends_after:
            self.ends_after.pop(0)
            raise LostError("ended")

    def recommend(
        self, name: str, dialogue: Dialogue, k: int, exclude: frozenset[str]
    ) -> list[Recommendation]:
        if self.ends_after:
            self.ends_after.pop(0)
            raise LostError("ended")
        return LOCAL.recommend(dialogue, k, exclude=exclude)

    def stream(self, name: str, dialogue: Dialogue, plan: Plan) -> Iterator[Reply]:
        self.plans.append(plan)
        left = self.ends_after.pop(0) if self.ends_after else None
        for n, grown in enumerate(LOCAL.stream(dialogue, plan)):
            if n == left:
                raise LostError("ended")
            yield grown


def test_it_answers_as_the_local_one_does() -> None:
    remote = Replicated("stand-in", Mortal([]))
    assert list(remote.stream(ASKED)) == list(LOCAL.stream(ASKED))
    exclude = frozenset({FILMS[0].id})
    assert remote.recommend(ASKED, 3, exclude=exclude) == LOCAL.recommend(ASKED, 3, exclude=exclude)


def test_a_reply_that_is_lost_is_made_again_and_never_shrinks() -> None:
    mortal = Mortal([5, 2])
    grown = list(Replicated("stand-in", mortal).stream(ASKED, Plan(seed=3)))
    lengths = [len(one.text) for one in grown[:-1]]  # the whole one has no blank at its end
    assert lengths == sorted(lengths)
    assert grown[-1].complete
    assert grown[-1].text == reply(LOCAL, ASKED, Plan(seed=3)).text
    assert mortal.plans == [Plan(seed=3)] * 3
    lost = [one for one in grown[-1].evidence.timings if "lost" in one.step]
    assert len(lost) == 2 and all(one.milliseconds >= 0 for one in lost)
    assert [one.item.id for one in Replicated("s", Mortal([0])).recommend(ASKED, 2)] == [
        FILMS[0].id,
        FILMS[1].id,
    ]


def test_what_ends_every_process_ends_only_a_few() -> None:
    mortal = Mortal([1] * 50)
    with pytest.raises(CrsdemoError, match=f"{TRIES} of its processes ended") as caught:
        list(Replicated("stand-in", mortal).stream(ASKED))
    assert not isinstance(caught.value, LostError)
    assert len(mortal.plans) == TRIES
    with pytest.raises(CrsdemoError, match=f"{TRIES} of its processes"):
        Replicated("stand-in", Mortal([1] * TRIES)).recommend(ASKED, 1)


def test_what_grows_travels_and_the_rest_once() -> None:
    whole = list(LOCAL.stream(ASKED))
    sent = [pickle.dumps(piece) for piece in packed(iter(whole))]
    assert list(unpacked(map(pickle.loads, sent))) == whole
    assert all(len(one) < len(sent[0]) / 3 for one in sent[1:-1])


def test_a_fleet_is_a_number_or_a_range() -> None:
    assert Fleet.of("2") == (2, 2)
    assert Fleet.of(" 1-8 ") == (1, 8)
    assert Fleet.of("1-8").at_once == 8 * AT_ONCE
    for wrong in ("", "0", "0-2", "3-2", "-1", "two", "1-", "1-2-3", "99999"):
        with pytest.raises(BadInputError, match="--ray wants a number"):
            Fleet.of(wrong)


def test_what_is_loaded_in_a_process_that_ends_is_loaded_in_another() -> None:
    Replicated("stand-in", Mortal([0, 0])).check()
    with pytest.raises(CrsdemoError, match="could not answer"):
        Replicated("stand-in", Mortal([0, 0, 0])).check()

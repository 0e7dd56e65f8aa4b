"""Replicas by Ray Serve on this machine; skipped where Ray is not installed (requirements-ray.txt).

The replicas are processes of their own, which get the modules of the tests from the environment.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from stand_in import FILMS, NoLinker, StandIn, StandIns

from crsdemo.chat.admission import NO_LIMITS, Admission
from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.comparison import Judgment
from crsdemo.core.conversation import new_id
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import BadInputError, CheckpointError
from crsdemo.core.recommender import Plan, Recommender, Reply
from crsdemo.feedback.log import FeedbackLog
from crsdemo.recommenders.serving.fleet import Fleet
from crsdemo.recommenders.serving.on_ray import RayReplicas, run, stop
from crsdemo.recommenders.serving.replicas import Replicated

pytest.importorskip(
    "ray", reason="Ray is not installed: pip install -r requirements-ray.txt runs these tests"
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
    pytest.mark.filterwarnings("ignore:Using extra keyword arguments:DeprecationWarning"),
]

ROOT = Path(__file__).parent.parent.parent
N = 20  # replies at once


@dataclass(frozen=True)
class Numbered(StandIn):
    """Says in the prompt of each reply which process makes it."""

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        said = dialogue.turns[-1].text
        if "not allowed" in said:
            raise BadInputError("This is not allowed: say it in other words.")
        try:
            for grown in super().stream(dialogue, plan):
                yield replace(grown, prompt=str(os.getpid()))
        finally:
            if said.startswith("note to "):
                Path(said.removeprefix("note to ").split()[0]).write_text("closed")


class Some(StandIns):
    def get(self, name: str) -> Recommender:
        if name not in self.names:
            raise CheckpointError(f"no recommender {name!r}")
        return super().get(name)


def open_stand_ins() -> StandIns:
    return Some((Numbered(0.08, "red", "Try "), Numbered(0.08, "blue", "Watch ")))


@pytest.fixture(scope="module")
def replicas() -> Iterator[RayReplicas]:
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "tests"), *sys.path])
    try:
        yield run(Fleet(2, 2), open_stand_ins, ["red"])
    finally:
        stop()


def pid_of(replicas: RayReplicas, text: str) -> str:
    *_, last = replicas.stream("red", Dialogue((Turn("user", text),)), Plan())
    return last.prompt


def test_it_answers_as_a_local_one_does(replicas: RayReplicas) -> None:
    asked = Dialogue((Turn("user", "something quiet"),))
    remote, local = Replicated("red", replicas), open_stand_ins().get("red")
    here, there = list(local.stream(asked)), list(remote.stream(asked))
    assert [replace(one, prompt="") for one in here] == [replace(one, prompt="") for one in there]
    assert there[0].prompt not in ("", str(os.getpid()))
    free = frozenset({FILMS[0].id})
    assert remote.recommend(asked, 3, exclude=free) == local.recommend(asked, 3, exclude=free)


def test_errors_come_as_they_were_raised(replicas: RayReplicas) -> None:
    remote = Replicated("red", replicas)
    with pytest.raises(BadInputError, match="^This is not allowed: say it in other words.$"):
        list(remote.stream(Dialogue((Turn("user", "not allowed"),))))
    with pytest.raises(RuntimeError, match="^as told$"):
        list(remote.stream(Dialogue((Turn("user", "break down"),))))
    with pytest.raises(CheckpointError, match="^no recommender 'nobody'$"):
        replicas.check("nobody")


def test_a_conversation_stays_where_it_was_read(replicas: RayReplicas) -> None:
    first = [Turn("user", f"opening {n}") for n in range(12)]
    begun = {turn: pid_of(replicas, turn.text) for turn in first}
    assert len(set(begun.values())) == 2
    for turn, pid in begun.items():
        longer = Dialogue((turn, Turn("assistant", "Go on?"), Turn("user", "yes please")))
        *_, last = replicas.stream("red", longer, Plan())
        assert last.prompt == pid


def test_who_stops_listening_stops_the_replica(replicas: RayReplicas, tmp_path: Path) -> None:
    note = tmp_path / "note"
    stream = replicas.stream("red", Dialogue((Turn("user", f"note to {note} slowly"),)), Plan())
    next(stream)
    stream.close()  # type: ignore[attr-defined]  # a generator
    deadline = time.monotonic() + 5
    while not note.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert note.read_text() == "closed"


def test_a_replica_that_is_killed_loses_no_reply_and_no_vote(
    replicas: RayReplicas, tmp_path: Path
) -> None:
    log = FeedbackLog(tmp_path / "feedback.db")
    admission = Admission(NO_LIMITS)
    shelf = StandIns((Replicated("red", replicas), Replicated("blue", replicas)))
    exchange = Exchange(shelf.get("red"), NoLinker(), log, admission)
    pair = SideBySide(shelf, NoLinker(), log, admission)
    victim = int(pid_of(replicas, "who is it?"))
    lengths: dict[int, list[int]] = {}

    def talk(n: int) -> None:
        """Half of them talk to one, half compare two; all judge what they read."""
        text = f"number {n}, slowly please"
        if n % 2:
            series = pair.start(new_id(), "shared")
            *_, last = pair.say(series, text, ("red", "blue"))
            assert [side.reply.status for side in (last.left, last.right)] == ["ok", "ok"]
            pair.judge(last.id, series.visitor, Judgment("left"))
            return
        start = exchange.start(new_id())
        grown = list(exchange.say(start, text))
        lengths[n] = [len(one.turns[-1].turn.text) for one in grown[1:-2]]
        exchange.rate(grown[-1].turns[-1].id, start.visitor, {"thumbs": 1})

    with ThreadPoolExecutor(N) as pool:
        talks = [pool.submit(talk, n) for n in range(N)]
        time.sleep(1.5)  # in the middle of the first ones
        os.kill(victim, signal.SIGKILL)
        for one in talks:
            one.result(timeout=120)
    assert exchange.outbox.drain() == 0
    log.close()

    for grown in lengths.values():
        assert grown == sorted(grown)
    with sqlite3.connect(tmp_path / "feedback.db") as db:
        rows = db.execute("select status, timings from generations").fetchall()
        assert len(rows) == N // 2 + 2 * (N // 2)
        assert {status for status, _ in rows} == {"ok"}
        assert any("lost with a process that ended" in timings for _, timings in rows)
        assert len(db.execute("select 1 from current_verdicts").fetchall()) == N // 2
        rated = db.execute("select count(distinct generation_id) from current_ratings").fetchone()
        assert rated == (N // 2,)


def test_what_cannot_be_loaded_there_is_said_here(replicas: RayReplicas) -> None:
    """Last, for it takes the replicas away."""
    with pytest.raises(BadInputError, match="did not start: .*no recommender 'nobody'$"):
        run(Fleet(1, 1), open_stand_ins, ["nobody"])

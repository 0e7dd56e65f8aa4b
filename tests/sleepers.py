"""The app with stand-ins that sleep as long as a reply takes.

    python sleepers.py DB PORT REPLICAS SECONDS

Each replica makes one reply at a time, as a model on one core does. With `ray` behind these the
replicas are processes of Ray Serve, else they are places in this process.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Semaphore

from stand_in import CATALOG, NoLinker, StandIn, StandIns

from app import serve
from crsdemo.chat.admission import Admission, Limits
from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import Plan, Reply
from crsdemo.feedback.log import FeedbackLog
from crsdemo.recommenders.serving.fleet import Fleet
from crsdemo.web.demo import Demo
from crsdemo.web.guard.callers import Proxies


@dataclass(frozen=True)
class Sleeper(StandIn):
    """Takes a place, and gives it back when the reply is whole; `pause` is of all its words."""

    places: Semaphore = field(default_factory=Semaphore)

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        grown = list(super().stream(dialogue, plan))
        with self.places:
            for reply in grown:
                time.sleep(self.pause / len(grown))
                yield reply


def sleepers(seconds: float, replicas: int) -> StandIns:
    places = Semaphore(replicas)
    return StandIns(tuple(Sleeper(seconds, name, "Try ", places) for name in ("red", "blue")))


def shelf_of(replicas: int, seconds: float, *, on_ray: bool) -> StandIns:
    if not on_ray:
        return sleepers(seconds, replicas)
    from crsdemo.recommenders.serving.on_ray import run
    from crsdemo.recommenders.serving.replicas import Replicated

    there = run(Fleet(replicas, replicas), partial(sleepers, seconds, 1), ["red", "blue"])
    return StandIns((Replicated("red", there), Replicated("blue", there)))


if __name__ == "__main__":
    db, port, replicas, seconds, *on_ray = sys.argv[1:]
    shelf = shelf_of(int(replicas), float(seconds), on_ray=bool(on_ray))
    log = FeedbackLog(Path(db))
    limits = Limits(all_messages="")  # it is the queue that is measured
    admission = Admission(limits)
    pair = SideBySide(shelf, NoLinker(), log, admission)
    demo = Demo(
        Exchange(shelf.get("red"), NoLinker(), log, admission),
        pair,
        CATALOG,
        proxies=Proxies.named(["127.0.0.1"]),  # each annotator has an address of their own
        at_once=Fleet(1, int(replicas)).at_once,
    )
    serve(demo, "127.0.0.1", int(port))

"""Recommenders as a deployment of Ray Serve: `python app.py --ray 2`, or `--ray 1-8`.

Each replica is a process that loads the catalog and the recommenders, as `loading.Shelf` does. The
app asks them and is the only one that writes the log. A conversation goes to the replica that has
read it (a hash of how it begins), as long as that one has room; else to the next.

A cluster is started on this machine, unless RAY_ADDRESS names one: crsdemo, catalog and checkpoints
must lie at the same place there. Nothing is reported to the makers of Ray.
"""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Plan, Recommendation, Recommender, Reply
from crsdemo.recommenders.loading import Shelf
from crsdemo.recommenders.outside.systems import Endpoint, Function, Named, parse_system
from crsdemo.recommenders.serving.fleet import AT_ONCE, Fleet
from crsdemo.recommenders.serving.replicas import (
    LostError,
    Piece,
    Replicated,
    packed,
    unpacked,
)

NAME = "crsdemo"  # of the application and its deployment
ROUTER = "ray.serve.experimental.consistent_hash_router.ConsistentHashRouter"
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_SERVE_LOG_TO_STDERR": "0",
    "RAY_ENABLE_AUTO_CONNECT": "0",  # else its own threads start another cluster after `stop`
}
INSTALL = "Ray is not installed: pip install -r requirements-ray.txt, or pip install 'crsdemo[ray]'"


class Loader(Protocol):
    """Recommenders by name."""

    def get(self, name: str) -> Recommender: ...


class Replica:
    """What runs in each process. Ray makes it of `open_loader`, which is sent there."""

    def __init__(self, open_loader: Callable[[], Loader], first: Sequence[str]) -> None:
        self.loader = open_loader()
        for name in first:  # now, not with the first message
            self.loader.get(name)

    async def check(self, name: str) -> None:
        """Raises what loading it raises. In a thread: no reply of others waits for it."""
        await asyncio.to_thread(self.loader.get, name)

    async def recommend(
        self, name: str, dialogue: Dialogue, k: int, exclude: frozenset[str]
    ) -> list[Recommendation]:
        recommender = await asyncio.to_thread(self.loader.get, name)
        return await asyncio.to_thread(recommender.recommend, dialogue, k, exclude=exclude)

    async def stream(self, name: str, dialogue: Dialogue, plan: Plan) -> AsyncIterator[Piece]:
        """Asynchronous, because Ray ends no other kind when nobody listens any more."""
        recommender = await asyncio.to_thread(self.loader.get, name)
        pieces = packed(recommender.stream(dialogue, plan))
        try:
            while True:
                step = asyncio.ensure_future(asyncio.to_thread(next, pieces, None))
                piece = await asyncio.shield(step)
                if piece is None:
                    return
                yield piece
        finally:
            await asyncio.wait([step])  # while it runs it cannot be closed
            pieces.close()


class RayReplicas:
    """The replicas of one deployment, as the app sees them. Thread-safe."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def check(self, name: str) -> None:
        """Have one of them load a recommender. Raises what that raises."""
        with _plain_errors():
            self._handle.check.remote(name).result()

    def recommend(
        self, name: str, dialogue: Dialogue, k: int, exclude: frozenset[str]
    ) -> list[Recommendation]:
        with _plain_errors():
            asked = self._to(dialogue).recommend.remote(name, dialogue, k, exclude)
            found: list[Recommendation] = asked.result()
            return found

    def stream(self, name: str, dialogue: Dialogue, plan: Plan) -> Iterator[Reply]:
        answer = self._to(dialogue, stream=True).stream.remote(name, dialogue, plan)
        try:
            with _plain_errors():
                yield from unpacked(answer)
        finally:
            answer.cancel()  # nothing if it has ended

    def _to(self, dialogue: Dialogue, **options: Any) -> Any:
        """Conversations that begin alike go to one replica, which has read how they begin."""
        begin = "\n".join(turn.text for turn in dialogue.turns[:1])
        session = hashlib.sha256(begin.encode("utf-8", "replace")).hexdigest()
        return self._handle.options(session_id=session, **options)


class RayShelf(Shelf):
    """A shelf whose own recommenders answer in replicas; others' systems are asked from here."""

    def __init__(
        self,
        fleet: Fleet,
        catalog: Catalog,
        catalog_folder: Path,
        systems: Sequence[Named | Endpoint | Function] = (),
        first: Sequence[str] = (),
    ) -> None:
        """`first` are loaded before this returns. Raises as `Shelf` does, and BadInputError where
        Ray is not installed."""
        super().__init__(catalog, catalog_folder, systems=systems)
        ours = tuple(system for system in systems if isinstance(system, Named))
        open_loader = partial(_open_shelf, catalog_folder, self.checkpoints, ours)
        self._replicas = run(fleet, open_loader, first)

    def _load(self, name: str) -> Recommender:
        if not isinstance(self.systems.get(name) or parse_system(name), Named):
            return super()._load(name)
        remote = Replicated(name, self._replicas)
        remote.check()
        return remote


def _open_shelf(
    folder: Path, checkpoints: Path, systems: Sequence[Named | Endpoint | Function]
) -> Shelf:
    return Shelf(Catalog.load(folder), folder, checkpoints, systems)


def run(fleet: Fleet, open_loader: Callable[[], Loader], first: Sequence[str]) -> RayReplicas:
    """Start the replicas and wait until they are there.

    Raises BadInputError where Ray is not installed, or where they cannot start.
    """
    for name, value in SETTINGS.items():  # before Ray is imported
        os.environ.setdefault(name, value)
    try:
        import ray
        from ray import serve
        from ray.serve.config import AutoscalingConfig, RequestRouterConfig
    except ImportError as error:
        raise BadInputError(INSTALL) from error
    logging.getLogger("ray.serve").setLevel(logging.ERROR)  # a busy machine is no news
    if not ray.is_initialized():
        here = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": _cpus(fleet)}
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR", **here)
    serve.start(proxy_location="Disabled")
    scaling = AutoscalingConfig(
        min_replicas=fleet.least, max_replicas=fleet.most, target_ongoing_requests=AT_ONCE
    )
    deployment = serve.deployment(
        Replica,
        name=NAME,
        autoscaling_config=scaling,
        max_ongoing_requests=AT_ONCE,
        request_router_config=RequestRouterConfig(
            request_router_class=ROUTER,
            # any of them, where the one that has read how a talk begins has no room
            request_router_kwargs={"num_fallback_replicas": max(1, fleet.most - 1)},
        ),
        ray_actor_options={"num_cpus": 1},
    )
    try:
        handle = serve.run(deployment.bind(open_loader, tuple(first)), name=NAME, route_prefix=None)
    except RuntimeError as error:
        told = serve.status().applications[NAME].deployments[NAME].message or str(error)
        why = told.strip(" .\n").splitlines()[-1]  # what stands before is where it was raised
        stop()
        raise BadInputError(f"the replicas did not start: {why}") from error
    atexit.register(stop)
    return RayReplicas(handle)


def stop() -> None:
    """End the replicas, and the cluster if it was started here."""
    import ray
    from ray import serve

    if ray.is_initialized():
        serve.delete(NAME)
        ray.shutdown()


def _cpus(fleet: Fleet) -> int:
    """As many as Ray must believe in to start all: few cores are shared, not refused."""
    return max(os.cpu_count() or 1, fleet.most)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What a recommender raised there is raised here, and LostError if its process has ended."""
    from ray.exceptions import RayActorError, RayTaskError

    try:
        yield
    except RayActorError as error:
        raise LostError("its process has ended") from error
    except RayTaskError as error:
        raise error.cause from None

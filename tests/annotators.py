"""Simulated annotators before the real app: they say something, wait, read, vote, and go on.

    python tests/annotators.py --annotators 1000 --replicas 1 2 4

The model is a stand-in that sleeps (`sleepers.py`), everything else is the real app: its guard, its
queue, its log. Annotators are a closed population: each thinks for a while (exponential), judges
the comparison before, and says the next thing. `--faster 4` divides thinking and sleeping by four,
and multiplies the seconds told by it, while the app's own work is as slow as ever.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
from outside import free_port

TESTS = Path(__file__).parent
SECONDS = 2.0  # of one reply alone


@dataclass(frozen=True)
class Run:
    """One app, and who comes to it."""

    annotators: int
    replicas: int
    think: float = 60.0  # seconds between two comparisons of one annotator, on average
    seconds: float = SECONDS
    minutes: float = 2.0  # as the clock on the wall has them
    faster: float = 1.0
    on_ray: bool = False


@dataclass
class Seen:
    """What annotators met with; seconds by the clock on the wall."""

    queued: list[float] = field(default_factory=list)  # from the click to when it is begun
    whole: list[float] = field(default_factory=list)  # from the click to both replies
    saved: list[float] = field(default_factory=list)  # from a verdict to its acknowledgement
    refused: Counter[str] = field(default_factory=Counter)
    cpu: float = 0.0  # of the app, in cores
    kept: int = 0  # verdicts that are in the log
    memory: float = 0.0  # of the app, GB


class App:
    """The app with sleeping stand-ins, as a process of its own."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.db, port = folder / "feedback.db", free_port()
        self.url = f"http://127.0.0.1:{port}/"
        path = os.pathsep.join([str(TESTS), str(TESTS.parent), *sys.path])
        given = [str(self.db), str(port), str(run.replicas), str(run.seconds / run.faster)]
        self.process = subprocess.Popen(
            [sys.executable, "sleepers.py", *given, *(["ray"] if run.on_ray else [])],
            cwd=TESTS,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=(folder / "errors.txt").open("w"),  # of streams that are cut, many
            text=True,
        )
        assert self.process.stdout is not None
        said = list[str]()
        for line in self.process.stdout:
            said.append(line)
            if "is ready" in line:
                return
        raise RuntimeError("the app did not start: " + "".join(said))

    @property
    def cpu_seconds(self) -> float:
        user, system = Path(f"/proc/{self.process.pid}/stat").read_text().split()[13:15]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    @property
    def memory(self) -> float:
        """GB"""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1e6

    def rows(self, query: str, *given: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as db:
            return db.execute(query, given).fetchall()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def running(run: Run) -> Iterator[App]:
    with tempfile.TemporaryDirectory() as folder:
        app = App(run, Path(folder))
        try:
            yield app
        finally:
            app.stop()


class Annotator:
    """Sends what the blind page sends."""

    def __init__(self, number: int, run: Run, app: App, http: httpx.AsyncClient, events: Any):
        self.run, self.app, self.http, self.events = run, app, http, events
        self.random = Random(number)
        self.session = uuid4().hex
        self.headers = {"X-Forwarded-For": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}
        self.look: list[Any] = [None, None, None, {}, False]

    async def take_part(self, until: float, seen: Seen) -> None:
        """Until the clock is there."""
        think = self.run.think / self.run.faster
        await asyncio.sleep(think * self.random.random())  # not all at once
        _, (self.look[0], self.look[1], *_) = await self._call("load", self.look)
        n = 0
        while time.monotonic() < until:
            n += 1
            text = f"{n} of {self.session}"
            began = time.monotonic()
            try:
                started, _ = await self._call("submit", [text, *self.look])
                seen.queued.append(started - began)
                seen.whole.append(time.monotonic() - began)
                await asyncio.sleep(self.random.expovariate(1 / think))
                began = time.monotonic()
                await self._call("judge", self.look, self._verdict(text))
                seen.saved.append(time.monotonic() - began)
            except (httpx.HTTPError, RefusedError) as error:
                seen.refused[str(error) if isinstance(error, RefusedError) else repr(error)] += 1
                await asyncio.sleep(self.random.expovariate(1 / think))

    def _verdict(self, text: str) -> dict[str, Any]:
        query = "select c.id from comparisons c join turns t on t.id = left_turn where text = ?"
        ((comparison,),) = self.app.rows(query, text)
        judgment = {
            "id": comparison,
            "changes": [{"about": "verdict", "value": "left"}],
            "by": "click",
            "decided_ms": 1000.0,
            "shown_ms": 500.0,
            "layout": "side_by_side",
            "evidence_open": False,
        }
        about = {"origin": "verdict", "comparison": comparison, "again": False, "click": 1}
        return about | {"judgment": judgment}

    async def _call(self, event: str, data: list[Any], event_data: Any = None) -> tuple[float, Any]:
        """When it was begun and what came of it. Raises RefusedError and HTTPError."""
        body = {"data": data, "event_data": event_data, "fn_index": self.events[event]}
        body["session_hash"] = self.session
        joined = await self.http.post("queue/join", json=body, headers=self.headers)
        if joined.status_code >= 400:
            raise RefusedError(f"{joined.status_code} {joined.json().get('detail')}")
        address, started = f"queue/data?session_hash={self.session}", 0.0
        async with self.http.stream("GET", address, headers=self.headers) as stream:
            if stream.status_code >= 400:
                raise RefusedError(f"{stream.status_code} when listening")
            async for line in stream.aiter_lines():
                message = json.loads(line.removeprefix("data: ")) if line else {}
                if message.get("msg") == "process_starts":
                    started = time.monotonic()
                if message.get("msg") == "process_completed":
                    if not message["success"]:
                        raise RefusedError(f"failed: {message['output']}")
                    return started, message["output"].get("data")
        raise RefusedError("the server hung up")


class RefusedError(Exception):
    """The app said no."""


async def _crowd(run: Run, app: App) -> Seen:
    seen, limits = Seen(), httpx.Limits(max_connections=None, max_keepalive_connections=200)
    base = app.url + "gradio_api/"
    patience = httpx.Timeout(600)
    async with httpx.AsyncClient(base_url=base, timeout=patience, limits=limits) as http:
        config = (await http.get(app.url + "config")).json()
        here = config["page"]["blind"]["dependencies"]
        found = [d for d in config["dependencies"] if d["id"] in here]
        events = {target[1]: d["id"] for d in found for target in d["targets"]}
        crowd = [Annotator(n, run, app, http, events) for n in range(run.annotators)]
        began, cpu = time.monotonic(), app.cpu_seconds
        until = began + 60 * run.minutes
        parts = [asyncio.create_task(one.take_part(until, seen)) for one in crowd]
        await asyncio.wait(parts, timeout=until - time.monotonic())
        seen.cpu = (app.cpu_seconds - cpu) / (time.monotonic() - began)
        for part in parts:  # who waits still leaves
            part.cancel()
        ends = await asyncio.gather(*parts, return_exceptions=True)
        if wrong := [e for e in ends if isinstance(e, Exception)]:
            raise wrong[0]
    seen.memory = app.memory
    seen.kept = app.rows("select count(*) from current_verdicts")[0][0]
    return seen


def simulated(run: Run) -> Seen:
    with running(run) as app:
        return asyncio.run(_crowd(run, app))


def told(run: Run, seen: Seen) -> str:
    """One row of docs/scale.md; seconds as annotators would have had them."""

    def at(values: list[float], share: float) -> str:
        return f"{run.faster * float(np.quantile(values, share)):.1f}" if values else "-"

    n_asked = len(seen.whole) + sum(seen.refused.values())
    per_minute = len(seen.whole) / run.minutes / run.faster
    cells = [
        run.annotators, run.replicas, f"{per_minute:.0f}", at(seen.queued, 0.5),
        at(seen.queued, 0.95), at(seen.whole, 0.95), at(seen.saved, 0.95),
        f"{sum(seen.refused.values()) / max(1, n_asked):.0%}", f"{len(seen.saved)}/{seen.kept}",
        f"{seen.cpu:.2f}", f"{seen.memory:.2f}",
    ]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


HEAD = """\
| annotators | replicas | comparisons/min | queue p50 s | p95 s | replies p95 s | vote p95 s \
| refused | votes given/kept | cores | GB |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotators", type=int, nargs="+", default=[1000])
    parser.add_argument("--replicas", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--think", type=float, default=60.0, help="seconds, on average")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of one reply alone")
    parser.add_argument("--minutes", type=float, default=2.0, help="of each run")
    parser.add_argument("--faster", type=float, default=1.0)
    parser.add_argument("--ray", action="store_true", help="replicas are processes of Ray Serve")
    given = parser.parse_args()
    print(HEAD, flush=True)
    for annotators in given.annotators:
        for replicas in given.replicas:
            run = Run(
                annotators, replicas, given.think, given.seconds, given.minutes, given.faster,
                given.ray,
            )  # fmt: skip
            seen = simulated(run)
            print(told(run, seen), flush=True)
            for why, n in seen.refused.most_common(4):
                print(f"  {n} x {why[:200]}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

"""What nobody uses any more goes: sessions of closed tabs, answers not fetched, half a request.

Gradio keeps every session until ten thousand are there, with all that was drawn for it.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from crsdemo.web.guard.callers import counted_as
from crsdemo.web.guard.rooms import Rooms

PAUSE = 1.0  # seconds between two rounds
MOST_SESSIONS = 500  # a quarter of a megabyte each
CLOSED = 600.0  # seconds: a closed tab may be opened again
UNUSED = 6 * 3600.0  # seconds, of an open tab; what it said is in the log
DRAWN = 60.0  # seconds: what was drawn for a session is only needed by what runs
_NEVER = (object(), 0.0)
HALF = 15.0  # seconds that a request may take to come
HALVES = 100  # that one address may have open


@dataclass
class Housekeeping:
    """Of one app; begins with its first request, in its event loop."""

    blocks: gr.Blocks
    rooms: Rooms
    _task: asyncio.Task[None] | None = None
    _idle: dict[Any, float] = field(default_factory=dict)  # connections, since when
    _used: dict[str, tuple[Any, float]] = field(default_factory=dict)  # sessions, last and when
    _troubles: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        """Once; later calls do nothing."""
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            _open_more_files()
            loop.set_exception_handler(self._note)
            self._task = loop.create_task(self._run())
            self.rooms.unread.begin()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            try:
                self.hang_up()
                await self.rooms.sweep()
                self.forget()
            except Exception as error:  # of Gradio's insides; the next round may go well
                self._say(f"could not tidy up: {type(error).__name__}: {error}")

    def forget(self) -> None:
        """Let go of sessions."""
        holder = self.blocks.app.state_holder
        running, now = self.rooms.running(), time.monotonic()
        last = {session: holder.time_last_used.get(session) for session in holder.session_data}
        # Gradio has it on a clock that may be set: what counts is when it was seen to change
        self._used = {
            session: known if (known := self._used.get(session, _NEVER))[0] == said else (said, now)
            for session, said in last.items()
        }
        for session, state in list(holder.session_data.items()):
            if session in running or session not in self._used:
                continue
            since = now - self._used[session][1]
            # Gradio does not notice a tab closed before its first event, nor a program
            if since > (UNUSED if self.rooms.tabs[session] > 0 else CLOSED):
                with holder.lock:
                    holder.session_data.pop(session, None)
                    holder.time_last_used.pop(session, None)
            elif since > DRAWN:
                state.config_values.clear()

    def hang_up(self) -> None:
        """Close connections on which no whole request comes."""
        server = getattr(self.blocks, "server", None)
        if server is None:
            return
        now = time.monotonic()
        silent = [one for one in list(server.server_state.connections) if _is_silent(one)]
        self._idle = {one: self._idle.get(one, now) for one in silent}
        of_one: Counter[str] = Counter()
        for connection, since in reversed(self._idle.items()):  # the newest stay
            address = counted_as(connection.client[0] if connection.client else "")
            of_one[address] += 1
            if now - since > HALF or of_one[address] > HALVES:
                connection.transport.abort()

    def _note(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """One line for what goes wrong in the server, not a traceback for each time."""
        error = context.get("exception")
        about = f": {type(error).__name__}: {error}" if error else ""
        self._say(f"{context.get('message', 'the server had a problem')}{about}")

    def _say(self, words: str) -> None:
        """On the console, each thing once in a while."""
        self._troubles[words] += 1
        n_times = self._troubles[words]
        if n_times & (n_times - 1) == 0:  # the 1st, 2nd, 4th, 8th, ... time
            print(f"crsdemo: {words[:300]} ({n_times} times so far)", file=sys.stderr)


def _is_silent(connection: Any) -> bool:
    """Whether it has no request that is being answered."""
    cycle = getattr(connection, "cycle", None)
    return cycle is None or bool(cycle.response_complete)


def _open_more_files() -> None:
    """As many as this process may: each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

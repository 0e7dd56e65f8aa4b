"""The queue of events in rooms: who waits for the model takes no place from those who judge.

A room is what Gradio calls a concurrency id. Who joined and does not listen for the answer gives
way as soon as there is no room, and soon in any case.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from crsdemo.web.guard.bodies import FULL, RefusedRequestError
from crsdemo.web.guard.callers import counted_as, peer
from crsdemo.web.guard.unread import Unread
from crsdemo.web.shared.controls import MODEL

SIZES = {MODEL["concurrency_id"]: 128}  # of rooms: who may wait
SIZE = 512  # of all others
OF_A_SESSION = 16  # events of one tab or program that wait
SLOW = 0.5  # seconds within which who is honest listens, where somebody else needs the place
SILENT = 6.0  # the same, where nobody needs it
KEPT = 120.0  # seconds that answers are kept which nobody fetched


@dataclass
class Rooms:
    """Of one app. Used by its event loop alone."""

    blocks: gr.Blocks
    listening: Counter[str] = field(default_factory=Counter)  # sessions, with open streams
    tabs: Counter[str] = field(default_factory=Counter)  # sessions, with open tabs
    unread: Unread = field(init=False)
    _silent: dict[str, float] = field(default_factory=dict)  # with unread answers, since when

    def __post_init__(self) -> None:
        self.unread = Unread(self.blocks, self.listening)

    async def admit(self, room: str, address: str, session: str) -> None:
        """Raises RefusedRequestError if there is no place; half of a room is for one address."""
        size = SIZES.get(room, SIZE)
        if self._is_full(room, size, address, session):
            await self._give_way(room, SLOW)
            if self._is_full(room, size, address, session):
                raise RefusedRequestError(503, FULL)

    def _is_full(self, room: str, size: int, address: str, session: str) -> bool:
        waiting = self._waiting(room)
        if len(waiting) < min(OF_A_SESSION, size // 2):
            return False
        addresses = Counter(counted_as(peer(event.request.scope)) for event in waiting)
        mine = sum(event.session_hash == session for event in waiting)
        return (
            len(waiting) >= size
            or addresses[counted_as(address)] >= size // 2
            or mine >= OF_A_SESSION
        )

    async def sweep(self) -> None:
        """Let go of who does not listen, and of answers that nobody fetched."""
        for room in list(self._queue.event_queue_per_concurrency_id):
            await self._give_way(room, SILENT)
        messages, running = self._queue.pending_messages_per_session, self.running()
        now = time.monotonic()
        silent = [s for s in list(messages) if not self.listening[s] and s not in running]
        self._silent = {session: self._silent.get(session, now) for session in silent}
        for session, since in self._silent.items():
            if now - since > KEPT:
                if not self.tabs[session]:
                    self.unread.close(session)
                self._forget(session)
        for counted in (self.listening, self.tabs):
            for session in [name for name, n in counted.items() if n <= 0]:
                del counted[session]

    async def _give_way(self, room: str, patience: float) -> None:
        now = time.monotonic()
        for event in self._waiting(room):
            if now - event.enqueue_time > patience and not self._is_heard(event):
                await self._queue.remove_from_queue(event._id)
                pending = self._queue.pending_event_ids_session.get(event.session_hash, set())
                pending.discard(event._id)
                if not pending:
                    self._forget(event.session_hash)

    def _is_heard(self, event: Any) -> bool:
        return self.listening[event.session_hash] > 0 or self.listening[event._id] > 0

    def _forget(self, session: str) -> None:
        self._queue.pending_messages_per_session.pop(session, None)
        self._queue.pending_event_ids_session.pop(session, None)

    def _waiting(self, room: str) -> list[Any]:
        found = self._queue.event_queue_per_concurrency_id.get(room)
        return list(found.queue) if found else []

    def running(self) -> set[str]:
        """Sessions whose events wait or are worked on."""
        return {event.session_hash for event in list(self._queue.event_ids_to_events.values())}

    @property
    def _queue(self) -> Any:
        return self.blocks._queue

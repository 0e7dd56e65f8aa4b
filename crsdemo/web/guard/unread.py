"""Answers that wait to be fetched: so much of one session, of one address, and of all.

Gradio keeps them without end for whoever asks and does not read. Who does not even listen, then who
has most, loses what waits.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.server_messages import ProcessCompletedMessage

from crsdemo.web.guard.callers import counted_as, peer

OF_A_SESSION = 8_000_000  # characters: a long reply while a phone is in a tunnel
OF_AN_ADDRESS = 24_000_000
OF_ALL = 96_000_000


@dataclass
class _Kept:
    """What waits for one session: the size of each message."""

    address: str
    sizes: deque[int] = field(default_factory=deque)

    @property
    def size(self) -> int:
        return sum(self.sizes)


@dataclass
class Unread:
    """Of one app. Used by its event loop alone."""

    blocks: gr.Blocks
    listening: Counter[str]  # sessions, with open streams
    _kept: dict[str, _Kept] = field(default_factory=dict)  # by session
    _of: Counter[str] = field(default_factory=Counter)  # sizes by address, at most too large
    _counting: Any = None  # the queue that is counted

    def begin(self) -> None:
        """From now on whatever is to be sent is counted."""
        if self._counting is not self._queue:
            self._counting = self._queue
            self._queue.send_message = self._counted(self._queue.send_message)

    def _counted(self, send: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        def sent(event: Any, message: Any) -> None:
            send(event, message)
            if event.alive and (size := _size(getattr(message, "output", None))):
                self._note(event, size)

        return sent

    def _note(self, event: Any, size: int) -> None:
        address = counted_as(peer(event.request.scope))
        kept = self._kept.setdefault(event.session_hash, _Kept(address))
        kept.sizes.append(size)
        self._of[kept.address] += size
        if self._is_too_much(kept):
            self._look()  # some of it has been read since
        while self._is_too_much(kept):
            self.close(self._largest(kept))

    def _is_too_much(self, kept: _Kept) -> bool:
        return (
            kept.size > OF_A_SESSION
            or self._of[kept.address] > OF_AN_ADDRESS
            or self._of.total() > OF_ALL
        )

    def _largest(self, kept: _Kept) -> str:
        """A session with too much of its own, else one of the address with most."""
        address = max(self._of, key=self._of.__getitem__)
        alone = kept.size > OF_A_SESSION
        among = [
            session
            for session, one in self._kept.items()
            if (one is kept if alone else one.address == address)
        ]
        return max(among, key=lambda one: (not self.listening[one], self._kept[one].size))

    def _look(self) -> None:
        """What is there still: the newest messages of each session."""
        waiting = self._queue.pending_messages_per_session
        for session, kept in list(self._kept.items()):
            n_left = waiting[session].qsize() if session in waiting else 0
            while len(kept.sizes) > n_left:
                kept.sizes.popleft()
            if not kept.sizes:
                del self._kept[session]
        self._of.clear()
        for kept in self._kept.values():
            self._of[kept.address] += kept.size

    def close(self, session: str) -> None:
        """Let go of all that waits for a session, and of what was drawn for it."""
        for event in list(self._queue.event_ids_to_events.values()):
            if event.session_hash == session:
                event.alive = False
        messages = self._queue.pending_messages_per_session
        self._queue.pending_event_ids_session.get(session, set()).clear()
        if (waiting := messages.get(session)) and self.listening[session]:
            while not waiting.empty():
                waiting.get_nowait()
            waiting.put_nowait(ProcessCompletedMessage(event_id=session, output={}, success=False))
        else:
            messages.pop(session, None)
        holder = self.blocks.app.state_holder
        with holder.lock:
            holder.session_data.pop(session, None)
            holder.time_last_used.pop(session, None)
        if kept := self._kept.pop(session, None):
            self._of[kept.address] -= kept.size
            kept.sizes.clear()

    @property
    def _queue(self) -> Any:
        return self.blocks._queue


def _size(value: Any) -> int:
    """Characters, roughly."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_size, value))
    return 0

"""Files made for one person, who fetches them by an address that nobody can guess.

They lie in a folder of this process alone and are gone after a while, or with the process.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

KEPT_FOR = 600.0  # seconds


@dataclass(frozen=True)
class Handout:
    """A file that can be fetched with its ticket."""

    ticket: str
    path: Path
    until: float  # on the clock

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size


class Handouts:
    """Safe from many threads; `clock` tells seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._folder = TemporaryDirectory(prefix="crsdemo-", ignore_cleanup_errors=True)
        self._kept: dict[str, Handout] = {}
        self._lock = Lock()

    def make(self, name: str, write: Callable[[Path], None]) -> Handout:
        """Let `write` make a file of this name. Raises whatever it raises."""
        self._forget_old()
        ticket = secrets.token_urlsafe(32)
        path = Path(self._folder.name) / secrets.token_hex(8) / name
        path.parent.mkdir(mode=0o700)
        write(path)
        handout = Handout(ticket, path, self._clock() + KEPT_FOR)
        with self._lock:
            self._kept[ticket] = handout
        return handout

    def find(self, ticket: str) -> Handout | None:
        """None for a ticket that is unknown or too old."""
        self._forget_old()
        with self._lock:
            return self._kept.get(ticket)

    def _forget_old(self) -> None:
        with self._lock:
            old = [one for one in self._kept.values() if one.until <= self._clock()]
            for handout in old:
                del self._kept[handout.ticket]
                handout.path.unlink(missing_ok=True)

"""What must happen while the app runs, whoever visits: one thread that looks after the log."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event, Thread

from crsdemo.core.errors import BadInputError, CrsdemoError
from crsdemo.export.take_home import Handouts
from crsdemo.feedback.backup import Backups
from crsdemo.feedback.outbox import Outbox

PAUSE = 15.0  # seconds between two rounds


class Upkeep:
    """Gives up replies that nobody writes any more, empties the outbox, makes backups, wipes,
    and removes files that were handed out.

    Goes on whatever happens; `troubles` says what went wrong in the last round, by what was tried.
    """

    def __init__(
        self, outbox: Outbox, backups: Backups | None = None, handouts: Handouts | None = None
    ) -> None:
        self.outbox = outbox
        self.backups = backups
        self.handouts = handouts
        self.troubles: dict[str, str] = {}
        self._backed_up = math.inf  # on the monotonic clock, by this process; no time yet
        self._halt = Event()
        self._thread = Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """The first round is done when this returns."""
        self.round()
        self._thread.start()

    def stop(self) -> None:
        """Wait for the round that runs now."""
        self._halt.set()
        self._thread.join()

    def round(self) -> None:
        self._try("give up silent replies", self.outbox.log.record_abandoned)
        self._try("empty the outbox", self._deliver)
        self._try("back up the log", self._back_up)
        self._try("wipe what was erased", self.outbox.log.file.wipe)
        if self.handouts:
            self._try("remove files that were handed out", self.handouts.forget_old)

    def _run(self) -> None:
        while not self._halt.wait(PAUSE):
            self.round()

    def _try(self, what: str, do: Callable[[], object]) -> None:
        """Say on the console what goes wrong when it begins to, not each time."""
        try:
            do()
            self.troubles.pop(what, None)
        except Exception as error:
            why = str(error) if isinstance(error, CrsdemoError) else repr(error)
            if self.troubles.get(what) != why:
                with suppress(OSError, ValueError):  # nobody may read the console any more
                    print(f"crsdemo could not {what}: {why}", file=sys.stderr)
            self.troubles[what] = why

    def _deliver(self) -> None:
        if n_saved := self.outbox.drain():
            print(f"crsdemo saved {n_saved} opinions that had been kept aside")
        if n_damaged := self.outbox.n_damaged():
            raise BadInputError(
                f"{n_damaged} lines cannot be delivered; they are kept in {self.outbox.damaged} "
                "with the reason. Once that is mended, `crsdemo deliver --again` saves them; or "
                "move the file away"
            )

    def _back_up(self) -> None:
        now, ticks = datetime.now(UTC), time.monotonic()
        if not self.backups:
            return
        every = self.backups.every.total_seconds()
        if self.backups.is_due(now) or ticks - self._backed_up >= every:
            self._backed_up = ticks
            self.backups.make(now)

"""What must happen while the app runs, whoever visits: one thread that looks after the log."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event, Thread

from crsdemo.core.errors import BadInputError, CrsdemoError
from crsdemo.feedback.backup import Backups
from crsdemo.feedback.outbox import Outbox

PAUSE = 15.0  # seconds between two rounds


class Upkeep:
    """Gives up replies that nobody writes any more, empties the outbox, makes backups.

    `troubles` says what went wrong in the last round, by what was tried.
    """

    def __init__(self, outbox: Outbox, backups: Backups | None = None) -> None:
        self.outbox = outbox
        self.backups = backups
        self.troubles: dict[str, str] = {}
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

    def _run(self) -> None:
        while not self._halt.wait(PAUSE):
            self.round()

    def _try(self, what: str, do: Callable[[], object]) -> None:
        """Say on the console what goes wrong when it begins to, not each time."""
        try:
            do()
            self.troubles.pop(what, None)
        except CrsdemoError as error:
            if self.troubles.get(what) != str(error):
                print(f"crsdemo could not {what}: {error}", file=sys.stderr)
            self.troubles[what] = str(error)

    def _deliver(self) -> None:
        if n_saved := self.outbox.drain():
            print(f"crsdemo saved {n_saved} opinions that had been kept aside")
        if n_damaged := self.outbox.n_damaged():
            raise BadInputError(
                f"{n_damaged} lines cannot be delivered; they are kept in {self.outbox.damaged}, "
                "which you may move away"
            )

    def _back_up(self) -> None:
        now = datetime.now(UTC)
        if self.backups and self.backups.is_due(now):
            self.backups.make(now)

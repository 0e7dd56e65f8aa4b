"""How much one visitor, and all of them together, may ask for in a while.

The windows move with the monotonic clock and live in memory: a restart forgets them. People are
counted under their made-up name, and under the address from which they ask, so that nobody gets
more by changing the name. Programs have no name that lasts: each address is one visitor.
"""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass
from threading import Lock

from limits import RateLimitItem, parse_many

from crsdemo.core.errors import BadInputError, TooManyError

SWEEP = 60.0  # seconds
EVERYBODY = "*"  # no visitor has this name


@dataclass(frozen=True)
class Limits:
    """As the operator writes them: `20/minute; 300/hour`. Several hold at once, "" is none."""

    visitor_messages: str = "20/minute; 300/hour"
    all_messages: str = "600/minute"  # more than a CPU answers, so that the queue stays bounded
    visitor_opinions: str = "240/minute"  # four clicks a second
    address_messages: str = "300/minute; 3000/hour"  # half of all: a class behind one router
    address_events: str = "3000/minute"  # whatever a page does


NO_LIMITS = Limits("", "", "", "", "")


class Admission:
    """Lets a message or a judgment pass, or says how long to wait. Safe from many threads.

    Raises BadInputError for limits that cannot be read.
    """

    def __init__(self, limits: Limits = Limits()) -> None:
        self._visitor_messages = _parsed(limits.visitor_messages)
        self._all_messages = _parsed(limits.all_messages)
        self._visitor_opinions = _parsed(limits.visitor_opinions)
        self._address_messages = _parsed(limits.address_messages)
        self._address_events = _parsed(limits.address_events)
        self._admitted: dict[tuple[RateLimitItem, str, str], deque[float]] = {}  # moments
        self._lock = Lock()
        self._swept = time.monotonic()

    def message(self, visitor: str) -> None:
        """Admit one message. Raises TooManyError with the time to wait."""
        self._admit(self._visitor_messages, "message", visitor, "You have sent many messages")
        self._admit(self._all_messages, "message", EVERYBODY, "Many people are talking here")

    def opinion(self, visitor: str) -> None:
        """Admit one judgment, rating or mark. Raises TooManyError with the time to wait."""
        self._admit(self._visitor_opinions, "opinion", visitor, "You have judged a lot")

    def message_from(self, address: str, *, is_program: bool = False) -> None:
        """Admit one message from an address. Raises TooManyError with the time to wait."""
        found = "Many messages came from where you are"
        if is_program:
            self._admit(self._visitor_messages, "program", address, found)
        self._admit(self._address_messages, "message from", address, found)

    def event_from(self, address: str) -> None:
        """Admit whatever a page does. Raises TooManyError with the time to wait."""
        found = "Many clicks came from where you are"
        self._admit(self._address_events, "event from", address, found)

    def _admit(
        self, limits: tuple[RateLimitItem, ...], what: str, visitor: str, found: str
    ) -> None:
        with self._lock:
            now = time.monotonic()
            self._sweep(now)
            windows = [self._admitted.setdefault((one, what, visitor), deque()) for one in limits]
            for limit, window in zip(limits, windows, strict=True):
                _move(window, now - limit.get_expiry())
                if len(window) >= limit.amount:
                    wait = window[0] + limit.get_expiry() - now if window else limit.get_expiry()
                    raise TooManyError(
                        f"{found} in a short time. Please wait {_words(wait)}, "
                        "then try again: nothing was lost."
                    )
            for window in windows:
                window.append(now)

    def _sweep(self, now: float) -> None:
        """Forget those who have not come for long, each minute."""
        if now - self._swept < SWEEP:
            return
        self._swept = now
        for key, window in [*self._admitted.items()]:
            _move(window, now - key[0].get_expiry())
            if not window:
                del self._admitted[key]


def _move(window: deque[float], since: float) -> None:
    """Forget what was before."""
    while window and window[0] <= since:
        window.popleft()


def _parsed(text: str) -> tuple[RateLimitItem, ...]:
    try:
        return tuple(parse_many(text)) if text.strip() else ()
    except ValueError as error:
        raise BadInputError(
            f"a limit is written like 20/minute or 20/minute; 300/hour, got {text!r}"
        ) from error


def _words(seconds: float) -> str:
    """How long to wait, never too short."""
    whole = max(1, math.ceil(seconds))
    if whole > 90:
        return f"{math.ceil(whole / 60)} minutes"
    return "1 second" if whole == 1 else f"{whole} seconds"

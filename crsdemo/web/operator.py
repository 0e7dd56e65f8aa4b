"""Who may see what is for the operator of the demo alone: results, exports, the state of the log.

With a password (in the environment, or in a file) whoever knows it may, for half a day at a time.
Without one only requests from the machine itself are answered. What a browser says of itself is
never believed: it shows a signed token with every request, and the token is checked.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from crsdemo.core.errors import AccessError, BadInputError
from crsdemo.web.guard.callers import Caller, counted_as

__all__ = ["Caller", "Operator", "operator_of"]

VARIABLE = "CRSDEMO_PASSWORD"
LEAST_LETTERS = 8  # of a password: tries are limited, so it need not be longer
GOOD_FOR = 12 * 3600.0  # seconds that a token is
WINDOW = 300.0  # seconds in which wrong passwords are counted
TRIES = 5  # wrong passwords from one address in a window
TRIES_OF_ALL = 50  # from all addresses, which somebody may have many of
COOKIE = "crsdemo-operator"  # has the token of who signed in at /results, for plain pages
ASK = "please give the password of the operator"


class Operator:
    """Lets the operator in. Safe from many threads; `clock` tells seconds, never set back."""

    def __init__(
        self, password: str | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if password is not None and len(password) < LEAST_LETTERS:
            raise BadInputError(
                f"the operator's password has {len(password)} characters; give it at least "
                f"{LEAST_LETTERS}"
            )
        self._password, self._clock = password, clock
        self._key = secrets.token_bytes(32)  # new at each start: old tokens end then
        self._wrong: list[tuple[float, str]] = []  # passwords: moment, address
        self._known: set[str] = set()  # addresses from which the right one came
        self._lock = Lock()

    @property
    def has_password(self) -> bool:
        return self._password is not None

    def sign_in(self, password: str, caller: Caller) -> str:
        """A token for who knows the password.

        Raises AccessError for a wrong one, for any after too many wrong ones, and for none, which
        is no try: a browser asks without one before it knows that there is one.
        """
        if self._password is None:
            self.check("", caller)
            return ""
        if not password:
            raise AccessError(ASK)
        address = counted_as(caller.address)
        with self._lock:  # one try after the other, so that none slips past the count
            self._refuse_too_many(address)
            if not _same(password, self._password):
                self._wrong.append((self._clock(), address))
                raise AccessError("this is not the password")
            self._wrong = [one for one in self._wrong if one[1] != address]
            self._known.add(address)
        return self._signed(str(int(self._clock() + GOOD_FOR)))

    def sign_out(self, token: str, caller: Caller) -> None:
        """End all tokens there are, in every browser. Raises AccessError, as `check` does."""
        self.check(token, caller)
        self._key = secrets.token_bytes(32)

    def check(self, token: str, caller: Caller) -> None:
        """Raises AccessError unless this caller may see what the operator sees."""
        if self._password is None:
            if not caller.is_here:
                raise AccessError(
                    "without a password this page is shown on the machine itself alone; start the "
                    f"app with {VARIABLE} set, or with --password-file"
                )
        elif not self._is_good(token):
            raise AccessError(ASK)

    def _signed(self, end: str) -> str:
        """The token that ends then, in whole seconds: when, and a signature of that."""
        return f"{end}.{hmac.new(self._key, _bytes(end), hashlib.sha256).hexdigest()}"

    def _is_good(self, token: str) -> bool:
        end = token.partition(".")[0]
        return _same(token, self._signed(end)) and int(end) > self._clock()

    def _refuse_too_many(self, address: str) -> None:
        self._wrong = [one for one in self._wrong if one[0] > self._clock() - WINDOW]
        mine = [one for one in self._wrong if one[1] == address]
        # Guesses from many places do not lock out where the right one was given before
        if len(mine) >= TRIES or (len(self._wrong) >= TRIES_OF_ALL and address not in self._known):
            oldest, _ = (mine or self._wrong)[0]
            wait = max(1, round(oldest + WINDOW - self._clock()))
            raise AccessError(f"too many wrong passwords; try again in {wait} seconds")


def operator_of(password_file: Path | None) -> Operator:
    """The operator with the password of the file, else of the environment, else without one.

    Raises BadInputError for a file that cannot be read or a password that is too short.
    """
    if password_file is None:
        return Operator(os.environ.get(VARIABLE) or None)
    try:
        return Operator(password_file.read_text(encoding="utf-8").strip("\r\n"))
    except (OSError, UnicodeError) as error:
        raise BadInputError(
            f"--password-file {password_file} cannot be read ({error}); name a text file that "
            "holds the password and nothing else"
        ) from error


def _same(given: str, right: str) -> bool:
    """Compared in a time that does not depend on where they differ, nor on their lengths."""
    return hmac.compare_digest(*(hashlib.sha256(_bytes(text)).digest() for text in (given, right)))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")

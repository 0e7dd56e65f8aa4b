"""Who comes to a study: known again by a keyed hash, never by the name that the link brings.

A plain hash would not do: participant IDs can be listed and hashed by anyone. The key lies in a
file beside the log; without it the hashes tell nothing, and nobody is known again.
"""

from __future__ import annotations

import hmac
import os
import reprlib
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal, NamedTuple
from urllib.parse import urlencode

from crsdemo.core.errors import BadInputError, FeedbackError
from crsdemo.studies.unfilled import is_unfilled

AnnotatorSource = Literal["link", "prolific", "test"]

# What a link may bring, first one first; capital letters do not matter
_BROUGHT: dict[str, AnnotatorSource] = {
    "test": "test",
    "prolific_pid": "prolific",
    "participant": "link",
}
_LONGEST = 200  # characters of a name in a link
_BYTES = 32
_SIGNED = 32  # characters of a key in a link


class Arrival(NamedTuple):
    """Who comes, as far as the log may know."""

    source: AnnotatorSource
    external_hmac: str  # 64 hexadecimal digits

    @property
    def is_test(self) -> bool:
        return self.source == "test"


def arrival(
    parameters: Mapping[str, str], visitor: str | None, secret: bytes, *, plain_names: bool = True
) -> Arrival:
    """Who comes by a link with these parameters, or is known by the browser's `visitor` alone.

    PROLIFIC_PID is Prolific's, `participant` any other platform's, `test` a colleague's who tries
    the study; all else (STUDY_ID, SESSION_ID) is not looked at and not kept. Without
    `plain_names` a `participant` needs the `key` that `signature` makes.
    Raises BadInputError if nothing tells people apart, the platform left its blank unfilled, or a
    key is missing or wrong.
    """
    given = {name.lower(): value.strip() for name, value in parameters.items()}
    for name, source in _BROUGHT.items():
        if (value := given.get(name)) is not None:
            _check_name(name.upper(), value)
            if source == "link" and not plain_names:
                _check(given.get("key", ""), value, secret)
            return Arrival(source, _keyed(secret, f"{source} {value}"))
    if not visitor:
        raise BadInputError(
            "This link does not say who you are. Please open the one that you were given, whole, "
            "or allow this page to remember you in your browser."
        )
    return Arrival("link", _keyed(secret, f"browser {visitor}"))


def signature(name: str, secret: bytes) -> str:
    """The key that a link with this name needs, so that nobody can guess another's link."""
    return _keyed(secret, f"signed link {name.strip()}")[:_SIGNED]


def signed_link(address: str, name: str, secret: bytes) -> str:
    """The way into a study for one person. Raises BadInputError for what cannot be a name."""
    name = name.strip()
    _check_name("PARTICIPANT", name)
    query = urlencode({"participant": name, "key": signature(name, secret)})
    return f"{address.rstrip('/')}/study?{query}"


def _check_name(parameter: str, value: str) -> None:
    if len(value) > _LONGEST:
        raise BadInputError(
            f"The {parameter} {reprlib.repr(value)} cannot be a name: 1 to {_LONGEST} characters"
        )
    if not value or is_unfilled(value):
        raise BadInputError(
            f"This link was not filled in: its {parameter} is {reprlib.repr(value)}, the same for "
            "everybody. If you were invited, please tell those who invited you.\n"
            "If you run the study: your survey tool has to put each person's own ID there. On "
            "Prolific write PROLIFIC_PID={{%PROLIFIC_PID%}} and choose URL parameters; elsewhere "
            "check how the tool spells the field and that it is set before the link is shown."
        )


def _check(key: str, name: str, secret: bytes) -> None:
    if not hmac.compare_digest(key.encode(errors="replace"), signature(name, secret).encode()):
        raise BadInputError(
            "This link is not whole: its key is missing or is not that of the name. Please open "
            "the link that you were given as it is."
        )


def _keyed(secret: bytes, name: str) -> str:
    return hmac.new(secret, name.encode(errors="surrogatepass"), "sha256").hexdigest()


def secret_beside(log: Path) -> bytes:
    """The key of a log, made at first use in `feedback.db.secret`, which only its owner can read.

    Raises FeedbackError if it cannot be read or made.
    """
    path = secret_of(log)
    try:
        if not path.exists():
            _make(path)
        secret = bytes.fromhex(path.read_text())
    except (OSError, ValueError) as error:
        raise FeedbackError(f"The key {path} cannot be used ({error}); put back a copy") from error
    if len(secret) != _BYTES:
        raise FeedbackError(f"The key {path} has not {_BYTES} bytes; put back a copy of it")
    return secret


def secret_of(log: Path) -> Path:
    """The file in which the key of a log lies, if it has one yet."""
    return log.with_name(f"{log.name}.secret")


def _make(path: Path) -> None:
    """Whole or not at all; whoever comes second finds that of the first."""
    with NamedTemporaryFile("w", dir=path.parent) as made:  # only its owner can read it
        made.write(secrets.token_hex(_BYTES))
        made.flush()
        os.fsync(made.fileno())
        with suppress(FileExistsError):
            os.link(made.name, path)

"""What a request may carry: read no further than allowed, and looked through before it is used."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

MOST_BYTES = 1_100_000  # of a body: the longest text that a page can send, to be told that it is
WORDLESS = 64_000  # bytes of a body in which nobody types
MOST_HALF_READ = 32_000_000  # bytes of all bodies that have not come to their end
OF_AN_ADDRESS = 4_000_000  # of these
PATIENCE = 20.0  # seconds that a body may take
MOST_DEEP = 16
MOST_ENTRIES = 200  # of a list, or keys
LONGEST_NAME = 300  # characters of what is no text: ids, choices, keys
SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")  # Gradio keeps these names, and looks at all of them
WORDS = frozenset({"text", "value", "comment", "message"})  # keys of what people type


class RefusedRequestError(Exception):
    """A request that is answered here, with this status and words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


FULL = "Many people are here at this moment. Please try again in a while: nothing was lost."
TOO_LARGE = RefusedRequestError(413, "This is more than is taken here at once.")


@dataclass
class HalfRead:
    """Bodies that come in, of one app. Used by its event loop alone."""

    n_bytes: Counter[str] = field(default_factory=Counter)  # by address

    async def read(self, headers: dict[bytes, bytes], receive: Receive, address: str) -> bytes:
        """A body, whole. Raises RefusedRequestError for one too large, too slow or too many."""
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > 12 or int(length) > MOST_BYTES:
            raise TOO_LARGE
        body = bytearray()
        try:
            await asyncio.wait_for(self._read(body, receive, address), PATIENCE)
        except TimeoutError:
            raise RefusedRequestError(408, "The request did not come to its end.") from None
        finally:
            self.n_bytes[address] -= len(body)
            if not self.n_bytes[address]:
                del self.n_bytes[address]
        return bytes(body)

    async def _read(self, body: bytearray, receive: Receive, address: str) -> None:
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise RefusedRequestError(400, "The request did not come to its end.")
            part = message.get("body", b"")
            body += part
            self.n_bytes[address] += len(part)
            if len(body) > MOST_BYTES:
                raise TOO_LARGE
            if self.n_bytes[address] > OF_AN_ADDRESS or self.n_bytes.total() > MOST_HALF_READ:
                raise RefusedRequestError(503, FULL)
            if not message.get("more_body", False):
                return


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object that a page or a program sends. Raises RefusedRequestError."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedRequestError(400, "This cannot be read as JSON.") from None
    if not isinstance(given, dict):
        raise RefusedRequestError(400, "This is not what the pages send.")
    for name in ("session_hash", "event_id"):
        if isinstance(known := given.get(name), str) and not SESSION.fullmatch(known):
            raise RefusedRequestError(400, f"`{name}` is 1 to 64 letters, digits, - or _.")
    data = given.get("data", [])
    if not isinstance(data, list) or len(data) > MOST_ENTRIES:
        raise RefusedRequestError(400, "This is not what the pages send.")
    for value in data:
        if not isinstance(value, str):  # a text that was typed tells its own length
            _look_through(value)
    _look_through({key: value for key, value in given.items() if key != "data"})
    return given


def _look_through(value: Any, depth: int = 0, *, is_words: bool = False) -> None:
    if isinstance(value, str) and not is_words and len(value) > LONGEST_NAME:
        raise RefusedRequestError(400, "A name in this request is too long.")
    if not isinstance(value, dict | list):
        return
    if depth >= MOST_DEEP or len(value) > MOST_ENTRIES:
        raise RefusedRequestError(400, "There is too much in this request.")
    if isinstance(value, list):
        for one in value:
            _look_through(one, depth + 1)
        return
    for key, one in value.items():
        _look_through(key)
        _look_through(one, depth + 1, is_words=key in WORDS)

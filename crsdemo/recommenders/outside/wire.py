"""One question to an endpoint: bounded in time and size, tried again where that may help."""

from __future__ import annotations

import json
import math
import os
import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from socket import SHUT_RDWR
from socket import socket as Socket
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

import httpx

from crsdemo.core.checked import shown
from crsdemo.core.errors import BadInputError, OutsideError
from crsdemo.recommenders.outside.systems import Endpoint

MAX_BYTES = 1_000_000  # of an answer
CONNECTING = 10.0  # seconds
FIRST_WAIT = 0.5  # seconds before the second try; doubles
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})  # may be otherwise next time
N_QUOTED = 200  # characters of a refusal


@dataclass(frozen=True)
class Answering:
    """An answer that has begun."""

    is_stream: bool
    chunks: Iterator[bytes]

    def whole(self) -> Any:
        """The JSON that it is. Raises OutsideError."""
        return read_json(b"".join(self.chunks))

    def events(self) -> Iterator[str]:
        """The data of each server-sent event."""
        rest = b""
        for chunk in self.chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            yield from filter(None, map(_data, lines))
        yield from filter(None, [_data(rest)])


@dataclass
class _End:
    """Cuts a connection when its time is over: a timeout counts from one byte to the next alone.

    As the trace of a request it is told of the socket. A context, while which it may cut.
    """

    deadline: float
    socket: Socket | None = None

    def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self.socket = info["return_value"].get_extra_info("socket")

    def __enter__(self) -> _End:
        self._timer = Timer(max(0.0, self.deadline - time.monotonic()), self._cut)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        if self.socket:
            with suppress(OSError):  # it has ended by itself
                self.socket.shutdown(SHUT_RDWR)


@dataclass(frozen=True)
class Wire:
    """A client of one endpoint. Raises BadInputError if it has no key. Thread-safe."""

    endpoint: Endpoint

    def __post_init__(self) -> None:
        self._key  # noqa: B018  now, not with the first message

    @cached_property
    def _key(self) -> str:
        variable = self.endpoint.key_env
        key = os.environ.get(variable, "").strip() if variable else ""
        if variable and not (key and key.isascii() and key.isprintable()):
            raise BadInputError(
                f"{self.endpoint.name} needs a key: the environment has no {variable} that could "
                f"be one; set it with `export {variable}=...`"
            )
        return key

    @cached_property
    def _client(self) -> httpx.Client:
        headers = {"Accept-Encoding": "identity", "User-Agent": "crsdemo"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        alone = httpx.Limits(max_keepalive_connections=0)  # so that `_End` hears of each socket
        return httpx.Client(headers=headers, trust_env=not self.endpoint.is_here, limits=alone)

    @contextmanager
    def ask(self, body: Mapping[str, Any], by: float | None = None) -> Iterator[Answering]:
        """Its answer as it comes. Raises OutsideError for whatever keeps it from coming.

        Tried again until the first byte, never after: what was read is not taken back. `by`: on
        `time.monotonic()`, when it has to end; by default so many seconds from now as the endpoint
        is given for a reply.
        """
        deadline = time.monotonic() + self.endpoint.seconds if by is None else by
        tries, late = (
            self.endpoint.retries + 1,
            f"did not answer within {self.endpoint.seconds:g} s",
        )
        for n in range(1, tries + 1):
            try:
                with _End(deadline) as end, self._posted(body, end) as response:
                    if response.status_code in AGAIN and n < tries:
                        wait = _wait(n, response.headers.get("retry-after", ""))
                    else:
                        yield self._begun(response, deadline, n)
                        return
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                is_slow = isinstance(error, httpx.ConnectTimeout)
                why = "it took up no connection" if is_slow else self._reason(error)
                away = f"cannot be reached: {why}"
                wait = _wait(n)
                if n == tries or time.monotonic() + wait >= deadline:
                    raise OutsideError(f"{away}, {_times(n)}") from error
            except httpx.TimeoutException as error:
                raise OutsideError(late) from error
            except httpx.HTTPError as error:
                if time.monotonic() >= deadline:
                    raise OutsideError(late) from error
                if n == tries:
                    raise OutsideError(
                        f"broke off ({type(error).__name__}: {self._reason(error)}), {_times(n)}"
                    ) from error
                wait = _wait(n)
            if time.monotonic() + wait >= deadline:
                raise OutsideError(f"{late}, {_times(n)}")
            time.sleep(wait)

    def _reason(self, error: httpx.HTTPError) -> str:
        """In its own words, without the host: visitors may read it."""
        host = urlsplit(self.endpoint.url).hostname or ""
        said = re.sub(rf"(?<![\w.-]){re.escape(host)}(?![\w.-])", "its host", str(error))
        return said[:N_QUOTED] or type(error).__name__

    def _posted(self, body: Mapping[str, Any], end: _End) -> Any:
        left = max(0.001, end.deadline - time.monotonic())
        timeout = httpx.Timeout(left, connect=min(left, CONNECTING))
        return self._client.stream(
            "POST", self.endpoint.address, json=body, timeout=timeout, extensions={"trace": end}
        )

    def _begun(self, response: httpx.Response, deadline: float, n: int) -> Answering:
        if response.status_code != 200:
            said = b"".join(self._chunks(response, deadline))[: 4 * N_QUOTED]
            quoted = " ".join(said.decode(errors="replace").split())[:N_QUOTED]
            if self._key:
                quoted = quoted.replace(self._key, "***")
            status = f"{response.status_code} {response.reason_phrase}".strip()
            raise OutsideError(f"answered {status}, {_times(n)}: {quoted or 'nothing more'}")
        is_stream = response.headers.get("content-type", "").startswith("text/event-stream")
        return Answering(is_stream, self._chunks(response, deadline))

    def _chunks(self, response: httpx.Response, deadline: float) -> Iterator[bytes]:
        size, late = 0, f"did not end within {self.endpoint.seconds:g} s"
        try:
            for chunk in response.iter_raw():
                size += len(chunk)
                if size > MAX_BYTES:
                    raise OutsideError(f"its answer is larger than {MAX_BYTES:,} bytes")
                if time.monotonic() >= deadline:
                    raise OutsideError(late)
                yield chunk
        except httpx.HTTPError as error:
            is_late = isinstance(error, httpx.TimeoutException) or time.monotonic() >= deadline
            broke = f"broke off in its answer ({type(error).__name__})"
            raise OutsideError(late if is_late else broke) from error
        if time.monotonic() >= deadline:  # what was cut may look like an end
            raise OutsideError(late)


def read_json(text: str | bytes) -> Any:
    """Raises OutsideError."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OutsideError(f"its answer is not JSON: {shown(text[:N_QUOTED])}") from error


def _data(line: bytes) -> str:
    """What a line of an event stream carries; comments, names and ids carry nothing."""
    name, _, value = line.rstrip(b"\r").partition(b":")
    return value.decode(errors="replace").removeprefix(" ") if name == b"data" else ""


def _wait(n: int, retry_after: str = "") -> float:
    """Seconds before the next try: as long as it asks for, else longer each time, never in step."""
    if retry_after.isdecimal() and len(retry_after) < 6:
        return float(retry_after)
    return FIRST_WAIT * math.pow(2, n - 1) * random.uniform(0.5, 1.5)


def _times(n: int) -> str:
    return "at the first try" if n == 1 else f"tried {n} times"

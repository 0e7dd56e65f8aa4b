"""The one middleware before all pages: closed doors, sizes, limits by address, headers.

Gradio's server takes more than the pages need: files, calls of every handler by its name, bodies
of any size. What is answered here never reaches it.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import gradio as gr
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crsdemo.chat.admission import Admission
from crsdemo.core.errors import TooManyError
from crsdemo.web.guard import bodies, choices, doors, events
from crsdemo.web.guard.bodies import FULL, TOO_LARGE, WORDLESS, HalfRead, RefusedRequestError
from crsdemo.web.guard.callers import Proxies, counted_as
from crsdemo.web.guard.doors import API, Doors
from crsdemo.web.guard.housekeeping import Housekeeping
from crsdemo.web.guard.rooms import Rooms
from crsdemo.web.shared.controls import MODEL

LONGEST_ADDRESS = 4096  # of a page, with what follows the question mark
MOST_OPEN = 512  # requests of one address at a time: a tab has two
HEADERS = {
    # Gradio's pages have scripts and styles in them, and run what components bring as text
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' "
    "'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # a link to a study says who somebody is
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass
class Watch:
    """What the guard of one app knows and is told."""

    blocks: gr.Blocks
    admission: Admission
    doors: Doors
    secret_key: bytes = field(repr=False)  # of the log
    proxies: Proxies = field(default_factory=Proxies)
    open: Counter[str] = field(default_factory=Counter)  # requests, by address
    half_read: HalfRead = field(default_factory=HalfRead)
    rooms: Rooms = field(init=False)
    housekeeping: Housekeeping = field(init=False)

    def __post_init__(self) -> None:
        self.rooms = Rooms(self.blocks)
        self.housekeeping = Housekeeping(self.blocks, self.rooms)


class Guard:
    """ASGI middleware. Its state is in `watch`, for Starlette makes it when it likes."""

    def __init__(self, app: ASGIApp, watch: Watch) -> None:
        self.app, self.watch = app, watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})
        self.watch.housekeeping.begin()
        address = self.watch.proxies.address(scope)
        scope["client"] = (address, 0)
        try:
            with self._counted(counted_as(address)):
                await self._passed(scope, receive, _with_headers(send))
        except RefusedRequestError as refused:
            answer = JSONResponse({"detail": refused.words}, refused.status)
            await answer(scope, receive, _with_headers(send))

    @contextlib.contextmanager
    def _counted(self, address: str) -> Any:
        """One open request more of an address. Raises RefusedRequestError for one too many."""
        if self.watch.open[address] >= MOST_OPEN:
            raise RefusedRequestError(503, FULL)
        self.watch.open[address] += 1
        try:
            yield
        finally:
            self.watch.open[address] -= 1
            if not self.watch.open[address]:
                del self.watch.open[address]

    async def _passed(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if len(path) + len(scope.get("query_string", b"")) > LONGEST_ADDRESS:
            raise RefusedRequestError(414, "This address is too long.")
        if doors.takes_files(path):
            raise TOO_LARGE
        if not self.watch.doors.opens(method, path):
            raise RefusedRequestError(404, "There is nothing here.")
        if method == "POST":
            address, headers = scope["client"][0], dict(scope["headers"])
            with _limited():
                self.watch.admission.event_from(counted_as(address))
            body = await self.watch.half_read.read(headers, receive, counted_as(address))
            given = bodies.parsed(body)
            is_call = not path.startswith((f"{API}/cancel", f"{API}/reset"))
            function = self._function(path, given) if is_call else None
            if len(body) > WORDLESS and not _has_words(function):
                raise TOO_LARGE
            if function:
                await self._admit(function, given, address)
            return await self.app(scope, _replayed(body, receive), send)
        with self._listening(scope):
            await self.app(scope, receive, send)

    async def _admit(self, function: Any, given: dict[str, Any], address: str) -> None:
        """Raises RefusedRequestError for what no page sends, and for too much."""
        is_program = _is_for_programs(function)
        if is_program:
            choices.check_arguments(function, given)
        else:
            events.check(function, given, self.watch.secret_key)
            choices.check_choices(self.watch.blocks, function, given)
        name, room = counted_as(address), str(function.concurrency_id)
        if room == MODEL["concurrency_id"]:
            with _limited():
                self.watch.admission.message_from(name, is_program=is_program)
        await self.watch.rooms.admit(room, address, str(given.get("session_hash")))

    def _function(self, path: str, given: dict[str, Any]) -> Any:
        """Gradio's record of what is to be called. Raises RefusedRequestError."""
        functions = self.watch.blocks.fns
        if name := doors.called(path):
            function = next(
                (f for f in functions.values() if f.api_name == name and _is_for_programs(f)), None
            )
        else:
            index = given.get("fn_index")
            function = functions.get(index) if type(index) is int else None
            if not isinstance(given.get("session_hash"), str):
                function = None
        if function is None or (function.fn is None and not function.cancels):
            raise RefusedRequestError(404, "There is nothing of this name here.")
        return function

    @contextlib.contextmanager
    def _listening(self, scope: Scope) -> Any:
        """Whoever fetches events, or has a tab open, is known to as long as that lasts."""
        path, heard = scope["path"], self.watch.rooms
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        sessions = asked.get("session_hash", []) if path.startswith(f"{API}/queue/data") else []
        sessions += [event for event in [doors.fetched(path)] if event]
        tab = [path.rpartition("/")[2]] if path.startswith(f"{API}/heartbeat/") else []
        heard.listening.update(sessions)
        heard.tabs.update(tab)
        try:
            yield
        finally:
            heard.listening.subtract(sessions)
            heard.tabs.subtract(tab)


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """Raises RefusedRequestError for too much."""
    try:
        yield
    except TooManyError as error:
        raise RefusedRequestError(429, str(error)) from error


def _is_for_programs(function: Any) -> bool:
    """Gradio also names what is none of their business, after the method that it calls."""
    return function.api_name in doors.PROGRAMS and function.api_visibility == "public"


def _has_words(function: Any) -> bool:
    """Whether it takes what a person or a program writes, which may be long."""
    if function is None:
        return False
    typed = any(isinstance(component, gr.Textbox) for component in function.inputs)
    named = any(name in events.TYPED for _, name in function.targets)
    return typed or named or _is_for_programs(function)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A body that was read, once more; then whatever comes."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sent

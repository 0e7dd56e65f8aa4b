"""Servers that a test starts, with answers as a test wants them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Handler = type[BaseHTTPRequestHandler]


def free_port() -> int:
    """One that nobody listens at, at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass
class Stub:
    """What it was asked, and what it answers next; the last answer holds for all that follow."""

    answers: list[Callable[[BaseHTTPRequestHandler], None]]
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(handler: Handler) -> Iterator[str]:
    """The address of a server, while it runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def stub(*answers: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[Stub]:
    kept = Stub(list(answers))

    class Chat(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            kept.headers.append(dict(self.headers))
            (kept.answers.pop(0) if len(kept.answers) > 1 else kept.answers[0])(self)

        def log_message(self, *given: object) -> None:
            pass

    with serving(Chat) as url:
        kept.url = url
        yield kept


def said(
    body: bytes | str | object, status: int = 200, kind: str = "application/json", **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer; what is no text is sent as JSON."""
    raw = body if isinstance(body, bytes) else body if isinstance(body, str) else json.dumps(body)
    sent = raw if isinstance(raw, bytes) else raw.encode()

    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(status)
        to.send_header("Content-Type", kind)
        for name, value in headers.items():
            to.send_header(name.replace("_", "-"), value)
        to.end_headers()
        to.wfile.write(sent)

    return answer


def completion(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"model": "lab-7b-2026", "choices": [choice], "system_fingerprint": "fp_1"}


def events(*deltas: str, end: str = "data: [DONE]\n\n") -> str:
    """A completion as it is streamed."""
    rows = [{"model": "lab-7b-2026", "choices": [{"delta": {"content": d}}]} for d in deltas]
    return ": hello\n\n" + "".join(f"data: {json.dumps(row)}\n\n" for row in rows) + end

"""What stands before the pages, asked by programs as an attacker would, on a real server."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from gradio_client import Client
from pages import Server
from stand_in import StandIn
from test_page import Caller

from crsdemo.chat.admission import Limits
from crsdemo.web.guard import unread
from crsdemo.web.guard.bodies import MOST_BYTES, OF_AN_ADDRESS, WORDLESS
from crsdemo.web.guard.callers import Proxies
from crsdemo.web.guard.guard import Watch
from crsdemo.web.guard.rooms import OF_A_SESSION

FREE = Limits("", "", "", "", "")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pair = StandIn(0.05, "red"), StandIn(0.05, "blue")
    server = Server(tmp_path_factory.mktemp("guard"), *pair, limits=FREE)
    yield server
    server.close()


@pytest.fixture(scope="module")
def config(server: Server) -> dict[str, Any]:
    told: dict[str, Any] = httpx.get(server.url + "config").json()
    return told


def limited(folder: Path, limits: Limits, proxies: Proxies = Proxies()) -> Server:
    return Server(folder, StandIn(), limits=limits, proxies=proxies)


def joined(server: Server, caller: Caller, text: str, session: str = "") -> httpx.Response:
    """Ask for a reply and do not listen for it."""
    body = {
        "data": [text, caller.visit, None, None, None],
        "fn_index": caller.events["submit"],
        "session_hash": session or uuid4().hex,
    }
    return httpx.post(f"{server.url}gradio_api/queue/join", json=body, timeout=30)


# Only what the documents name is callable


def test_no_handler_is_called_by_name_past_the_queue(
    server: Server, config: dict[str, Any]
) -> None:
    names = {one["api_name"] for one in config["dependencies"] if one["api_name"]}
    names |= {"say", "compare_say", "rate", "judge", "lambda", "", "say/"}
    indices = [one["id"] for one in config["dependencies"]]
    with httpx.Client(base_url=server.url + "gradio_api/", timeout=20) as http:
        for name in names:
            for way in ("run", "api", "call", "call/v2"):
                if way == "call" and name.strip("/") in ("say", "compare_say"):
                    continue
                answer = http.post(f"{way}/{name}", json={"data": ["hello", ""]})
                assert answer.status_code == 404, f"{way}/{name}"
        for index in indices:  # a name that is not there, with the number of one that is
            answer = http.post("run/x", json={"data": ["hello", ""], "fn_index": index})
            assert answer.status_code == 404


@pytest.mark.parametrize(
    "address",
    ["//gradio_api/run/say", "gradio_api/./run/say", "gradio_api%2frun/say", "gradio_api/RUN/say"],
)
def test_an_address_written_otherwise_opens_nothing(server: Server, address: str) -> None:
    body = json.dumps({"data": ["past the queue", ""]}).encode()
    answer = raw(server, "POST", f"/{address}", body)
    assert answer.split(b" ")[1] in (b"404", b"307") and not said(server, "past the queue")


def test_programs_still_say_and_compare(server: Server) -> None:
    client = Client(server.url, verbose=False)
    first = client.predict("a quiet film", api_name="/say")
    again = client.predict("another", first["dialogue_id"], api_name="/say")
    assert again["dialogue_id"] == first["dialogue_id"]
    two = client.predict("something creepy", "red", "blue", api_name="/compare_say")
    assert two["left"]["recommender"] == "red"
    event = httpx.post(f"{server.url}gradio_api/call/say", json={"data": ["by hand", ""]}).json()
    heard = httpx.get(f"{server.url}gradio_api/call/say/{event['event_id']}", timeout=30)
    assert "event: complete" in heard.text


@pytest.mark.parametrize("index", [10_000, -1, "0", None, True, 1.0, [0]])
def test_a_number_of_no_handler_is_not_found(
    server: Server, index: bool | float | list[int] | str | None, capfd: pytest.CaptureFixture[str]
) -> None:
    body = {"data": [], "fn_index": index, "session_hash": "s"}
    answer = httpx.post(f"{server.url}gradio_api/queue/join", json=body)
    assert answer.status_code == 404
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    "address",
    ["gradio_api/upload_progress?upload_id=x", "monitoring", "gradio_api/file=/etc/passwd"]
    + ["gradio_api/proxy=https://x.hf.space/", "gradio_api/dev/reload", "gradio_api/vibe-code"],
)
def test_routes_that_no_page_needs_are_closed(server: Server, address: str) -> None:
    assert httpx.get(server.url + address).status_code in (404, 413)


# Room in the queue


def test_a_hundred_who_do_not_listen_keep_nobody_from_rating_or_asking(
    server: Server, config: dict[str, Any]
) -> None:
    honest = Caller(server.url, config)
    honest.call("submit", ["before the flood", honest.visit, None, None, None])
    ((reply,),) = server.rows(
        "select g.id from generations g join turns t on t.id = g.id join turns u "
        "on u.id = t.parent where u.text = 'before the flood'"
    )
    flood = Caller(server.url, config)
    with ThreadPoolExecutor(20) as pool:
        asked = [f"slowly, flood {n}" for n in range(100)]
        answers = list(pool.map(lambda text: joined(server, flood, text), asked))
    assert {answer.status_code for answer in answers} <= {200, 503}
    began = time.monotonic()
    changes = {"reply": reply, "click": 1, "changes": {"thumbs": 1}}
    honest.call("rate", [honest.visit, None, None, None], changes)
    assert time.monotonic() - began < 5
    assert server.rows(f"select value from ratings where generation_id = '{reply}'") == [("1",)]
    honest.call("submit", ["during the flood", honest.visit, None, None, None])
    assert said(server, "during the flood")


def test_one_tab_has_only_so_many_places(server: Server, config: dict[str, Any]) -> None:
    caller, session = Caller(server.url, config), uuid4().hex
    for n in range(40):
        joined(server, caller, f"very slowly {n}", session)
        (room,) = [
            q.queue for r, q in server.blocks._queue.event_queue_per_concurrency_id.items()
            if r == "model"
        ]  # fmt: skip
        assert sum(event.session_hash == session for event in list(room)) <= OF_A_SESSION


def test_answers_that_nobody_fetches_are_let_go(
    server: Server, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crsdemo.web.guard.rooms.KEPT", 1.0)
    session = uuid4().hex
    joined(server, Caller(server.url, config), "asked and gone", session)
    messages = server.blocks._queue.pending_messages_per_session
    deadline = time.monotonic() + 30
    while session in messages and time.monotonic() < deadline:
        time.sleep(0.2)
    assert session not in messages


def test_what_nobody_reads_has_bounds(
    server: Server, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a session and of an address; who reads goes on all the while."""
    of_one, of_all = 200_000, 400_000
    monkeypatch.setattr(unread, "OF_A_SESSION", of_one)
    monkeypatch.setattr(unread, "OF_AN_ADDRESS", of_all)
    queue, most, n_sent = server.blocks._queue, 0, 0
    sessions = [uuid4().hex for _ in range(30)]
    caller, honest = Caller(server.url, config), Caller(server.url, config)
    caller.call("submit", ["word " * 390, caller.visit, None, None, None])
    for n in range(6):
        for session in sessions:
            body = {"data": [caller.visit, None, None, None], "fn_index": caller.events["redraw"]}
            n_sent += post(server, body | {"session_hash": session}).status_code == 200
        honest.call("submit", [f"read at once {n}", honest.visit, None, None, None])
        waiting = {s: n_characters(q) for s, q in queue.pending_messages_per_session.items()}
        assert max(waiting.values()) <= of_one
        most = max(most, sum(waiting.values()))
    assert n_sent > 100 and of_all / 2 < most <= of_all + of_one
    assert said(server, "read at once 5")


def n_characters(messages: Any) -> int:
    """Of what waits in a session's queue to be read."""
    return sum(unread._size(getattr(m, "output", None)) for m in list(messages._queue))


# Limits by address


def test_a_program_that_is_always_somebody_else_is_one_visitor(tmp_path: Path) -> None:
    server = limited(tmp_path, Limits(visitor_messages="3/minute", all_messages="20/minute"))
    url = f"{server.url}gradio_api/call/say"
    codes = [httpx.post(url, json={"data": [f"n {n}", ""]}).status_code for n in range(6)]
    assert codes == [200] * 3 + [429] * 3
    with pytest.raises(Exception, match="429|wait"):
        Client(server.url, verbose=False).predict("one more", api_name="/say")
    visitor = Caller(server.url, httpx.get(server.url + "config").json())
    visitor.call("submit", ["a person beside it", visitor.visit, None, None, None])
    server.close()


def test_made_up_visitors_of_one_address_are_counted_together(tmp_path: Path) -> None:
    server = limited(tmp_path, Limits(address_messages="4/minute"))
    config = httpx.get(server.url + "config").json()
    answers = [joined(server, Caller(server.url, config), f"n {n}") for n in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
    assert "Please wait" in answers[-1].json()["detail"]
    server.close()


@pytest.mark.parametrize("route", ["queue/join", "cancel", "reset", "call/say"])
def test_whatever_is_sent_counts_for_its_address(tmp_path: Path, route: str) -> None:
    server = limited(tmp_path, Limits(address_events="3/minute"))
    url = f"{server.url}gradio_api/{route}"
    codes = [httpx.post(url, json={"data": ["hi", ""]}).status_code for _ in range(5)]
    assert codes[3:] == [429, 429] and 429 not in codes[:3]
    server.close()


@pytest.mark.parametrize(("trusted", "passed"), [((), 2), (("127.0.0.1",), 6)])
def test_a_forwarding_header_counts_only_from_a_proxy_that_was_named(
    tmp_path: Path, trusted: tuple[str, ...], passed: int
) -> None:
    server = limited(tmp_path, Limits(address_messages="2/minute"), Proxies.named(trusted))
    url, codes = f"{server.url}gradio_api/call/say", []
    for n in range(6):
        headers = {"X-Forwarded-For": f"9.9.9.9, 203.0.113.{n}"}
        sent = httpx.post(url, json={"data": [f"n {n}", ""]}, headers=headers)
        codes.append(sent.status_code)
    assert codes.count(200) == passed
    server.close()


# Sizes


def test_bodies_that_stall_are_kept_to_a_few_megabytes_of_an_address(server: Server) -> None:
    """A hundred of them: who sends one word meanwhile, from elsewhere, is heard."""
    host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
    head = (
        b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1099999\r\n\r\n"
    )
    with contextlib.ExitStack() as wires:
        for _ in range(20):
            wire = wires.enter_context(socket.create_connection((host, port), timeout=20))
            with contextlib.suppress(OSError):  # it was hung up on
                wire.sendall(head + b"x" * 900_000)
        half_read = watch_of(server).half_read
        wait_for(lambda: half_read.n_bytes.total() > OF_AN_ADDRESS // 2)
        assert half_read.n_bytes.total() <= OF_AN_ADDRESS
    wait_for(lambda: not half_read.n_bytes)


def test_what_nobody_types_is_short(server: Server, config: dict[str, Any]) -> None:
    caller = Caller(server.url, config)
    long: Any = "x" * WORDLESS
    for event, code in (("redraw", 413), ("select", 413), ("submit", 200)):
        data = [caller.visit, long, None, None]
        body = {"fn_index": caller.events[event], "event_data": {"reply": "r"}}
        body |= {"data": ["hi", *data] if event == "submit" else data, "session_hash": "wordless"}
        assert post(server, body).status_code == code
    assert httpx.post(f"{server.url}gradio_api/cancel", json={"x": [long]}).status_code in (
        400,
        413,
    )


def test_large_bodies_are_refused_before_they_are_read(server: Server) -> None:
    host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
    with socket.create_connection((host, port), timeout=20) as wire:
        wire.sendall(
            b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100000000\r\n\r\n{"
        )
        assert b" 413 " in wire.recv(1000)


def test_large_bodies_of_unknown_length_are_refused_too(server: Server) -> None:
    def drops() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 100_000

    url = f"{server.url}gradio_api/call/say"
    with contextlib.suppress(httpx.TransportError):  # it was hung up on
        assert httpx.post(url, content=drops(), timeout=20).status_code == 413
    assert MOST_BYTES < 2**21


@pytest.mark.parametrize("route", ["upload", "upload/", "process_recording", "component_server"])
@pytest.mark.parametrize("size", [1, 2**16])
def test_no_file_is_taken(server: Server, route: str, size: int) -> None:
    sent = httpx.post(f"{server.url}gradio_api/{route}", files={"files": b"x" * size})
    assert sent.status_code == 413
    folder = Path(server.blocks.app.uploaded_file_dir)
    assert not [one for one in folder.rglob("*") if one.is_file() and one.stat().st_size == size]


@pytest.mark.parametrize(
    "change",
    [
        {"session_hash": "s" * 5000},
        {"trigger_id": "s" * 5000},
        {"data": ["hi", {"visitor": "v" * 5000, "dialogue": "d"}, None, None, None]},
        {"data": ["hi", {"visitor": "v", "dialogue": "d" * 5000}, None, None, None]},
        {"data": ["hi", {"x" * 5000: "v"}, None, None, None]},
        {"event_data": {"reply": "r" * 5000}},
        {"event_data": {"changes": {"reasons": ["r"] * 3000}}},
        {"event_data": {str(n): n for n in range(3000)}},
        {"data": ["x"] * 3000},
    ],
)
def test_ids_and_lists_have_bounds(
    server: Server, config: dict[str, Any], change: dict[str, object]
) -> None:
    caller = Caller(server.url, config)
    body: dict[str, Any] = {"data": ["hi", caller.visit, None, None, None], "session_hash": "s"}
    body |= {"fn_index": caller.events["submit"]} | change
    answer = httpx.post(f"{server.url}gradio_api/queue/join", json=body)
    assert answer.status_code == 400


@pytest.mark.parametrize("content", [b"[" * 100_000, b"\xff", b"[]", b"1" * 9000, b"", b"null"])
def test_what_is_no_json_object_is_refused_in_words(
    server: Server, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = httpx.post(f"{server.url}gradio_api/queue/join", content=content)
    assert answer.status_code == 400 and answer.json()["detail"]
    assert "Traceback" not in capfd.readouterr().err


# Headers


def post(server: Server, body: dict[str, Any]) -> httpx.Response:
    """An event whose answer nobody reads."""
    return httpx.post(f"{server.url}gradio_api/queue/join", json=body, timeout=30)


def watch_of(server: Server) -> Watch:
    (found,) = [
        one.kwargs["watch"] for one in server.blocks.app.user_middleware if "watch" in one.kwargs
    ]
    assert isinstance(found, Watch)
    return found


def wait_for(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert happened()


@pytest.mark.parametrize("address", ["", "compare", "config", "health", "nothing-here", "results"])
def test_every_answer_says_that_it_is_not_to_be_framed_or_guessed_at(
    server: Server, address: str
) -> None:
    headers = httpx.get(server.url + address).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def raw(server: Server, method: str, path: str, body: bytes = b"", headers: str = "") -> bytes:
    """An answer to a request that is sent as it is written here."""
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as wire:
        head = f"{method} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        wire.sendall(head.encode() + body)
        return wire.recv(2000)


def said(server: Server, text: str) -> list[tuple[Any, ...]]:
    return server.rows(f"select 1 from turns where text = '{text}'")

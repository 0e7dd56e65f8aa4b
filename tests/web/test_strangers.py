"""Who may see what is the operator's, what strangers learn, and what no request may bring about."""

from __future__ import annotations

import os
import resource
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from outside import free_port
from pages import Server
from stand_in import CATALOG, StandIn
from test_app import ROOT, folder, refused, start  # noqa: F401  the fixture
from test_guard import raw
from test_page import Caller as Visitor

from crsdemo.__main__ import main
from crsdemo.core.errors import AccessError
from crsdemo.web.guard.callers import Caller, Proxies, counted_as
from crsdemo.web.operator import TRIES, TRIES_OF_ALL, Operator
from crsdemo.web.shared.placeless import placeless

WORD = "korrekt häst"
FAR = Caller("203.0.113.9", "lab.example")


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Without a password: for the machine alone."""
    server = Server(tmp_path_factory.mktemp("local"), StandIn())
    yield server
    server.close()


# The operator


def test_asking_without_a_password_is_no_wrong_one(tmp_path: Path) -> None:
    server = Server(tmp_path, StandIn(), operator=Operator(WORD))
    with httpx.Client(base_url=server.url, timeout=20) as http:
        other = [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic !"}]
        for n in range(3 * TRIES):
            assert http.get("health.json", headers=other[n % 3]).status_code == 401
            assert http.get("health.json", auth=("operator", "")).status_code == 401
        assert http.get("health.json", auth=("operator", WORD)).status_code in (200, 503)
        for n in range(TRIES_OF_ALL + TRIES):  # all of them from here, whatever they say
            forged = {"X-Forwarded-For": f"198.51.100.{n}", "Forwarded": f"for=198.51.100.{n}"}
            guess = http.get("health.json", auth=("x", "wrong guess"), headers=forged)
            assert guess.status_code == 401
    assert server.demo.operator.sign_in(WORD, FAR), "nobody else is locked out"
    server.close()


def test_guesses_from_everywhere_do_not_lock_out_a_known_address() -> None:
    operator = Operator(WORD)
    operator.sign_in(WORD, FAR)
    for n in range(TRIES_OF_ALL):
        with pytest.raises(AccessError):
            operator.sign_in("wrong guess", Caller(f"198.51.100.{n}", "lab.example"))
    assert operator.sign_in(WORD, FAR)
    assert counted_as("2001:db8::1") == counted_as("2001:db8::ffff:1") != counted_as("2001:db9::1")
    assert counted_as("::ffff:192.0.2.1") == "192.0.2.1"


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Port: 443"]
    + ["Forwarded: for=127.0.0.1", "Via: 1.1 x", "X-Real-IP: 127.0.0.1", "CF-Connecting-IP: ::1"]
    + ["X-Client-IP: 127.0.0.1", "True-Client-IP: 127.0.0.1", "X-Original-Host: localhost"]
    + ["x-forwarded-client-cert: x", "X-ProxyUser-Ip: 127.0.0.1"],
)
def test_what_was_passed_on_is_not_from_this_machine(local: Server, header: str) -> None:
    assert b" 403 " in raw(local, "GET", "/health.json", headers=f"{header}\r\n")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "localhost:80", "localhost:1"])
def test_a_forwarder_at_another_port_does_not_open_what_is_local(local: Server, host: str) -> None:
    assert httpx.get(f"{local.url}health.json", headers={"Host": host}).status_code == 403
    assert httpx.get(f"{local.url}health.json").status_code in (200, 503)


def test_of_a_trusted_proxy_the_last_stranger_is_believed() -> None:
    proxies = Proxies.named(["10.0.0.0/8"])

    def address(peer: str, said: bytes) -> str:
        headers = [(b"x-forwarded-for", said)]
        return proxies.address({"client": (peer, 1), "headers": headers})

    assert address("10.0.0.1", b"6.6.6.6, 192.0.2.1, 10.0.0.9") == "192.0.2.1"
    assert address("192.0.2.5", b"6.6.6.6") == "192.0.2.5"
    assert address("10.0.0.1", b"nonsense") == "10.0.0.1"
    assert address("10.0.0.1", b"") == "10.0.0.1"


# What strangers learn


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "The log /srv/lab/feedback.db is locked (busy).",
            "The log feedback.db is locked (busy).",
        ),
        ("no room in '/home/a b/x.db'; make some", "no room in 'x.db'; make some"),
        ("FileNotFoundError: '/srv/models/gcrs/a.pt'", "FileNotFoundError: 'a.pt'"),
        (r"C:\lab\feedback.db is full", "feedback.db is full"),
        ("data/feedback.db.outbox.jsonl cannot", "feedback.db.outbox.jsonl cannot"),
        ("~/lab/x.db and ../y/z.db", "x.db and z.db"),
        (
            "this and/or that, 1/2, https://a.example/b",
            "this and/or that, 1/2, https://a.example/b",
        ),
    ],
)
def test_no_error_tells_where_files_lie(said: str, shown: str) -> None:
    assert placeless(said) == shown
    assert len(placeless("x" * 10**6)) < 2000


def test_an_error_of_the_log_does_not_show_its_place(tmp_path: Path) -> None:
    server = Server(tmp_path, StandIn())
    visitor = Visitor(server.url, httpx.get(server.url + "config").json())
    with sqlite3.connect(server.db, isolation_level=None) as lock:
        lock.execute("begin exclusive")
        shown = str(visitor.call("submit", ["hello", visitor.visit, None, None, None]))
        event = httpx.post(f"{server.url}gradio_api/call/say", json={"data": ["x", ""]}).json()
        heard = httpx.get(f"{server.url}gradio_api/call/say/{event['event_id']}", timeout=30).text
        lock.execute("rollback")
    assert "The log" in shown and str(tmp_path) not in shown
    assert str(tmp_path) not in heard
    server.close()


# Starting


def test_it_starts_whatever_proxies_the_environment_names(folder: Path) -> None:  # noqa: F811
    command = [sys.executable, "app.py", "--port", str(free_port()), "--checkpoint", "popularity"]
    command += ["--db", str(folder / "feedback.db"), "--catalog", str(folder / "catalog")]
    proxies = {"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "socks5://127.0.0.1:9"}
    proxies |= {name.lower(): value for name, value in proxies.items()}
    environment = {**os.environ, **proxies, "PYTHONUNBUFFERED": "1"}
    for name in ("NO_PROXY", "no_proxy"):
        environment.pop(name, None)
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout
        said = process.stdout.readline().decode()
        process.terminate()
        said += process.communicate(timeout=30)[0].decode()
    assert "is ready" in said and "Traceback" not in said
    assert (folder / "feedback.db").stat().st_mode & 0o077 == 0


LONG = "x" * 5000


@pytest.mark.parametrize(
    "flags",
    [
        ["--study", LONG],
        ["--password-file", LONG],
        ["--reports", LONG],
        ["--catalog", LONG],
        ["--db", LONG],
        ["--checkpoint", LONG],
        ["--backups", LONG],
        ["--trusted-proxy", LONG],
    ],
)
def test_a_name_that_no_file_can_have_is_refused_in_a_line(
    folder: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.serve", lambda *_: None)  # what is only used later may start
    if start(folder, *flags) == 2:
        refused(capsys)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [
        b"a = " + b"[" * 5000,
        b"seed = " + b"9" * 5000,
        b"\xff\xfe",
        b"title = 'a'\x00",
        b"x" * 100_000,
        b"questionnaires = ['" + b"q" * 5000 + b".toml']",
    ],
)
def test_a_study_file_of_any_bytes_is_refused_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    file = tmp_path / "study.toml"
    file.write_bytes(content)
    assert main(["check-study", str(file)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "study.toml" in said and "Traceback" not in said


@pytest.mark.parametrize("at", [0.02, 0.5, 0.9])
def test_a_flipped_bit_in_the_catalog_is_refused_or_harmless(
    folder: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    at: float,
    monkeypatch: pytest.MonkeyPatch,  # noqa: F811
) -> None:
    monkeypatch.setattr("app.serve", lambda *_: None)
    for file in (folder / "catalog").iterdir():
        whole = file.read_bytes()
        flipped = bytearray(whole)
        flipped[int(at * len(whole))] ^= 0x80
        file.write_bytes(flipped)
        if start(folder) == 2:
            refused(capsys)
        file.write_bytes(whole)
    assert CATALOG


# Half a request


def test_half_a_request_is_hung_up_on_and_writes_next_to_nothing(tmp_path: Path) -> None:
    port, tests = free_port(), Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(ROOT)])}
    command = [sys.executable, "serve.py", str(tmp_path / "feedback.db"), str(port)]
    with (
        (tmp_path / "said").open("wb") as said,
        subprocess.Popen(
            command,
            cwd=tests,
            env={**environment, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=said,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)),
        ) as process,
    ):
        assert process.stdout and b"is ready" in process.stdout.readline()
        halves = []
        for n in range(400):
            wire = socket.create_connection(("127.0.0.1", port), timeout=5)
            wire.sendall(b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: x\r\n"[: 20 + n % 30])
            halves.append(wire)
        deadline = time.monotonic() + 60
        answered = None
        while answered is None and time.monotonic() < deadline:
            try:
                answered = httpx.get(f"http://127.0.0.1:{port}/config", timeout=5)
            except httpx.TransportError:
                time.sleep(0.5)
        process.kill()
    assert answered is not None and answered.status_code == 200
    assert (tmp_path / "said").stat().st_size < 100_000

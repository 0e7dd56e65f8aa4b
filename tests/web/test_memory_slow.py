"""What long talks and closed tabs leave in the memory of the app, a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from outside import free_port
from test_page import Caller

MESSAGES, SESSIONS = 300, 200
MOST = 130  # MB above the start; 76 and 101 were measured, what the allocator keeps differs by run


def megabytes(process: subprocess.Popen[bytes]) -> float:
    """What the process holds in memory."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def say(caller: Caller, text: str) -> None:
    caller.call("submit", [text, caller.visit, None, None, None])


@pytest.mark.slow
def test_a_long_talk_and_closed_sessions_leave_the_memory_as_it_was(tmp_path: Path) -> None:
    port = free_port()
    serve = [sys.executable, str(Path(__file__).parent.parent / "serve.py")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([*serve, str(tmp_path / "f.db"), str(port), "2"], env=environment)
    url = f"http://127.0.0.1:{port}/"
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                config = httpx.get(url + "config", timeout=5).json()
                break
            except httpx.TransportError:
                time.sleep(0.3)
        for n in range(10):  # what is loaded with the first replies is no leak
            say(Caller(url, config), f"thanks {n}")
        began = megabytes(process)
        talker = Caller(url, config)
        for n in range(MESSAGES):
            say(talker, f"message {n}")
        talked = megabytes(process)
        for n in range(SESSIONS):
            visitor = Caller(url, config)
            say(visitor, f"hello {n}")
            visitor.http.close()
        time.sleep(10)  # sessions of closed tabs end
        left = megabytes(process)
        told = f"{began:.0f} MB at the start, {talked:.0f} after the talk, {left:.0f} at the end"
        print(told)
        assert max(talked, left) - began < MOST, told
    finally:
        process.terminate()
        process.wait(30)

"""Starting the demo: what goes wrong is said in one sentence, and what works prints the URL."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from outside import free_port
from stand_in import CATALOG

import app
from crsdemo.core import shipped

ROOT = Path(app.__file__).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    CATALOG.save(tmp_path / "catalog")
    return tmp_path


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def start(folder: Path, *more: str, port: int | None = None) -> int:
    options = ["--db", str(folder / "feedback.db"), "--catalog", str(folder / "catalog")]
    options += ["--checkpoint", "popularity"]
    return app.main([*options, "--port", str(port or free_port()), *more])


def refused(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said instead of a traceback: one paragraph."""
    said = capsys.readouterr().err
    assert said.startswith("crsdemo cannot start: ") and said.count("\n") == 1
    return said


def test_a_busy_port_is_named(
    folder: Path, busy_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(folder, port=busy_port) == 2
    assert f"port {busy_port}" in (said := refused(capsys)) and "--port" in said


def test_an_unknown_host_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert start(folder, "--host", "no-such-host.invalid") == 2
    assert "no-such-host.invalid" in refused(capsys)


@pytest.mark.parametrize("host", ["a" * 70, "...", "a..b"])
def test_what_is_no_name_of_a_host_is_refused(
    folder: Path, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(folder, "--host", host) == 2
    assert host in (said := refused(capsys)) and "--host" in said


def test_port_0_is_any_that_is_free(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served = list[int]()
    monkeypatch.setattr(app, "serve", lambda demo, host, port: served.append(port))
    options = ["--db", str(folder / "f.db"), "--catalog", str(folder / "catalog"), "--port", "0"]
    assert app.main([*options, "--checkpoint", "popularity"]) == 0
    assert served[0] > 1023


@pytest.mark.parametrize("minutes", ["nan", "inf", "-inf", "1e300", "-5", "0", "527041"])
def test_backups_come_after_a_time_that_there_is(
    folder: Path,
    minutes: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app, "serve", lambda demo, host, port: None)
    backups = ["--backups", str(folder / "copies"), f"--backup-minutes={minutes}"]
    assert start(folder, *backups) == 2
    assert "--backup-minutes is above 0 and at most 527,040 (a year), got" in refused(capsys)


def test_a_missing_catalog_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert start(tmp_path) == 2
    assert "build-catalog" in refused(capsys)


def test_the_database_of_another_program_is_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(folder / "feedback.db") as other:
        other.execute("create table invoices (id)")
    before = (folder / "feedback.db").read_bytes()
    assert start(folder) == 2
    assert "another program" in refused(capsys)
    assert (folder / "feedback.db").read_bytes() == before


def test_a_file_that_is_no_database_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "feedback.db").write_text("notes, no database" * 100)
    assert start(folder) == 2
    assert "--db" in refused(capsys)


@pytest.mark.parametrize(
    ("given", "said"), [("two", "--ray wants a number as 2"), ("2", "requirements-ray.txt")]
)
def test_replicas_without_a_number_or_without_ray_are_refused(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    given: str,
    said: str,
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # as if it were not installed
    assert start(folder, "--ray", given) == 2
    assert said in refused(capsys)


def test_a_missing_checkpoint_is_named_with_those_that_are_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(folder, "--checkpoint", "no-such-model") == 2
    assert "no-such-model" in (said := refused(capsys)) and "popularity" in said


def test_a_damaged_checkpoint_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "model").mkdir()
    (folder / "model" / "crsdemo.json").write_text("{")
    assert start(folder, "--checkpoint", str(folder / "model")) == 2
    refused(capsys)


def test_the_demo_starts_prints_its_url_answers_and_asks_no_other_host(folder: Path) -> None:
    port = free_port()
    command = [sys.executable, "app.py", "--port", str(port), "--db", str(folder / "feedback.db")]
    command += ["--catalog", str(folder / "catalog"), "--checkpoint", "popularity"]
    # A proxy that is not there: whatever is asked of another host fails and would be said.
    proxies = {name: "http://127.0.0.1:9" for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")}
    environment = {**os.environ, **proxies, "NO_PROXY": "127.0.0.1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout
        said = process.stdout.readline().decode()  # waits until it is ready, or has failed
        try:
            page = httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
        finally:
            process.terminate()
            said += process.communicate(timeout=20)[0].decode()
    assert page.status_code == 200 and "crsdemo" in page.text
    assert f"http://127.0.0.1:{port}/" in said and "8 items" in said
    assert "Traceback" not in said and "Proxy" not in said


def test_our_figures_are_shown_of_our_catalog_alone(tmp_path: Path) -> None:
    assert app._reports_of(shipped.CATALOG) == shipped.REPORTS and shipped.REPORTS.is_dir()
    assert app._reports_of(tmp_path) == tmp_path / "reports"

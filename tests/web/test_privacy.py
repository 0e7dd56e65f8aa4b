"""Nobody fetches the database by its address, and nobody sees another's talk by guessing ids."""

from __future__ import annotations

import json
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any, cast
from urllib.parse import quote, urlsplit

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from pages import Server
from stand_in import CATALOG, FILMS
from test_page import Caller, server  # noqa: F401  the fixture

from crsdemo.core.conversation import Conversation, new_id, seen_id
from crsdemo.web.compare.blind import BlindPage
from crsdemo.web.compare.compare import ComparePage
from crsdemo.web.compare.screen import Look

SECRET = "my secret wish is a film about lighthouses"


@pytest.fixture(scope="module")
def config(server: Server) -> dict[str, Any]:  # noqa: F811
    told: dict[str, Any] = httpx.get(server.url + "config").json()
    return told


def kept(server: Server, dialogue: str) -> Conversation:  # noqa: F811
    restored = server.log.restore(dialogue, CATALOG)
    assert restored
    return restored.conversation


@pytest.fixture(scope="module")
def victim(server: Server, config: dict[str, Any]) -> Caller:  # noqa: F811
    caller = Caller(server.url, config)
    caller.call("submit", [SECRET, caller.visit, None, None, None])
    assert server.rows(f"select 1 from turns where text = '{SECRET}'")
    return caller


def addresses(server: Server) -> list[str]:  # noqa: F811
    """Ways to ask for the database that file servers have fallen for."""
    path, name = str(server.db), server.db.name
    up = "../" * 12 + path.lstrip("/")
    names = [path, f"{path}-wal", f"//{path}", f"./{name}", name, f"{path}/.", f"{path}%00.png"]
    names += [up, quote(path, safe=""), quote(up, safe=""), up.replace("..", "%2e%2e")]
    routes = ["", "static/", "assets/", "theme/", "svelte/", "file=", "gradio_api/file="]
    routes += ["gradio_api/file/", "gradio_api/proxy=", "gradio_api/stream/"]
    routes += ["gradio_api/custom_component/x/client/component/"]
    return [f"{route}{name}" for route in routes for name in names]


def fetched(url: str, address: str) -> tuple[int, str, bytes]:
    """(status, type, content); the address is sent as it is, dots and all."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.request("GET", "/" + address)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers.get("content-type", ""), content


def test_the_database_cannot_be_fetched_by_any_address(
    server: Server,  # noqa: F811
    victim: Caller,
    monkeypatch: pytest.MonkeyPatch,  # noqa: F811
) -> None:
    monkeypatch.chdir(server.db.parent)  # as when the app is started beside its log
    content = server.db.read_bytes() + server.db.with_name("feedback.db-wal").read_bytes()
    assert SECRET.encode() in content
    for address in addresses(server):
        status, kind, content = fetched(server.url, address)
        assert b"SQLite format" not in content and SECRET.encode() not in content, address
        assert status != 200 or "html" in kind, address


def test_gradio_serves_no_file_of_ours_though_it_is_asked_to_move_one(
    server: Server,  # noqa: F811
    victim: Caller,  # noqa: F811
) -> None:
    with httpx.Client(base_url=server.url) as http:
        file = {"path": str(server.db), "meta": {"_type": "gradio.FileData"}}
        body = {"data": [file], "fn_index": victim.events["submit"], "session_hash": "thief"}
        answer = http.post("gradio_api/queue/join", json=body)
        assert SECRET not in answer.text
        assert http.get("monitoring").status_code >= 400
        sent = http.post("gradio_api/upload", files={"files": b"x" * 2**20})
        assert sent.status_code == 413


def test_guessing_the_dialogue_of_another_shows_nothing_of_it(
    server: Server,  # noqa: F811
    config: dict[str, Any],
    victim: Caller,  # noqa: F811
) -> None:
    thief = Caller(server.url, config)
    thief.visit["dialogue"] = victim.visit["dialogue"]
    for event in ("load", "redraw"):
        shown = json.dumps(thief.call(event, [thief.visit, None, None, None]))
        assert SECRET not in shown and "lighthouses" not in shown
    reply = kept(server, victim.visit["dialogue"]).turns[-1].id
    chosen = {"reply": reply, "click": 1}
    shown = json.dumps(thief.call("select", [thief.visit, reply, None, None], chosen))
    assert "lighthouses" not in shown


def test_saying_something_in_the_dialogue_of_another_does_not_enter_it(
    server: Server,  # noqa: F811
    config: dict[str, Any],
    victim: Caller,  # noqa: F811
) -> None:
    thief = Caller(server.url, config)
    thief.visit["dialogue"] = victim.visit["dialogue"]
    n_before = len(kept(server, victim.visit["dialogue"]).turns)
    shown = json.dumps(thief.call("submit", ["and what did I say?", thief.visit, None, None, None]))
    assert "lighthouses" not in shown
    after = kept(server, victim.visit["dialogue"])
    assert len(after.turns) == n_before and after.visitor == victim.visit["visitor"]
    of = f"dialogue_id = '{victim.visit['dialogue']}'"
    # also beside the branch that is shown
    assert server.rows(f"select count(*) from turns where {of}") == [(n_before,)]
    assert server.rows("select 1 from turns where text = 'and what did I say?'") == []


def test_no_program_goes_on_with_what_is_not_its_own(server: Server, victim: Caller) -> None:  # noqa: F811
    """Ids stand in every export."""
    of = f"dialogue_id = '{victim.visit['dialogue']}'"
    n_before = server.rows(f"select count(*) from turns where {of}")
    one, other = (Client(server.url, verbose=False) for _ in range(2))
    begun = one.predict("mine", api_name="/say")["dialogue_id"]
    for name in (victim.visit["dialogue"], begun):
        with pytest.raises(AppError, match="of this client"):
            other.predict("not mine", name, api_name="/say")
    assert server.rows(f"select count(*) from turns where {of}") == n_before
    assert server.rows("select 1 from turns where text = 'not mine'") == []
    assert one.predict("still mine", begun, api_name="/say")["dialogue_id"] == begun


def test_nobody_rates_or_marks_a_reply_to_another(
    server: Server,  # noqa: F811
    config: dict[str, Any],
    victim: Caller,  # noqa: F811
) -> None:
    thief = Caller(server.url, config)
    reply = kept(server, victim.visit["dialogue"]).turns[-1].id
    rate = {"reply": reply, "click": 1, "changes": {"thumbs": -1}}
    mark = {"reply": reply, "click": 2, "item": FILMS[0].id, "kind": "want", "on": True}
    for event, click in (("rate", rate), ("mark", mark)):
        shown = json.dumps(thief.call(event, [thief.visit, None, {}, None], click))
        assert "not yours" in shown
        victim.call(event, [victim.visit, None, {}, None], click)
    assert server.rows("select count(distinct visitor) from ratings") == [(1,)]
    assert server.rows("select count(distinct visitor) from item_events") == [(1,)]


def test_what_is_judged_blind_is_shown_on_no_page_with_names() -> None:
    """Its id, which the browser knows, finds nothing where names are told."""
    view = Look({"visitor": new_id()}, {"series": "abc"}, None, {}, False)
    hidden = BlindPage.series_id(cast(BlindPage, None), view)
    again = replace(view, at={"series": hidden})
    assert BlindPage.series_id(cast(BlindPage, None), again) == hidden != "abc"
    assert ComparePage.series_id(cast(ComparePage, None), view) == "abc"
    assert ComparePage.series_id(cast(ComparePage, None), again) != hidden
    assert seen_id(hidden) != hidden and seen_id("abc") == "abc"

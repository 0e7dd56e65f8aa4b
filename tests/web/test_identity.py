"""Whoever knows an id of somebody is nobody by that: what a browser remembers is signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from pages import Server, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, expect
from stand_in import StandIn
from test_many_at_once import judged
from test_page import Caller, Talker, events_of
from test_study_page import StudyServer

from app import open_pages
from crsdemo.core.comparison import Series
from crsdemo.core.conversation import blind_id
from crsdemo.core.errors import BadInputError
from crsdemo.export.judgments import ExportConfig, export
from crsdemo.studies.annotators import secret_beside, secret_of
from crsdemo.web.shared.remembered import signed

WISH = "a film that nobody else may hear of"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, StandIn(0, "red"), StandIn(0, "blue", "Watch "))
    yield server
    server.close()


def config_of(url: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(url + "config").json()
    return found


def claims(visitor: str) -> list[dict[str, str]]:
    """What somebody might show who knows the id of another."""
    of_another_log = signed({"visitor": visitor}, b"k" * 32)
    return [{"visitor": visitor}, of_another_log, {"visitor": visitor, "signed": "é"}]


def test_who_knows_the_id_of_another_is_somebody_new(server: Server) -> None:
    config = config_of(server.url)
    victim, thief = Caller(server.url, config), Caller(server.url, config)
    victim.call("submit", [WISH, victim.visit, None, None, None])
    visitor, dialogue = victim.visit["visitor"], victim.visit["dialogue"]
    mixed = {**thief.visit, "visitor": visitor}
    for claim in [*claims(visitor), mixed]:
        held = {"dialogue": dialogue} | claim
        found = thief.call("load", [held, None, None, None])
        assert WISH not in json.dumps(found) and found[0]["visitor"] != visitor
        with pytest.raises(httpx.HTTPStatusError, match="400"):
            thief.call("reopen", [held, None, None, None], {"dialogue": dialogue})
        with pytest.raises(httpx.HTTPStatusError, match="400"):
            thief.call("submit", ["words of a thief", held, None, None, None])
    assert server.rows("select count(*) from turns where speaker = 'user'") == [(1,)]
    assert WISH in json.dumps(victim.call("load", [victim.visit, None, None, None]))


def test_nobody_is_a_simulated_rater_or_a_study(server: Server) -> None:
    """One such word would close the log to people."""
    stranger = Caller(server.url, config_of(server.url))
    for name in ("simulated-x", "study-0123456789abcdef"):
        for claim in claims(name):
            with pytest.raises(httpx.HTTPStatusError, match="400"):
                stranger.call("submit", ["hello", {"dialogue": "d"} | claim, None, None, None])
    assert server.rows("select count(*) from visitors") == [(0,)]
    honest = Caller(server.url, config_of(server.url))
    honest.call("submit", ["hello", honest.visit, None, None, None])
    assert server.rows("select count(*) from turns where text = 'hello'") == [(1,)]


def test_no_export_holds_an_id_of_somebody(server: Server, tmp_path: Path) -> None:
    talker, judge = (Caller(server.url, config_of(server.url)) for _ in range(2))
    talker.call("submit", [WISH, talker.visit, None, None, None])
    ((reply,),) = server.rows("select id from generations")
    thumb = {"reply": reply, "click": 1, "changes": {"thumbs": 1}}
    talker.call("rate", [talker.visit, None, None, None], thumb)
    ((film,),) = server.rows("select item_id from generations")
    mark = {"reply": reply, "click": 2, "item": film, "kind": "want", "on": True}
    talker.call("mark", [talker.visit, None, None, None], mark)
    judge.events = events_of(config_of(server.url), "blind")
    look = [judge.visit, {"series": uuid4().hex}, None, {}, False]
    judge.call("submit", ["a film", *look])
    ((comparison,),) = server.rows("select id from comparisons")
    judge.call("judge", look, judged(comparison, "left", 1))
    for form in ("csv", "jsonl", "dpo", "kto", "sft"):
        out = tmp_path / form
        made = export(
            ExportConfig(
                db=server.db,
                format=form,
                out=out,
                text="messages",
                test_share=0.0,
                with_left_out=True,  # a program votes faster than one reads
            )  # fmt: skip
        )
        assert made["counts"]["written"]
        text = "".join(file.read_text(encoding="utf-8-sig") for file in out.iterdir())
        assert not [v for (v,) in server.rows("select id from visitors") if v in text]
    with pytest.raises(BadInputError, match="participant"):
        ExportConfig(db=server.db, format="csv", out=tmp_path, without_visitors=reply)


def test_who_knows_the_id_of_an_annotator_reads_changes_and_erases_nothing(tmp_path: Path) -> None:
    server = StudyServer(tmp_path)
    ann = server.lab.annotator("ann")
    while ann.step.to_judge is None:  # type: ignore[union-attr]  # the practice comes first
        ann.act()
    thief, config = Caller.__new__(Caller), config_of(server.url)
    thief.http = httpx.Client(base_url=server.url + "gradio_api/", timeout=60)
    thief.session, thief.events = uuid4().hex, events_of(config, "study")
    visit = signed({"visitor": uuid4().hex}, secret_beside(server.db))
    for at in ({"annotator": ann.id}, {"annotator": ann.id, "signed": visit["signed"]}):
        look = [visit, at, None, {}, False]
        verdict = judged(ann.step.to_judge.id, "right", 1)  # type: ignore[union-attr]
        for event, said in (("redraw", None), ("judge", verdict), ("erase", None)):
            with pytest.raises(httpx.HTTPStatusError, match="400"):
                thief.call(event, look, said)
        with pytest.raises(httpx.HTTPStatusError, match="400"):
            thief.call("submit", ["words of a thief", *look])
        by_name = {"data": ["words of a thief", *look], "session_hash": thief.session}
        assert thief.http.post("call/say", json=by_name).status_code == 404
    assert server.rows("select count(*) from verdicts") == [(0,)]
    assert server.rows("select count(*) from erasures") == [(0,)]
    assert server.rows("select decision from consents") == [("given",)]
    own = [visit, signed({"annotator": ann.id}, secret_beside(server.db)), None, {}, False]
    thief.call("judge", own, verdict)
    assert server.rows("select verdict from verdicts") == [("right",)]
    server.close()


def test_a_browser_with_an_unsigned_name_meets_an_empty_page_and_goes_on(
    browser: Browser,  # noqa: F811
    server: Server,
) -> None:
    visitor = Talker(browser, server)
    visitor.say(WISH)
    server.blocks.close()
    secret_of(server.db).unlink()  # without the key the signature is as good as none
    server.blocks, _ = open_pages(server.demo, "127.0.0.1", urlsplit(server.url).port)
    for address in ("", "compare", "blind"):
        visitor.go(lambda at=address: visitor.page.goto(server.url + at))  # type: ignore[misc]
        expect(visitor.page.locator(".welcome h2")).to_be_visible()
        expect(visitor.page.locator(".notice")).to_have_count(0)
    visitor.go(lambda: visitor.page.goto(server.url))
    visitor.say("somebody new")
    assert server.rows("select count(distinct visitor) from dialogues") == [(2,)]
    visitor.leave()


# Who answers


def test_a_blind_series_goes_on_blind_or_not_at_all(server: Server) -> None:
    """Neither a program nor the page with names adds to it, even for the one who began it."""
    session = uuid4().hex
    program = hashlib.sha256(session.encode()).hexdigest()[:32]
    series = Series(blind_id(uuid4().hex), program, "shared")
    *_, comparison = server.demo.side_by_side.say(series, WISH, ("red", "blue"))

    def called(name: str, *data: str) -> str:
        at = f"{server.url}gradio_api/call/{name}"
        event = httpx.post(at, json={"data": data, "session_hash": session}).json()["event_id"]
        return httpx.get(f"{at}/{event}", timeout=30).text

    assert "of this client" in called("compare_say", "on", "red", "red", "shared", comparison.id)
    assert "of this client" in called("say", "on", series.id)
    assert server.rows("select count(*) from turns where speaker = 'user'") == [(1,)]


def test_a_vote_that_comes_to_the_blind_page_from_the_open_one_is_no_blind_vote(
    server: Server,
) -> None:
    judge, config = Caller(server.url, config_of(server.url)), config_of(server.url)
    look = [judge.visit, {"series": uuid4().hex}, None, {}, False]
    judge.events = events_of(config, "compare")
    judge.call("submit", ["a film", *look, "red", "blue", "shared"])
    ((comparison,),) = server.rows("select id from comparisons")
    judge.events = events_of(config, "blind")
    judge.call("judge", look, judged(comparison, "left", 1))
    assert server.rows("select details ->> 'names_shown' from verdicts") == [(1,)]

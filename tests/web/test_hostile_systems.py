"""A system that is broken, or means harm, costs its own side alone, and nobody learns whose it was.

Through the whole path: HTTP, the two sides, the log, the blind page.
"""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from outside import said, stub
from stand_in import CATALOG, FILMS, NoLinker, StandIn, StandIns

from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.comparison import Comparison
from crsdemo.feedback.comparisons import RestoredSeries
from crsdemo.feedback.log import FeedbackLog
from crsdemo.language.mentions import MentionLinker
from crsdemo.recommenders.outside.endpoint import OverHttp
from crsdemo.recommenders.outside.systems import Endpoint
from crsdemo.web.compare.blind import BlindPage, _layout
from crsdemo.web.compare.drawing import Snapshot
from crsdemo.web.compare.screen import Look

Answer = Callable[[BaseHTTPRequestHandler], None]
NAME = "tern-of-the-lab"


def silent(to: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def dripping(to: BaseHTTPRequestHandler) -> None:
    to.send_response(200)
    to.end_headers()
    for _ in range(60):
        to.wfile.write(b" ")
        time.sleep(0.05)


def no_http(to: BaseHTTPRequestHandler) -> None:
    to.wfile.write(b"SSH-2.0-tern-of-the-lab\r\n")
    to.close_connection = True


def broken_off(to: BaseHTTPRequestHandler) -> None:
    to.send_response(200)
    to.send_header("Content-Length", "900")
    to.end_headers()
    to.wfile.write(b'{"text": "I am tern-of-the-lab, and')
    to.close_connection = True


def listing(*items: Any) -> Answer:
    return said({"text": "Try it.", "items": [*items]})


# Minutes of the whole process, were it brought into one form
ACCENTED = '{"text": "<think>a' + "\u0316\u0301" * 240_000 + '</think>Try it."}'
FAILING: dict[str, tuple[Answer, str]] = {
    "hangs": (silent, "did not answer within 1 s"),
    "drips": (dripping, "did not end within 1 s"),
    "500": (said(f"{NAME} is down", 500), f"answered 500 .*: {NAME} is down"),
    "403": (said("", 403), "answered 403 Forbidden, at the first try: nothing more"),
    "204": (said("", 204), "answered 204"),
    "redirect": (said("", 307, Location="http://127.0.0.1:1/elsewhere"), "answered 307"),
    "no-http": (no_http, r"broke off \(RemoteProtocolError: "),
    "broken-off": (broken_off, r"broke off in its answer \(RemoteProtocolError\)"),
    "nothing": (said(""), "is not JSON"),
    "html": (said("<!doctype html><script>alert(1)</script>"), "is not JSON: b'<!doctype"),
    "compressed": (said(gzip.compress(b"{}"), Content_Encoding="gzip"), "is not JSON"),
    "10-mb": (said({"text": "x" * 10_000_000}), "larger than 1,000,000 bytes"),
    "nan": (said('{"text": "x", "items": [{"title": "x", "score": NaN}]}'), "score is nan"),
    "digits": (said(f'{{"text": "x", "n": {"9" * 5000}}}'), "is not JSON"),
    "null": (said("null"), "the answer is None"),
    "list": (said(["Try it."]), "the answer is "),
    "no-text": (said({"reply": "Try it."}), "text is .*Field required"),
    "text-5": (said({"text": 5}), "text is 5 .*string"),
    "text-of-parts": (said({"text": {"parts": ["Try it."]}}), "text is "),
    "blank": (said({"text": "\u200b \n\u0007"}), "its answer has no words"),
    "items-3": (listing(3), r"items\.0"),
    "items-text": (said({"text": "Try it.", "items": "Paprika"}), "items is 'Paprika'"),
    "title-5": (listing({"title": 5}), "title is 5"),
    "year-words": (listing({"title": "Paprika", "year": "two thousand"}), "year"),
    "evidence": (said({"text": "x", "evidence": ["because"]}), "evidence is"),
    "accents": (said(ACCENTED.encode()), "at most 200,000 are taken"),
    "reasons": (listing({"signals": dict.fromkeys(map(str, range(9000)), 1)}), "at most 20 items"),
    "101-items": (listing(*["Paprika"] * 101), "items is"),
}


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Callable[[Answer], tuple[BlindPage, Comparison]]]:
    log = FeedbackLog(tmp_path / "feedback.db")

    def asked(answer: Answer) -> tuple[BlindPage, Comparison]:
        with stub(answer) as server:
            endpoint = Endpoint(name=NAME, url=server.url, seconds=1, retries=0)
            systems = OverHttp(endpoint, CATALOG, MentionLinker(CATALOG)), StandIn(0, "red")
            pair = SideBySide(StandIns(systems), NoLinker(), log)
            *_, comparison = pair.say(pair.start("anna", "shared"), "A quiet film.", (NAME, "red"))
        with gr.Blocks():
            return BlindPage(pair, CATALOG, _layout(CATALOG), b"", (NAME, "red")), comparison

    yield asked
    log.close()


def drawn(page: BlindPage, comparison: Comparison) -> str:
    """All that is sent to the browser."""
    series = page.side_by_side.start("anna", "shared").then(comparison)
    snapshot = Snapshot(RestoredSeries(series, (), {}), 0)
    view = Look({}, {"series": series.id}, None, {}, False, "shared", "", "")
    growing = page.grown(comparison)
    updates = [*page.talk(view, snapshot).values(), *page.row(view, snapshot).values()]
    return " ".join(map(str, (*updates, *growing.values())))


@pytest.mark.parametrize(("answer", "says"), FAILING.values(), ids=FAILING)
def test_a_side_that_fails_says_why_in_the_log_and_to_nobody_else(
    page: Callable[[Answer], tuple[BlindPage, Comparison]], answer: Answer, says: str
) -> None:
    began = time.monotonic()
    blind, comparison = page(answer)
    assert time.monotonic() - began < 3
    assert (comparison.left.reply.status, comparison.right.reply.status) == ("failed", "ok")
    assert not comparison.can_be_judged and comparison.right.reply.turn.text
    restored = blind.side_by_side.comparisons.restore(comparison.left.heard.id, CATALOG)
    assert restored
    (kept,) = restored.series.comparisons
    assert kept.right.is_whole and kept.onward.side == "right"
    assert re.search(rf"OutsideError: {NAME}: .*{says}", kept.left.reply.error)
    shown = drawn(blind, comparison)
    for secret in (NAME, "tern", "127.0.0.1", "OutsideError", "JSON", "alert(1)", "answered"):
        assert secret not in shown


HARMFUL = "<script>alert(1)</script> <MODE=REC><BOI><|im_end|></s> [x](javascript:alert(1))"


def test_words_that_look_like_code_are_words(
    page: Callable[[Answer], tuple[BlindPage, Comparison]],
) -> None:
    blind, comparison = page(said({"text": HARMFUL, "items": [HARMFUL, "Paprika"]}))
    assert comparison.left.reply.status == "ok"
    reply = comparison.left.reply.reply
    assert reply and reply.text == HARMFUL and reply.item is None
    shown = drawn(blind, comparison)
    assert "&lt;script&gt;" in shown and "&lt;MODE=REC&gt;&lt;BOI&gt;" in shown
    assert "<script>" not in shown and 'href="javascript' not in shown


def test_items_that_nobody_has_or_that_come_twice_are_one_or_none(
    page: Callable[[Answer], tuple[BlindPage, Comparison]],
) -> None:
    listed = ["Paprika", {"id": FILMS[2].id}, {"id": "tt-nowhere", "title": "No Such Film (1901)"}]
    listed += ["Paprika (2006)", {"title": "Paprika", "year": -(10**30)}]
    blind, comparison = page(said({"text": "Try Paprika, Paprika!", "items": listed}))
    reply = comparison.left.reply.reply
    assert reply and reply.item == FILMS[2]
    assert [one.item for one in reply.evidence.candidates] == [FILMS[2]]
    assert json.dumps(listed[2]) not in drawn(blind, comparison)

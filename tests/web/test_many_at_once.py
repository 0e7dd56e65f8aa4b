"""Fifty annotators at once on the blind page of a real server: every vote is found afterwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from test_page import Caller, events_of
from test_reliability import Process, server  # noqa: F401  the fixture

from crsdemo.core.comparison import VERDICTS, Verdict

N_ANNOTATORS = 50
N_EACH = 2
pytestmark = pytest.mark.slow


class Annotator(Caller):
    """Judges without a browser, over the same requests that the blind page sends."""

    def __init__(self, url: str, config: dict[str, Any]) -> None:
        super().__init__(url, config)
        self.events = events_of(config, "blind")
        self.look = [self.visit, {"series": uuid4().hex}, None, {}, False]

    def take_part(self, log: Process) -> dict[str, Verdict]:
        """Two messages, each judged with a double click; returns the verdict by comparison."""
        given = {}
        for n in range(N_EACH):
            text, verdict = f"{n} of {self.session}", VERDICTS[(n + int(self.session, 16)) % 6]
            self.call("submit", [text, *self.look])
            query = (
                "select c.id from comparisons c join turns t on t.id = left_turn "
                f"where text = '{text}'"
            )
            ((comparison,),) = log.rows(query)
            for _ in range(2):
                self.call("judge", self.look, judged(comparison, verdict, n))
            given[comparison] = verdict
        return given


def judged(comparison: str, verdict: Verdict, n: int) -> dict[str, Any]:
    """A click on a verdict, as `judge.js` sends it."""
    judgment = {
        "id": f"{comparison} {n}",
        "changes": [{"about": "verdict", "value": verdict}],
        "by": "click",
        "decided_ms": 1000.0,
        "shown_ms": 500.0,
        "layout": "side_by_side",
        "evidence_open": False,
    }
    about = {"origin": "verdict", "comparison": comparison, "again": False, "click": n + 1}
    return about | {"judgment": judgment}


def test_fifty_annotators_at_once_and_every_vote_is_found_afterwards(server: Process) -> None:  # noqa: F811
    config = httpx.get(server.url + "config").json()
    annotators = [Annotator(server.url, config) for _ in range(N_ANNOTATORS)]
    with ThreadPoolExecutor(N_ANNOTATORS) as pool:
        given = list(pool.map(lambda annotator: annotator.take_part(server), annotators))
    kept = server.rows("select visitor, comparison_id, verdict from verdicts")
    assert len(kept) == N_ANNOTATORS * N_EACH, "a double click is one verdict"
    assert set(kept) == {
        (annotator.visit["visitor"], comparison, verdict)
        for annotator, verdicts in zip(annotators, given, strict=True)
        for comparison, verdict in verdicts.items()
    }

"""What a reply says of itself is not on a page where nobody may know who answers."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest
from outside import completion, said, stub
from stand_in import CATALOG, NoLinker, StandIns

from crsdemo.chat.scripted import Scripted
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.comparison import Comparison, Judgment
from crsdemo.feedback.comparisons import RestoredSeries
from crsdemo.feedback.log import FeedbackLog
from crsdemo.recommenders.outside.endpoint import OverHttp
from crsdemo.recommenders.outside.systems import Endpoint
from crsdemo.web.compare.blind import BlindPage, _layout
from crsdemo.web.compare.drawing import Snapshot
from crsdemo.web.compare.screen import Look

WORDS = "I am Tern-8B. Try Paprika."
BASELINE = "I am the popularity baseline. It grew in popularity."


@pytest.fixture
def judged(tmp_path: Path) -> tuple[BlindPage, Comparison]:
    """A page, and a comparison whose sides both say who they are."""
    log = FeedbackLog(tmp_path / "feedback.db")
    with stub(said(completion(WORDS))) as server:
        endpoint = Endpoint(name="tern", url=server.url + "/v1", model="lab/Tern-8B")
        table = StandIns(
            (
                OverHttp(endpoint, CATALOG, NoLinker()),
                Scripted("popularity", BASELINE, CATALOG, NoLinker()),
            )
        )
        pair = SideBySide(table, NoLinker(), log)
        *_, comparison = pair.say(pair.start("anna", "shared"), "Hi", ("tern", "popularity"))
    with gr.Blocks():
        return BlindPage(pair, CATALOG, _layout(CATALOG), b"", ("tern", "popularity")), comparison


def drawn(page: BlindPage, comparison: Comparison, verdict: Judgment | None = None) -> str:
    series = page.side_by_side.start("anna", "shared").then(comparison)
    judgments = {comparison.id: verdict} if verdict else {}
    snapshot = Snapshot(RestoredSeries(series, (), judgments), 0)
    view = Look({}, {"series": series.id}, None, {}, False, "shared", "", "")
    return str(page.talk(view, snapshot)[page.screen.thread])


def test_who_it_is_stands_there_once_the_names_are_told(
    judged: tuple[BlindPage, Comparison],
) -> None:
    page, comparison = judged
    before = drawn(page, comparison)
    assert "Tern" not in before and "popularity baseline" not in before
    assert (
        "I am [hidden]. Try Paprika." in before
        and "I am [hidden]. It grew in popularity." in before
    )
    assert WORDS not in drawn(page, comparison, Judgment("left"))  # it may still be changed
    after = drawn(page, comparison, Judgment("left", details={"finished": True}))
    assert WORDS in after and "I am the popularity baseline" in after
    kept = page.side_by_side.comparisons.restore(comparison.left.heard.id, CATALOG)
    assert kept and kept.series.comparisons[0].left.reply.turn.text == WORDS

"""What the page shows of stages: made of files written by hand, and of those that models leave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Trained
from films import CATALOG
from made_up_stages import dialogue, generative, item, wishes, write, write_stages
from pages import Server, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, Dialog, expect
from stand_in import StandIn

from crsdemo.evaluation import measure
from crsdemo.evaluation.checks import check_wishes
from crsdemo.evaluation.evaluate import Source
from crsdemo.evaluation.stages.folder import ON_DIALOGUES, Measured, StageName, load_stages
from crsdemo.evaluation.stages.sheets import Sheet
from crsdemo.language.corpus import load_dialogues
from crsdemo.recommenders.loading import Shelf
from crsdemo.recommenders.talker import WORDING
from crsdemo.web.report import stages
from crsdemo.web.report.page import shown

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Measured, ...]:
    folder = tmp_path_factory.mktemp("made up")
    return load_stages(write_stages(folder, "repeat-last", "popularity"))


def rows(sheet: Sheet) -> list[dict[str, str]]:
    return [dict(zip(sheet.head, row, strict=True)) for row in sheet.rows]


def test_without_stages_nothing_is_shown(tmp_path: Path) -> None:
    nothing = shown((), (), ())
    assert 'id="parts"' not in nothing and 'id="wishes"' not in nothing
    write(tmp_path, StageName("item", "reges", "redial"), item("reges"))
    page = shown((), load_stages(tmp_path), ())
    assert 'id="parts"' in page and 'id="wishes"' not in page
    assert "choice, reges on ReDial" in page


def test_wishes_of_all_systems_and_kinds_in_time_and_late(measured: tuple[Measured, ...]) -> None:
    told = rows(stages.wishes(measured))
    assert [row["system"] for row in told[::2]] == ["gcrs", "reges", "repeat-last", "popularity"]
    assert [row["asked"] for row in told[:2]] == ["at once", "late in a talk"]
    assert (told[0]["all"], told[0]["ruled out"], told[3]["n"]) == ("80.0", "5.0", "80")
    assert told[0]["genre (30)"] == "80.0"
    assert len(told) == 8


def test_each_part_has_its_figures_side_by_side(measured: tuple[Measured, ...]) -> None:
    told = rows(stages.parts(measured))
    assert list(dict.fromkeys(row["part"] for row in told)) == [
        "search", "choice", "semantic ID", "words"
    ]  # fmt: skip
    assert all(row["ReDial"] and row["INSPIRED"] for row in told)
    of = {(row["figure"], row["system"]): row["ReDial"] for row in told}
    assert of["recommends where people did", "gcrs"] == "68.0 [66.0, 70.0]"
    assert of["recommends where people did", "reges"] == "70.0 [68.0, 72.0]"
    assert len(stages.details(measured)) == 2 * 5


def test_systems_need_not_have_the_same_levels_or_wishes(tmp_path: Path) -> None:
    short = generative("short")
    short["levels"] = short["levels"][:3]
    for beam in short["beams"].values():
        del beam["missed_first_lost_at"]["4"]
    few = wishes("few", 0.5)
    del few["kinds"]["theme"]
    write(tmp_path, StageName("generative", "gcrs", "redial"), generative("gcrs"))
    write(tmp_path, StageName("generative", "short", "redial"), short)
    write(tmp_path, StageName("dialogue", "popularity", "redial"), dialogue("p", 1, is_model=False))
    write(tmp_path, StageName("wishes", "few", ""), few)
    write(tmp_path, StageName("late-wishes", "gcrs", ""), wishes("gcrs", 0.9))
    found = load_stages(tmp_path)
    told = rows(stages.wishes(found))
    assert [(row["system"], row["theme (10)"]) for row in told] == [("few", ""), ("gcrs", "100.0")]
    assert {row["system"] for row in rows(stages.parts(found))} == {"gcrs", "short", "popularity"}
    assert len(stages.details(found)["semantic ID, short on ReDial"].sheets[0].rows) == 3


# the whole way


def test_what_stages_write_is_what_the_page_reads(
    trained: Trained, talking: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (check_wishes.DATA / "wishes.jsonl").read_text().splitlines()
    kept = [line for line in lines if "similar_to" not in line][:3]
    (tmp_path / "wishes.jsonl").write_text("\n".join(kept))
    (tmp_path / "openings.jsonl").write_text((check_wishes.DATA / "openings.jsonl").read_text())
    monkeypatch.setattr(check_wishes, "DATA", tmp_path)
    shelf = Shelf(CATALOG, trained.catalog, talking)
    systems = ("gcrs", "gcrs-alone", "reges")
    for name in systems:
        shelf.get(name).talker.wording = replace(WORDING, max_tokens=16)  # type: ignore[attr-defined]  # a system that talks
    bench = measure.Bench(shelf, tmp_path / "out", tmp_path / "kept")
    some = load_dialogues(trained.redial, CATALOG, {})[:3]
    on_some = measure.Data("redial", Source(), some)
    for stage, system in measure.stages(systems):
        bench.stage(stage, system, on_some if stage in ON_DIALOGUES else measure.NO_DATA)
    found = load_stages(tmp_path / "out" / "stages")
    assert [title for title in stages.details(found)] == [
        "search, reges on ReDial", "choice, reges on ReDial", "semantic ID, gcrs-alone on ReDial",
        "semantic ID, gcrs on ReDial", "words, gcrs on ReDial", "words, reges on ReDial",
    ]  # fmt: skip
    told = {(row["figure"], row["system"]): row["ReDial"] for row in rows(stages.parts(found))}
    assert told["recall@50, searched by whole dialogue", "reges"].startswith("100.0")  # 32 films
    assert told["names the film it chose", "gcrs"].startswith("100.0")
    assert len(stages.wishes(found).rows) == 2 * len(systems)


def test_everybody_reads_the_stages_on_a_phone(browser: Browser, tmp_path: Path) -> None:  # noqa: F811
    found = load_stages(write_stages(tmp_path / "stages", HOSTILE))
    server = Server(tmp_path, StandIn(), stages=found)
    page = browser.new_page(viewport={"width": 390, "height": 844})
    wrong: list[str] = []

    def dismissed(dialog: Dialog) -> None:
        wrong.append("a dialog")
        dialog.dismiss()

    page.on("dialog", dismissed)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(server.url + "report")
    expect(page.get_by_role("heading", name="Is the wish heard?")).to_be_visible()
    expect(page.locator("#wishes")).to_contain_text(HOSTILE)
    words = page.locator("#parts details", has_text="words, gcrs on ReDial")
    words.locator("summary").click()
    expect(words.locator("table").first).to_contain_text("faithfulness: names the chosen item")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("img[src='x']").count() == 0
    assert wrong == []
    page.close()
    server.close()

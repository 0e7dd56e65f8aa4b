"""What evaluations found, as everybody reads it; published figures; folders of reports."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up import around, made_up
from pages import Server, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, Dialog, expect
from stand_in import StandIn

from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.folder import REPORTS as REPORTS_FOLDER
from crsdemo.evaluation.folder import load_reports
from crsdemo.evaluation.published import PARTS, load_published, published
from crsdemo.evaluation.stages.sheets import Sheet
from crsdemo.web.report import recall
from crsdemo.web.report.page import shown

HOSTILE = '<img src=x onerror="alert(1)">'
REPORTS = (
    made_up("popularity", 0.07),
    made_up(HOSTILE, 0.2),
    made_up("popularity", 0.05, protocol="unicrs"),
)


def test_everybody_reads_the_answer_and_the_numbers(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    server = Server(tmp_path, StandIn(0.0, "red"), StandIn(0.0, "blue"), reports=REPORTS)
    page = browser.new_page(viewport={"width": 390, "height": 844})
    wrong: list[str] = []

    def dismissed(dialog: Dialog) -> None:
        wrong.append("a dialog")
        dialog.dismiss()

    page.on("dialog", dismissed)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(server.url)
    page.get_by_role("link", name="scores").click()
    expect(page.locator("#answer .verdict")).to_contain_text(f"{HOSTILE} has the right one")
    expect(page.locator("#answer .verdict")).to_contain_text("popularity, the best baseline, in 7")
    expect(page.locator("#recall-ReDial tbody").first).to_contain_text(HOSTILE)
    expect(page.locator("#recall-ReDial .ours svg").first).to_be_visible()
    papers = page.locator("#recall-ReDial details", has_text="Everything that papers report")
    expect(papers.locator("table")).to_be_hidden()
    papers.locator("summary").click()
    expect(papers.locator("table")).to_contain_text("Kostric & Balog, SIGIR 2026")
    page.locator("#names summary").click()
    expect(page.locator("#names")).to_contain_text("most mentioned in training dialogues")
    assert page.locator("img[src='x']").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert wrong == []
    page.close()
    server.close()


def rows(sheet: Sheet) -> list[dict[str, str]]:
    return [dict(zip(sheet.head, row, strict=True)) for row in sheet.rows]


def test_the_best_come_first_beside_what_papers_report() -> None:
    found = recall.of_dataset("ReDial", REPORTS, published())
    assert found is not None
    assert [line.name for line in found.measured] == [HOSTILE, "popularity"]
    assert found.measured[0].recall["new", 10] == around(0.2)
    assert found.n == {"new": 700, "all": 700}
    kbrd, *_ = (line for line in found.reported if line.name == "KBRD")
    assert [kbrd.recall[part, 10].value for part in PARTS] == pytest.approx([0.148, 0.177])
    assert {line.name for line in found.reported} >= {"GCRS (7B)", "ReGeS best (8B)"}
    assert recall.of_dataset("INSPIRED", REPORTS, published()) is None


def test_every_number_is_in_a_table() -> None:
    found = recall.of_dataset("ReDial", REPORTS, published())
    assert found is not None
    figures, slices, lists, papers = map(rows, found.details.values())
    assert (figures[0]["system"], figures[0]["n"]) == (HOSTILE, "700")
    assert figures[0]["recall@10"] == figures[0]["mrr@10"] == "20.0 [19.0, 21.0]"
    assert slices == [
        {"films": "target: cold", "n": "41", HOSTILE: "10.0 [9.0, 11.0]",
         "popularity": "3.5 [2.5, 4.5]"}
    ]  # fmt: skip
    assert lists[0]["coverage"] == "10.0 [9.0, 11.0]"
    assert len(papers) == sum(row.dataset == "ReDial" for row in published())
    assert all(row["source"] and row["protocol"] for row in papers)
    (other,) = rows(recall.protocols(REPORTS))
    assert (other["system"], other["protocol"], other["part"]) == ("popularity", "unicrs", "all")


def test_what_is_measured_here_lies_in_the_folder_that_ships() -> None:
    page = shown(load_reports(REPORTS_FOLDER), (), published())
    for said in ("signals-trees", "recall-INSPIRED", "4.7\n<small>[3.1, 6.4]</small>"):
        assert said in page


def test_without_reports_the_page_says_how_to_make_them() -> None:
    page = shown((), (), published())
    assert "No recommendation has been measured yet" in page
    assert "python -m crsdemo measure" in page
    assert "<table>" not in page


def test_a_folder_of_reports(tmp_path: Path) -> None:
    for number, report in enumerate(REPORTS):
        report.save(tmp_path / f"{number}.json")
    assert load_reports(tmp_path) == REPORTS
    REPORTS[0].save(tmp_path / "again.json")
    with pytest.raises(BadInputError, match=r"0\.json and .* popularity on dev_data"):
        load_reports(tmp_path)
    with pytest.raises(BadInputError, match="no folder of reports at"):
        load_reports(tmp_path / "nowhere")


TABLE = """
[[tables]]
source = "s"
dataset = "ReDial"
part = "new"
protocol = "p"
cutoffs = [1, 10]
rows = [["M", 1.5, 20]]
"""


def test_published_rows_are_shares_with_their_source(tmp_path: Path) -> None:
    path = tmp_path / "published.toml"
    path.write_text(TABLE)
    (row,) = load_published(path)
    assert (row.method, row.source, dict(row.recall), row.shown) == (
        "M", "s", {1: 0.015, 10: 0.2}, False
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[1, 10]", "[1, 7]", "line 7: `cutoffs`"),
        ("1.5, 20", "1.5", "line 8: `rows`"),
        ("20]", "200]", "a number from 0 to 100"),
        ('"new"', '"old"', "'new' or 'all'"),
        ('source = "s"', "", "`source` is missing"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "published.toml"
    path.write_text(TABLE.replace(old, new))
    with pytest.raises(BadInputError, match=message):
        load_published(path)

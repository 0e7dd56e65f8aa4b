"""What evaluations found, as everybody reads it; published figures; folders of reports."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from made_up import made_up
from pages import Server, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, expect
from stand_in import StandIn

from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.folder import load_reports
from crsdemo.evaluation.published import load_published, published
from crsdemo.web.report.exhibits import exhibits
from crsdemo.web.report.page import answer

HOSTILE = '<img src=x onerror="alert(1)">'
REPORTS = (
    made_up("popularity", 0.07),
    made_up(HOSTILE, 0.2),
    made_up("popularity", 0.05, protocol="unicrs"),
)


def test_everybody_reads_the_answer_the_pictures_and_their_numbers(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    server = Server(tmp_path, StandIn(0.0, "red"), StandIn(0.0, "blue"), reports=REPORTS)
    page = browser.new_page(viewport={"width": 390, "height": 844})
    wrong: list[str] = []
    page.on("dialog", lambda dialog: (wrong.append("a dialog"), dialog.dismiss()))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(server.url)
    page.get_by_role("link", name="scores").click()
    expect(page.locator("#answer .verdict")).to_contain_text(f"{HOSTILE} has the right one")
    expect(page.locator("#answer .verdict")).to_contain_text("popularity, the best baseline, in 7")
    expect(page.locator(".picture .main-svg").first).to_be_visible(timeout=90_000)
    expect(page.locator("#recall-ReDial-new")).to_contain_text(HOSTILE[:20])
    page.locator("#recall-ReDial-new summary").click()
    expect(page.locator("#recall-ReDial-new table")).to_contain_text("Kostric & Balog, SIGIR 2026")
    expect(page.locator("#recall-ReDial-new a[download]")).to_be_visible()
    assert page.locator("img[src='x']").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert wrong == []
    page.close()
    server.close()


def test_the_best_come_first_and_every_number_is_in_the_table() -> None:
    found = exhibits(REPORTS, published())
    assert list(found) == [
        "recall-ReDial-new", "recall-ReDial-all", "slices-ReDial", "lists-ReDial", "protocols"
    ]  # fmt: skip
    table = found["recall-ReDial-new"].table
    rows = list(csv.DictReader(io.StringIO(table.csv())))
    ours, theirs = rows[:2], rows[2:]
    assert [row["system"] for row in ours] == [HOSTILE, "popularity"]
    assert (ours[0]["recall@10"], ours[0]["recall@10, low"], ours[0]["n"]) == ("0.2", "0.19", "700")
    assert {row["method"] for row in (vars(one) for one in published())} >= {
        row["system"] for row in theirs
    }
    assert all(row["source"] and row["protocol"] for row in rows)
    (slice_,) = {row[1:4] for row in found["slices-ReDial"].table.rows}
    assert slice_ == ("target", "cold", 41)
    assert found["protocols"].table.rows[0][:4] == ("popularity", "ReDial", "unicrs", "all")


def test_without_reports_the_page_says_how_to_make_them() -> None:
    assert "No recommendation has been measured yet" in answer(())
    assert "python -m crsdemo measure" in answer(())
    assert exhibits((), published()) == {}


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


def test_the_csv_holds_no_formula() -> None:
    found = exhibits([made_up("=1+1", 0.1)], ())
    assert "'=1+1" in found["recall-ReDial-new"].table.csv()

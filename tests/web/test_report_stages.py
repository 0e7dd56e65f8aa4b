"""Exhibits of stages: made of files written by hand, and of those that tiny models leave."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from films import CATALOG
from made_up_stages import dialogue, generative, item, wishes, write, write_stages
from pages import Server, browser  # noqa: F401  the fixture
from playwright.sync_api import Browser, expect
from stand_in import StandIn

from crsdemo.evaluation import measure
from crsdemo.evaluation.checks import check_wishes
from crsdemo.evaluation.evaluate import Source
from crsdemo.evaluation.stages.folder import StageName, Stages, load_stages
from crsdemo.language.corpus import load_dialogues
from crsdemo.recommenders.loading import Shelf
from crsdemo.recommenders.talker import WORDING
from crsdemo.web.report.stages import exhibits
from crsdemo.web.results.words import Exhibit

HOSTILE = "<img src=x onerror=alert(1)>"
OF_A_DATASET = [
    "queries", "cosines", "choice", "levels", "lost", "codes", "modes", "truth", "words", "variety",
]  # fmt: skip


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exhibit]:
    folder = tmp_path_factory.mktemp("made up")
    return exhibits(load_stages(write_stages(folder, "repeat-last", "popularity")))


def rows(exhibit: Exhibit) -> list[dict[str, str]]:
    """As somebody takes them home."""
    return list(csv.DictReader(io.StringIO(exhibit.table.csv())))


def names(exhibit: Exhibit) -> list[str]:
    """Of the rows of the figure, on its left."""
    written = exhibit.figure.layout.annotations
    return [one.text for one in written if one.xanchor == "left"]


def test_each_question_once_for_each_dataset(shown: dict[str, Exhibit]) -> None:
    of_datasets = [f"{name}-{data}" for data in ("ReDial", "INSPIRED") for name in OF_A_DATASET]
    assert list(shown) == ["wishes", "wish-kinds", *of_datasets]
    assert len({one.question for one in shown.values()}) == len(shown)
    assert all(one.figure is not None and one.table.rows for one in shown.values())


def test_without_stages_nothing_is_shown(tmp_path: Path) -> None:
    assert exhibits(Stages()) == {}
    write(tmp_path, StageName("item", "reges", "redial"), item("reges"))
    assert list(exhibits(load_stages(tmp_path))) == ["choice-ReDial"]


def test_wishes_of_all_systems_and_kinds_in_time_and_late(shown: dict[str, Exhibit]) -> None:
    assert names(shown["wishes"]) == ["gcrs", "reges", "repeat-last", "popularity"]
    assert [row["system"] for row in rows(shown["wishes"])][::2] == names(shown["wishes"])
    told = {(row["system"], row["asked"]): row for row in rows(shown["wishes"])}
    assert told["gcrs", "asked at once"]["fit"] == "0.8"
    assert told["reges", "asked late in a talk"]["wishes"] == "80"
    assert names(shown["wish-kinds"])[0] == "genre"
    assert [piece.name for piece in shown["wish-kinds"].legend] == ["gcrs", "reges", "repeat-last"]
    assert len(rows(shown["wish-kinds"])) == 4 * 2 * 6


def test_searches_are_compared_at_three_cutoffs_and_by_cosine(shown: dict[str, Exhibit]) -> None:
    found = shown["queries-ReDial"]
    assert names(found)[:3] == ["untuned encoder @5", "untuned encoder @20", "untuned encoder @50"]
    expert = next(
        row for row in rows(found)
        if (row["ranked by"], row["search"], row["films"])
        == ("tuned encoder", "query of the expert", "not named before")
    )  # fmt: skip
    assert (expert["n"], expert["recall@20"], expert["recall@20, low"]) == ("1400", "0.14", "0.12")
    assert (expert["recall@5 more"], expert["recall@5 more, low"]) == ("0.02", "-0.01")
    assert len(rows(shown["cosines-ReDial"])) == 6


def test_the_choice_is_shown_for_both_sizes_with_the_right_film_added(
    shown: dict[str, Exhibit],
) -> None:
    assert names(shown["choice-ReDial"])[3:5] == ["50, right one added", "10, retriever"]
    told = {(row["candidates"], row["order"]): row for row in rows(shown["choice-ReDial"])}
    assert told["10", "retriever"]["recall@50"] == ""  # there are ten
    assert told["50", "item expert"]["recall@10"] == "0.095"
    assert told["50", "both"]["recall@10"] == "0.21"
    assert told["50", "right one added"]["recall@10"] == "0.42"


def test_an_id_is_taken_apart(shown: dict[str, Exhibit]) -> None:
    assert names(shown["levels-ReDial"]) == [f"level {n}" for n in (1, 2, 3, 4)]
    told = {row["level"]: row for row in rows(shown["levels-ReDial"])}
    assert told["1"]["right after right codes"] == "0.2"
    assert told["2"]["on these without the trie"] == "0.92"
    lost = rows(shown["lost-ReDial"])[0]
    assert (lost["missed"], lost["lost at level 1"], lost["kept, but below 10"]) == (
        "1000", "0.4", "0.34"
    )  # fmt: skip
    assert names(shown["codes-ReDial"])[1] == "first code given"
    assert rows(shown["codes-ReDial"])[4]["given"] == "no code given, nor the mode"


def test_what_is_said_has_all_its_numbers(shown: dict[str, Exhibit]) -> None:
    told = {(r["system"], r["said"], r["figure"]): r for r in rows(shown["truth-ReDial"])}
    assert told["gcrs", "a wrong film forced", "words name another item"]["n"] == "700"
    assert told["gcrs", "free", "wrong claims: name"]["share"] == ""  # of nothing
    words = rows(shown["words-ReDial"])[0]
    assert (words["BLEU"], words["perplexity of all turns per token"]) == ("0.015", "21.5")
    assert "gcrs 52.2" in shown["words-ReDial"].answer
    people = rows(shown["variety-ReDial"])[-1]
    assert (people["system"], people["distinct-1 per reply"]) == ("people", "1.5")
    accuracies = [float(row["accuracy"]) for row in rows(shown["modes-ReDial"])]
    assert accuracies == pytest.approx([0.68, 0.7])


def test_several_models_of_one_kind_stand_side_by_side(tmp_path: Path) -> None:
    write(tmp_path, StageName("item", "reges", "redial"), item("reges"))
    write(tmp_path, StageName("item", "other", "redial"), item("other"))
    for name, best in (("gcrs", 0.05), ("gcrs-alone", 0.03)):
        write(tmp_path, StageName("generative", name, "redial"), generative(name, best=best))
    write(tmp_path, StageName("dialogue", "popularity", "redial"), dialogue("p", 1, is_model=False))
    found = exhibits(load_stages(tmp_path))
    assert names(found["levels-ReDial"])[3:5] == ["gcrs-alone: level 4", "gcrs: level 1"]
    told = {(row["system"], row["level"]): row for row in rows(found["levels-ReDial"])}
    assert told["gcrs-alone", "1"]["right after right codes"] == "0.12"
    assert "other: 10, right one added" in names(found["choice-ReDial"])
    assert "Perplexity" not in found["words-ReDial"].answer


def test_systems_need_not_have_the_same_levels_or_wishes(tmp_path: Path) -> None:
    short = generative("short")
    short["levels"] = short["levels"][:3]
    for beam in short["beams"].values():
        del beam["missed_first_lost_at"]["4"]
    few = wishes("few", 0.5)
    del few["kinds"]["theme"]
    write(tmp_path, StageName("generative", "gcrs", "redial"), generative("gcrs"))
    write(tmp_path, StageName("generative", "short", "redial"), short)
    write(tmp_path, StageName("wishes", "few", ""), few)
    write(tmp_path, StageName("late-wishes", "gcrs", ""), wishes("gcrs", 0.9))
    found = exhibits(load_stages(tmp_path))
    lost = {row["system"]: row["lost at level 4"] for row in rows(found["lost-ReDial"])}
    assert lost == {"gcrs": "0.01", "short": "0.0"}
    assert names(found["wishes"]) == ["few", "gcrs"]
    assert "theme" in names(found["wish-kinds"])


# the whole way


def test_what_stages_write_is_what_the_page_reads(
    trained, talking, tmp_path: Path, monkeypatch
) -> None:
    lines = (check_wishes.DATA / "wishes.jsonl").read_text().splitlines()
    kept = [line for line in lines if "similar_to" not in line][:3]
    (tmp_path / "wishes.jsonl").write_text("\n".join(kept))
    (tmp_path / "openings.jsonl").write_text((check_wishes.DATA / "openings.jsonl").read_text())
    monkeypatch.setattr(check_wishes, "DATA", tmp_path)
    shelf = Shelf(CATALOG, trained.catalog, talking)
    systems = ("gcrs", "gcrs-alone", "reges")
    for name in systems:
        shelf.get(name).talker.wording = replace(WORDING, max_tokens=16)  # type: ignore[attr-defined]
    bench = measure.Bench(shelf, tmp_path / "out", tmp_path / "kept")
    some = load_dialogues(trained.redial, CATALOG, {})[:3]
    for stage in measure.stages(systems):
        on_some = measure.Data("redial", Source(), some)
        bench.stage(stage, on_some if stage.on_dialogues else measure.Data("", Source(), ()))
    stages = load_stages(tmp_path / "out" / "stages")
    assert list(exhibits(stages)) == [
        "wishes", "wish-kinds", *(f"{name}-ReDial" for name in OF_A_DATASET)
    ]  # fmt: skip
    assert [one.system for one in stages.generative] == ["gcrs-alone", "gcrs"]
    assert stages.retrieval[0].found.searches[0].new.at[50].value == 1  # there are 32 films
    assert stages.dialogue[0].found.forced.keeping.names_chosen.estimate.value == 1


def test_everybody_reads_the_stages_on_a_phone(browser: Browser, tmp_path: Path) -> None:  # noqa: F811
    stages = load_stages(write_stages(tmp_path / "stages", HOSTILE))
    server = Server(tmp_path, StandIn(), stages=stages)
    page = browser.new_page(viewport={"width": 390, "height": 844})
    wrong: list[str] = []
    page.on("dialog", lambda dialog: (wrong.append("a dialog"), dialog.dismiss()))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(server.url + "report")
    expect(page.get_by_role("heading", name="Is the wish heard?")).to_be_visible()
    expect(page.locator("#variety-INSPIRED .main-svg").first).to_be_visible(timeout=90_000)
    expect(page.locator("#wishes")).to_contain_text(HOSTILE[:20])
    page.locator("#truth-ReDial summary").click()
    expect(page.locator("#truth-ReDial table")).to_contain_text("replies with a wrong claim")
    expect(page.locator("#truth-ReDial a[download]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("img[src='x']").count() == 0
    assert wrong == []
    page.close()
    server.close()

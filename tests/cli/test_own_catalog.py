"""The commands of docs/your-own-catalog.md, on made-up books: few, of no genre, by nobody."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from chatml import save_base, write_written

from crsdemo.__main__ import main
from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.recommender import Plan, reply
from crsdemo.recommenders.loading import BASELINES, Shelf

DOCS = Path(__file__).parents[2] / "docs"


def commands(page: Path) -> list[str]:
    blocks = re.findall(r"```\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("python ")]


COMMANDS = commands(DOCS / "your-own-catalog.md")
WORDS = (
    "Ash",
    "Birch",
    "Cedar",
    "Elm",
    "Fir",
    "Hazel",
    "Ivy",
    "Larch",
    "Maple",
    "Oak",
    "Pine",
    "Yew",
)
TITLES = [f"The {word} Letters" for word in WORDS]
# What makes each moments long, and a base that is at hand
WRITTEN = "--written written"
RANKING = f"{WRITTEN} --turns 6 --wishes 6 --steps 5 --trees 5"
QUICK = {
    "fit-prior": f"{RANKING} --meanings 20",
    "tune-retriever": f"{WRITTEN} --epochs 1",
    "train-reges": f"{WRITTEN} --base-model base --minutes 0.03 --tokens 300",
    "fit-retriever": RANKING,
}


def talk(number: int) -> dict[str, object]:
    """As Hugging Face distributes ReDial."""
    first, second = (TITLES[(number + n) % len(TITLES)] for n in (0, 1))
    films = [{"movieId": str(n), "movieName": one} for n, one in enumerate((first, second))]
    messages = [
        {"senderWorkerId": 1, "text": "Hello, I enjoyed @0 a lot"},
        {"senderWorkerId": 2, "text": "Then read @1"},
        {"senderWorkerId": 1, "text": "Thank you!"},
    ]
    return {
        "conversationId": str(number),
        "respondentWorkerId": "2",
        "initiatorWorkerId": "1",
        "movieMentions": films,
        "initiatorQuestions": [],
        "messages": messages,
    }


BARE = "Book Id;Title"
FULL = pytest.param("Book Id;Title;Authors;Genres;Year", marks=pytest.mark.slow)


@pytest.mark.parametrize("columns", [BARE, FULL])
def test_the_commands_of_the_page_lead_to_talk(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    columns: str,
) -> None:
    """Of books of which nothing is known but the title, and of books with makers and genres."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    more = ";Ann Lee, Bo Ray;Sea, Ships;1998" if "Authors" in columns else ""
    rows = [f"{n};{title}{more}" for n, title in enumerate(TITLES)]
    Path("books.csv").write_text("\r\n".join([columns, *rows]))
    Path("talks.jsonl").write_text("\n".join(json.dumps(talk(n)) for n in range(8)))
    save_base(Path("base"))
    write_written(Path("written"))
    assert len(COMMANDS) > 8
    for command in COMMANDS:
        program, *words = shlex.split(command)
        if words[:2] == ["-m", "crsdemo"]:
            stage, *flags = words[2:]
            assert main([stage, *flags, *shlex.split(QUICK.get(stage, ""))]) == 0, command
        else:
            assert command == "python app.py --catalog mycatalog"  # opened below as it opens it
    assert "divided by a semicolon: 12 rows read, 0 left out" in capsys.readouterr().out
    folder = Path("mycatalog")
    with (folder / "items.jsonl").open("a") as lines:
        lines.write('{"id": "new", "title": "Low Tide", "facts": {"genres": ["Tides"]}}\n')
    shelf = Shelf(Catalog.load(folder), folder)
    assert set(shelf.names) == {"gcrs", "gcrs-alone", "reges", *BASELINES}
    dialogue = Dialogue((Turn("user", "a sea story, no tides"),))
    for name in shelf.names:
        assert reply(shelf.get(name), dialogue, Plan(mode="REC")).item in shelf.catalog.items


@pytest.mark.slow
def test_the_list_of_books_leads_to_two_systems_that_talk_about_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a tiny base and in moments; no adapter of another base is taken over."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("docs").symlink_to(DOCS)
    save_base(Path("base"))
    quick = {name: flags.replace(WRITTEN, "") for name, flags in QUICK.items()}
    *stages, start = commands(DOCS / "books" / "README.md")
    assert start == "python app.py --catalog mybooks"
    for command in stages:
        stage, *flags = shlex.split(command.replace("--start-from checkpoints/gcrs", ""))[3:]
        assert main([stage, *flags, *shlex.split(quick.get(stage, ""))]) == 0, command
    folder = Path("mybooks")
    shelf = Shelf(Catalog.load(folder), folder)
    assert len(shelf.catalog) == 300 and {"gcrs", "reges"} <= set(shelf.names)
    dialogue = Dialogue((Turn("user", "a short novel about the sea"),))
    for name in ("gcrs", "reges"):
        said = reply(shelf.get(name), dialogue, Plan(mode="REC"))
        assert said.item in shelf.catalog.items and said.item.facts["authors"]

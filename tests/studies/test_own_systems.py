"""Systems of others in a study file, on the command line, and in the page that tells of them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from made_studies import SHORT
from outside import completion, said, serving, stub

import app
from crsdemo.__main__ import main
from crsdemo.core.errors import BadInputError
from crsdemo.studies.study import parse_study
from crsdemo.studies.systems import read_systems
from crsdemo.web.demo import Demo

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "your-own-system.md").read_text(encoding="utf-8")


def study(folder: Path, systems: str) -> Path:
    path = folder / "study.toml"
    path.write_text(SHORT.replace('systems = ["red", "blue"]', systems, 1), encoding="utf-8")
    return path


def test_a_study_names_systems_in_every_way(tmp_path: Path) -> None:
    path = study(
        tmp_path,
        'systems = ["popularity", {name = "mine", url = "http://localhost:9/v1", model = "m"},\n'
        '{name = "rules", call = "lab:answer"}, {name = "repeat-last"}]',
    )
    found = parse_study(path)
    assert found.systems == ("popularity", "mine", "rules", "repeat-last")
    assert ("mine", "rules") in found.pairs
    text = SHORT.replace('systems = ["red", "blue"]', "")
    tables = '[[systems]]\nname = "gcrs"\n[[systems]]\nname = "mine"\nurl = "http://localhost:9"\n'
    path.write_text(text + tables)
    assert parse_study(path).systems == ("gcrs", "mine")


@pytest.mark.parametrize(
    ("systems", "says"),
    [
        ('["gcrs", {name = "mine"}, {name = "mine"}]', "name two or more, each once"),
        ('["gcrs", ""]', "it is a text in quotes, not an empty one"),
        ('["gcrs", 3]', "it is a name in quotes, or a part as {name ="),
        ('["gcrs", {name = "mine", ulr = "http://a"}]', "it is a name in quotes, or a part"),
        ('["gcrs", {name = "mine", url = "a"}]', "`url` is 'a'; it is an address as"),
        ('["gcrs", {url = "http://a"}]', "`name` is missing"),
        ('["gcrs", {name = "m", url = "http://a", key = "sk"}]', "`key` is 'sk'; no such key"),
        ('["gcrs", {name = "m", url = "http://a", form = "x"}]', "'plain' or 'openai'"),
        ('["gcrs", {name = "m", url = "http://a", seconds = 0}]', "`seconds` is 0"),
        ('["gcrs", {name = "m", url = "http://u:p@a"}]', "name that in `key_env`"),
        ('["gcrs", {name = "m", call = "x"}]', "it is module:function"),
    ],
)
def test_a_system_that_cannot_be_is_named_by_line_and_key(
    tmp_path: Path, systems: str, says: str
) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_study(study(tmp_path, f"systems = {systems}"))
    assert says in str(caught.value) and "line 5:" in str(caught.value)


def test_check_study_asks_what_the_app_will_ask_and_tells_what_was_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stub(said(completion("I am ChatGPT. Try Heat (1995)."))) as server:
        path = study(
            tmp_path, f'systems = ["popularity", {{name = "mine", url = "{server.url}/v1"}}]'
        )
        assert main(["check-study", str(path)]) == 0
        told = capsys.readouterr().out
    assert "'I am ChatGPT. Try Heat (1995).', naming Heat (1995); it says who it is" in told
    (_, asked) = server.bodies  # the first one is ours, the other that of the file
    assert asked["messages"][-1]["content"] == "A quiet film."
    assert main(["check-study", str(path)]) == 2
    told = capsys.readouterr().err
    assert "mine: cannot be reached: [Errno 111] Connection refused, tried 3 times; it " in told
    assert f"asked at {server.url}/v1/chat/completions in the form 'openai', since" in told


@pytest.mark.parametrize(
    ("end", "form", "says"),
    [
        ("/v1/chat", "", "/v1/chat in the form 'plain', since its address does not end in /v1 or "),
        ("/v1", ', form = "plain"', "/v1 in the form 'plain', as `form` says"),
    ],
)
def test_who_asks_in_the_wrong_form_is_told_which_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], end: str, form: str, says: str
) -> None:
    with stub(lambda to: to.connection.close()) as server:
        mine = f'{{name = "mine", url = "{server.url}{end}", retries = 0{form}}}'
        assert main(["check-study", str(study(tmp_path, f'systems = ["popularity", {mine}]'))]) == 2
    told = capsys.readouterr().err
    assert f"it was asked at {server.url}{says}" in told
    assert "broke off (RemoteProtocolError: Server disconnected without sending" in told


# The page of the docs


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """The commands of the page, with its server running at a port that is free."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (block,) = re.findall(r"```\n(python .*?)```", PAGE, re.DOTALL)
    start, *lines = block.splitlines()
    assert start == "python docs/own_system.py 9000 &"
    from docs.own_system import Chat

    monkeypatch.setattr(Chat, "log_message", lambda *given: None)
    with ExitStack() as stack:
        url = stack.enter_context(serving(Chat))
        words = [re.findall(r'"[^"]*"|\S+', line) for line in lines]
        yield [
            [word.strip('"').replace("http://127.0.0.1:9000", url) for word in line]
            for line in words
        ]


def test_the_commands_of_the_page_run(
    commands: list[list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    served: list[Demo] = []
    monkeypatch.setattr(app, "serve", lambda demo, host, port: served.append(demo))
    for line in commands:
        if line[1] == "app.py":
            ours = [word.replace("gcrs", "popularity") for word in line[2:]]  # not in 20 seconds
            assert app.main([*ours, "--port", "0", "--db", str(tmp_path / "log.db")]) == 0
        else:
            assert line[:3] == ["python", "-m", "crsdemo"]
            assert main(line[3:]) == 0
            assert capsys.readouterr().out.strip() == "How about Heat (1995)?"
    (demo,) = served
    assert demo.side_by_side.recommenders.names == ("popularity", "mine")
    assert demo.exchange.recommender.name == "popularity"


def test_the_parts_of_the_page_are_read(tmp_path: Path, commands: list[list[str]]) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "mine.toml").write_text(block)
    found = read_systems([str(tmp_path / "mine.toml"), "repeat-last"])
    assert [one.name for one in found] == ["gcrs", "mine", "rules", "llm", "repeat-last"]
    assert parse_study(study(tmp_path, block)).systems == ("gcrs", "mine", "rules", "llm")
    from docs.own_system import answer

    (rows,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    sent, answered = (json.loads(row) for row in rows.splitlines())
    assert answer(sent)["text"] == answered["text"] and set(answer(sent)) == set(answered)


def test_the_example_is_short_and_the_page_fits_on_a_screen() -> None:
    code = (ROOT / "docs" / "own_system.py").read_text().splitlines()
    assert sum(bool(line.strip()) for line in code) <= 22
    assert len(PAGE.split()) < 750


def test_an_app_with_a_system_that_is_not_there_says_so_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = ["--port", "0", "--db", str(tmp_path / "log.db")]
    assert app.main(["--recommenders", "popularity,mine=no_such_lab:answer", *db]) == 2
    assert "mine cannot be loaded from 'no_such_lab:answer'" in capsys.readouterr().err
    assert app.main(["--recommenders", "popularity,oracle", *db]) == 2
    assert "no recommender 'oracle'" in capsys.readouterr().err


def test_a_function_that_breaks_on_some_message_is_a_problem_of_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = """
def picky(asked):
    if "quiet" in asked["dialogue"][-1]["content"]:
        raise KeyError("q")
    return "Well."
"""
    (tmp_path / "picky_lab.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    systems = '["popularity", {name = "mine", call = "picky_lab:picky"}]'
    path = study(tmp_path, f"systems = {systems}")
    assert main(["check-study", str(path)]) == 2
    assert "mine: KeyError: 'q'" in capsys.readouterr().err

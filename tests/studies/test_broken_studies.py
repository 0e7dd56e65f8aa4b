"""Whatever is wrong with a study file is said in one line that names it and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_studies import SHORT

from crsdemo.__main__ import main
from crsdemo.studies.study import parse_study

GOOD = SHORT.replace('["red", "blue"]', '["popularity", "repeat-last"]').strip() + "\n"
CHECK = GOOD + '[[tasks]]\nname = "check"\nkind = "attention"\nmessage = "Hi"\nbad = "No."\n'
TITLE, SYSTEM, MESSAGES = 'title = "Short"', '"repeat-last"', 'messages = ["A quiet film."]'
CODE = 'minutes = 1\ncompletion_code = "{}"'

BROKEN: dict[str, tuple[str | bytes, str]] = {
    # texts that are no TOML
    "empty": ("", "`title` is missing"),
    "yaml": ("title: Short\nseed: 1\n", "is not TOML: Expected '='"),
    "json": ('{"title": "Short"}', 'a text as title = "..."'),
    "curly-quotes": (GOOD.replace(TITLE, "title = “Short”"), "line 1, column 9"),
    "quote-left-open": (GOOD.replace(TITLE, 'title = "Short'), "line 1, column 15"),
    "tabs-of-yaml": ("consent:\n\tversion: 1\n", "is not TOML"),
    "key-twice": (GOOD.replace("seed = 1", "seed = 1\nseed = 2"), "line 3"),
    "latin-1": (GOOD.replace("We", "Wé").encode("latin-1"), "line 8: not UTF-8; save it again"),
    "binary": (bytes(range(256)), "line 1: a NUL byte, so it is not text; save it again"),
    "workbook": (b"PK\x03\x04rest", "is a workbook or another archive, not text"),
    "too-deep": (f"a = {'[' * 3000}{']' * 3000}\n{GOOD}", "is nested too deeply"),
    # values of the wrong type or size
    "number-for-text": (GOOD.replace(TITLE, "title = 3"), "`title` is 3; it is a text in quotes"),
    "date-for-text": (GOOD.replace(TITLE, "title = 2030-01-01"), "it is a text in quotes"),
    "blank-text": (GOOD.replace(TITLE, 'title = " "'), "not an empty one"),
    "text-for-number": (GOOD.replace("seed = 1", 'seed = "1"'), "`seed` is '1'; it is a whole"),
    "fraction": (GOOD.replace("seed = 1", "seed = 1.5"), "`seed` is 1.5; it is a whole number"),
    "negative": (GOOD.replace("minutes = 1", "minutes = -5"), "`minutes` is -5; it should be"),
    "huge": (GOOD.replace("seed = 1", f"seed = {10**30}"), "less than or equal to 2147483647"),
    "gigantic": (GOOD.replace("seed = 1", f"seed = {'9' * 5000}"), "a number of more digits than"),
    "no-list": (GOOD.replace(MESSAGES, 'messages = "A"'), 'it is a list, as ["one", "two"]'),
    "list-in-list": (GOOD.replace(MESSAGES, 'messages = [["A"]]'), "it is a text in quotes"),
    "one-bracket": (GOOD.partition("[[tasks]]")[0] + '[tasks]\nname = "t"\nkind = "free"\n',
                    "write [[tasks]] with two brackets"),
    "long-name": (GOOD.replace('"talk"', f'"{"x" * 201}"'), "at most 200 characters"),
    "long-title": (GOOD.replace(TITLE, f'title = "{"x" * 201}"'), "at most 200 characters"),
    # keys and parts
    "no-consent": (GOOD.replace("[consent]", "[consents]"), "`consent` is missing"),
    "no-tasks": (GOOD.partition("[[tasks]]")[0], "`tasks` is missing"),
    "unknown-key": (GOOD.replace("seed = 1", "seed = 1\ncolor = 1"), "`color` is 1; no such key"),
    "unknown-part": (GOOD + "[extras]\na = 1\n", "`extras` is {'a': 1}; no such key"),
    "task-twice": (GOOD.replace('"shared"', '"talk"'), "another task has this name"),
    "message-twice": (GOOD.replace(MESSAGES, 'messages = ["A", "A"]'), "name each once"),
    "check-of-two-alike": (CHECK.replace("bad =", 'good = "No."\nbad ='), "`good` says the same"),
    # systems
    "unknown-system": (GOOD.replace(SYSTEM, '"oracle"'), "no recommender 'oracle'; there are:"),
    "path-for-system": (GOOD.replace(SYSTEM, '"../../etc"'), "no recommender '../../etc'"),
    "no-module": (GOOD.replace(SYSTEM, '{name = "m", call = "nope:f"}'), "m cannot be loaded from"),
    "no-key": (GOOD.replace(SYSTEM, '{name = "m", url = "http://localhost:9", key_env = "NO_KEY"}'),
               "the environment has no NO_KEY"),
    "nobody-there": (GOOD.replace(SYSTEM, '{name = "m", url = "http://127.0.0.1:1", retries = 0}'),
                     "m: cannot be reached"),
    # files beside it, and what a platform was to fill in
    "no-questionnaire": (GOOD.replace("seed = 1", 'seed = 1\nquestionnaires = ["mine.toml"]'),
                         "'mine.toml' is neither a file there nor one of"),
    "itself-as-questions": (GOOD.replace("seed = 1", 'seed = 1\nquestionnaires = ["study.toml"]'),
                            "`questions` is missing"),
    "no-code": (GOOD.replace("minutes = 1", CODE.format("  ")), "not an empty one"),
    "blank-code": (GOOD.replace("minutes = 1", CODE.format("{{%PROLIFIC_PID%}}")), "not filled in"),
    "no-code-file": (GOOD.replace("minutes = 1", 'minutes = 1\ncompletion_code_file = "."'),
                     "there is nothing in"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "says"), BROKEN.values(), ids=BROKEN)
def test_one_line_says_what_was_found_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | bytes, says: str
) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main(["check-study", str(path)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert says in line and "Traceback" not in line and "set_int" not in line
    assert str(path) in line or line.startswith("The app would not start: ")


@pytest.mark.parametrize(
    "raw",
    [
        GOOD.encode("utf-8-sig"),
        GOOD.encode("utf-16"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace(" = ", "\t=\t").encode(),
        GOOD.replace("Short", "Кино 映画 🎬").encode(),
    ],
    ids=["bom", "utf-16", "crlf", "tabs", "unicode"],
)
def test_what_an_editor_leaves_is_no_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], raw: bytes
) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(raw)
    assert main(["check-study", str(path)]) == 0, capsys.readouterr().err


def test_a_study_is_the_same_one_behind_other_ends_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    found = set()
    for raw in (GOOD.encode(), GOOD.replace("\n", "\r\n").encode(), GOOD.encode("utf-8-sig")):
        path.write_bytes(raw)
        found.add(parse_study(path).sha256)
    assert len(found) == 1

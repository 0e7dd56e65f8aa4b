"""Whatever is wrong with a study file is said in one line that names it and what to do."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from made_studies import SHORT
from stand_in import NoLinker, StandIns, stand_ins

import app
from crsdemo.__main__ import main
from crsdemo.chat.admission import NO_LIMITS, Admission
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.errors import FeedbackError
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.replayable import check_replayable
from crsdemo.studies.study import parse_study

GOOD = SHORT.replace('["red", "blue"]', '["popularity", "repeat-last"]').strip() + "\n"
CHECK = GOOD + '[[tasks]]\nname = "check"\nkind = "attention"\nmessage = "Hi"\nbad = "No."\n'
TITLE, SYSTEM, MESSAGES = 'title = "Short"', '"repeat-last"', 'messages = ["A quiet film."]'
HOLLOW = '"\\u200b\\u2060"'  # nothing that can be seen
ASKED = (
    'title = "T"\nabout = "{}"\n'
    '[[questions]]\nname = "q"\ntext = "?"\nkind = "choice"\nlabels = ["a", "{}"]\n'
)
BESIDE = {
    "one/mine.toml": ASKED.format("person", "b"),
    "two/mine.toml": ASKED.format("comparison", "b"),
    "twice.toml": ASKED.format("person", "a"),
    "codes.txt": "C0FFEE\nT3A\n",
}
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
    "no-consent": (GOOD.replace("[consent]", "[consents]"), "do you mean `consent`?"),
    "no-tasks": (GOOD.partition("[[tasks]]")[0], "`tasks` is missing"),
    "unknown-key": (GOOD.replace("seed = 1", "seed = 1\ncolor = 1"), "`color` is 1; no such key"),
    "unknown-part": (GOOD + "[extras]\na = 1\n", "`extras` is {'a': 1}; no such key"),
    "task-twice": (GOOD.replace('"shared"', '"talk"'), "another task has this name"),
    "message-twice": (GOOD.replace(MESSAGES, 'messages = ["A", "A"]'), "name each once"),
    "check-of-two-alike": (CHECK.replace("bad =", 'good = "No."\nbad ='), "`good` says the same"),
    "nothing-to-see": (GOOD.replace(MESSAGES, f"messages = [{HOLLOW}]"), "not an empty one"),
    "consent-to-nothing": (GOOD.replace('"We keep what you write."', HOLLOW), "not an empty one"),
    "comparison-twice": (GOOD.replace(MESSAGES, 'comparisons = ["x"]') + '[[tasks]]\nname = "b"\n'
                         'kind = "replay"\ncomparisons = ["x"]\n', "another task shows one of"),
    "no-log": (GOOD.replace(MESSAGES, 'comparisons = ["x"]'), "comparison x of a log; name that"),
    # systems
    "unknown-system": (GOOD.replace(SYSTEM, '"oracle"'), "no recommender 'oracle'; there are:"),
    "path-for-system": (GOOD.replace(SYSTEM, '"../../etc"'), "no recommender '../../etc'"),
    "no-module": (GOOD.replace(SYSTEM, '{name = "m", call = "nope:f"}'), "m cannot be loaded from"),
    "taken-for-the-file": (GOOD.replace(SYSTEM, '{name = "written-bad", call = "lab:silent"}'),
                           "'written-bad' is who says the replies of this file"),
    "silent-at-times": (GOOD.replace(SYSTEM, '{name = "m", call = "lab:silent"}'),
                        "to 'A quiet film.' of 'shared 1': m: its answer has no words"),
    "no-key": (GOOD.replace(SYSTEM, '{name = "m", url = "http://localhost:9", key_env = "NO_KEY"}'),
               "the environment has no NO_KEY"),
    "nobody-there": (GOOD.replace(SYSTEM, '{name = "m", url = "http://127.0.0.1:1", retries = 0}'),
                     "m: cannot be reached"),
    # files beside it, and what a platform was to fill in
    "no-questionnaire": (GOOD.replace("seed = 1", 'seed = 1\nquestionnaires = ["mine.toml"]'),
                         "'mine.toml' is neither a file there nor one of"),
    "itself-as-questions": (GOOD.replace("seed = 1", 'seed = 1\nquestionnaires = ["study.toml"]'),
                            "`seed` is 1; no such key is known here; there are: about, questions"),
    "questions-of-one-name": (
        GOOD.replace("seed = 1", 'seed = 1\nquestionnaires = ["one/mine.toml"]')
        .replace('kind = "free"', 'kind = "free"\nquestionnaires = ["two/mine.toml"]'),
        "two files are called 'mine'"),
    "choice-of-two-alike": (GOOD.replace("seed = 1", 'seed = 1\nquestionnaires = ["twice.toml"]'),
                            "name each once"),
    "several-codes": (GOOD.replace("seed = 1", 'seed = 1\ncompletion_code_file = "codes.txt"'),
                      "has 2 lines and 10 characters; put there one code alone"),
    "no-code": (GOOD.replace("minutes = 1", CODE.format("  ")), "not an empty one"),
    "blank-code": (GOOD.replace("minutes = 1", CODE.format("{{%PROLIFIC_PID%}}")), "not filled in"),
    "no-code-file": (GOOD.replace("minutes = 1", 'minutes = 1\ncompletion_code_file = "."'),
                     "there is nothing in"),
}  # fmt: skip


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what a study may name, where it is checked."""
    for name, text in BESIDE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    lab = ModuleType("lab")
    lab.silent = lambda asked: "" if "quiet" in asked["dialogue"][-1]["content"] else "Heat?"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lab", lab)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("text", "says"), BROKEN.values(), ids=BROKEN)
def test_one_line_says_what_was_found_and_what_to_do(
    beside: Path, capsys: pytest.CaptureFixture[str], text: str | bytes, says: str
) -> None:
    path = beside / "study.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main(["check-study", str(path)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert says in line and "Traceback" not in line and "set_int" not in line
    assert str(beside) in line or line.startswith("The app would not start: ")


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


def test_comparisons_that_a_study_shows_are_looked_for_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, log = tmp_path / "study.toml", FeedbackLog(tmp_path / "lab.db")
    pair = SideBySide(StandIns(stand_ins("red", "blue")), NoLinker(), log, Admission(NO_LIMITS))
    *_, made = pair.say(pair.start("anna", "shared"), "A quiet film.", ("red", "blue"))
    path.write_text(GOOD.replace(MESSAGES, f'comparisons = ["{made.id}"]'))
    assert main(["check-study", str(path), "--db", str(log.path)]) == 0
    path.write_text(GOOD.replace(MESSAGES, f'comparisons = ["{made.id}", "deadbeef"]'))
    assert main(["check-study", str(path), "--db", str(log.path)]) == 2
    assert "deadbeef cannot be replayed as 'shared 2': it is" in capsys.readouterr().err
    with pytest.raises(FeedbackError, match="there is no log at"):
        check_replayable(tmp_path / "none.db", {"shared 1": made.id})
    assert not (tmp_path / "none.db").exists()


@pytest.mark.slow  # loads what runs checkpoints
def test_a_damaged_checkpoint_is_found_and_keeps_the_app_from_starting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "study.toml"
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "crsdemo.json").write_text("{}")
    alone = GOOD.partition('[[tasks]]\nname = "shared"')[0]  # nothing is answered at the start
    path.write_text(alone.replace(SYSTEM, f'"{tmp_path / "damaged"}"'))
    assert main(["check-study", str(path)]) == 2
    assert "crsdemo.json is damaged" in capsys.readouterr().err
    assert app.main(["--study", str(path), "--db", str(tmp_path / "a.db"), "--port", "0"]) == 2
    assert "crsdemo.json is damaged" in capsys.readouterr().err

"""JSON lines from elsewhere, and files that are written whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from crsdemo.core.errors import BadInputError
from crsdemo.core.text_files import (
    folder_written_whole,
    json_lines,
    write_whole,
    written_whole,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.jsonl"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_lines_are_read_whatever_is_between_them(file: Path, codec: str) -> None:
    text = '\n{"a": "é\u2028\U0001f600"}\r\n  \r\n{"a": "\\ud83d\\ude00"}'
    file.write_bytes(text.encode(codec))
    assert list(json_lines(file)) == [(2, {"a": "é\u2028\U0001f600"}), (4, {"a": "\U0001f600"})]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"a": 1,}', "not JSON"),
        ('{"a": NaN}', "NaN is not JSON, write null"),
        ('{"a": [-Infinity]}', "-Infinity is not JSON"),
        ('{"a": "\\ud83d"}', "half of a character"),
        ('{"\\uDE00": [{"b": 1}]}', "half of a character"),
        ('{"a": 1, "a": 2}', "'a' is there twice"),
        ("[1]", "not a JSON object"),
        ("null", "not a JSON object"),
        ("[" * 100_000, "not JSON"),
        ('{"a": ' + "9" * 5000 + "}", "not JSON"),
        ("{'a': 1}", "not JSON"),
    ],
)
def test_a_line_that_cannot_be_used_says_why(file: Path, line: str, reason: str) -> None:
    file.write_text('{"a": 0}\n' + line + "\n")
    (_, good), (number, bad) = json_lines(file)
    assert good == {"a": 0}
    assert number == 2
    assert reason in str(bad)


@pytest.mark.parametrize("text", ['[{"a": 1},\n{"a": 2}]', '[\n  {"a": 1}\n]', " [ {} ]"])
def test_one_list_of_all_says_how_to_make_lines(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(BadInputError, match="one JSON list; write one object per line"):
        list(json_lines(file))


def test_another_encoding_is_refused_with_its_line(file: Path) -> None:
    file.write_bytes('{"a": 1}\n{"a": "é"}\n'.encode("latin-1"))
    with pytest.raises(BadInputError, match=r"a\.jsonl, line 2: not UTF-8; save it again as UTF-8"):
        list(json_lines(file))


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "a.txt"
    write_whole(path, "é")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half \ud83d")
    with pytest.raises(KeyError), written_whole(path) as part:
        part.write_text("half")
        raise KeyError
    assert [one.name for one in path.parent.iterdir()] == ["a.txt"]
    assert path.read_text(encoding="utf-8") == "é"


def test_a_folder_takes_its_place_with_what_is_in_it_and_keeps_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    for words in ("old", "new"):
        with folder_written_whole(folder) as part:
            (part / "inner").mkdir()
            for name in ("card", f"only {words}", "inner/rows"):
                (part / name).write_text(words)
    files = {str(f.relative_to(folder)): f.read_text() for f in folder.rglob("*") if f.is_file()}
    assert files == {"card": "new", "inner/rows": "new", "only old": "old", "only new": "new"}
    assert list(tmp_path.iterdir()) == [folder]

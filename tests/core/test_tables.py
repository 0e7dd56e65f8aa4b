"""Tables as other people's programs leave them."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from crsdemo.core.errors import BadInputError
from crsdemo.core.tables import Table, read_table

CELLS = [("1", "Été", "x"), ("2", "Ink, red", "y")]
PLAIN = 'id,title,more\n1,Été,x\n2,"Ink, red",y\n'


def table(folder: Path, raw: bytes | str, name: str = "a.csv") -> Table:
    path = folder / name
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return read_table(path, guess=True)


def cells(one: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in one.rows]


@pytest.mark.parametrize(
    ("raw", "encoding", "guessed"),
    [
        (PLAIN.encode(), "UTF-8", False),
        (PLAIN.encode("utf-8-sig"), "UTF-8 with a byte order mark", False),
        (PLAIN.encode("utf-16"), "UTF-16 with a byte order mark", False),
        (codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"), "UTF-16 with a byte order mark", False),
        (PLAIN.encode("utf-16-le"), "UTF-16", False),
        (PLAIN.encode("utf-16-be"), "UTF-16", False),
        (PLAIN.encode("utf-32"), "UTF-32 with a byte order mark", False),
        (PLAIN.encode("latin-1"), "cp1252", True),
    ],
)
def test_encodings_are_read_and_told(
    tmp_path: Path, raw: bytes, encoding: str, guessed: bool
) -> None:
    one = table(tmp_path, raw)
    assert (one.text.encoding, one.text.guessed) == (encoding, guessed)
    assert cells(one) == CELLS


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("id,title\n1,“Don’t” — Amélie\n2,Heat\n", "cp1252"),
        ("id,title\n1,Тихий берег\n2,Война и мир\n", "cp1251"),
        ("id,title\n1,Zażółć gęślą jaźń\n2,Książka łąka\n", "cp1250"),
        ("id,title\n1,雨の町\n2,夜の海と山\n", "shift_jis"),
        ("id,title\n1,活着的人们\n2,三体问题\n", "gbk"),
        ("id,title\n1,Ο ήλιος και η θάλασσα\n2,Το βιβλίο της ζωής\n", "cp1253"),
    ],
)
def test_other_code_pages_are_guessed(tmp_path: Path, text: str, codec: str) -> None:
    one = table(tmp_path, text.encode(codec))
    assert one.text.text == text
    assert one.text.guessed


def test_utf8_with_a_broken_line_is_not_read_as_something_else(tmp_path: Path) -> None:
    raw = "id,title\n1,Café\n2,Ébène\n3,".encode() + b"\xe9t\xe9\n"
    with pytest.raises(BadInputError, match=r"a\.csv, line 4: not UTF-8, while the rest is"):
        table(tmp_path, raw)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"PK\x03\x04rest", "workbook"),
        (b"\x1f\x8b\x08rest", "compressed"),
        (b"id,title\n1,a\x00b\n", "line 2: a NUL byte"),
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"id,title,Title\n", "line 1: two columns are named 'title'"),
        (b"\nsep,a,A\n", "line 2: two columns are named 'a'"),
        (codecs.BOM_UTF16_LE + b"a\x00b", "damaged utf-16"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, raw: bytes, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        table(tmp_path, raw)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_found(tmp_path: Path, separator: str, end: str) -> None:
    rows = ["id,title,more", "1,Été,x", "", '2,"Ink, red",y', ""]
    text = end.join(rows).replace(",", separator).replace(f"Ink{separator}", "Ink,")
    one = table(tmp_path, text)
    assert one.separator == separator
    assert cells(one) == CELLS
    assert [row.line for row in one.rows] == [2, 4]


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "sep=;,,"])
def test_a_first_line_may_name_the_separator(tmp_path: Path, first: str) -> None:
    one = table(tmp_path, f"{first}\r\nid;title,a,b,c;more\r\n1;Ink;x\r\n")
    assert one.columns == ("id", "title,a,b,c", "more")
    assert list(one.rows) == [(3, ("1", "Ink", "x"))]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('id,title,by\n1,"Ink,Ann\n2,Oak,Bo\n3,Elm,Cy\n', 2),  # never closed
        ('id,title,by\n1,Ink,Ann\n2,"Oak,Bo\n3,"Elm",Cy\n', 3),  # closed by the next quote
        ('id,title,by\n1,"Ink,Ann\n2,Oak,Bo"\n3,Elm,Cy\n', 2),  # closed at the end of a row
        ('id,title,by\n1,Ink,"Ann\n2,Oak,Bo\n3,Elm,Cy"\n4,Fir,Di\n', 2),  # as wide as a row
        ('id;title\ntt12;"Ink\ntt7;Oak\ntt123;Elm"\n', 2),
        ('title,a,b,c\n"Ink,1,2,3\nOak,4,5,6"\n', 2),  # no numbers to go by
        ('sep=,\nid,title,by\n1,Ink,Ann\n2,"Oak,Bo\n', 4),
        ('id,title\n1,"Heroes" and villains\n', 2),
    ],
)
def test_a_quote_that_swallows_rows_is_named(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(BadInputError, match=rf"a\.csv, line {line}: a quote opens here"):
        list(table(tmp_path, text).rows)


def test_text_over_several_lines_is_text(tmp_path: Path) -> None:
    text = 'id,title,about\n1,Ink,"A pen, a duel,\nand rain, and\n\nmore"\n2,Oak,"Rain,\nwind"\n'
    one = table(tmp_path, text)
    assert [row.line for row in one.rows] == [2, 6]
    assert cells(one)[0][2].endswith("\nmore")


def test_quotes_may_be_written_with_backslashes_or_mean_nothing(tmp_path: Path) -> None:
    one = table(tmp_path, 'id,title\n1,"The \\"Ink\\" case, 2"\n')
    assert cells(one) == [("1", 'The "Ink" case, 2')]
    one = table(tmp_path, 'id\ttitle\n1\t"Rome", open\n2\tOak\n', "a.tsv")
    assert cells(one) == [("1", '"Rome", open'), ("2", "Oak")]


def test_a_cell_may_be_long(tmp_path: Path) -> None:
    one = table(tmp_path, f'id,title\n1,"{"word " * 60_000}"\n')
    assert len(cells(one)[0][1]) == 300_000

"""Catalogs from other people's tables: books, songs, bad rows and bad files."""

import json

import pytest

from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import BadInputError
from crsdemo.items.build_catalog import BadRow, build, main


def written(tmp_path, name: str, text: str, encoding: str = "utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def test_books_in_a_csv_become_items_with_facts_of_their_own(tmp_path):
    source = written(
        tmp_path,
        "books.csv",
        "ID,Title,year,authors,subjects,popularity,links\n"
        '1,"The  Long Shelf, Part 2",1998,Ann Lee|Bo Ray,sea ; ships;sea,12,https://books.org/1\n'
        '2,Ink,,"[""Cy; Dole""]",,,"{""Library"": ""https://lib.org/2""}"\n',
    )
    catalog = build(source, tmp_path / "out")
    shelf, ink = catalog
    assert (shelf.id, shelf.name, shelf.popularity) == ("1", "The Long Shelf, Part 2 (1998)", 12)
    assert shelf.facts == {"authors": ("Ann Lee", "Bo Ray"), "subjects": ("sea", "ships")}
    assert shelf.links == {"books.org": "https://books.org/1"}
    assert ink.year is None and ink.facts == {"authors": ("Cy; Dole",)}
    assert ink.links == {"Library": "https://lib.org/2"}
    loaded = Catalog.load(tmp_path / "out")
    assert loaded.fingerprint == catalog.fingerprint


def test_songs_in_json_lines_keep_lists_and_numbers(tmp_path):
    rows = [
        {"id": 7, "title": "Slow Rain", "year": 2001, "artists": ["The Gulls"], "bpm": 88},
        {"id": "x", "title": "Hum", "year": "1999", "artists": [], "note": None, "by": "A; B"},
    ]
    source = written(tmp_path, "songs.jsonl", "\n\n".join(map(json.dumps, rows)))
    rain, hum = build(source, tmp_path / "out")
    assert rain.id == "7" and rain.facts == {"artists": ("The Gulls",), "bpm": ("88",)}
    assert hum.year == 1999 and hum.facts == {"by": ("A; B",)}


def test_a_catalog_can_be_built_from_a_catalog(tmp_path):
    source = written(tmp_path, "a.csv", "id,title,year,genres,popularity\na,Ant,1990,x|y,3\n")
    first = build(source, tmp_path / "one")
    again = build(tmp_path / "one" / "items.jsonl", tmp_path / "two")
    assert [i.to_json() for i in again] == [i.to_json() for i in first]


def test_excel_marks_tabs_and_quoted_line_breaks_are_read(tmp_path):
    source = written(tmp_path, "a.TSV", '\ufeffid\ttitle\nb1\t"Two\nLines"\nb2\tÉté\n')
    assert [item.title for item in build(source, tmp_path)] == ["Two Lines", "Été"]


def test_a_column_without_a_name_is_ignored(tmp_path):
    source = written(tmp_path, "a.csv", ",id,title\n0,1,One\n1,2,Two\n")
    assert [item.facts for item in build(source, tmp_path)] == [{}, {}]


def test_bad_rows_are_named_by_line_and_the_rest_goes_on(tmp_path):
    source = written(
        tmp_path,
        "a.csv",
        "id,title,year,links,popularity\n1,One,1990,,\n2,,1991,,\n,Three,,,\n4,Four,soon,,\n"
        "5,Five,1995.5,,\n6,Six,,javascript:alert(1),\n7,Seven,,,,,extra\n8,Eight,,,-2\n"
        "9,Nine,1999.0,,\n",
    )
    bad: list[BadRow] = []
    assert [item.id for item in build(source, tmp_path, bad.append)] == ["1", "9"]
    assert [row.line for row in bad] == [3, 4, 5, 6, 7, 8, 9]
    reasons = [row.reason for row in bad]
    assert reasons[:2] == ["no title", "no id"] and "'soon'" in reasons[2]
    assert "https" in reasons[4] and "more values than columns" in reasons[5]


def test_bad_json_lines_are_named_by_line(tmp_path):
    source = written(
        tmp_path,
        "a.jsonl",
        '{"id": 1, "title": "One"}\n{"id": 2,\n[3]\n{"id": 4, "title": "Four", "f": {"a": 1}}\n'
        '{"id": 5, "title": "Five", "links": [1]}\n{"id": 6, "title": "Six", "links": "{oops"}\n',
    )
    bad: list[BadRow] = []
    assert len(build(source, tmp_path, bad.append)) == 1
    assert [row.line for row in bad] == [2, 3, 4, 5, 6]
    assert bad[0].reason.startswith("not JSON") and bad[1].reason == "not a JSON object"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", "no column id and no column title"),
        ("a.csv", "id,title\n", "holds no usable row"),
        ("a.jsonl", "\n", "holds no usable row"),
        ("a.csv", "id,name\n1,One\n", "no column title; its columns are id, name"),
        ("a.csv", "id,title\n1,One\n2,Two\n1,Uno\n", "lines 2 and 4 both have the id '1'"),
        ("a.xlsx", "id,title\n1,One\n", "ends in '.xlsx'; expected a .csv"),
    ],
)
def test_files_that_cannot_be_used_are_refused_and_nothing_is_written(
    tmp_path, name, text, message
):
    with pytest.raises(BadInputError, match=message):
        build(written(tmp_path, name, text), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_file_and_another_encoding_are_refused(tmp_path):
    with pytest.raises(BadInputError, match="no file at"):
        build(tmp_path / "none.csv", tmp_path)
    with pytest.raises(BadInputError, match="UTF-8"):
        build(written(tmp_path, "a.csv", "id,title\n1,Été\n", "latin-1"), tmp_path)


def test_the_command_reports_on_stderr_and_sums_up(tmp_path, capsys):
    source = written(tmp_path, "a.csv", "id,title\n1,One\n2,\n")
    main([str(source), "--out", str(tmp_path / "out")])
    shown = capsys.readouterr()
    assert "a.csv, line 3: left out, no title" in shown.err
    assert shown.out.startswith("1 items -> ") and "1 rows left out" in shown.out


def test_descriptions_and_tags_become_what_is_known_of_an_item(tmp_path):
    source = written(
        tmp_path,
        "books.csv",
        "id,title,Description,TAGS,subjects\n"
        '1,Ink,"A pen; two | rivals,  and a duel.",Slow Burn|witty|slow burn,sea\n'
        "2,Shelf,,,\n",
    )
    build(source, tmp_path / "out")
    ink, shelf = Catalog.load(tmp_path / "out")
    assert ink.logline == "A pen; two | rivals, and a duel."
    assert ink.tags == ("slow burn", "witty")
    assert ink.facts == {"subjects": ("sea",)} and ink.themes == ink.tags
    assert (shelf.logline, shelf.tags) == ("", ())


def test_a_catalog_that_knows_nothing_leaves_no_knowledge_of_an_older_one(tmp_path):
    build(written(tmp_path, "a.csv", "id,title,tags\n1,Ink,witty\n"), tmp_path / "out")
    build(written(tmp_path, "b.csv", "id,title\n1,Ink\n"), tmp_path / "out")
    assert Catalog.load(tmp_path / "out")[0].tags == ()

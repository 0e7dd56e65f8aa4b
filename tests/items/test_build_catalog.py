"""Catalogs from other people's tables: books, songs, bad rows and bad files."""

import json
from pathlib import Path

import pytest

from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import BadInputError
from crsdemo.items.build_catalog import BadRow, main, understand


def written(tmp_path: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def test_books_in_a_csv_become_items_with_facts_of_their_own(tmp_path: Path) -> None:
    source = written(
        tmp_path,
        "books.csv",
        "ID,Title,year,authors,subjects,popularity,links\n"
        '1,"The  Long Shelf, Part 2",1998,Ann Lee|Bo Ray,sea ; ships;sea,12,https://books.org/1\n'
        '2,Ink,,"[""Cy; Dole""]",,,"{""Library"": ""https://lib.org/2""}"\n',
    )
    catalog = understand(source).catalog
    shelf, ink = catalog
    assert (shelf.id, shelf.name, shelf.popularity) == ("1", "The Long Shelf, Part 2 (1998)", 12)
    assert shelf.facts == {"authors": ("Ann Lee", "Bo Ray"), "subjects": ("sea", "ships")}
    assert shelf.links == {"books.org": "https://books.org/1"}
    assert ink.year is None and ink.facts == {"authors": ("Cy; Dole",)}
    assert ink.links == {"Library": "https://lib.org/2"}
    catalog.save(tmp_path / "out")
    loaded = Catalog.load(tmp_path / "out")
    assert loaded.fingerprint == catalog.fingerprint


def test_songs_in_json_lines_keep_lists_and_numbers(tmp_path: Path) -> None:
    rows = [
        {"id": 7, "title": "Slow Rain", "year": 2001, "artists": ["The Gulls"], "bpm": 88},
        {"id": "x", "title": "Hum", "year": "1999", "artists": [], "note": None, "by": "A; B"},
    ]
    source = written(tmp_path, "songs.jsonl", "\n\n".join(map(json.dumps, rows)))
    rain, hum = understand(source).catalog
    assert rain.id == "7" and rain.facts == {"artists": ("The Gulls",), "bpm": ("88",)}
    assert hum.year == 1999 and hum.facts == {"by": ("A; B",)}


def test_a_catalog_can_be_built_from_a_catalog(tmp_path: Path) -> None:
    source = written(tmp_path, "a.csv", "id,title,year,genres,popularity\na,Ant,1990,x|y,3\n")
    first = understand(source).catalog
    first.save(tmp_path / "one")
    again = understand(tmp_path / "one" / "items.jsonl").catalog
    assert [i.to_json() for i in again] == [i.to_json() for i in first]


def test_excel_marks_tabs_and_quoted_line_breaks_are_read(tmp_path: Path) -> None:
    source = written(tmp_path, "a.TSV", '\ufeffid\ttitle\nb1\t"Two\nLines"\nb2\tÉté\n')
    assert [item.title for item in understand(source).catalog] == ["Two Lines", "Été"]


def test_a_column_without_a_name_is_ignored(tmp_path: Path) -> None:
    source = written(tmp_path, "a.csv", ",id,title\n0,1,One\n1,2,Two\n")
    assert [item.facts for item in understand(source).catalog] == [{}, {}]


def test_bad_rows_are_named_by_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    source = written(
        tmp_path,
        "a.csv",
        "id,title,year,links,popularity\n1,One,1990,,\n2,,1991,,\n,Three,,,\n4,Four,soon,,\n"
        "5,Five,1995.5,,\n6,Six,,javascript:alert(1),\n7,Seven,,,,,extra\n8,Eight,,,-2\n"
        "9,Nine,1999.0,,\n",
    )
    bad: list[BadRow] = []
    assert [item.id for item in understand(source, bad.append).catalog] == ["1", "9"]
    assert [row.line for row in bad] == [3, 4, 5, 6, 7, 8, 9]
    reasons = [row.reason for row in bad]
    assert reasons[:2] == ["no title", "no id"] and "'soon'" in reasons[2]
    assert "https" in reasons[4] and "more values than columns" in reasons[5]


def test_bad_json_lines_are_named_by_line(tmp_path: Path) -> None:
    source = written(
        tmp_path,
        "a.jsonl",
        '{"id": 1, "title": "One"}\n{"id": 2,\n[3]\n{"id": 4, "title": "Four", "f": {"a": 1}}\n'
        '{"id": 5, "title": "Five", "links": [1]}\n{"id": 6, "title": "Six", "links": "{oops"}\n',
    )
    bad: list[BadRow] = []
    assert len(understand(source, bad.append).catalog) == 1
    assert [row.line for row in bad] == [2, 3, 4, 5, 6]
    assert bad[0].reason.startswith("not JSON") and bad[1].reason == "not a JSON object"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "1,One\n2,Two\n", "no column id and no column title; its columns are 1, One"),
        ("a.csv", "id,title\n", "holds no usable row"),
        ("a.jsonl", "\n", "holds no usable row"),
        ("a.csv", "id,label\n1,One\n", "no column title; its columns are id, label"),
        ("a.csv", "id,title\n1,\n", r"holds no usable row \(line 2: no title\)"),
        ("a.csv", 'id,title,by\n1,"Ink,Ann\n2,Oak,Bo\n', "line 2: a quote opens here"),
        ("a.jsonl", '{"id": 1,}\n', r"no usable row \(line 1: not JSON"),
        ("a.jsonl", '[{"id": 1}]', "one JSON list"),
        ("a.jsonl", '{"id": 1, "title": "a", "Title": "b"}', "'title' and 'Title' are one"),
        ("a.csv", "id,title\n1,One\n2,Two\n1,Uno\n", "lines 2 and 4 both have the id '1'"),
        ("a.xlsx", "id,title\n1,One\n", "ends in '.xlsx'; expected a .csv"),
    ],
)
def test_files_that_cannot_be_used_are_refused_and_nothing_is_written(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(BadInputError, match=message):
        main([str(written(tmp_path, name, text)), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no file at"):
        understand(tmp_path / "none.csv")


def test_the_command_reports_on_stderr_and_sums_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = written(tmp_path, "a.csv", "id,title\n1,One\n2,\n")
    main([str(source), "--out", str(tmp_path / "out")])
    shown = capsys.readouterr()
    assert "a.csv, line 3: left out, no title" in shown.err
    assert "2 rows read, 1 left out" in shown.out
    last = shown.out.splitlines()[-1]
    assert last.startswith("1 items -> ") and "1 rows left out" in last


def test_descriptions_and_tags_become_what_is_known_of_an_item(tmp_path: Path) -> None:
    source = written(
        tmp_path,
        "books.csv",
        "id,title,Description,TAGS,subjects\n"
        '1,Ink,"A pen; two | rivals,  and a duel.",Slow Burn|witty|slow burn,sea\n'
        "2,Shelf,,,\n",
    )
    understand(source).catalog.save(tmp_path / "out")
    ink, shelf = Catalog.load(tmp_path / "out")
    assert ink.logline == "A pen; two | rivals, and a duel."
    assert ink.tags == ("slow burn", "witty")
    assert ink.facts == {"subjects": ("sea",)} and ink.themes == ink.tags
    assert (shelf.logline, shelf.tags) == ("", ())


def test_a_catalog_that_knows_nothing_leaves_no_knowledge_of_an_older_one(tmp_path: Path) -> None:
    understand(written(tmp_path, "a.csv", "id,title,tags\n1,Ink,witty\n")).catalog.save(
        tmp_path / "out"
    )
    understand(written(tmp_path, "b.csv", "id,title\n1,Ink\n")).catalog.save(tmp_path / "out")
    assert Catalog.load(tmp_path / "out")[0].tags == ()


LISTS = [
    ("['Fantasy', 'Young Adult']", ("fantasy", "young adult")),
    ('["fantasy", "war"]', ("fantasy", "war")),
    ("['children''s', \"boy's own\"]", ("children's", "boy's own")),
    ("['children\\'s', 'a, b']", ("children's", "a, b")),
    ("{'sea', 'ships'}", ("sea", "ships")),
    ("('sea',)", ("sea",)),
    ("['sea' 'ships']", ("sea", "ships")),
    ("['sea'\n 'ships']", ("sea", "ships")),
    ('{sea,"old ships"}', ("sea", "old ships")),
    ("[sea, ships]", ("sea", "ships")),
    ("[]", ()),
    ("{}", ()),
    ("()", ()),
    ("(no genres listed)", ()),
    ("nan", ()),
    ('[{"id": 16, "name": "Sea"}, {"id": 2, "name": "War"}]', ("sea", "war")),
    ("[{'id': 16, 'name': 'Sea'}]", ("sea",)),
    ("sea|ships | sea", ("sea", "ships")),
    ("sea; ships", ("sea", "ships")),
    ("sea, ships", ("sea", "ships")),
    ("[Sic] notes", ("[sic] notes",)),
    ('="007"', ("007",)),
]


@pytest.mark.parametrize(("cell", "values"), LISTS)
def test_lists_are_read_however_a_cell_spells_them(
    tmp_path: Path, cell: str, values: tuple[str, ...]
) -> None:
    quoted = cell.replace('"', '""')
    source = written(tmp_path, "a.csv", f'id,title,genres\n1,Ink,"{quoted}"\n')
    catalog = understand(source).catalog
    assert catalog[0].genres == values
    catalog.save(tmp_path / "out")
    assert Catalog.load(tmp_path / "out")[0].genres == values


@pytest.mark.parametrize("cell", ["['sea', 'ships'", '["sea"', "[{'a': {'b': 1}}]", "{'a': 1}"])
def test_half_a_list_and_a_nested_one_are_named(tmp_path: Path, cell: str) -> None:
    quoted = cell.replace('"', '""')
    source = written(tmp_path, "a.csv", f'id,title,genres\n1,Ink,"{quoted}"\n2,Oak,x\n')
    bad: list[BadRow] = []
    assert [item.id for item in understand(source, bad.append).catalog] == ["2"]
    assert bad[0].line == 2 and cell.lstrip("[{")[:4] in bad[0].reason.replace("\\", "")


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["Ann Lee, Bo Ray", "Cy Dole"], [("Ann Lee", "Bo Ray"), ("Cy Dole",)]),
        (["Lee, Ann", "Ray, Bo"], [("Lee, Ann",), ("Ray, Bo",)]),
        (["Ann Lee, Jr.", "Bo Ray"], [("Ann Lee, Jr.",), ("Bo Ray",)]),
        (["sea, war", "war, sea"], [("sea", "war"), ("war", "sea")]),
        (["a long tale, of a pen and more", "x"], [("a long tale, of a pen and more",), ("x",)]),
        (["12,000", "8"], [("12,000",), ("8",)]),
        (["A; B|C", "D; E"], [("A; B", "C"), ("D; E",)]),
    ],
)
def test_commas_divide_names_and_what_comes_again_and_no_sentence(
    tmp_path: Path, cells: list[str], values: list[tuple[str, ...]]
) -> None:
    rows = "".join(f'{n},T{n},"{cell}"\n' for n, cell in enumerate(cells))
    source = written(tmp_path, "a.csv", f"id,title,by\n{rows}")
    assert [item.facts["by"] for item in understand(source).catalog] == values


def test_movielens_goodreads_tmdb_and_imdb_are_understood(tmp_path: Path) -> None:
    lens = written(
        tmp_path,
        "ml.csv",
        'movieId,title,genres\n1,"Matrix, The (1999)",Action|Sci-Fi\n'
        '2,"City of Lost Children, The (Cité des enfants perdus, La) (1995)",Drama\n'
        "3,1917 (2019),(no genres listed)\n",
    )
    matrix, city, war = understand(lens).catalog
    assert matrix.name == "The Matrix (1999)" and matrix.genres == ("action", "sci-fi")
    assert city.name == "The City of Lost Children (La Cité des enfants perdus) (1995)"
    assert war.name == "1917 (2019)" and war.facts == {}
    reads = written(
        tmp_path,
        "gr.csv",
        "Book Id,Title,Author,ISBN13,Original Publication Year,Bookshelves\n"
        '77.0,Ink,Ann Lee,"=""9780439785969""",1937.0,"sea, to-read"\n8.0,Oak,Bo Ray,"=""""",,\n',
    )
    ink, oak = understand(reads).catalog
    assert (ink.id, ink.year, ink.facts["isbn13"]) == ("77", 1937, ("9780439785969",))
    assert oak.facts == {"author": ("Bo Ray",)} and oak.year is None
    tmdb = written(
        tmp_path,
        "tmdb.csv",
        "id,title,genres,popularity,release_date,overview\n"
        '1,Ink,"[{""id"": 16, ""name"": ""Animation""}]",150.43,1999-03-31,A pen.\n',
    )
    (film,) = understand(tmdb).catalog
    assert (film.year, film.popularity, film.logline) == (1999, 150, "A pen.")
    imdb = written(
        tmp_path,
        "imdb.tsv",
        'tconst\tprimaryTitle\tstartYear\tgenres\ntt1\t"Rome" open\t1945\tDrama,War\n'
        "tt2\tOak\t\\N\t\\N\n",
    )
    rome, oak = understand(imdb).catalog
    assert (rome.title, rome.year, rome.genres) == ('"Rome" open', 1945, ("drama", "war"))
    assert (oak.year, oak.facts) == (None, {})


def test_a_long_description_is_cut_and_a_long_title_refused(tmp_path: Path) -> None:
    rows = f'1,Ink,"{"word " * 30_000}"\n2,{"x" * 501},y\n'
    bad: list[BadRow] = []
    reading = understand(written(tmp_path, "a.csv", f"id,title,blurb\n{rows}"), bad.append)
    (ink,) = reading.catalog
    assert ink.logline.endswith("word…") and len(ink.logline) <= 500
    assert "1 too long and cut" in str(reading)
    assert bad == [BadRow(3, "the title has 501 characters, expected 500 at most")]


def test_a_dry_run_shows_what_was_understood_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "sep=;\r\nBook Id;Name;Year;genre;pages\r\n"
    text += "".join(f"{n};Été {n};19{n}0;Sea, War;{n}00\r\n" for n in range(1, 6)) + "6;;;;\r\n"
    source = written(tmp_path, "books.csv", text, "cp1252")
    main([str(source), "--dry-run"])
    shown = capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["books.csv"]
    lines = shown.splitlines()
    assert lines[0].endswith("cp1252, divided by a semicolon: 6 rows read, 1 left out")
    assert lines[1] == "the encoding is a guess; is this right? 1;Été 1;1910;Sea, War;100"
    table = [[part.strip() for part in line.split("  ") if part] for line in lines[5:10]]
    assert table == [
        ["Book Id", "id", "text", "1 | 2 | 3"],
        ["Name", "title", "text", "Été 1 | Été 2 | Été 3"],
        ["Year", "year", "a year", "1910 | 1920 | 1930"],
        ["genre", "genres", "texts, divided by ','", "Sea, War"],
        ["pages", "pages", "texts", "100 | 200 | 300"],
    ]
    assert lines[-1] == "5 items, 1 rows left out; nothing was written"
    main([str(source), "--out", str(tmp_path / "new" / "books")])
    again = capsys.readouterr().out.splitlines()
    assert again[:-1] == lines[:-1]
    assert len(Catalog.load(tmp_path / "new" / "books")) == 5


def test_nothing_is_left_behind_where_a_line_cannot_be_written(tmp_path: Path) -> None:
    source = written(tmp_path, "a.jsonl", '{"id": "1", "title": "Ink \\ud83d"}\n')
    with pytest.raises(BadInputError, match="line 1: half of a character"):
        main([str(source), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()

"""Ratings and plots as people have them."""

from __future__ import annotations

from pathlib import Path

import pytest
from films import CATALOG

from crsdemo.core.errors import BadInputError
from crsdemo.training.data import _plots, load_likes

ONE, TWO = CATALOG[0].id, CATALOG[1].id


@pytest.mark.parametrize("head", ["user_id,movie_id,rating", "userId,movieId,rating,timestamp"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_ratings_are_read(tmp_path: Path, head: str, encoding: str, separator: str) -> None:
    rows = [head, f"1,{ONE},5", f"1,{TWO},4.5", "", f"1,{CATALOG[2].id},1", f"2,{ONE},4", "2,x,5"]
    path = tmp_path / "likes.csv"
    path.write_bytes("\r\n".join(rows).replace(",", separator).encode(encoding))
    assert load_likes(path, CATALOG) == [[ONE, TWO]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user_id,rating\n1,5\n", "expected user_id, movie_id, rating: there is no movie_id"),
        (f"user_id,movie_id,rating\n1,{ONE},5\n1,{TWO},good\n", "line 3: the rating is 'good'"),
        ("user_id,movie_id,rating\n1,77,5\n", f"its ids are like '77', .* like '{ONE}'"),
        (f'user_id,movie_id,rating\n1,"{ONE},5\n', "line 2: a quote opens here"),
    ],
)
def test_ratings_that_cannot_be_used_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "likes.csv").write_text(text)
    with pytest.raises(BadInputError, match=message):
        load_likes(tmp_path / "likes.csv", CATALOG)


def test_plots_are_read_and_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plots.jsonl"
    path.write_bytes('{"id": 7, "plot": "é"}\r\n\r\n{"id": "b"}\n'.encode("utf-8-sig"))
    assert _plots(path) == {"7": "é", "b": ""}
    for line in ('{"id": 1', '{"plot": "x"}', '{"id": 1, "plot": ["x"]}', '{"plot": "\\ud83d"}'):
        path.write_text('{"id": "a"}\n' + line)
        with pytest.raises(BadInputError, match=r"plots\.jsonl, line 2: "):
            _plots(path)

"""Shares and how they are shown."""

from __future__ import annotations

import pytest

from crsdemo.studies.statistics.shares import percent, share, share_of, table, with_ends


def test_a_share_carries_its_number_and_interval() -> None:
    found = share_of([True, True, True, False])
    assert (found["share"], found["n"]) == (0.75, 4)
    low, high = found["ci95"]
    assert 0.3 < low < 0.75 < high < 1
    assert share(3, 4) == found


def test_a_share_of_nothing_is_no_number() -> None:
    assert percent(share(0, 0)) == "(n=0)"
    assert percent(share(1, 1)).startswith("100.0 [")


def test_an_unknown_interval_is_left_out() -> None:
    assert with_ends(0.5, (None, None)) == "50.0"
    assert with_ends(0.5, (0.25, 0.75)) == "50.0 [25.0, 75.0]"


@pytest.mark.parametrize("value", ["1.5", 1.5])
def test_a_table_is_markdown(value: object) -> None:
    rows = table(("", "a"), [["row", value]]).splitlines()
    assert [line.split("|")[2].strip() for line in rows] == ["a", ":----", "1.5"]

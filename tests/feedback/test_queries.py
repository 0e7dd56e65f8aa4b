"""What is asked with each click of one person reads the rows of that person, and no whole table."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.schema import TWIN, queries

OF_ONE = {
    "log": ("conversation", "ratings", "marks", "attempts"),
    "comparisons": ("series", "turns", "marks", "judgments", "judgment", "has_fixed"),
    "studies": ("decision", "assignments", "judged", "answered_alone", "answers"),
    "rights": ("of_reply", "of_comparison", "finished", "names_item"),
    "visits": ("talks", "wanted", "unwanted"),
}
CASES = [(module, name) for module, names in OF_ONE.items() for name in names]


@pytest.mark.parametrize(("module", "name"), CASES)
def test_no_whole_table_is_read_for_one_person(tmp_path: Path, module: str, name: str) -> None:
    path = tmp_path / "feedback.db"
    FeedbackLog(path).close()
    sql = queries(module, twin=TWIN)[name]
    asked = re.sub(r"\?|:\w+", "'x'", sql)
    with closing(sqlite3.connect(path)) as db:
        plan = [step for *_, step in db.execute(f"explain query plan {asked}")]
    found = set(re.findall(r"\b(\w+)(?:\(\w+\))? as \(\s*select", sql))  # in the statement itself
    found |= {"CONSTANT", "json_each"}  # of one row
    assert plan and not [s for s in plan if s.startswith("SCAN ") and s.split()[1] not in found]

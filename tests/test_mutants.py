"""The list of mutants does not rot; `python tests/mutants.py` runs it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from mutants import ENOUGH, ROOT, Mutant, load


@pytest.mark.parametrize("mutant", load(), ids=lambda mutant: mutant.name)
def test_a_mutant_applies_exactly_once_and_has_its_tests(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    changed = mutant.applied(text)
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(text)), "a change of words alone"
    assert mutant.tests
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert f"def {name or 'test_'}" in (ROOT / file).read_text(encoding="utf-8"), test
    document = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    assert f"| {mutant.name} " in document, "docs/testing.md has a row for each"


def test_a_text_that_stands_twice_or_nowhere_is_no_mutant() -> None:
    mutant = Mutant("m", "f.py", "<", "<=", "", ())
    assert mutant.applied("a < b") == "a <= b"
    for text in ("a > b", "a < b < c"):
        with pytest.raises(ValueError, match="m: '<' stands"):
            mutant.applied(text)


def test_there_are_forty_each_with_a_name_of_its_own() -> None:
    names = [mutant.name for mutant in load()]
    assert len(set(names)) == len(names) == 40 > ENOUGH
    assert all(Path(mutant.file).parts[0] == "crsdemo" for mutant in load())

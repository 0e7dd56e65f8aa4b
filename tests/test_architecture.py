"""Imports point one way: values, models, recommenders, exchange, pages."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# A package may import from itself and from those above it in this list
ROOMS = [
    "core", "language", "items", "model", "recommenders", "studies", "feedback", "chat", "export",
    "evaluation", "training", "web", "cli",
]  # fmt: skip
MOST_ENTRIES, MOST_FILES, MOST_LINES = 15, 25, 300
LONG = frozenset[str]()


def modules() -> Iterator[tuple[str, Path]]:
    """(package under crsdemo, file)"""
    for path in sorted((ROOT / "crsdemo").rglob("*.py")):
        room, *rest = path.relative_to(ROOT / "crsdemo").parts
        if rest:
            yield room, path


def imported(path: Path) -> Iterator[str]:
    """Names under crsdemo that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        parts = (name.split(".") for name in names)
        yield from (part[1] for part in parts if part[0] == "crsdemo" and part[1] in ROOMS)


def test_every_package_has_its_place() -> None:
    entries = {p.name for p in (ROOT / "crsdemo").iterdir() if p.name != "__pycache__"}
    assert entries == {*ROOMS, "__init__.py", "__main__.py"}
    assert len(entries) <= MOST_ENTRIES


def test_imports_point_one_way() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {other}"
        for room, path in modules()
        for other in imported(path)
        if ROOMS.index(other) > ROOMS.index(room)
    ]
    assert wrong == []


def test_no_folder_and_no_file_is_too_large() -> None:
    files = [path for _, path in modules()]
    folders = Counter(path.parent for path in files)
    assert [folder for folder, n in folders.items() if n > MOST_FILES] == []
    long = {p.name for p in files if len(p.read_text().splitlines()) > MOST_LINES}
    assert long == LONG


def test_nothing_but_the_command_line_imports_the_training() -> None:
    users = {room for room, path in modules() if "training" in imported(path)}
    assert users <= {"training", "cli"}
    assert "training" not in set(imported(ROOT / "app.py"))


def test_nothing_but_the_pages_knows_gradio() -> None:
    users = {room for room, path in modules() if "gradio" in roots(path)}
    assert users == {"web"}


def test_only_the_feedback_knows_the_database() -> None:
    users = {room for room, path in modules() if {"sqlite_utils", "sqlite3"} & roots(path)}
    assert users == {"feedback"}


def roots(path: Path) -> set[str]:
    """The packages that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize(
    "module", ["crsdemo", "crsdemo.cli.commands", "crsdemo.recommenders.popularity"]
)
def test_importing_loads_no_heavy_library(module: str) -> None:
    heavy = "{'torch', 'transformers', 'gradio', 'sklearn', 'plotly'} & set(sys.modules)"
    code = f"import sys, {module}; print(sorted({heavy}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")

"""Imports point one way: values, models, recommenders, exchange, pages."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# A module may import from its own layer and those above it in this list
LAYERS = {
    "values": """
        core language
        annotators assignment questionnaire study toml_file
        catalog comparison config conversation corpus dialogue errors
        judging mentions
        metrics overlap protocol published recommender reply_json semantic_ids shares slots
        text_metrics title_clues title_forms trie trie_labels typed_words wish_words
    """,
    "models": """
        model
        checkpoint commons decoding encoder grammar guide index item_vectors
        kinship memory newcomers prior quantize ranker rq_vae trees tokens
        word_choice
    """,
    "recommenders": """
        recommenders retriever loading popularity signal_baselines
    """,
    "exchange": """
        demo handouts operator judging_disputes feedback_results take_home
        exchange side_by_side feedback feedback_comparisons feedback_file feedback_rows
        feedback_votes judging_agreement judging_bootstrap judging_exclusion judging_habits
        judging_pairs judging_report judging_strengths judging_text
        feedback_schema evaluate evaluate_folder evaluate_rankings evaluate_report
        evaluate_slices evaluate_statistics evaluate_table
        stage_figures stage_figures_ids stage_figures_words stage_folder
        get_data measure check_facts
        check_wishes check_wishes_text evaluation
        benchmark bench_quantize bench_retrieval bench_side_by_side build_catalog
        feedback_archive feedback_judgments backup export export_examples export_files
        export_tables
        admission feedback_health health outbox rotation upkeep
        feedback_studies feedback_studies_schema study_desk written check_study
    """,
    "pages": "ui",
    "training": "train",
    "commands": "commands __main__",
}
LEVEL = {name: level for level, names in enumerate(LAYERS.values()) for name in names.split()}


def modules() -> Iterator[tuple[str, Path]]:
    """(name of the module or package under crsdemo, file)"""
    for path in sorted((ROOT / "crsdemo").rglob("*.py")):
        name = path.relative_to(ROOT / "crsdemo").parts[0].removesuffix(".py")
        if name != "__init__":
            yield name, path


def imported(path: Path) -> Iterator[str]:
    """Names under crsdemo that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        parts = (name.split(".") for name in names)
        yield from (part[1] for part in parts if part[0] == "crsdemo" and part[1] in LEVEL)


def test_every_module_has_its_layer() -> None:
    assert {name for name, _ in modules()} <= LEVEL.keys(), "give new modules a layer here"


def test_imports_point_one_way() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {other}"
        for name, path in modules()
        for other in imported(path)
        if LEVEL[other] > LEVEL[name]
    ]
    assert wrong == []


def test_nothing_but_the_command_line_imports_the_training() -> None:
    users = {name for name, path in modules() if "train" in imported(path)}
    assert users <= {"train", "commands", "__main__"}
    assert "train" not in set(imported(ROOT / "app.py"))


def test_nothing_but_the_pages_knows_gradio() -> None:
    users = {name for name, path in modules() if "gradio" in roots(path)}
    assert users == {"ui"}


def test_only_the_feedback_knows_the_database() -> None:
    users = {name for name, path in modules() if {"sqlite_utils", "sqlite3"} & roots(path)}
    assert users
    assert all(name.startswith("feedback") for name in users)


def roots(path: Path) -> set[str]:
    """The packages that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("module", ["crsdemo", "crsdemo.commands", "crsdemo.popularity"])
def test_importing_loads_no_heavy_library(module: str) -> None:
    heavy = "{'torch', 'transformers', 'gradio', 'sklearn', 'plotly'} & set(sys.modules)"
    code = f"import sys, {module}; print(sorted({heavy}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")

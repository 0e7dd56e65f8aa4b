"""Where the catalog, the weights and the reports lie: beside the sources, else in the package."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
HOME = PACKAGE.parent  # of a checkout


def shipped(name: str) -> Path:
    """A folder of the checkout, or what `pip install` put in its place."""
    beside = HOME / name
    return beside if beside.is_dir() else PACKAGE / "shipped" / Path(name).name


CATALOG = shipped("catalog")
CHECKPOINTS = shipped("checkpoints")
REPORTS = shipped("docs/reports")

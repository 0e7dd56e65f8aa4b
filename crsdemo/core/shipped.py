"""Where the catalog, the weights and the reports lie: beside the sources, else in the package."""

from __future__ import annotations

from pathlib import Path

from crsdemo.core.errors import BadInputError

PACKAGE = Path(__file__).resolve().parents[1]
HOME = PACKAGE.parent  # of a checkout


def shipped(name: str) -> Path:
    """A folder of the checkout, or what `pip install` put in its place."""
    beside = HOME / name
    return beside if beside.is_dir() else PACKAGE / "shipped" / Path(name).name


CATALOG = shipped("catalog")
CHECKPOINTS = shipped("checkpoints")
REPORTS = shipped("docs/reports")
FOLDERS = (CATALOG, CHECKPOINTS, REPORTS)


def checkpoints_of(catalog: Path) -> Path:
    """Where what was trained on a catalog lies: in its folder; of the shipped one beside it."""
    return CHECKPOINTS if catalog.resolve() == CATALOG.resolve() else catalog / "checkpoints"


def refuse_shipped(*paths: Path) -> None:
    """Raises BadInputError for what lies in a shipped folder, or is one."""
    for path in paths:
        if any(path.resolve().is_relative_to(folder.resolve()) for folder in FOLDERS):
            raise BadInputError(
                f"{path} came with crsdemo and would be overwritten; name a place of your own, "
                "or say --force"
            )

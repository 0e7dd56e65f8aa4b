"""Flags that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag
from crsdemo.core.recommender import Recommender
from crsdemo.recommenders.loading import BASELINES, CATALOG, DEFAULT, Shelf


@dataclass(frozen=True)
class RecommenderConfig:
    """Which recommender, over which catalog."""

    recommender: str = flag(
        DEFAULT,
        f"a checkpoint's name or its folder, one of {', '.join(BASELINES)}, or "
        "NAME=URL or NAME=MODULE:FUNCTION of a system of your own",
    )
    catalog: Path = flag(CATALOG, "folder of the catalog")

    def load(self) -> tuple[Recommender, Catalog]:
        catalog = Catalog.load(self.catalog)
        return self.of(catalog), catalog

    def of(self, catalog: Catalog) -> Recommender:
        return Shelf(catalog, self.catalog).get(self.recommender)

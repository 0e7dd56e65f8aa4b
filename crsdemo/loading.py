"""From a name to a recommender: the baselines, and every checkpoint that is found."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from crsdemo.catalog import Catalog
from crsdemo.errors import CheckpointError
from crsdemo.popularity import Popularity, RepeatLast
from crsdemo.recommender import Recommender

HOME = Path(__file__).resolve().parent.parent
CATALOG = HOME / "catalog"
CHECKPOINTS = HOME / "checkpoints"
DEFAULT = "gcrs"


def load_recommender(
    name: str,
    catalog: Catalog,
    catalog_folder: Path = CATALOG,
    checkpoints: Path = CHECKPOINTS,
    *,
    with_prior: bool = True,
) -> Recommender:
    """`popularity`, `repeat-last`, the name of a checkpoint, or a folder that holds one.

    Without `with_prior` the model alone ranks the items. Raises CheckpointError, saying what there
    is, if it is none of these or cannot be used.
    """
    if name == "popularity":
        return Popularity(catalog)
    if name == "repeat-last":
        return RepeatLast(catalog)
    folder = checkpoints / name if (checkpoints / name).is_dir() else Path(name)
    if not folder.is_dir():
        found = ", ".join(["popularity", "repeat-last", *names(checkpoints)])
        raise CheckpointError(f"no recommender {name!r}; there are: {found}")
    from crsdemo.commons import Commons  # torch is loaded only when weights are
    from crsdemo.generative import Generative

    return Generative.load(folder, Commons(catalog, catalog_folder), with_prior=with_prior)


def names(checkpoints: Path = CHECKPOINTS) -> list[str]:
    """The checkpoints that can answer, by name."""
    return sorted(path.parent.name for path in checkpoints.glob("*/crsdemo.json"))


class Shelf:
    """Recommenders by name, each loaded when first asked for. Share it between threads."""

    def __init__(
        self, catalog: Catalog, catalog_folder: Path = CATALOG, checkpoints: Path = CHECKPOINTS
    ) -> None:
        self.catalog = catalog
        self.catalog_folder = catalog_folder
        self.checkpoints = checkpoints
        self._loaded: dict[str, Recommender] = {}
        self._loading = Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """What can answer: the checkpoints, then the baselines."""
        return (*names(self.checkpoints), "popularity", "repeat-last")

    def get(self, name: str) -> Recommender:
        """Raises CheckpointError, saying what there is, for an unknown or unusable one."""
        with self._loading:
            if name not in self._loaded:
                self._loaded[name] = load_recommender(
                    name, self.catalog, self.catalog_folder, self.checkpoints
                )
            return self._loaded[name]

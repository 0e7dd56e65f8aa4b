"""From a name to a recommender: the baselines, and every checkpoint that is found."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from crsdemo.catalog import Catalog
from crsdemo.errors import CheckpointError
from crsdemo.popularity import Popularity, RepeatLast
from crsdemo.recommender import Recommender

if TYPE_CHECKING:
    from crsdemo.commons import Commons

HOME = Path(__file__).resolve().parent.parent
CATALOG = HOME / "catalog"
CHECKPOINTS = HOME / "checkpoints"
DEFAULT = "gcrs"
ITEM = "item"  # the folder of the item expert in a ReGeS checkpoint


def load_recommender(
    name: str,
    catalog: Catalog,
    catalog_folder: Path = CATALOG,
    checkpoints: Path = CHECKPOINTS,
    *,
    with_prior: bool = True,
    think: bool = False,
) -> Recommender:
    """`popularity`, `repeat-last`, the name of a checkpoint, or a folder that holds one.

    Without `with_prior` the model alone ranks the items; a ReGeS that is to `think` writes what
    the user prefers before it chooses. Raises CheckpointError, saying what there is, if it is none
    of these or cannot be used.
    """
    if baseline := _baseline(name, catalog):
        return baseline
    folder = _folder(name, checkpoints)
    from crsdemo.commons import Commons  # torch is loaded only when weights are

    commons = Commons(catalog, catalog_folder)
    return _from_checkpoint(folder, commons, with_prior=with_prior, think=think)


def _baseline(name: str, catalog: Catalog) -> Recommender | None:
    if name == "popularity":
        return Popularity(catalog)
    return RepeatLast(catalog) if name == "repeat-last" else None


def _folder(name: str, checkpoints: Path) -> Path:
    folder = checkpoints / name if (checkpoints / name).is_dir() else Path(name)
    if not folder.is_dir():
        found = ", ".join(["popularity", "repeat-last", *names(checkpoints)])
        raise CheckpointError(f"no recommender {name!r}; there are: {found}")
    return folder


def _from_checkpoint(
    folder: Path, commons: Commons, *, with_prior: bool = True, think: bool = False
) -> Recommender:
    """Of the kind that it was trained as: ReGeS is a folder of parts."""
    from crsdemo.generative import Generative
    from crsdemo.reges import load_reges

    if (folder / ITEM).is_dir():
        return load_reges(folder, commons, with_prior=with_prior, think=think)
    return Generative.load(folder, commons, with_prior=with_prior)


def names(checkpoints: Path = CHECKPOINTS) -> list[str]:
    """The checkpoints that can answer, by name."""
    cards = [*checkpoints.glob("*/crsdemo.json"), *checkpoints.glob(f"*/{ITEM}/crsdemo.json")]
    return sorted(card.relative_to(checkpoints).parts[0] for card in cards)


class Shelf:
    """Recommenders by name, each loaded when first asked for. Share it between threads."""

    def __init__(
        self, catalog: Catalog, catalog_folder: Path = CATALOG, checkpoints: Path = CHECKPOINTS
    ) -> None:
        self.catalog = catalog
        self.catalog_folder = catalog_folder
        self.checkpoints = checkpoints
        self._loaded: dict[str, Recommender] = {}
        self._commons: Commons | None = None
        self._loading = Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """What can answer: the checkpoints, then the baselines."""
        return (*names(self.checkpoints), "popularity", "repeat-last")

    def get(self, name: str) -> Recommender:
        """Raises CheckpointError, saying what there is, for an unknown or unusable one."""
        with self._loading:
            if name not in self._loaded:
                self._loaded[name] = self._load(name)
            return self._loaded[name]

    def _load(self, name: str) -> Recommender:
        """Checkpoints share encoders and what is known of the items."""
        if baseline := _baseline(name, self.catalog):
            return baseline
        from crsdemo.commons import Commons  # torch is loaded only when weights are

        self._commons = self._commons or Commons(self.catalog, self.catalog_folder)
        return _from_checkpoint(_folder(name, self.checkpoints), self._commons)

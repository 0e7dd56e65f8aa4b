"""From a name to a recommender: the baselines, and every checkpoint that is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from crsdemo.catalog import Catalog
from crsdemo.errors import CheckpointError
from crsdemo.popularity import Popularity, RepeatLast
from crsdemo.ranker import FILE as RANKER_FILE
from crsdemo.ranker import Ranker
from crsdemo.recommender import Recommender

if TYPE_CHECKING:
    from crsdemo.commons import Commons

HOME = Path(__file__).resolve().parent.parent
CATALOG = HOME / "catalog"
CHECKPOINTS = HOME / "checkpoints"
DEFAULT = "gcrs"
ALONE = "-alone"  # behind the name of a generative checkpoint: without the prior
ITEM = "item"  # the folder of the item expert in a ReGeS checkpoint
CHOICE = "choice.safetensors"  # the head of the item expert of ReGeS on a pretrained base
CO_OCCURRENCE, SIGNALS, SIGNALS_TREES = "co-occurrence", "signals", "signals-trees"
PLAIN = ("popularity", "repeat-last")  # baselines that need the catalog alone
INFORMED = (CO_OCCURRENCE, SIGNALS, SIGNALS_TREES)  # those that need what `fit-prior` makes
BASELINES = (*PLAIN, *INFORMED)


def load_recommender(
    name: str,
    catalog: Catalog,
    catalog_folder: Path = CATALOG,
    checkpoints: Path = CHECKPOINTS,
    *,
    with_prior: bool = True,
    think: bool = False,
) -> Recommender:
    """One of `BASELINES`, the name of a checkpoint, or a folder that holds one.

    Without `with_prior` the model alone ranks the items; a ReGeS that is to `think` writes what
    the user prefers before it chooses. Raises CheckpointError, saying what there is, if it is none
    of these or cannot be used, and CatalogError if the catalog lacks what a baseline counts.
    """
    if baseline := _baseline(name, catalog):
        return baseline
    folder, with_prior = None, with_prior and not name.endswith(ALONE)
    if name not in INFORMED:
        folder = checkpoint_folder(name.removesuffix(ALONE), checkpoints)
    from crsdemo.commons import Commons  # torch is loaded only when weights are

    commons = Commons(catalog, catalog_folder)
    if folder is None:
        return _informed(name, commons)
    return _from_checkpoint(folder, commons, with_prior=with_prior, think=think, name=name)


def _baseline(name: str, catalog: Catalog) -> Recommender | None:
    if name == "popularity":
        return Popularity(catalog)
    return RepeatLast(catalog) if name == "repeat-last" else None


def _informed(name: str, commons: Commons) -> Recommender:
    """A baseline of `INFORMED`."""
    from crsdemo.guide import PriorGuide
    from crsdemo.prior import SIGNALS as NAMES
    from crsdemo.signal_baselines import CoOccurrence, SignalSum

    if name == CO_OCCURRENCE:
        return CoOccurrence(commons.catalog, commons.files.neighbours.together)
    ranker = Ranker.load(commons.folder / RANKER_FILE, NAMES)
    if name == SIGNALS:
        ranker = replace(ranker, trees=None)
    return SignalSum(PriorGuide(commons.prior, ranker), name)


def checkpoint_folder(name: str, checkpoints: Path = CHECKPOINTS) -> Path:
    """Where a checkpoint lies. Raises CheckpointError, saying what there is, if it is nowhere."""
    folder = checkpoints / name if (checkpoints / name).is_dir() else Path(name)
    if not folder.is_dir():
        found = ", ".join([*BASELINES, *names(checkpoints)])
        raise CheckpointError(f"no recommender {name!r}; there are: {found}")
    return folder


def _from_checkpoint(
    folder: Path,
    commons: Commons,
    *,
    with_prior: bool = True,
    think: bool = False,
    name: str = "",
) -> Recommender:
    """Of the kind that it was trained as: ReGeS is a folder of parts."""
    from crsdemo.checkpoint import GCRS, load_card
    from crsdemo.generative import Generative
    from crsdemo.recommenders.gcrs import Gcrs
    from crsdemo.recommenders.reges import Reges
    from crsdemo.reges import load_reges
    from crsdemo.reply_first import ReplyFirst

    if (folder / ITEM).is_dir():
        return load_reges(folder, commons, with_prior=with_prior, think=think)
    if (folder / CHOICE).is_file():
        return Reges.load(folder, commons)
    card = load_card(folder)
    if card.recommender == GCRS:
        return Gcrs.load(folder, commons, with_prior=with_prior, name=Path(name).name)
    kind = Generative if card.factorisation.has_item else ReplyFirst
    return kind.load(folder, commons, with_prior=with_prior)


def names(checkpoints: Path = CHECKPOINTS) -> list[str]:
    """The checkpoints that can answer, by name."""
    kinds = ("crsdemo.json", f"{ITEM}/crsdemo.json", CHOICE)
    found = [path for kind in kinds for path in checkpoints.glob(f"*/{kind}")]
    return sorted({path.relative_to(checkpoints).parts[0] for path in found})


def _is_generative(folder: Path) -> bool:
    """Whether it is a generative recommender on a pretrained base."""
    from crsdemo.checkpoint import CARD, GCRS, load_card

    return (folder / CARD).is_file() and load_card(folder).recommender == GCRS


class Shelf:
    """Recommenders by name, each loaded when first asked for. Share it between threads."""

    def __init__(
        self,
        catalog: Catalog,
        catalog_folder: Path = CATALOG,
        checkpoints: Path = CHECKPOINTS,
        *,
        with_prior: bool = True,
    ) -> None:
        """`with_prior`: see `load_recommender`."""
        self.catalog = catalog
        self.catalog_folder = catalog_folder
        self.checkpoints = checkpoints
        self.with_prior = with_prior
        self._loaded: dict[str, Recommender] = {}
        self._commons: Commons | None = None
        self._loading = Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """What can answer: the checkpoints, then the baselines for which all is there."""
        fitted = (self.catalog_folder / RANKER_FILE).is_file()
        found = names(self.checkpoints)
        alone = [name + ALONE for name in found if _is_generative(self.checkpoints / name)]
        systems = sorted((*found, *(alone if fitted else ())))
        return (*systems, *(BASELINES if fitted else PLAIN))

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
        if name in INFORMED:
            return _informed(name, self._commons)
        folder = checkpoint_folder(name.removesuffix(ALONE), self.checkpoints)
        with_prior = self.with_prior and not name.endswith(ALONE)
        return _from_checkpoint(folder, self._commons, with_prior=with_prior, name=name)
